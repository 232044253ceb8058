import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ScoreFunction } from '../../lambdas/score/score.ts';
import { policySource } from '../../lib/aws/policy-source.ts';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import { rebuildCommand } from '../../lib/cli/rebuild/rebuild.ts';
import { type Clients, localClients } from '../../lib/emulator/services/clients.ts';
import { type Emulators, endpointVariables, startEmulators } from '../../lib/emulator/services/emulators.ts';
import { bucketOf, partitionKey } from '../../lib/telemetry/record.ts';
import { encodeRecord } from '../../lib/telemetry/record-codec.ts';
import { account, HOUR, harvest } from '../events.ts';
import { createTable } from '../tables.ts';

class Unsaid extends Metrics {
  override publishStoredMetrics(): this {
    this.clearMetrics();
    return this;
  }
}

let emulators: Emulators;
let clients: Clients;
const names = Array.from({ length: 12 }, (_, i) => account(40 + i));
const environment = {
  PROFILE_TABLE: 'profiles',
  FINDING_TABLE: 'findings',
  ARCHIVE_BUCKET: 'archive',
  QUARANTINE_BUCKET: 'quarantine',
  STATE_BUCKET: 'state',
  FOREIGN_CALIBRATION: 'accuse',
} as const;

beforeAll(async () => {
  emulators = await startEmulators();
  clients = localClients(emulators.endpoints);
  for (const [name, value] of Object.entries({ ...endpointVariables(emulators.endpoints), ...environment }))
    vi.stubEnv(name, value);
  await createTable(clients.dynamodb, 'profile', 'profiles');
  await createTable(clients.dynamodb, 'finding', 'findings');
  for (const Bucket of ['archive', 'quarantine', 'state'])
    await clients.s3.send(new CreateBucketCommand({ Bucket }));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  clients.close();
  await emulators.close();
});

/** The days before the loss: `score` on the emulators, a batch an hour of traffic. */
async function score(): Promise<void> {
  const run = new ScoreFunction({
    environment: {
      ...environment,
      STREAM_NAME: 'usage',
      POLICY_APPLICATION: '',
      POLICY_STALENESS_SECONDS: '30',
      ALLOWED_SKEW_SECONDS: '300',
      TRUST_REPLAY_CLOCK: 'false',
      FOREIGN_CALIBRATION: 'accuse',
      POWERTOOLS_SERVICE_NAME: 'score',
      POWERTOOLS_METRICS_NAMESPACE: 'test',
      LOG_LEVEL: 'SILENT',
    },
    dynamodb: clients.dynamodb,
    s3: clients.s3,
    policies: policySource(),
    logger: new Logger({ logLevel: 'SILENT' }),
    metrics: new Unsaid({ namespace: 'test', serviceName: 'score' }),
  });
  const events = names.flatMap((name, i) =>
    harvest({ account: name, events: 60, everyMs: 1.1 * HOUR, seed: i }).map((event) => ({ name, event })),
  );
  events.sort((a, b) => (a.event.time < b.event.time ? -1 : 1));
  let sequence = 1000;
  for (let at = 0; at < events.length; at += 40)
    await run.handle({
      Records: events.slice(at, at + 40).map(({ name, event }) => {
        const bucket = bucketOf(name);
        const sequenceNumber = String(++sequence);
        return {
          eventID: `shardId-000000000000:${sequenceNumber}`,
          eventSourceARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/usage',
          kinesis: {
            partitionKey: partitionKey(bucket),
            sequenceNumber,
            data: Buffer.from(encodeRecord({ bucket }, [event])).toString('base64'),
            approximateArrivalTimestamp: Date.parse(event.time) / 1000,
          },
        };
      }),
    });
}

async function rebuild(...flags: string[]) {
  let out = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  try {
    await rebuildCommand().parseAsync(['--json', '--endpoint', emulators.endpoints.dynamodb, ...flags], {
      from: 'user',
    });
  } finally {
    write.mockRestore();
  }
  const code = process.exitCode;
  process.exitCode = 0;
  return { code, ...JSON.parse(out) };
}

it('a restore drill: profiles that were scored, lost and rebuilt are the same bits, and take their place', async () => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await score();
  expect(await rebuild('--dry-run')).toMatchObject({ code: 0, into: 'profiles-rebuilt', dryRun: true });
  const used = names.length * 60;
  expect(await rebuild('--compare')).toMatchObject({
    code: 0,
    rebuilt: { used, unusable: 0, replayed: 0 },
    compared: { accounts: names.length, same: names.length, different: 0 },
  });
  const before = await new ProfileTable(clients.dynamodb, 'profiles', { retentionDays: 35 }).load(names);
  await clients.dynamodb.send(new DeleteTableCommand({ TableName: 'profiles' }));
  await vi.waitUntil(() => createTable(clients.dynamodb, 'profile', 'profiles').catch(() => undefined), {
    timeout: 20_000,
  });
  const lost = names.length;
  expect(await rebuild('--switch')).toMatchObject({
    code: 0,
    rebuilt: { records: 0 },
    compared: { lost, switched: lost },
  });
  expect(await rebuild('--compare')).toMatchObject({ code: 0, compared: { same: names.length } });
  const after = await new ProfileTable(clients.dynamodb, 'profiles', { retentionDays: 35 }).load(names);
  for (const name of names) {
    expect(after.get(name)?.profile.totals).toEqual(before.get(name)?.profile.totals);
    expect(after.get(name)?.judgement.level).toEqual(before.get(name)?.judgement.level);
  }
});
