import {
  AppConfigClient,
  DeleteConfigurationProfileCommand,
  StopDeploymentCommand,
} from '@aws-sdk/client-appconfig';
import { CreateTableCommand, DeleteTableCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DecreaseStreamRetentionPeriodCommand, DeleteStreamCommand } from '@aws-sdk/client-kinesis';
import { DeleteBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { ListSubscriptionsByTopicCommand, SubscribeCommand, UnsubscribeCommand } from '@aws-sdk/client-sns';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CalibrationBucket } from '../../lib/aws/calibration-bucket.ts';
import { DeploymentReader } from '../../lib/aws/deployment-facts.ts';
import { AppConfigRollout } from '../../lib/aws/policy-rollout.ts';
import { doctorCommand } from '../../lib/cli/doctor/doctor.ts';
import { findingsCommand } from '../../lib/cli/findings/findings.ts';
import { policyCommand } from '../../lib/cli/policy/policy.ts';
import { stackOf } from '../../lib/cli/shared/deployment.ts';
import { teardownCommand } from '../../lib/cli/teardown/teardown.ts';
import { CHECKS, diagnose } from '../../lib/doctor/checks.ts';
import { LOCAL_CREDENTIALS } from '../../lib/emulator/services/emulators.ts';
import { sourceDigest } from '../../lib/infra/source-digest.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { testCalibration } from '../calibration.ts';
import { holdToSchema } from '../cli/outputs.ts';
import { type DeployedAccount, deployed } from './deployed.ts';

/** Each fault is planted into a deployment in which nothing is wrong, looked for, and taken out again. */
let cloud: DeployedAccount;
let appConfig: AppConfigClient;

beforeAll(async () => {
  cloud = await deployed({ operationsEmails: 'ops@example.com', findingsEmails: 'security@example.com' });
  for (const [name, value] of Object.entries(cloud.variables)) vi.stubEnv(name, value);
  for (const address of ['ops@example.com', 'security@example.com']) cloud.account.confirmed.add(address);
  for (const topic of ['FindingsTopicArn', 'OperationsTopicArn']) await dropInboxes(output(topic));
  cloud.account.traffic = 10;
  cloud.account.sms.limitUsd = 20;
  cloud.account.metrics.gateways.set('edge-1', { lastHour: 9, lastDay: 200 });
  cloud.account.metrics.gateways.set('edge-2', { lastHour: 3, lastDay: 80 });
  appConfig = new AppConfigClient({
    region: 'us-east-1',
    credentials: LOCAL_CREDENTIALS,
    endpoint: cloud.emulators.endpoints.appConfigData,
  });
  await calibrated(new Date().toISOString());
});
afterAll(async () => {
  appConfig?.destroy();
  vi.unstubAllEnvs();
  await cloud?.close();
});

const output = (name: string): string => cloud.account.stack.outputs[name] ?? '';
const rollout = () => new AppConfigRollout(appConfig, 'Siphonwatch');

/** The queue by which the embedded cloud reads mail is a subscriber that no account has. */
async function dropInboxes(TopicArn: string): Promise<void> {
  const { Subscriptions = [] } = await cloud.clients.sns.send(
    new ListSubscriptionsByTopicCommand({ TopicArn }),
  );
  for (const { Protocol, SubscriptionArn } of Subscriptions)
    if (Protocol === 'sqs') await cloud.clients.sns.send(new UnsubscribeCommand({ SubscriptionArn }));
}

let made = 0;
/** A policy with a learnt calibration of its own is in force. */
async function calibrated(madeAt: string, stored = true): Promise<void> {
  const id = `cal-${++made}`;
  const bucket = new CalibrationBucket(cloud.clients.s3, output('StateBucketName'));
  withoutBake();
  if (stored) await bucket.put({ ...testCalibration, id, madeAt });
  await rollout().push('active', { ...defaultPolicy, id: `p-${made}`, calibration: id }, '');
}

/** A policy is in force whose calibration is stored like this. */
async function calibratedWith(stored: object): Promise<void> {
  await calibrated('', false);
  const Key = `calibrations/cal-${made}.json`;
  const Body = JSON.stringify({ ...stored, id: `cal-${made}` });
  await cloud.clients.s3.send(new PutObjectCommand({ Bucket: output('StateBucketName'), Key, Body }));
}

/** What is pushed from now on is complete at once. */
function withoutBake(): void {
  const { appConfig: spec } = cloud.template;
  cloud.emulators.appConfig.declare(
    { ...spec, strategies: spec.strategies.map((held) => ({ ...held, bakeMinutes: 0 })) },
    async () => undefined,
  );
}

