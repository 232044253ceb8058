import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { buildApp } from 'fauxqs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { handler as calibrateHandler } from '../../lambdas/calibrate/handler.ts';
import type { handler as linkHandler } from '../../lambdas/link/handler.ts';
import type { handler as notifyHandler } from '../../lambdas/notify/handler.ts';
import type { KinesisRecord } from '../../lambdas/score/decode-batch.ts';
import type { handler as scoreHandler } from '../../lambdas/score/handler.ts';
import type { handler as validateHandler } from '../../lambdas/validate-policy/handler.ts';
import { s3 } from '../../lib/aws/clients.ts';
import { DynamoFindingStore } from '../../lib/aws/finding-table.ts';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import type { Variable } from '../../lib/contract/environment.ts';
import { processBatch } from '../../lib/detection/process-batch.ts';
import { type AppConfig, startAppConfig } from '../../lib/emulator/services/app-config.ts';
import { type EventBus, startEventBus } from '../../lib/emulator/services/event-bus.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { policyDocument } from '../../lib/policy/policy-document.ts';
import { padSequence } from '../../lib/profile/position.ts';
import { bucketOf, partitionKey } from '../../lib/telemetry/record.ts';
import { encodeRecord } from '../../lib/telemetry/record-codec.ts';
import { testCalibration } from '../calibration.ts';
import { account, harvest, MINUTE, START } from '../events.ts';
import { type EmulatedTables, emulatedTables } from '../tables.ts';

/** The modules that Lambda loads, with nothing between them and emulated AWS but the environment. */

const app = buildApp({ logger: false });
let tables: EmulatedTables;
let bus: EventBus;
let config: AppConfig;
let objects: S3Client;
let score: typeof scoreHandler;
let notify: typeof notifyHandler;
let link: typeof linkHandler;
let calibrate: typeof calibrateHandler;
let validatePolicy: typeof validateHandler;

beforeAll(async () => {
  const endpoint = await app.listen({ port: 0, host: '127.0.0.1' });
  tables = await emulatedTables();
  bus = await startEventBus();
  // nothing is deployed there: the shipped policy is in force
  config = await startAppConfig();
  const told: Readonly<Record<string, string>> = {
    AWS_ENDPOINT_URL_DYNAMODB: tables.endpoint,
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_ENDPOINT_URL_SNS: endpoint,
    AWS_ENDPOINT_URL_EVENTBRIDGE: bus.endpoint,
    AWS_ENDPOINT_URL_APPCONFIGDATA: config.endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    POWERTOOLS_METRICS_DISABLED: 'true',
  };
  for (const [name, value] of Object.entries(told)) vi.stubEnv(name, value);
  const { TopicArn = '' } = await new SNSClient({}).send(new CreateTopicCommand({ Name: 'findings' }));
  const variables: Readonly<Partial<Record<Variable, string>>> = {
    PROFILE_TABLE: await tables.create('profile'),
    FINDING_TABLE: await tables.create('finding'),
    CAMPAIGN_TABLE: await tables.create('campaign'),
    LINK_TABLE: await tables.create('link'),
    LINK_PRESSURE_MINUTES: '5',
    LINK_MACHINE: '',
    QUARANTINE_BUCKET: 'quarantine',
    ARCHIVE_BUCKET: 'archive',
    STATE_BUCKET: 'state',
    FINDINGS_TOPIC: TopicArn,
    EVENT_BUS: 'findings',
    SECURITY_HUB: '',
    FINDING_DAYS: '1096',
    POLICY_APPLICATION: 'siphonwatch',
    POLICY_STALENESS_SECONDS: '60',
    STREAM_NAME: 'usage',
    ALLOWED_SKEW_SECONDS: '300',
    TRUST_REPLAY_CLOCK: 'false',
    FOREIGN_CALIBRATION: 'accuse',
    POWERTOOLS_SERVICE_NAME: 'test',
    POWERTOOLS_METRICS_NAMESPACE: 'Test',
    LOG_LEVEL: 'CRITICAL',
  };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  objects = s3();
  for (const Bucket of ['quarantine', 'archive', 'state'])
    await objects.send(new CreateBucketCommand({ Bucket }));
  score = (await import('../../lambdas/score/handler.ts')).handler;
  notify = (await import('../../lambdas/notify/handler.ts')).handler;
  link = (await import('../../lambdas/link/handler.ts')).handler;
  calibrate = (await import('../../lambdas/calibrate/handler.ts')).handler;
  validatePolicy = (await import('../../lambdas/validate-policy/handler.ts')).handler;
}, 60_000);
afterAll(async () => {
  vi.unstubAllEnvs();
  objects.destroy();
  await Promise.all([app.close(), tables.close(), bus.close(), config.close()]);
});

