import { AppConfigClient } from '@aws-sdk/client-appconfig';
import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, paginateDescribeAlarms } from '@aws-sdk/client-cloudwatch';
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DescribeRuleCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { DescribeStreamSummaryCommand, KinesisClient } from '@aws-sdk/client-kinesis';
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  GetAccountSettingsCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  paginateListEventSourceMappings,
} from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import {
  GetSMSAttributesCommand,
  GetSMSSandboxAccountStatusCommand,
  paginateListSubscriptionsByTopic,
  SNSClient,
} from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { EVENTS_PREFIX, FAILED_BATCH_PREFIX } from '../contract/object-prefixes.ts';
import type { DeploymentFacts, MappingFact, PolicyFacts, Subscriber } from '../doctor/facts.ts';
import {
  CalibrationDamaged,
  CalibrationMissing,
  CalibrationOfOtherFormat,
} from '../stores/calibration-store.ts';
import { HOUR_MS } from '../time.ts';
import { CODE_VERSION } from '../version.ts';
import { RolloutError } from './app-config-names.ts';
import { CalibrationBucket } from './calibration-bucket.ts';
import { DeploymentMetrics } from './deployment-metrics.ts';
import { CAMPAIGN_OUTBOX, DynamoOutbox, PROFILE_OUTBOX } from './outbox-items.ts';
import { AppConfigRollout } from './policy-rollout.ts';
import { QuarantineBucket } from './quarantine.ts';
import type { DeployedStack } from './stack-outputs.ts';

/** What a deployment is made of, by CloudFormation's own list. */
interface Part {
  readonly logicalId: string;
  readonly name: string;
  readonly type: string;
}

/** What parts of a type are called in the account. */
function namesOf(parts: readonly Part[], type: string): string[] {
  return parts.filter((part) => part.type === type).map(({ name }) => name);
}

/** Reads a deployment with the caller's credentials. What may not be read, or does not answer, is `unseen`. */
export class DeploymentReader {
  readonly #stack: DeployedStack;
  readonly #now: number;
  readonly #unseen: { what: string; why: string }[] = [];
  readonly #clients;

  readonly #localSources: string | undefined;
  readonly #metrics: DeploymentMetrics;

