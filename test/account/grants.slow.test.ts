import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { AppConfigClient } from '@aws-sdk/client-appconfig';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { PutRecordCommand } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CalibrationBucket } from '../../lib/aws/calibration-bucket.ts';
import { DynamoFindingStore } from '../../lib/aws/finding-table.ts';
import { AppConfigRollout } from '../../lib/aws/policy-rollout.ts';
import { type Cloud, startCloud } from '../../lib/emulator/cloud.ts';
import { LOCAL_CREDENTIALS } from '../../lib/emulator/services/emulators.ts';
import { synthesize } from '../../lib/emulator/template/assembly.ts';
import { DECISION_PATHS } from '../../lib/findings/decision-request.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { eventStream } from '../../lib/telemetry/kinesis.ts';
import { createProducer } from '../../lib/telemetry/producer.ts';
import { testCalibration } from '../calibration.ts';
import { harvest } from '../events.ts';
import { type Call, type CallRecorder, startCallRecorder } from './call-recorder.ts';
import { WRITTEN_REASONS } from './grant-reasons.ts';
import { type Grant, grantsIn, type Resources } from './grants-of.ts';

/**
 * What each function may do is compared with what it asked for while the deployed bundles ran through the whole of the pipeline: by
 * action and by resource. A call that no statement of its role allows would be refused on AWS; a grant that no call used has a written reason.
 */
const FUNCTIONS = [
  'Score',
  'Notify',
  'Sweep',
  'Index',
  'Link',
  'Calibrate',
  'ValidatePolicy',
  'Triage',
  'Compact',
];
let cloud: Cloud;
let recorder: CallRecorder;
let control: AppConfigClient;
let grants: readonly Grant[];
let calls: readonly Call[];

beforeAll(async () => {
  recorder = await startCallRecorder();
  const { folder } = await synthesize({
    'siphonwatch:replayClock': true,
    'siphonwatch:foreignCalibration': 'accuse',
    'siphonwatch:batchWindowSeconds': 1,
    'siphonwatch:policyStalenessSeconds': 1,
    'siphonwatch:policyBakeMinutes': 0,
    'siphonwatch:hunts': true,
    'siphonwatch:triageApi': true,
    'siphonwatch:securityHub': true,
  });
  cloud = await startCloud({
    stack: folder,
    overrides: Object.fromEntries(
      FUNCTIONS.map((name) => [`${name}Function`, { ...recorder.variables, AWS_ACCESS_KEY_ID: name }]),
    ),
  });
  recorder.forwardTo(cloud.endpoints);
  control = new AppConfigClient({
    region: 'us-east-1',
    endpoint: cloud.endpoints.appConfigData,
    credentials: LOCAL_CREDENTIALS,
  });
  const file = readdirSync(folder).find((name) => name.endsWith('.template.json')) ?? '';
  const { Resources } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { Resources: Resources };
  grants = FUNCTIONS.flatMap((name) => grantsIn(Resources, name));
  await throughThePipeline();
  const logicalIds = new Map(cloud.template.resources.map(({ name, logicalId }) => [name, logicalId]));
  calls = recorder.calls(logicalIds);
}, 400_000);
afterAll(async () => {
  control?.destroy();
  await cloud?.close();
  await recorder?.close();
});