async function look() {
  const reader = new DeploymentReader(await stackOf('Siphonwatch', {}), {
    now: Date.now(),
    localSources: sourceDigest(),
  });
  try {
    const facts = await reader.read();
    expect(facts.unseen).toEqual([]);
    return diagnose(facts);
  } finally {
    reader.close();
  }
}

const found = async (): Promise<string[]> => [...new Set((await look()).map(({ check }) => check))];
const nameOf = (prefix: string, type: string): string =>
  cloud.template.resources.find((held) => held.type === type && held.logicalId.startsWith(prefix))?.name ??
  '';

/** What is planted, and how it is taken out again. */
interface Plant {
  readonly plant: () => unknown;
  readonly heal: () => unknown;
}

const changed = <T extends object, K extends keyof T>(of: () => T, key: K, value: T[K]): Plant => {
  let before: T[K] | undefined;
  return {
    plant: () => {
      before = of()[key];
      of()[key] = value;
    },
    heal: () => {
      of()[key] = before as T[K];
    },
  };
};
const nothing = (): void => undefined;
let deleted: typeof cloud.account.alarms = [];
const alarm = () => cloud.account.alarms[0] as (typeof cloud.account.alarms)[number];
const firstOf = <V>(map: () => ReadonlyMap<string, V>) => [...map().values()][0] as V;

const PLANTS: Readonly<Record<string, Plant>> = {
  'stack-status': changed(() => cloud.account.stack, 'status', 'UPDATE_ROLLBACK_FAILED'),
  'code-version': changed(() => cloud.account.stack.outputs, 'CodeVersion', '0.0.1'),
  'code-differs': changed(() => cloud.account.stack.outputs, 'CodeDigest', '0123456789abcdef'),
  'findings-unconfirmed': {
    plant: () => cloud.account.confirmed.delete('security@example.com'),
    heal: () => cloud.account.confirmed.add('security@example.com'),
  },
  'operations-unconfirmed': {
    plant: () => cloud.account.confirmed.delete('ops@example.com'),
    heal: () => cloud.account.confirmed.add('ops@example.com'),
  },
  'sms-sandbox': {
    plant: () =>
      cloud.clients.sns.send(
        new SubscribeCommand({
          TopicArn: output('FindingsTopicArn'),
          Protocol: 'sms',
          Endpoint: '+4930123456',
        }),
      ),
    heal: () => {
      cloud.account.sms.sandbox = false;
    },
  },
  'sms-limit': changed(() => cloud.account.sms, 'limitUsd', 1),
  concurrency: changed(() => cloud.account.quotas, 'concurrency', 10),
  alarm: changed(alarm, 'state', 'ALARM'),
  'alarm-deleted': {
    plant: () => {
      deleted = cloud.account.alarms.splice(3, 1);
    },
    heal: () => cloud.account.alarms.splice(3, 0, ...deleted),
  },
  'alarm-muted': changed(alarm, 'actionsEnabled', false),
  'function-failed': changed(() => firstOf(() => cloud.account.functions), 'state', 'Failed'),
  'replay-clock': changed(
    () =>
      cloud.account.functions.get(nameOf('PipelineScoreFunction', 'AWS::Lambda::Function'))?.environment ??
      {},
    'TRUST_REPLAY_CLOCK',
    'true',
  ),
  'mapping-disabled': changed(() => firstOf(() => cloud.account.mappings), 'state', 'Disabled'),
  'mapping-problem': changed(
    () => firstOf(() => cloud.account.mappings),
    'result',
    'PROBLEM: Function call failed',
  ),
  'schedule-disabled': {
    plant: () => cloud.account.rules.set([...cloud.account.rules.keys()][0] ?? '', false),
    heal: () => cloud.account.rules.set([...cloud.account.rules.keys()][0] ?? '', true),
  },
  'policy-taken-back': {
    plant: async () => {
      cloud.emulators.appConfig.declare(cloud.template.appConfig, async () => undefined);
      const { number } = await rollout().push(
        'active',
        { ...defaultPolicy, id: 'bad', calibration: 'cal-1' },
        '',
      );
      await appConfig.send(
        new StopDeploymentCommand({
          ApplicationId: 'Siphonwatch',
          EnvironmentId: 'live',
          DeploymentNumber: number,
          AllowRevert: true,
        }),
      );
    },
    heal: () => calibrated(new Date().toISOString()),
  },
  'policy-unreadable': {
    plant: () => rollout().push('active', { id: 'later', schema: 99 } as unknown as typeof defaultPolicy, ''),
    heal: () => calibrated(new Date().toISOString()),
  },
  'calibration-missing': {
    plant: () => calibrated('', false),
    heal: () => calibrated(new Date().toISOString()),
  },
  'calibration-format': {
    plant: () => calibratedWith({ ...testCalibration, v: 2 }),
    heal: () => calibrated(new Date().toISOString()),
  },
  'calibration-damaged': {
    plant: () => calibratedWith({ ...testCalibration, model: 'cut' }),
    heal: () => calibrated(new Date().toISOString()),
  },
  'calibration-old': {
    plant: () => calibrated(new Date(Date.now() - 60 * 3_600_000).toISOString()),
    heal: () => calibrated(new Date().toISOString()),
  },
  'calibration-shipped': {
    plant: () => rollout().push('active', { ...defaultPolicy, id: 'plain' }, ''),
    heal: () => calibrated(new Date().toISOString()),
  },
  'no-traffic': changed(() => cloud.account, 'traffic', 0),
  'gateway-silent': changed(
    () => cloud.account.metrics.gateways.get('edge-2') ?? { lastHour: 0, lastDay: 0 },
    'lastHour',
    0,
  ),
  lag: changed(() => cloud.account.metrics, 'lagMs', 20 * 60_000),
  'table-quota': changed(() => cloud.account.metrics, 'tableUnitsPerMinute', 60 * 33_000),
  quarantine: {
    plant: () => put('QuarantineBucketName', 'events/day=2026-03-02/x.ndjson'),
    heal: () => put('QuarantineBucketName', 'redriven/events/day=2026-03-02/x.ndjson.json'),
  },
  'failed-batches': {
    plant: () => put('QuarantineBucketName', 'aws/lambda/u/shard/2026/03/02/x'),
    heal: () => put('QuarantineBucketName', 'redriven/aws/lambda/u/shard/2026/03/02/x.json'),
  },
  'dead-letters': {
    plant: () =>
      cloud.clients.sqs.send(
        new SendMessageCommand({ QueueUrl: output('DeadLetterQueueUrl'), MessageBody: '{}' }),
      ),
    heal: nothing,
  },
  undelivered: {
    plant: () =>
      cloud.clients.dynamodb.send(
        new PutItemCommand({
          TableName: output('ProfileTableName'),
          Item: {
            account: { S: 'a_1' },
            item: { S: 'hot' },
            noticeShard: { S: 'n1' },
            noticeSince: { S: new Date(Date.now() - 3_600_000).toISOString() },
          },
        }),
      ),
    heal: nothing,
  },
  'stream-retention': {
    plant: () =>
      cloud.clients.kinesis.send(
        new DecreaseStreamRetentionPeriodCommand({
          StreamName: output('StreamName'),
          RetentionPeriodHours: 24,
        }),
      ),
    heal: nothing,
  },
  key: changed(() => cloud.account.key, 'state', 'PendingDeletion'),
  'findings-unread': { plant: () => unsubscribeAll('FindingsTopicArn'), heal: nothing },
  'operations-unread': { plant: () => unsubscribeAll('OperationsTopicArn'), heal: nothing },
  table: {
    plant: () => cloud.clients.dynamodb.send(new DeleteTableCommand({ TableName: output('LinkTableName') })),
    heal: nothing,
  },
};