  /** @param options.localSources digest of the sources of this checkout, compared with the deployed one's */
  constructor(
    stack: DeployedStack,
    options: {
      readonly region?: string | undefined;
      readonly now: number;
      readonly localSources?: string | undefined;
    },
  ) {
    const region = options.region === undefined ? {} : { region: options.region };
    const environment = process.env;
    this.#stack = stack;
    this.#now = options.now;
    this.#localSources = options.localSources;
    this.#clients = {
      appConfig: new AppConfigClient(region),
      cloudFormation: new CloudFormationClient(region),
      cloudWatch: new CloudWatchClient(region),
      dynamodb: new DynamoDBClient(region),
      events: new EventBridgeClient(region),
      kinesis: new KinesisClient({
        ...region,
        // emulators do not speak HTTP/2
        ...(environment.AWS_ENDPOINT_URL_KINESIS?.startsWith('http://') === true
          ? { requestHandler: new NodeHttpHandler() }
          : {}),
      }),
      kms: new KMSClient(region),
      lambda: new LambdaClient(region),
      quotas: new ServiceQuotasClient(region),
      s3: new S3Client({ ...region, forcePathStyle: (environment.AWS_ENDPOINT_URL_S3 ?? '') !== '' }),
      sns: new SNSClient(region),
      sqs: new SQSClient(region),
    };
    const { cloudWatch, quotas } = this.#clients;
    this.#metrics = new DeploymentMetrics(cloudWatch, quotas, options.now);
  }

  async read(): Promise<DeploymentFacts> {
    const { outputs } = this.#stack;
    const parts = (await this.#seen('parts of the stack', () => this.#parts())) ?? [];
    const alarms = await this.#seen('alarms', () => this.#alarms(parts));
    const ownAlarms = namesOf(parts, 'AWS::CloudWatch::Alarm');
    return {
      stack: { name: this.#stack.name, status: this.#stack.status },
      code: {
        local: CODE_VERSION,
        deployed: outputs.CodeVersion,
        sameSources:
          outputs.CodeDigest === undefined || this.#localSources === undefined
            ? undefined
            : outputs.CodeDigest === this.#localSources,
      },
      subscribers: {
        findings: await this.#seen('subscribers of findings', () =>
          this.#subscribers(outputs.FindingsTopicArn),
        ),
        operations: await this.#seen('subscribers of alarms', () =>
          this.#subscribers(outputs.OperationsTopicArn),
        ),
      },
      smsSandbox: await this.#seen('SMS sandbox', async () => {
        const { IsInSandbox } = await this.#clients.sns.send(new GetSMSSandboxAccountStatusCommand({}));
        return IsInSandbox ?? false;
      }),
      smsLimitUsd: await this.#seen('limit of text messages', async () => {
        const { attributes = {} } = await this.#clients.sns.send(
          new GetSMSAttributesCommand({ attributes: ['MonthlySpendLimit'] }),
        );
        // not set: USD 1 (sns/latest/api/API_SetSMSAttributes.html)
        return Number(attributes.MonthlySpendLimit ?? 1);
      }),
      concurrency: await this.#seen('concurrency', () => this.#concurrency()),
      alarms,
      alarmsGone: alarms && ownAlarms.filter((name) => !alarms.some((held) => held.name === name)),
      functions: await this.#seen('functions', () => this.#functions(parts)),
      mappings: await this.#seen('event source mappings', () => this.#mappings(parts)),
      schedules: await this.#seen('schedules', () => this.#schedules(parts)),
      shards: {
        calibrate: Number(outputs.CalibrateShards ?? 1),
        link: Number(outputs.LinkShards ?? 1),
        backtest: Number(outputs.BacktestShards ?? 0),
      },
      policy: await this.#seen('policy', () => this.#policy(outputs.StateBucketName ?? '')),
      stream: await this.#seen('stream', () => this.#stream(outputs.StreamName ?? '')),
      recordsLastHour: await this.#seen('records of the last hour', () =>
        this.#metrics.recordsLastHour(outputs.StreamName ?? ''),
      ),
      lag: await this.#seen('lag', () => this.#metrics.lag(namesOf(parts, 'AWS::Lambda::Function'))),
      gateways: await this.#seen('gateways', () => this.#metrics.gateways(this.#stack.name)),
      tableUse: await this.#seen('use of tables', () =>
        this.#metrics.tableUse(namesOf(parts, 'AWS::DynamoDB::Table')),
      ),
      tables: await this.#seen('tables', () => this.#tables(parts)),
      quarantine: await this.#seen('quarantine', async () => {
        const bucket = new QuarantineBucket(this.#clients.s3, outputs.QuarantineBucketName ?? '');
        return {
          events: await bucket.waiting(EVENTS_PREFIX),
          batches: await bucket.waiting(FAILED_BATCH_PREFIX),
        };
      }),
      deadLetters: await this.#seen('dead letters', () =>
        this.#deadLetters(outputs.DeadLetterQueueUrl ?? ''),
      ),
      undeliveredSeconds: await this.#seen('undelivered notices', () => this.#undelivered(outputs)),
      keyState: await this.#seen('key', async () => {
        const { KeyMetadata } = await this.#clients.kms.send(
          new DescribeKeyCommand({ KeyId: outputs.KeyArn ?? '' }),
        );
        return KeyMetadata?.KeyState;
      }),
      unseen: this.#unseen,
    };
  }

  close(): void {
    for (const client of Object.values(this.#clients)) client.destroy();
  }

  async #seen<T>(what: string, look: () => Promise<T>): Promise<T | undefined> {
    try {
      return await look();
    } catch (error) {
      this.#unseen.push({
        what,
        why: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
      });
      return undefined;
    }
  }

  async #parts(): Promise<Part[]> {
    const found: Part[] = [];
    const pages = paginateListStackResources(
      { client: this.#clients.cloudFormation },
      { StackName: this.#stack.name },
    );
    for await (const { StackResourceSummaries = [] } of pages)
      for (const {
        LogicalResourceId = '',
        PhysicalResourceId = '',
        ResourceType = '',
      } of StackResourceSummaries)
        found.push({ logicalId: LogicalResourceId, name: PhysicalResourceId, type: ResourceType });
    return found;
  }

  async #subscribers(TopicArn: string | undefined): Promise<Subscriber[]> {
    const found: Subscriber[] = [];
    for await (const { Subscriptions = [] } of paginateListSubscriptionsByTopic(
      { client: this.#clients.sns },
      { TopicArn: TopicArn ?? '' },
    ))
      for (const { Protocol = '', Endpoint = '', SubscriptionArn = '' } of Subscriptions)
        found.push({
          protocol: Protocol,
          endpoint: Endpoint,
          confirmed: SubscriptionArn.startsWith('arn:'),
        });
    return found;
  }

  async #concurrency(): Promise<number> {
    const { AccountLimit } = await this.#clients.lambda.send(new GetAccountSettingsCommand({}));
    return AccountLimit?.ConcurrentExecutions ?? 0;
  }

  /** Only this stack's: another one's name may begin alike. */
  async #alarms(parts: readonly Part[]) {
    const own = new Set(namesOf(parts, 'AWS::CloudWatch::Alarm'));
    const found = [];
    const pages = paginateDescribeAlarms(
      { client: this.#clients.cloudWatch },
      { AlarmNamePrefix: `${this.#stack.name}-` },
    );
    for await (const { MetricAlarms = [] } of pages)
      for (const { AlarmName = '', StateValue = '', AlarmDescription = '', ...alarm } of MetricAlarms)
        if (own.size === 0 || own.has(AlarmName))
          found.push({
            name: AlarmName,
            state: StateValue,
            description: AlarmDescription,
            actionsEnabled: alarm.ActionsEnabled !== false,
            threshold: alarm.Threshold,
          });
    return found;
  }

  #functions(parts: readonly Part[]) {
    return Promise.all(
      namesOf(parts, 'AWS::Lambda::Function').map(async (name) => {
        const { State = 'Active', Environment } = await this.#clients.lambda.send(
          new GetFunctionConfigurationCommand({ FunctionName: name }),
        );
        return {
          name,
          state: State,
          trustsReplayClock: Environment?.Variables?.TRUST_REPLAY_CLOCK === 'true',
        };
      }),
    );
  }

  async #mappings(parts: readonly Part[]): Promise<MappingFact[]> {
    const functions = new Set(namesOf(parts, 'AWS::Lambda::Function'));
    const found: MappingFact[] = [];
    for await (const { EventSourceMappings = [] } of paginateListEventSourceMappings(
      { client: this.#clients.lambda },
      {},
    ))
      for (const {
        UUID = '',
        FunctionArn = '',
        State = '',
        LastProcessingResult = '',
        EventSourceArn = '',
        ParallelizationFactor = 1,
        MaximumRecordAgeInSeconds = -1,
      } of EventSourceMappings)
        if (functions.has(FunctionArn.split(':').at(-1) ?? ''))
          found.push({
            name: `the mapping ${UUID} of ${FunctionArn.split(':').at(-1)}`,
            state: State,
            result: LastProcessingResult,
            reads: EventSourceArn.includes(':kinesis:') ? 'events' : 'table',
            lanes: ParallelizationFactor,
            // -1 is without end
            recordAgeHours: MaximumRecordAgeInSeconds > 0 ? MaximumRecordAgeInSeconds / 3600 : undefined,
          });
    return found;
  }

  #schedules(parts: readonly Part[]) {
    return Promise.all(
      namesOf(parts, 'AWS::Events::Rule').map(async (name) => {
        const { State } = await this.#clients.events.send(new DescribeRuleCommand({ Name: name }));
        return { name, enabled: State === 'ENABLED' };
      }),
    );
  }

  async #policy(stateBucket: string): Promise<PolicyFacts> {
    const rollout = new AppConfigRollout(
      this.#clients.appConfig,
      this.#stack.outputs.PolicyApplicationName ?? '',
    );
    const [newest] = await rollout.deployments('active', 1);
    let active: PolicyFacts['active'];
    let fault: string | undefined;
    try {
      const policy = (await rollout.current('active'))?.policy;
      active = policy && { id: policy.id, calibration: policy.calibration };
    } catch (error) {
      if (!(error instanceof RolloutError)) throw error;
      fault = error.message;
    }
    return {
      active,
      fault,
      lastPush: newest?.state,
      calibration: await this.#calibration(active, stateBucket),
    };
  }

  async #calibration(active: PolicyFacts['active'], bucket: string): Promise<PolicyFacts['calibration']> {
    if (active === undefined || active.calibration === 'default') return 'shipped';
    try {
      const { madeAt } = await new CalibrationBucket(this.#clients.s3, bucket).get(active.calibration);
      return { ageHours: (this.#now - Date.parse(madeAt)) / HOUR_MS };
    } catch (error) {
      if (error instanceof CalibrationMissing) return 'missing';
      if (error instanceof CalibrationOfOtherFormat) return { format: error.format };
      if (error instanceof CalibrationDamaged) return { damaged: error.message };
      throw error;
    }
  }

  async #stream(StreamName: string): Promise<NonNullable<DeploymentFacts['stream']>> {
    const { StreamDescriptionSummary: held } = await this.#clients.kinesis.send(
      new DescribeStreamSummaryCommand({ StreamName }),
    );
    return {
      status: held?.StreamStatus ?? 'unknown',
      retentionHours: held?.RetentionPeriodHours ?? 0,
      shards: held?.OpenShardCount ?? 0,
    };
  }

  #tables(parts: readonly Part[]) {
    return Promise.all(
      namesOf(parts, 'AWS::DynamoDB::Table').map(async (name) => {
        try {
          const { Table } = await this.#clients.dynamodb.send(new DescribeTableCommand({ TableName: name }));
          return { name, status: Table?.TableStatus };
        } catch (error) {
          if (error instanceof Error && error.name === 'ResourceNotFoundException')
            return { name, status: undefined };
          throw error;
        }
      }),
    );
  }

  async #deadLetters(QueueUrl: string): Promise<number> {
    const { Attributes } = await this.#clients.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
    );
    return Number(Attributes?.ApproximateNumberOfMessages ?? 0);
  }

  async #undelivered(outputs: DeployedStack['outputs']): Promise<number> {
    const { dynamodb } = this.#clients;
    const waiting = await Promise.all(
      [
        new DynamoOutbox(dynamodb, outputs.ProfileTableName ?? '', PROFILE_OUTBOX),
        new DynamoOutbox(dynamodb, outputs.CampaignTableName ?? '', CAMPAIGN_OUTBOX),
      ].map((outbox) => outbox.overdue(new Date(this.#now).toISOString(), 1)),
    );
    const oldest = Math.min(this.#now, ...waiting.flat().map(({ since }) => Date.parse(since)));
    return (this.#now - oldest) / 1000;
  }
}
