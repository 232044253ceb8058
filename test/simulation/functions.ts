import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { AppConfigDataClient } from '@aws-sdk/client-appconfigdata';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SecurityHubClient } from '@aws-sdk/client-securityhub';
import { SNSClient } from '@aws-sdk/client-sns';
import { CalibrateFunction } from '../../lambdas/calibrate/calibrate.ts';
import { LinkFunction } from '../../lambdas/link/link.ts';
import { LinkIndexFunction } from '../../lambdas/link-index/link-index.ts';
import { NotifyFunction } from '../../lambdas/notify/notify.ts';
import { ScoreFunction } from '../../lambdas/score/score.ts';
import { answer } from '../../lambdas/triage/api-response.ts';
import { readEvent } from '../../lambdas/triage/request.ts';
import { shippedCalibration } from '../../lib/aws/calibration-bucket.ts';
import { DynamoFindingStore } from '../../lib/aws/finding-table.ts';
import { policySource } from '../../lib/aws/policy-source.ts';
import { SecurityHub } from '../../lib/aws/security-hub.ts';
import type { Variable } from '../../lib/contract/environment.ts';
import { productArn, type SecurityHubHome } from '../../lib/findings/views/asff.ts';
import { type CodeVersion, foundBy, sentBy } from './code-versions.ts';
import type { Caller, ServiceName, World } from './world.ts';

// loading takes real time, which no seed decides
await shippedCalibration();

/** What the stack would put into the environment of every function. */
const ENVIRONMENT: Readonly<Record<Variable, string>> = {
  PROFILE_TABLE: 'profiles',
  FINDING_TABLE: 'findings',
  LINK_TABLE: 'links',
  CAMPAIGN_TABLE: 'campaigns',
  QUARANTINE_BUCKET: 'quarantine',
  HUNT_RECHECK_DAYS: '2',
  ARCHIVE_BUCKET: 'archive',
  STATE_BUCKET: 'state',
  FINDINGS_TOPIC: 'arn:aws:sns:us-east-1:000000000000:findings',
  EVENT_BUS: 'default',
  SECURITY_HUB: '',
  FINDING_DAYS: '0',
  POLICY_APPLICATION: 'policies',
  POLICY_STALENESS_SECONDS: '30',
  LINK_PRESSURE_MINUTES: '10',
  LINK_MACHINE: '',
  STREAM_NAME: 'usage',
  ALLOWED_SKEW_SECONDS: '300',
  TRUST_REPLAY_CLOCK: 'false',
  FOREIGN_CALIBRATION: 'accuse',
  POWERTOOLS_SERVICE_NAME: 'simulation',
  POWERTOOLS_METRICS_NAMESPACE: 'Siphonwatch',
  LOG_LEVEL: 'SILENT',
};

/** Where findings are imported, in histories in which they are. */
export const HOME: SecurityHubHome = { partition: 'aws', region: 'us-east-1', accountId: '000000000000' };

/** Clients of the SDK whose calls end in the world instead of on the network. */
export class Clients {
  readonly dynamodb: DynamoDBClient;
  readonly s3: S3Client;
  readonly sns: SNSClient;
  readonly eventBridge: EventBridgeClient;
  readonly appConfig: AppConfigDataClient;
  readonly securityHub: SecurityHubClient;

  constructor(world: World, caller: Caller, version: CodeVersion = world.newestCode) {
    const sends = (service: ServiceName): PropertyDescriptorMap => ({
      send: { value: (command: object) => world.call(caller, service, command) },
      config: { value: {} },
    });
    this.dynamodb = Object.create(DynamoDBClient.prototype, {
      ...sends('dynamodb'),
      send: {
        value: async (command: object) =>
          foundBy(version, await world.call(caller, 'dynamodb', sentBy(version, command))),
      },
    });
    this.s3 = Object.create(S3Client.prototype, sends('s3'));
    this.sns = Object.create(SNSClient.prototype, sends('messages'));
    this.eventBridge = Object.create(EventBridgeClient.prototype, sends('messages'));
    this.appConfig = Object.create(AppConfigDataClient.prototype, sends('appConfig'));
    this.securityHub = Object.create(SecurityHubClient.prototype, sends('securityHub'));
  }
}

export type Handle = (event: object) => Promise<unknown>;
export type SimulatedFunction = 'score' | 'notify' | 'index' | 'triage' | 'link' | 'calibrate';

const silent = new Logger({ logLevel: 'SILENT' });

/** Metrics that are counted and not printed. */
class Counted extends Metrics {
  override publishStoredMetrics(): this {
    this.clearMetrics();
    this.clearDimensions();
    return this;
  }

  /** One that stands alone prints itself as soon as it has a value, and is as new behind it. */
  override singleMetric(): Metrics {
    return alone;
  }
}

// none of them keeps anything: to make them for every environment was a thirtieth of a history
const alone = new Counted({ namespace: 'Siphonwatch', singleMetric: true });
const metrics = new Counted({ namespace: 'Siphonwatch', serviceName: 'simulation' });

/** A new environment of a function: its module state as after a cold start. */
export function start(
  name: SimulatedFunction,
  world: World,
  caller: Caller,
  version: CodeVersion = world.newestCode,
): Handle {
  const clients = new Clients(world, caller, version);
  const handle = handleOf(name, world, clients);
  return (event) => handle(foundBy(version, event) as object);
}

function handleOf(name: SimulatedFunction, world: World, clients: Clients): Handle {
  const policies = policySource({
    client: clients.appConfig,
    application: ENVIRONMENT.POLICY_APPLICATION,
    stalenessSeconds: Number(ENVIRONMENT.POLICY_STALENESS_SECONDS),
    onProblem: () => undefined,
  });
  const common = { environment: ENVIRONMENT, policies, logger: silent, metrics, dynamodb: clients.dynamodb };
  switch (name) {
    case 'score': {
      const score = new ScoreFunction({ ...common, s3: clients.s3 });
      return (event) => score.handle(event as Parameters<typeof score.handle>[0]);
    }
    case 'link': {
      const link = new LinkFunction({ ...common, s3: clients.s3, start: undefined });
      return (event) => link.handle(event, () => 300_000);
    }
    case 'calibrate': {
      const calibrate = new CalibrateFunction({ ...common, s3: clients.s3 });
      return (event) => calibrate.handle(event);
    }
    case 'index': {
      const index = new LinkIndexFunction({ ...common });
      return (event) => index.handle(event as Parameters<typeof index.handle>[0]);
    }
    case 'triage': {
      const findings = new DynamoFindingStore(clients.dynamodb, ENVIRONMENT.FINDING_TABLE);
      return (event) => answer(readEvent(event), findings, Date.now());
    }
    case 'notify': {
      const notify = new NotifyFunction({
        ...common,
        sns: clients.sns,
        eventBridge: clients.eventBridge,
        ...(world.securityHub === undefined
          ? { securityHub: undefined }
          : {
              environment: { ...ENVIRONMENT, SECURITY_HUB: productArn(HOME) },
              securityHub: new SecurityHub(clients.securityHub),
            }),
        newName: () => world.newName(),
      });
      return (event) => notify.handle(event as Parameters<typeof notify.handle>[0]);
    }
  }
}
