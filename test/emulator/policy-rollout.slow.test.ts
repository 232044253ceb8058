import { AppConfigClient } from '@aws-sdk/client-appconfig';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DynamoFindingStore } from '../../lib/aws/finding-table.ts';
import { AppConfigRollout, type PolicyRollout } from '../../lib/aws/policy-rollout.ts';
import { type Cloud, startCloud } from '../../lib/emulator/cloud.ts';
import { synthesize } from '../../lib/emulator/template/assembly.ts';
import type { Finding } from '../../lib/findings/finding.ts';
import { defaultPolicy, type Policy } from '../../lib/policy/policy.ts';
import { eventStream } from '../../lib/telemetry/kinesis.ts';
import { createProducer } from '../../lib/telemetry/producer.ts';
import { harvest } from '../events.ts';

/** The deployed bundles on the synthesized stack: a policy pushed over the control plane judges the next events. */
let cloud: Cloud;
let control: AppConfigClient;
let rollout: PolicyRollout;
beforeAll(async () => {
  const { folder } = await synthesize({
    'siphonwatch:replayClock': true,
    'siphonwatch:foreignCalibration': 'accuse',
    'siphonwatch:batchWindowSeconds': 1,
    'siphonwatch:policyStalenessSeconds': 2,
    'siphonwatch:policyBakeMinutes': 0,
  });
  cloud = await startCloud({ stack: folder });
  control = new AppConfigClient({
    region: 'us-east-1',
    endpoint: cloud.endpoints.appConfigData,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  rollout = new AppConfigRollout(control, 'Siphonwatch');
});
afterAll(async () => {
  control?.destroy();
  await cloud?.close();
});

/** Told apart at the front: a finding's id has the first sixteen characters. */
const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';
const account = (n: number): string => `a_${LETTERS[n % 32]}${LETTERS[n >> 5]}${'b'.repeat(24)}`;

const strict: Policy['budget'] = { watch: 1e-8, suspect: 1e-8, critical: 1e-8 };
const named = (id: string, changes: Partial<Policy> = {}): Policy => ({ ...defaultPolicy, ...changes, id });

async function send(n: number): Promise<void> {
  const stream = cloud.template.streams[0];
  if (stream === undefined) throw new Error('no stream');
  const producer = createProducer(eventStream({ stream: stream.name, client: cloud.clients.kinesis }), {
    stampArrived: true,
  });
  for (const event of harvest({ account: account(n), events: 60, seed: n })) await producer.put(event);
  await producer.close();
  await cloud.settled({ hurry: true });
}

async function findings(shadow = false): Promise<readonly Finding[]> {
  const table = cloud.template.tables.find((held) => held.name.includes('Finding'));
  if (table === undefined) throw new Error('no table of findings');
  return (await new DynamoFindingStore(cloud.clients.dynamodb, table.name).list(1000, shadow)).findings;
}

const policiesOf = async (n: number, shadow = false): Promise<string[]> =>
  (await findings(shadow))
    .filter((held) => held.notice.subject.id === account(n))
    .map((held) => held.notice.versions.policy);

describe('a policy pushed to a running deployment', () => {
  it('judges the next events within ten seconds, without a restart', async () => {
    await send(1);
    expect(await policiesOf(1)).toEqual(['default-1']);
    await rollout.push('active', named('pushed'), 'test');
    const pushed = performance.now();
    let n = 2;
    for (;;) {
      await send(n);
      const [policy] = await policiesOf(n);
      if (policy === 'pushed') break;
      expect(performance.now() - pushed).toBeLessThan(60_000);
      n++;
    }
    const seconds = (performance.now() - pushed) / 1000;
    process.stderr.write(`policy: in force ${seconds.toFixed(1)} s after the push\n`);
    expect(seconds).toBeLessThan(10);
  });

  it('in the shadow is recorded, tells nobody, and leaves the active one alone', async () => {
    await rollout.push('active', named('strict', { budget: strict }), '');
    await rollout.push('shadow', named('candidate'), '');
    await new Promise((done) => setTimeout(done, 2500));
    await cloud.inbox('Findings');
    await send(50);
    expect(await policiesOf(50)).toEqual([]);
    expect(await policiesOf(50, true)).toEqual(['candidate']);
    expect(await cloud.inbox('Findings')).toEqual([]);
  });

  it('refused by the deployed validator changes nothing', async () => {
    await expect(
      rollout.push('active', named('mad', { budget: { watch: 1, suspect: 1, critical: 1 } }), ''),
    ).rejects.toThrow(/flags 20 of 20 ordinary accounts/);
    expect((await rollout.current('active'))?.policy.id).toBe('strict');
    await expect(rollout.push('active', named('lost', { calibration: 'cal-gone' }), '')).rejects.toThrow(
      /there is none of that id/,
    );
    expect((await rollout.rollback('')).policy.id).toBe('pushed');
  });
});