function put(bucket: string, Key: string) {
  return cloud.clients.s3.send(new PutObjectCommand({ Bucket: output(bucket), Key, Body: '{}' }));
}

async function unsubscribeAll(topic: string): Promise<void> {
  const { Subscriptions = [] } = await cloud.clients.sns.send(
    new ListSubscriptionsByTopicCommand({ TopicArn: output(topic) }),
  );
  for (const { SubscriptionArn } of Subscriptions)
    await cloud.clients.sns.send(new UnsubscribeCommand({ SubscriptionArn }));
}

describe('doctor', () => {
  it('finds nothing in a deployment in which nothing is wrong', async () => {
    expect(await look()).toEqual([]);
  });

  it('finds each planted fault, and nothing of it once it is mended', async () => {
    const stays: string[] = [];
    const table: string[] = [];
    for (const [check, { plant, heal }] of Object.entries(PLANTS)) {
      await plant();
      const said = (await look()).find((one) => one.check === check);
      expect(said, check).toBeDefined();
      table.push(
        `${String(table.length + 1).padStart(2)} ${check.padEnd(22)} ${said?.severity} ${said?.what}`,
      );
      await heal();
      if (heal === nothing) stays.push(check);
    }
    expect((await found()).sort()).toEqual(stays.sort());
    expect(table.length).toBeGreaterThanOrEqual(20);
    process.stdout.write(`planted faults that doctor finds:\n${table.join('\n')}\n`);
  });

  it('has a plant for every check that the embedded cloud can fail', () => {
    // a stream that is gone ends the looking itself: it is unseen
    const without = ['stream'];
    expect(CHECKS.map(({ id }) => id).filter((id) => PLANTS[id] === undefined)).toEqual(without);
  });

  it('says what it could not look at', async () => {
    await cloud.clients.kinesis.send(new DeleteStreamCommand({ StreamName: output('StreamName') }));
    const reader = new DeploymentReader(await stackOf('Siphonwatch', {}), { now: Date.now() });
    const { unseen } = await reader.read();
    reader.close();
    expect(unseen).toMatchObject([
      { what: 'stream', why: expect.stringContaining('ResourceNotFoundException') },
    ]);
  });

  it('refuses a stack that is not there, and says what to give', async () => {
    await expect(stackOf('Nowhere', {})).rejects.toThrow(/there is no stack Nowhere .*--stack NAME/);
  });
});