/** Accounts that extract, a policy, every schedule, a verdict, and what goes wrong. */
async function throughThePipeline(): Promise<void> {
  const stream = cloud.template.streams[0];
  if (stream === undefined) throw new Error('no stream');
  const producer = createProducer(eventStream({ stream: stream.name, client: cloud.clients.kinesis }), {
    stampArrived: true,
  });
  for (let n = 0; n < 6; n++)
    for (const event of harvest({ account: `a_${'abcdefgh'[n]}${'b'.repeat(25)}`, events: 80, seed: n }))
      await producer.put(event);
  await cloud.settled({ hurry: true, timeoutMs: 200_000 });
  // a calibration of the deployment's own, an event that is set aside, and a notice that the stream has not brought
  const { clients } = cloud;
  const own = { ...testCalibration, id: 'own' };
  await new CalibrationBucket(clients.s3, nameOf('BucketsState')).put(own);
  const rollout = new AppConfigRollout(control, 'Siphonwatch');
  await rollout.push('active', { ...defaultPolicy, id: 'pushed', calibration: 'own' }, '');
  await setTimeout(2500);
  await clients.kinesis.send(
    new PutRecordCommand({
      StreamName: stream.name,
      PartitionKey: 'b1-256/001',
      Data: Buffer.from('no record'),
    }),
  );
  await producer.close();
  const waits = { noticeShard: { S: 'n1' }, noticeSince: { S: '2026-01-01T00:00:00.000Z' } };
  const Item = { account: { S: 'a_1' }, item: { S: 'hot' }, ...waits };
  await clients.dynamodb.send(new PutItemCommand({ TableName: nameOf('TablesProfile'), Item }));
  await cloud.settled({ hurry: true, timeoutMs: 200_000 });
  for (const name of ['LinkFunction', 'CalibrateFunction', 'SweepFunction', 'CompactFunction'])
    await cloud.wake(name);
  await cloud.settled({ hurry: true, timeoutMs: 200_000 });
  await asked('GET', '/findings');
  const store = new DynamoFindingStore(clients.dynamodb, nameOf('TablesFinding'));
  const { findings } = await store.list(1, false);
  const id = findings[0]?.notice.finding ?? '';
  expect(id).not.toBe('');
  await asked('GET', `/findings/${id}`);
  await asked('POST', `/findings/${id}/${DECISION_PATHS.triage}`, { verdict: 'benign', note: 'a test' });
  await asked('GET', '/review');
  await asked('POST', `/review/a_${'c'.repeat(26)}`, { verdict: 'unsure' });
}

/** One call of the triage API, as a function URL makes it. */
async function asked(method: string, rawPath: string, body?: object): Promise<void> {
  const invocation = await cloud.invoke('TriageFunction', {
    rawPath,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    requestContext: {
      http: { method },
      authorizer: { iam: { userArn: 'arn:aws:iam::000000000000:user/ann' } },
    },
  });
  expect(invocation).toMatchObject({ ok: true, response: { statusCode: 200 } });
}

const nameOf = (prefix: string): string =>
  cloud.template.resources.find(
    ({ logicalId, type }) => logicalId.startsWith(prefix) && /::(?:Bucket|Table)$/.test(type),
  )?.name ?? '';

const glob = (pattern: string): RegExp =>
  new RegExp(`^${pattern.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '.*')}$`);
const allows = (grant: Grant, call: Call): boolean =>
  grant.fn === call.fn && grant.action === call.action && glob(grant.resource).test(call.resource);

it('no call that a function made would be refused by its role', () => {
  expect(new Set(calls.map(({ fn }) => fn)).size).toBeGreaterThan(5);
  const denied = calls.filter((call) => !grants.some((grant) => allows(grant, call)));
  expect([...new Set(denied.map(({ fn, action, resource }) => `${fn} ${action} ${resource}`))]).toEqual([]);
});

it('no grant is unused without a written reason, by action and by resource', () => {
  const unused = grants.filter((grant) => !calls.some((call) => allows(grant, call)));
  const unwritten = unused.filter(
    ({ fn, action, resource }) =>
      !WRITTEN_REASONS.some(
        (held) =>
          (held.fn === undefined || held.fn === fn) &&
          glob(held.action).test(action) &&
          (held.resource === undefined || glob(held.resource).test(resource)),
      ),
  );
  process.stdout.write(
    `${grants.length} grants by action and resource, ${calls.length} calls recorded, ${unused.length} unused with a written reason\n`,
  );
  expect(unwritten.map(({ fn, action, resource }) => `${fn} ${action} ${resource}`)).toEqual([]);
});
