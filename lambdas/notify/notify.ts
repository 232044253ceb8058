import type { Logger } from '@aws-lambda-powertools/logger';
import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { SNSClient } from '@aws-sdk/client-sns';
import { CampaignTable } from '../../lib/aws/campaign-table.ts';
import { EventBridgeBus } from '../../lib/aws/event-bridge-bus.ts';
import { deleteFindingsBefore } from '../../lib/aws/finding-retention.ts';
import { DynamoFindingStore } from '../../lib/aws/finding-table.ts';
import { MembershipItems } from '../../lib/aws/membership-items.ts';
import { CAMPAIGN_OUTBOX, DynamoOutbox, PROFILE_OUTBOX, waitingIn } from '../../lib/aws/outbox-items.ts';
import { SnsTopic } from '../../lib/aws/sns-topic.ts';
import type { EnvironmentOf } from '../../lib/contract/environment.ts';
import type { MetricName } from '../../lib/contract/metrics.ts';
import type { Route } from '../../lib/findings/routing.ts';
import { homeOf, type SecurityHubHome } from '../../lib/findings/views/asff.ts';
import type { FindingStoreOptions } from '../../lib/stores/finding-store.ts';
import type { Outbox, Waiting } from '../../lib/stores/outbox.ts';
import type { PolicySource } from '../../lib/stores/policy-port.ts';
import { RememberedTraffic } from '../../lib/stores/remembered-traffic.ts';
import type { FindingHub } from '../../lib/stores/security-hub.ts';
import { DAY_MS } from '../../lib/time.ts';
import { type Delivery, deliver } from './deliver.ts';
import { sendDigests, sendThrottled } from './digests.ts';
import { NotificationThrottle } from './notification-throttle.ts';
import { importFindings } from './security-hub.ts';
import { sendShadowDigest } from './shadow-digest.ts';
import { Tally } from './tally.ts';

/** A record of a table's stream, the part that is read. */
interface TableRecord {
  readonly eventSourceARN: string;
  readonly dynamodb: {
    readonly SequenceNumber: string;
    readonly NewImage?: Readonly<Record<string, AttributeValue>>;
  };
}

type WakeUp = { readonly Records: readonly TableRecord[] } | { readonly Records?: undefined };

interface BatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** What one environment of the function works with. */
export interface NotifyPorts {
  readonly environment: EnvironmentOf<'notify'>;
  readonly dynamodb: DynamoDBClient;
  readonly sns: SNSClient;
  readonly eventBridge: EventBridgeClient;
  /** undefined where findings do not go there */
  readonly securityHub: FindingHub | undefined;
  readonly policies: PolicySource;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** a name that no other invocation has, a retry of the same request neither */
  readonly newName: () => string;
}

/** Items that are delivered side by side. */
const CONCURRENCY = 8;
/** The streams have had so long, ms; what still waits is the sweeper's. */
const OVERDUE = 60_000;
/** Items that one sweep takes on in each table. */
const SWEPT = 2000;

