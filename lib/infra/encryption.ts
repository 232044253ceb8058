import { Aws, type RemovalPolicy } from 'aws-cdk-lib';
import { AccountPrincipal, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

export interface EncryptionProps {
  readonly removalPolicy: RemovalPolicy;
  /** CloudFormation names log groups after the stack: the key serves only those */
  readonly stackName: string;
  /** accounts whose gateways put records on the stream */
  readonly producerAccounts: readonly string[];
  /** workgroups of hunts, whose results Athena keeps for a day; none without hunts */
  readonly workGroups: readonly string[];
}

/** The one customer-managed key of a deployment, rotated yearly; whoever loses it has lost the evidence. */
export class Encryption extends Construct {
  readonly key: Key;

  constructor(scope: Construct, id: string, props: EncryptionProps) {
    super(scope, id);
    this.key = new Key(this, 'Key', {
      description: `Siphonwatch (${props.stackName}): stream, tables, topics, buckets, queue, logs`,
      enableKeyRotation: true,
      removalPolicy: props.removalPolicy,
    });
    const sameAccount = { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } };
    this.key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'LogGroupsOfThisStack',
        principals: [new ServicePrincipal(`logs.${Aws.REGION}.${Aws.URL_SUFFIX}`)],
        actions: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
        resources: ['*'],
        conditions: {
          ArnLike: {
            'kms:EncryptionContext:aws:logs:arn': ['Pipeline', 'TriageApi', 'Hunts'].map(
              (part) =>
                `arn:${Aws.PARTITION}:logs:${Aws.REGION}:${Aws.ACCOUNT_ID}:log-group:${props.stackName}-${part}*`,
            ),
          },
        },
      }),
    );
    this.key.addToResourcePolicy(
      new PolicyStatement({
        // An alarm that cannot encrypt its message to the topic fails without a trace in the alarm's state.
        sid: 'AlarmsToTopicAndSchedulesToQueue',
        principals: [
          new ServicePrincipal('cloudwatch.amazonaws.com'),
          new ServicePrincipal('events.amazonaws.com'),
        ],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: sameAccount,
      }),
    );
    if (props.workGroups.length > 0)
      this.key.addToResourcePolicy(
        new PolicyStatement({
          // athena/latest/ug/managed-results.html, "Set up an AWS KMS key policy for managed query results"
          sid: 'ResultsOfHunts',
          principals: [new ServicePrincipal('encryption.athena.amazonaws.com')],
          actions: ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'],
          resources: ['*'],
          conditions: {
            ArnLike: {
              'aws:SourceArn': props.workGroups.map(
                (name) => `arn:${Aws.PARTITION}:athena:${Aws.REGION}:${Aws.ACCOUNT_ID}:workgroup/${name}`,
              ),
            },
            StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
          },
        }),
      );
    if (props.producerAccounts.length > 0)
      this.key.addToResourcePolicy(
        new PolicyStatement({
          // Kinesis asks for a data key in the name of whoever puts (streams/latest/dev/permissions-user-key-KMS.html).
          sid: 'ProducersOfOtherAccounts',
          principals: props.producerAccounts.map((account) => new AccountPrincipal(account)),
          actions: ['kms:GenerateDataKey'],
          resources: ['*'],
          conditions: { StringEquals: { 'kms:ViaService': `kinesis.${Aws.REGION}.${Aws.URL_SUFFIX}` } },
        }),
      );
  }
}