const CONTEXT = {
  functionName: 'score',
  getRemainingTimeInMillis: () => 60_000,
} as unknown as Parameters<typeof scoreHandler>[1];

function record(sequence: number, key: string, data: Uint8Array): KinesisRecord {
  return {
    eventID: `shardId-000000000000:${sequence}`,
    eventSourceARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/usage',
    kinesis: {
      partitionKey: key,
      sequenceNumber: String(sequence),
      data: Buffer.from(data).toString('base64'),
      approximateArrivalTimestamp: (START + 86_400_000) / 1000,
    },
  };
}

async function keysIn(Bucket: string): Promise<string[]> {
  const { Contents = [] } = await objects.send(new ListObjectsV2Command({ Bucket }));
  return Contents.map(({ Key = '' }) => Key);
}

describe('the handler of score', () => {
  it('stores what is good once, sets aside what is bad, and answers with no failure, however often it is asked', async () => {
    const events = harvest({ account: account(1), events: 12 });
    const key = partitionKey(bucketOf(account(1)));
    const good = encodeRecord({ bucket: bucketOf(account(1)) }, events);
    const batch = { Records: [record(1, key, good), record(2, key, Buffer.from('no event'))] };
    for (let delivery = 0; delivery < 2; delivery++)
      expect(await score(batch, CONTEXT)).toEqual({ batchItemFailures: [] });
    const profiles = new ProfileTable(tables.client, 'profile', { retentionDays: 400 });
    const state = (await profiles.load([account(1)])).get(account(1));
    expect(state?.profile.slices.reduce((sum, { counts }) => sum + counts.events, 0)).toBe(12);
    expect(await keysIn('archive')).toHaveLength(1);
    const [aside = ''] = await keysIn('quarantine');
    const { Body } = await objects.send(new GetObjectCommand({ Bucket: 'quarantine', Key: aside }));
    expect(await Body?.transformToString()).toMatch(/neither gzip nor NDJSON/);
  });
});

describe('the handler of notify', () => {
  it('tells the topic and the bus what the tables owe, and owes nothing after', async () => {
    const profiles = new ProfileTable(tables.client, 'profile', { retentionDays: 400 });
    const rules = { policy: defaultPolicy, calibration: testCalibration, code: 'test', shadow: false };
    const before = (await profiles.load([account(2)])).get(account(2));
    if (before === undefined) throw new Error('no state');
    const arrivals = harvest({ account: account(2), events: 90, everyMs: 10 * MINUTE }).map(
      (event, index) => ({
        event,
        time: Date.parse(event.time),
        arrived: Date.parse(event.time),
        position: { epoch: 's', sequence: padSequence('1'), index },
      }),
    );
    const { state, seal } = processBatch(before, arrivals, rules);
    const opened = state.judgement.notices.map(({ finding }) => finding);
    expect(opened.length).toBeGreaterThan(0);
    await profiles.save(before, state, seal);

    expect(await notify({})).toEqual({ swept: 1 });
    const findings = new DynamoFindingStore(tables.client, 'finding');
    const held = await findings.find(opened[0] ?? '');
    expect(held?.finding.notice.subject.id).toBe(account(2));
    expect(bus.events.map(({ Detail }) => Detail).join()).toContain(opened[0]);
    expect(await notify({})).toEqual({ swept: 0 });
  });
});

describe('the handler of link', () => {
  it('joins nobody where no account shares anything, and says how many it saw', async () => {
    expect(await link({}, CONTEXT)).toMatchObject({ accounts: 0, judged: 0 });
  });
});

describe('the handler of calibrate', () => {
  it('learns nothing from a handful of accounts, and looks at all of them', async () => {
    expect(await calibrate({}, CONTEXT)).toBeUndefined();
    expect((await keysIn('state')).filter((key) => key.includes('calibration'))).toEqual([]);
  });
});

describe('the handler of validatePolicy', () => {
  const asked = (text: string) => ({
    configurationVersion: '1',
    content: Buffer.from(text).toString('base64'),
  });

  it('passes the shipped policy', async () => {
    expect(await validatePolicy(asked(policyDocument(defaultPolicy, { title: [] })))).toMatchObject({
      policy: defaultPolicy.id,
    });
  });

  it('refuses what the functions could not run, and names the field', async () => {
    const broken = policyDocument(defaultPolicy, { title: [] }).replace(
      /retentionDays: .*/,
      'retentionDays: never',
    );
    await expect(validatePolicy(asked(broken))).rejects.toThrow(/retentionDays/);
  });
});