/** Delivers notices, woken by a table's stream (a batch of images) or by the schedule (anything else). */
export class NotifyFunction {
  readonly #ports: NotifyPorts;
  readonly #options: FindingStoreOptions = {
    onUnreadable: (error) => {
      this.#ports.metrics.addMetric('ItemsUnreadable' satisfies MetricName, MetricUnit.Count, 1);
      this.#ports.logger.error('a stored item cannot be read and is passed over', { error });
    },
  };
  readonly #findings: DynamoFindingStore;
  readonly #profiles: DynamoOutbox;
  readonly #campaigns: DynamoOutbox;
  readonly #memberships: MembershipItems;
  readonly #hub: { readonly hub: FindingHub; readonly home: SecurityHubHome } | undefined;
  readonly #traffic: RememberedTraffic;

  constructor(ports: NotifyPorts) {
    const { environment, dynamodb } = ports;
    this.#ports = ports;
    this.#findings = new DynamoFindingStore(dynamodb, environment.FINDING_TABLE, this.#options);
    this.#traffic = new RememberedTraffic(this.#findings, Date.now);
    this.#profiles = new DynamoOutbox(dynamodb, environment.PROFILE_TABLE, PROFILE_OUTBOX);
    this.#campaigns = new DynamoOutbox(dynamodb, environment.CAMPAIGN_TABLE, CAMPAIGN_OUTBOX);
    this.#memberships = new MembershipItems(
      dynamodb,
      environment.CAMPAIGN_TABLE,
      new CampaignTable(dynamodb, environment.CAMPAIGN_TABLE),
    );
    this.#hub =
      ports.securityHub === undefined
        ? undefined
        : { hub: ports.securityHub, home: homeOf(environment.SECURITY_HUB) };
  }

  async handle(event: WakeUp): Promise<object> {
    const { environment, sns, eventBridge, logger, metrics } = this.#ports;
    const findings = this.#findings;
    const tally = new Tally(logger, metrics);
    const delivery: Delivery = {
      findings,
      topic: new SnsTopic(sns, environment.FINDINGS_TOPIC),
      bus: new EventBridgeBus(eventBridge, environment.EVENT_BUS),
      accuserOf: (account) => this.#memberships.of(account),
      traffic: () => this.#traffic.week(),
      hub: this.#hub !== undefined,
      brakes: {
        account: new NotificationThrottle(findings, 'account', this.#options),
        campaign: new NotificationThrottle(findings, 'campaign', this.#options),
      },
      now: Date.now,
      routes: () => this.#routes(),
      by: this.#ports.newName(),
      report: (line) => tally.add(line),
    };
    try {
      return event.Records === undefined
        ? await this.#sweep(delivery)
        : await this.#deliverBatch(event.Records, delivery);
    } finally {
      tally.emit();
    }
  }

  /** A policy that cannot be read must not keep a finding from being told: then it is told at once. */
  async #routes(): Promise<readonly Route[]> {
    try {
      return (await this.#ports.policies.active()).notifications.routes;
    } catch (error) {
      this.#ports.logger.error('no routes: everything is notified at once', { error: error as Error });
      return [];
    }
  }

  async #deliverBatch(records: readonly TableRecord[], delivery: Delivery): Promise<BatchResponse> {
    // The newest image of an item has all that waits in it.
    const items = new Map<string, { outbox: Outbox; waiting: Waiting; first: string }>();
    for (const record of records) {
      const outbox = record.eventSourceARN.includes(`table/${this.#campaigns.name}/`)
        ? this.#campaigns
        : this.#profiles;
      const shape = outbox === this.#campaigns ? CAMPAIGN_OUTBOX : PROFILE_OUTBOX;
      const waiting = waitingIn(record.dynamodb.NewImage, shape);
      if (waiting === undefined) continue;
      const id = `${outbox.name} ${waiting.key}`;
      items.set(id, { outbox, waiting, first: items.get(id)?.first ?? record.dynamodb.SequenceNumber });
    }
    const failed = new Set<string>();
    await each([...items.values()], async ({ outbox, waiting, first }) => {
      if ((await deliver(outbox, waiting, delivery)) === 'failed') failed.add(first);
    });
    await sendThrottled(delivery, 'begun');
    return { batchItemFailures: [...failed].map((itemIdentifier) => ({ itemIdentifier })) };
  }

  async #sweep(delivery: Delivery): Promise<object> {
    const now = delivery.now();
    const before = new Date(now - OVERDUE).toISOString();
    let oldest = now;
    let swept = 0;
    for (const outbox of [this.#profiles, this.#campaigns]) {
      const overdue = await outbox.overdue(before, SWEPT);
      const [first] = overdue;
      if (first !== undefined) oldest = Math.min(oldest, Date.parse(first.since));
      await each(overdue, async ({ key }) => {
        const waiting = await outbox.read(key);
        if (waiting !== undefined) await deliver(outbox, waiting, delivery);
        swept++;
      });
    }
    this.#ports.metrics.addMetric(
      'UndeliveredSeconds' satisfies MetricName,
      MetricUnit.Seconds,
      (now - oldest) / 1000,
    );
    const hub = this.#hub;
    await allOf([
      () => sendThrottled(delivery, 'due'),
      () => sendDigests(delivery),
      () => sendShadowDigest(delivery),
      () => this.#deleteOld(now),
      async () => {
        if (hub !== undefined) await importFindings({ ...delivery, ...hub });
      },
    ]);
    return { swept };
  }

  async #deleteOld(now: number): Promise<void> {
    const { environment, dynamodb, logger } = this.#ports;
    const days = Number(environment.FINDING_DAYS);
    if (days === 0) return;
    const before = new Date(now - days * DAY_MS).toISOString();
    const deleted = await deleteFindingsBefore(dynamodb, environment.FINDING_TABLE, before);
    if (deleted > 0) logger.info('findings deleted', { deleted, before });
  }
}

/** Takes every step, whatever becomes of the others. @throws the first failure, so that the invocation counts as failed */
async function allOf(steps: readonly (() => Promise<unknown>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps)
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  if (failures.length > 0) throw failures[0];
}

/** Runs `work` over all items, a few at a time. */
async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < items.length) await work(items[next++] as T);
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, items.length) }, worker));
}
