import { gunzipSync } from 'node:zlib';
import {
  type AttributeValue,
  type DynamoDBClient,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { compact } from '../../lambdas/compact/compact.ts';
import { ArchiveBucket } from '../../lib/aws/archive.ts';
import { ArchiveReader } from '../../lib/aws/archive-reader.ts';
import { CampaignTable } from '../../lib/aws/campaign-table.ts';
import { ComparisonItem } from '../../lib/aws/comparison-item.ts';
import { FactItems } from '../../lib/aws/fact-items.ts';
import { DynamoFindingStore } from '../../lib/aws/finding-table.ts';
import { HuntObjects } from '../../lib/aws/hunt-objects.ts';
import { LinkTable } from '../../lib/aws/link-table.ts';
import { MembershipItems } from '../../lib/aws/membership-items.ts';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import { QuarantineBucket } from '../../lib/aws/quarantine.ts';
import { collectFacts } from '../../lib/campaigns/linking/link-facts.ts';
import { newAccount } from '../../lib/detection/account-state.ts';
import { processBatch } from '../../lib/detection/process-batch.ts';
import { type Finding, findingIdStart, finding as findingSchema } from '../../lib/findings/finding.ts';
import { decodePart } from '../../lib/hunts/parquet.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { padSequence } from '../../lib/profile/position.ts';
import { keepReview } from '../../lib/stores/reviews.ts';
import { bucketOf, partitionKey } from '../../lib/telemetry/record.ts';
import { encodeRecord } from '../../lib/telemetry/record-codec.ts';
import { testCalibration } from '../calibration.ts';
import { account, DAY, harvest, print, START } from '../events.ts';
import { campaignEvidenceOf, evidenceOf } from '../findings/evidence.ts';

/** Members of one campaign; the first is to be forgotten, the second shares records, objects and links with it. */
export const CUSTOMERS = [account(1001), account(1002), account(1003)] as const;
export const TABLE_NAMES = {
  profile: 'profile',
  finding: 'finding',
  link: 'link',
  campaign: 'campaign',
} as const;
export const BUCKETS = { archive: 'archive-of-two', quarantine: 'quarantine-of-two' } as const;

/** Everything that a deployment stores of its customers, written by what writes it in production. */
export async function store(dynamodb: DynamoDBClient, s3: S3Client): Promise<void> {
  for (const who of CUSTOMERS) {
    await profileOf(dynamodb, who);
    await findingsOf(dynamodb, who);
  }
  await campaignOf(dynamodb);
  await keepReview(new DynamoFindingStore(dynamodb, TABLE_NAMES.finding), {
    v: 1,
    calibration: 'c',
    at: new Date(START).toISOString(),
    entries: [
      { accounts: [...CUSTOMERS], why: ['score 3'] },
      { accounts: [CUSTOMERS[0]], why: [] },
    ],
    curve: [],
  });
  await objects(s3);
}

async function profileOf(dynamodb: DynamoDBClient, who: string): Promise<void> {
  const arrivals = harvest({ account: who, events: 30 }).map((event, i) => ({
    event: { ...event, prints: event.prints.map((one) => ({ ...one, payment: print(5) })) },
    time: Date.parse(event.time),
    arrived: Date.parse(event.time),
    position: { epoch: 's/b1', sequence: padSequence(String(i + 1)), index: 0 },
  }));
  const profiles = new ProfileTable(dynamodb, TABLE_NAMES.profile, { retentionDays: 35 });
  const rules = { policy: defaultPolicy, calibration: testCalibration, code: 'test', shadow: false };
  const step = processBatch(newAccount(who), arrivals, rules);
  await profiles.save(newAccount(who), step.state, step.seal);
  const facts = collectFacts(
    undefined,
    arrivals.map(({ event }) => event),
  );
  if (facts === undefined) throw new Error('no facts');
  await new FactItems(dynamodb, TABLE_NAMES.profile, { retentionDays: 35 }).save(who, facts);
  const links = new LinkTable(dynamodb, TABLE_NAMES.link, { retentionDays: 35 });
  await links.put(who, facts, undefined);
  await links.watch(who, true, { until: START });
}

/** A finding of the account, with its trail, its exception, a line in the digest and a mark of an import. */
async function findingsOf(dynamodb: DynamoDBClient, who: string): Promise<void> {
  const findings = new DynamoFindingStore(dynamodb, TABLE_NAMES.finding);
  const { finding: sample } = evidenceOf(50, (notices) => notices.at(-1));
  const id = `${findingIdStart('account', who)}${who.slice(-4)}`;
  const renamed: Finding = findingSchema.parse(
    JSON.parse(JSON.stringify(sample).replaceAll(account(1), who).replaceAll(sample.id, id)),
  );
  await findings.write(renamed, undefined);
  const said = { state: 'open' as const };
  await findings.keepAudit(id, [
    { n: 1, at: '2026-03-03T00:00:00.000Z', by: 'ada', action: 'triage', before: said, after: said },
  ]);
  const until = new Date(START + 1e12).toISOString();
  await findings.putException({ v: 1, subject: who, by: 'ada', at: until, until, finding: id });
  await findings.awaitImport(id, '1');
  await findings.putAnswer({ account: who, verdict: 'unsure', at: until, by: 'ada', decision: 'd-1' });
  const { subject, level, score, at } = renamed.notice;
  await findings.enlist(
    'digest-1',
    {
      ...{
        delivery: `${who}/1`,
        finding: id,
        subject: who,
        type: subject.type,
        transition: 'opened',
        level,
        score,
        at,
      },
      ...{ outputTokens: 1, plan: subject.plan, reason: 'r', fate: 'digest' },
    },
    START + 1e12,
  );
}

/** What came of the last comparison of contents names both. */
export const COMPARED = { at: START, calibration: 'c', code: '1', groups: [[...CUSTOMERS]] };

async function campaignOf(dynamodb: DynamoDBClient): Promise<void> {
  const { held, campaign } = campaignEvidenceOf(CUSTOMERS.length);
  const campaigns = new CampaignTable(dynamodb, TABLE_NAMES.campaign);
  const accused = new Map(CUSTOMERS.map((who) => [who as string, START]));
  await campaigns.save({ ...campaign, accused }, 0);
  // a version that was superseded a moment ago is still there
  const unranked = CUSTOMERS.map((who) => [who, START] as const);
  await campaigns.save({ ...campaign, accused: new Map([...accused].slice(0, 2)), unranked }, 1);
  await new ComparisonItem(dynamodb, TABLE_NAMES.campaign).keep(COMPARED);
  const memberships = new MembershipItems(dynamodb, TABLE_NAMES.campaign, campaigns);
  await memberships.note(campaign.id, CUSTOMERS, START);
  await new DynamoFindingStore(dynamodb, TABLE_NAMES.finding).write(held.finding, undefined);
}

async function objects(s3: S3Client): Promise<void> {
  const [gone, stays] = CUSTOMERS;
  const bucket = bucketOf(gone);
  const mixed = [...harvest({ account: gone, events: 3 }), ...harvest({ account: stays, events: 3 })];
  const shared = encodeRecord({ bucket }, mixed);
  const own = encodeRecord({ bucket }, harvest({ account: gone, events: 2, seed: 2 }));
  const archive = new ArchiveBucket(s3, BUCKETS.archive);
  for (const [sequence, data] of [shared, own].entries())
    await archive.put([
      {
        stream: 'usage',
        shard: 'shardId-000000000000',
        sequence: String(sequence + 1),
        partitionKey: partitionKey(bucket),
        arrived: START,
        size: gunzipSync(data).length,
        data,
      },
    ]);
  await compact({
    reader: new ArchiveReader(s3, BUCKETS.archive),
    objects: new HuntObjects(s3, BUCKETS.archive),
    now: () => START + 10 * DAY,
    timeLeft: () => true,
    recheckDays: 2,
  });
  const aside = (payload: string, encoding: 'utf8' | 'base64', index: number) => ({
    reason: { field: 'time', value: '', message: 'too old' },
    origin: { epoch: 'e', shard: 'shardId-000000000000', sequence: '1', index },
    arrived: new Date(START).toISOString(),
    payload,
    encoding,
  });
  await new QuarantineBucket(s3, BUCKETS.quarantine).put([
    aside(JSON.stringify(mixed[0]), 'utf8', 0),
    aside(JSON.stringify(mixed[5]), 'utf8', 1),
    aside(Buffer.from(shared).toString('base64'), 'base64', 2),
    aside(Buffer.from(own).toString('base64'), 'base64', 3),
  ]);
  const Records = [gone, stays].map((who) => ({
    eventSource: 'aws:dynamodb',
    dynamodb: { Keys: { account: { S: who }, item: { S: 'facts' } }, NewImage: { account: { S: who } } },
  }));
  const Body = JSON.stringify({ DDBStreamBatchInfo: {}, payload: JSON.stringify({ Records }) });
  await s3.send(new PutObjectCommand({ Bucket: BUCKETS.quarantine, Key: 'aws/lambda/of-index', Body }));
}

/** All items of all tables, as text. */
export async function dumpTables(dynamodb: DynamoDBClient): Promise<Record<string, string[]>> {
  const dump: Record<string, string[]> = {};
  for (const table of Object.values(TABLE_NAMES)) {
    const { Items = [] } = await dynamodb.send(new ScanCommand({ TableName: table }));
    dump[table] = Items.map(textOfItem).sort();
  }
  return dump;
}

function textOfItem(item: Record<string, AttributeValue>): string {
  const sorted = Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(sorted, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
  );
}

/** All lines of all objects, records inside unpacked. */
export async function dumpBuckets(s3: S3Client): Promise<string[]> {
  const lines: string[] = [];
  for (const bucket of Object.values(BUCKETS)) {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
    for (const { Key } of Contents) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
      const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
      if (Key?.endsWith('.parquet') === true) {
        for (const row of (await decodePart(bytes)).rows)
          lines.push(JSON.stringify({ ...row, event_hash: String(row.event_hash) }));
        continue;
      }
      const text = (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString();
      for (const line of text.split('\n')) {
        lines.push(line);
        const packed = /"payload":"(H4s[^"]+)"/.exec(line)?.[1];
        if (packed !== undefined)
          lines.push(...gunzipSync(Buffer.from(packed, 'base64')).toString().split('\n'));
      }
    }
  }
  return lines;
}

/** A note by a person that names the account, in the trail of the campaign's finding. */
export async function noteNaming(dynamodb: DynamoDBClient, finding: string, who: string): Promise<void> {
  await dynamodb.send(
    new PutItemCommand({
      TableName: TABLE_NAMES.finding,
      Item: {
        finding: { S: finding },
        item: { S: 'audit#2026-03-04#1' },
        body: { S: JSON.stringify({ note: who }) },
      },
    }),
  );
}
