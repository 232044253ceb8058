import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppConfigClient } from '@aws-sdk/client-appconfig';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ArchiveBucket } from '../../lib/aws/archive.ts';
import { CalibrationBucket } from '../../lib/aws/calibration-bucket.ts';
import { AppConfigRollout } from '../../lib/aws/policy-rollout.ts';
import { QuarantineBucket } from '../../lib/aws/quarantine.ts';
import { LOCAL_CREDENTIALS } from '../../lib/emulator/services/emulators.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { encodeRecord } from '../../lib/telemetry/record-codec.ts';
import { testCalibration } from '../calibration.ts';
import { harvest } from '../events.ts';
import { type AwsCommand, startAwsCommand } from './aws-command.ts';
import { type DeployedAccount, deployed } from './deployed.ts';

/**
 * Every block of commands of docs/operations.md, run by bash against the embedded cloud, or marked there as for AWS only
 * with the reason.
 */
interface Block {
  readonly heading: string;
  readonly text: string;
  /** why it is not run here */
  readonly awsOnly: string | undefined;
}

const CHECKOUT = fileURLToPath(new URL('../../', import.meta.url));
const MANUAL = readFileSync(join(CHECKOUT, 'docs/operations.md'), 'utf8');

function blocks(): Block[] {
  const found: Block[] = [];
  for (const match of MANUAL.matchAll(/(?:<!-- aws-only: ([^>]+) -->\n *)?\n? *```sh\n([\s\S]*?)\n *```/g)) {
    const before = MANUAL.slice(0, match.index);
    found.push({
      heading: [...before.matchAll(/^#+ (.+)$/gm)].at(-1)?.[1] ?? '',
      text: (match[2] ?? '').replace(/^ {3}/gm, ''),
      awsOnly: match[1],
    });
  }
  return found;
}

const ALL = blocks();
const NAMES = ALL.find(({ text }) => text.includes('out()  {'));

let cloud: DeployedAccount;
let aws: AwsCommand;
let folder: string;
let appConfig: AppConfigClient;

beforeAll(async () => {
  cloud = await deployed({ operationsEmails: 'ops@example.com', hunts: true, triageApi: true });
  aws = await startAwsCommand(cloud.variables);
  folder = mkdtempSync(join(tmpdir(), 'siphonwatch-runbooks-'));
  writeFileSync(
    join(aws.folder, 'siphonwatch'),
    `#!/bin/sh\nexec "${process.execPath}" "${join(CHECKOUT, 'bin/siphonwatch.mjs')}" "$@"\n`,
    { mode: 0o755 },
  );
  mkdirSync(join(folder, 'quarantined'));
  appConfig = new AppConfigClient({
    region: 'us-east-1',
    credentials: LOCAL_CREDENTIALS,
    endpoint: cloud.emulators.endpoints.appConfigData,
  });
  cloud.emulators.appConfig.declare(
    {
      ...cloud.template.appConfig,
      strategies: cloud.template.appConfig.strategies.map((held) => ({ ...held, bakeMinutes: 0 })),
    },
    async () => undefined,
  );
  const rollout = new AppConfigRollout(appConfig, 'Siphonwatch');
  const bucket = new CalibrationBucket(cloud.clients.s3, cloud.account.stack.outputs.StateBucketName ?? '');
  for (const n of [1, 2, 3]) {
    await bucket.put({ ...testCalibration, id: `cal-${n}` });
    await rollout.push('active', { ...defaultPolicy, id: `p-${n}`, calibration: `cal-${n}` }, '');
  }
  const events = harvest({ account: `a_${'b'.repeat(26)}`, events: 30, seed: 1 });
  const setAside = (field: string, index: number) => ({
    reason: { field, value: '', message: `not taken for its ${field}` },
    origin: { epoch: 's/b1-256', shard: 'shardId-000000000000', sequence: '1', index },
    arrived: new Date().toISOString(),
    payload: JSON.stringify(events[index]),
    encoding: 'utf8' as const,
  });
  await new QuarantineBucket(cloud.clients.s3, cloud.account.stack.outputs.QuarantineBucketName ?? '').put([
    setAside('time', 0),
    setAside('prints.epoch', 1),
  ]);
  const data = encodeRecord({ bucket: 1 }, events);
  await new ArchiveBucket(cloud.clients.s3, cloud.account.stack.outputs.ArchiveBucketName ?? '').put([
    {
      stream: 'stream',
      shard: 'shardId-000000000000',
      sequence: '1',
      partitionKey: 'b1-256/001',
      arrived: Date.parse('2026-03-01T10:00:00Z'),
      size: data.length,
      data,
    },
  ]);
});
afterAll(async () => {
  appConfig?.destroy();
  await aws?.close();
  await cloud?.close();
  rmSync(folder, { recursive: true, force: true });
});

function run(text: string): Promise<{ code: number; said: string }> {
  const script = `set -eo pipefail\n${NAMES?.text ?? ''}\n${text.replaceAll('CALIBRATION', 'cal-1')}\n`;
  return new Promise((resolve) => {
    execFile(
      'bash',
      // node's pipes are sockets, which bash takes for a remote shell: its .bashrc would put other commands before ours
      ['--norc', '-c', script],
      {
        cwd: folder,
        env: {
          ...process.env,
          ...cloud.variables,
          SIPHONWATCH_DEMO: join(folder, 'no-demo.json'),
          PATH: `${aws.folder}:${process.env.PATH}`,
        },
        timeout: 120_000,
      },
      (error, stdout, stderr) =>
        resolve({
          code: error === null ? 0 : Number(error.code ?? 1),
          said: `${stdout}${stderr}`.slice(-1500),
        }),
    );
  });
}

describe('the commands of docs/operations.md', () => {
  it('are all found, and what is not run says why', () => {
    expect(ALL.length).toBe(MANUAL.split('```sh\n').length - 1);
    for (const { heading, awsOnly } of ALL.filter((block) => block.awsOnly !== undefined))
      expect(awsOnly?.length, heading).toBeGreaterThan(10);
    expect(ALL.filter(({ awsOnly }) => awsOnly === undefined).length).toBeGreaterThan(ALL.length / 2);
  });

  // `doctor` answers 1: there is something wrong in this account, nobody is subscribed
  it.each(
    ALL.filter(({ awsOnly }) => awsOnly === undefined).map(
      (block, n) => [`${n} ${block.heading}`, block.text] as const,
    ),
  )(
    '%s',
    async (_, text) => {
      const { code, said } = await run(text);
      expect([/siphonwatch doctor/.test(text) ? 0 : code, said]).toEqual([
        0,
        expect.not.stringMatching(/is not understood|has no operation|\b(None|undefined)\b/),
      ]);
    },
    180_000,
  );
});
