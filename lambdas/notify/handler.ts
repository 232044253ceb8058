import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { CampaignTable } from '../../lib/aws/campaign-table.ts';
import { dynamoDb, eventBridge, securityHub, sns } from '../../lib/aws/clients.ts';
import { EventBridgeBus } from '../../lib/aws/event-bridge-bus.ts';
import { DynamoFindingStore } from '../../lib/aws/finding-table.ts';
import { MembershipItems } from '../../lib/aws/membership-items.ts';
import { CAMPAIGN_OUTBOX, DynamoOutbox, PROFILE_OUTBOX, waitingIn } from '../../lib/aws/outbox-items.ts';
import { policySourceOf } from '../../lib/aws/policy-source.ts';
import { SecurityHub } from '../../lib/aws/security-hub.ts';
import { SnsTopic } from '../../lib/aws/sns-topic.ts';
import { readEnvironment } from '../../lib/contract/environment.ts';
import type { MetricName } from '../../lib/contract/metrics.ts';
import type { Route } from '../../lib/findings/routing.ts';
import type { Traffic } from '../../lib/findings/traffic.ts';
import { homeOf } from '../../lib/findings/views/asff.ts';
import { trafficOf } from '../../lib/stores/finding-queries.ts';
import type { Outbox, Waiting } from '../../lib/stores/outbox.ts';
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

const environment = readEnvironment('notify', process.env);
const logger = new Logger();
const dynamodb = dynamoDb();
const findings = new DynamoFindingStore(dynamodb, environment.FINDING_TABLE);
const topic = new SnsTopic(sns(), environment.FINDINGS_TOPIC);
const bus = new EventBridgeBus(eventBridge(), environment.EVENT_BUS);
const policies = policySourceOf(environment, (problem) => logger.error('policy', { ...problem }));
const home = environment.SECURITY_HUB === '' ? undefined : homeOf(environment.SECURITY_HUB);
const hub = home === undefined ? undefined : new SecurityHub(securityHub());
const profiles = new DynamoOutbox(dynamodb, environment.PROFILE_TABLE, PROFILE_OUTBOX);
const campaigns = new DynamoOutbox(dynamodb, environment.CAMPAIGN_TABLE, CAMPAIGN_OUTBOX);
const accusations = new MembershipItems(
  dynamodb,
  environment.CAMPAIGN_TABLE,
  new CampaignTable(dynamodb, environment.CAMPAIGN_TABLE),
);
const metrics = new Metrics();

/** For so long a week's traffic is good, ms; it is summed up once a day. */
const TRAFFIC_MS = 3_600_000;
let known: { readonly at: number; readonly week: Promise<Traffic | undefined> } | undefined;

function traffic(): Promise<Traffic | undefined> {
  const now = Date.now();
  if (known === undefined || now - known.at > TRAFFIC_MS) {
    const week = trafficOf(findings);
    known = { at: now, week };
    // Who waits for it sees the failure; the next one asks again.
    week.catch(() => {
      known = undefined;
    });
  }
  return known.week;
}

/** Items that are delivered side by side. */
const CONCURRENCY = 8;
/** The streams have had so long, ms; what still waits is the sweeper's. */
const OVERDUE = 60_000;
/** Items that one sweep takes on in each table. */
const SWEPT = 2000;

/** Woken by a table's stream (a batch of images) or by the schedule (anything else): the same bundle for both. */
export async function handler(event: WakeUp, context: { readonly awsRequestId: string }): Promise<object> {
  const tally = new Tally(logger, metrics);
  const delivery: Delivery = {
    findings,
    topic,
    bus,
    accuserOf: (account) => accusations.of(account),
    traffic,
    hub: hub !== undefined,
    brakes: {
      account: new NotificationThrottle(findings, 'account'),
      campaign: new NotificationThrottle(findings, 'campaign'),
    },
    now: Date.now,
    routes,
    by: context.awsRequestId,
    report: (line) => tally.add(line),
  };
  try {
    return event.Records === undefined ? await sweep(delivery) : await deliverBatch(event.Records, delivery);
  } finally {
    tally.emit();
  }
}

/** A policy that cannot be read must not keep a finding from being told: then it is told at once. */
async function routes(): Promise<readonly Route[]> {
  try {
    return (await policies.active()).notifications.routes;
  } catch (error) {
    logger.error('no routes: everything is told at once', { error: error as Error });
    return [];
  }
}

async function deliverBatch(records: readonly TableRecord[], delivery: Delivery): Promise<BatchResponse> {
  // The newest image of an item has all that waits in it.
  const items = new Map<string, { outbox: Outbox; waiting: Waiting; first: string }>();
  for (const record of records) {
    const outbox = record.eventSourceARN.includes(`table/${campaigns.name}/`) ? campaigns : profiles;
    const shape = outbox === campaigns ? CAMPAIGN_OUTBOX : PROFILE_OUTBOX;
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

async function sweep(delivery: Delivery): Promise<object> {
  const now = delivery.now();
  const before = new Date(now - OVERDUE).toISOString();
  let oldest = now;
  let swept = 0;
  for (const outbox of [profiles, campaigns]) {
    const overdue = await outbox.overdue(before, SWEPT);
    const [first] = overdue;
    if (first !== undefined) oldest = Math.min(oldest, Date.parse(first.since));
    await each(overdue, async ({ key }) => {
      const waiting = await outbox.read(key);
      if (waiting !== undefined) await deliver(outbox, waiting, delivery);
      swept++;
    });
  }
  metrics.addMetric('UndeliveredSeconds' satisfies MetricName, MetricUnit.Seconds, (now - oldest) / 1000);
  await sendThrottled(delivery, 'due');
  await sendDigests(delivery);
  await sendShadowDigest(delivery);
  // Last, and apart: people and machines have been told whatever becomes of it.
  if (hub !== undefined && home !== undefined) await importFindings({ ...delivery, hub, home });
  return { swept };
}

/** Runs `work` over all items, a few at a time. */
async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < items.length) await work(items[next++] as T);
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, items.length) }, worker));
}
