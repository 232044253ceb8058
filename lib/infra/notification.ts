import { Aws, Duration } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type Subscription, SubscriptionFilter, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription, SmsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Settings } from './settings.ts';

export interface NotificationProps {
  readonly key: IKey;
  readonly settings: Settings;
}

const oneOf = (...allowlist: string[]) => SubscriptionFilter.stringFilter({ allowlist });
/** What a phone is for; a storm that begins counts as critical (findings/publication.ts). */
const WAKES_SOMEBODY = {
  level: oneOf('critical'),
  transition: oneOf('opened', 'escalated', 'reopened'),
};

/** Two topics, for two teams, and the queue that keeps scheduled runs that failed. */
export class Notification extends Construct {
  /** to the security team: findings opened, escalated, closed */
  readonly findings: Topic;
  /** to whoever runs this: alarms */
  readonly operations: Topic;
  readonly subscriptions: readonly Subscription[];
  /** scheduled invocations that failed for good, and schedules that could not invoke */
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { key, settings }: NotificationProps) {
    super(scope, id);
    const guarded = { masterKey: key, enforceSSL: true };
    this.findings = new Topic(this, 'Findings', { ...guarded, displayName: 'Siphonwatch findings' });
    this.operations = new Topic(this, 'Operations', { ...guarded, displayName: 'Siphonwatch operations' });
    // A topic policy of one's own (TLS only) replaces the one that let CloudWatch in.
    this.operations.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsOfThisAccount',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.operations.topicArn],
        conditions: {
          StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
          ArnLike: {
            'aws:SourceArn': `arn:${Aws.PARTITION}:cloudwatch:${Aws.REGION}:${Aws.ACCOUNT_ID}:alarm:*`,
          },
        },
      }),
    );
    const subscribe = (topic: Topic) => (address: string) =>
      topic.addSubscription(new EmailSubscription(address));
    this.subscriptions = [
      ...settings.findingsEmails.map(subscribe(this.findings)),
      ...settings.operationsEmails.map(subscribe(this.operations)),
      ...settings.criticalPhones.map((number) =>
        this.findings.addSubscription(new SmsSubscription(number, { filterPolicy: WAKES_SOMEBODY })),
      ),
    ];
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: key,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
  }
}