/** Runs a verb as the command line does; what it printed, and its exit code. */
async function run(
  command: Command,
  ...words: string[]
): Promise<{ out: string; err: string; code: unknown }> {
  const said = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      said[name] += String(text);
      return true;
    }),
  );
  try {
    await command.exitOverride().parseAsync(words, { from: 'user' });
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  const code = process.exitCode;
  process.exitCode = 0;
  return { out: said.stdout, err: said.stderr, code };
}

describe('verbs on a deployed stack', () => {
  it('find tables and buckets by the name of the stack', async () => {
    const { out, code } = await run(findingsCommand(), 'list', '--stack', 'Siphonwatch', '--json');
    expect([JSON.parse(out), code]).toEqual([{ findings: [], more: false }, 0]);
    vi.stubEnv('FINDING_TABLE', 'of-another-deployment');
    expect((await run(findingsCommand(), 'list', '--stack', 'Siphonwatch', '--json')).code).toBe(0);
    vi.stubEnv('FINDING_TABLE', undefined);
    const { err } = await run(findingsCommand(), 'list', '--stack', 'Elsewhere');
    expect(err).toMatch(/there is no stack Elsewhere in this account and region/);
  });

  it('push to no deployment that was not named', async () => {
    const { err, code } = await run(policyCommand(), 'rollback');
    expect([err, code]).toEqual([expect.stringMatching(/which deployment\? Give --stack NAME/), 2]);
  });

  it('show the active policy with another calibration, as a file to push', async () => {
    const { out } = await run(policyCommand(), 'show', '--stack', 'Siphonwatch', '--calibration', 'cal-1');
    expect(JSON.parse(out)).toMatchObject({ calibration: 'cal-1', windows: defaultPolicy.windows });
  });

  it('teardown empties what AppConfig and S3 would not delete, when it is told so, and CloudFormation goes on', async () => {
    const profiles = ['policy', 'shadow'].map((ConfigurationProfileId) => ({
      ApplicationId: 'Siphonwatch',
      ConfigurationProfileId,
    }));
    const deleteProfile = (n: number) =>
      appConfig.send(new DeleteConfigurationProfileCommand(profiles[n] as (typeof profiles)[number]));
    await rollout().push('shadow', { ...defaultPolicy, id: 'candidate' }, '');
    await expect(deleteProfile(0)).rejects.toThrow(/hosted configuration versions/);
    const bucket = { Bucket: output('QuarantineBucketName') };
    await expect(cloud.clients.s3.send(new DeleteBucketCommand(bucket))).rejects.toThrow(/not empty/i);
    const words = ['--stack', 'Siphonwatch', '--evidence'];
    const rebuilt = `${output('ProfileTableName')}-rebuilt`;
    const others = 'SiphonwatchEurope-ProfileTable-rebuilt';
    for (const TableName of [rebuilt, others, 'Siphonwatch-drill'])
      await cloud.clients.dynamodb.send(
        new CreateTableCommand({
          TableName,
          AttributeDefinitions: [{ AttributeName: 'account', AttributeType: 'S' }],
          KeySchema: [{ AttributeName: 'account', KeyType: 'HASH' }],
          BillingMode: 'PAY_PER_REQUEST',
        }),
      );
    const { out } = await run(teardownCommand(), ...words);
    expect(out).toMatch(/nothing was deleted: repeat with --yes/);
    for (const beside of [rebuilt, 'Siphonwatch-drill'])
      expect(out).toContain(`aws dynamodb delete-table --table-name ${beside}`);
    expect(out).not.toContain(others);
    await expect(deleteProfile(1)).rejects.toThrow(/hosted configuration versions/);
    const done = await run(teardownCommand(), ...words, '--yes', '--json');
    expect(done.code).toBe(0);
    holdToSchema(['teardown', '--json'], done.out);
    await deleteProfile(0);
    await deleteProfile(1);
    await cloud.clients.s3.send(new DeleteBucketCommand(bucket));
  });

  it('doctor ends with 1 where something is wrong, and says it as JSON', async () => {
    const { out, code } = await run(doctorCommand(), '--json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ stack: { name: 'Siphonwatch' }, found: expect.any(Array) });
    holdToSchema(['doctor', '--json'], out);
  });
});
