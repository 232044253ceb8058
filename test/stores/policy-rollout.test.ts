import {
  AppConfigClient,
  DeleteConfigurationProfileCommand,
  StopDeploymentCommand,
} from '@aws-sdk/client-appconfig';
import { AppConfigDataClient } from '@aws-sdk/client-appconfigdata';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppConfigRollout, type PolicyRollout } from '../../lib/aws/policy-rollout.ts';
import { policyMetric, policySource } from '../../lib/aws/policy-source.ts';
import { validatePolicy } from '../../lib/backtest/validate-policy.ts';
import { type AppConfig, startAppConfig } from '../../lib/emulator/services/app-config.ts';
import { defaultPolicy, type Policy } from '../../lib/policy/policy.ts';
import type { Calibration } from '../../lib/scoring/calibration.ts';
import {
  CalibrationDamaged,
  CalibrationMissing,
  CalibrationOfOtherFormat,
  type DriftHold,
  parseCalibration,
} from '../../lib/stores/calibration-store.ts';
import type { PolicyProblem } from '../../lib/stores/policy-port.ts';
import { rulesSource } from '../../lib/stores/rules-source.ts';
import { testCalibration } from '../calibration.ts';
import { account } from '../events.ts';

const common = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
const named = (id: string, changes: Partial<Policy> = {}): Policy => ({ ...defaultPolicy, ...changes, id });

let config: AppConfig;
let control: AppConfigClient;
let data: AppConfigDataClient;
let rollout: PolicyRollout;
let bakeMinutes = 0;

async function declare(): Promise<void> {
  const validators = ['arn:aws:lambda:us-east-1:000000000000:function:validate'];
  config.declare(
    {
      environments: [{ application: 'Siphonwatch', name: 'live' }],
      configurations: [
        { application: 'Siphonwatch', profile: 'policy', validators },
        { application: 'Siphonwatch', profile: 'shadow', validators },
      ],
      strategies: [{ name: 'Siphonwatch-policy', bakeMinutes }],
    },
    async (_, payload) => {
      const { content } = JSON.parse(payload) as { content: string };
      const vetted = await validatePolicy(Buffer.from(content, 'base64').toString(), {
        now: Date.now(),
        calibration: (id) => Promise.resolve(id === 'default' ? testCalibration : 'there is none of that id'),
      });
      return vetted.ok ? undefined : vetted.faults.join('; ');
    },
  );
}

beforeEach(async () => {
  bakeMinutes = 0;
  config = await startAppConfig();
  control = new AppConfigClient({ ...common, endpoint: config.endpoint });
  data = new AppConfigDataClient({ ...common, endpoint: config.endpoint });
  rollout = new AppConfigRollout(control, 'Siphonwatch');
  await declare();
});
afterEach(async () => {
  control.destroy();
  data.destroy();
  await config.close();
});

function reader(stalenessSeconds = 0) {
  const problems: PolicyProblem[] = [];
  let now = 0;
  const source = policySource({
    client: data,
    application: 'Siphonwatch',
    stalenessSeconds,
    onProblem: (problem) => problems.push(problem),
    now: () => now,
  });
  const pass = (seconds: number): void => {
    now += seconds * 1000;
  };
  return { source, problems, pass };
}

describe('a rollout', () => {
  it('reaches the readers, and can be taken back to what was before, down to what ships', async () => {
    const { source, problems } = reader();
    expect(await source.active()).toEqual(defaultPolicy);
    await rollout.push('active', named('b'), 'first');
    expect((await source.active()).id).toBe('b');
    await rollout.push('active', named('c'), 'second');
    expect((await source.active()).id).toBe('c');
    expect((await rollout.rollback('oops')).policy.id).toBe('b');
    expect((await source.active()).id).toBe('b');
    expect((await rollout.deployments('active', 10)).map(({ version }) => version)).toEqual([1, 2, 1]);
    expect(problems).toEqual([]);
  });

  it('refused by the validator changes nothing and says why', async () => {
    const { source } = reader();
    await rollout.push('active', named('good'), '');
    await expect(
      rollout.push('active', named('mad', { budget: { watch: 1, suspect: 1, critical: 1 } }), ''),
    ).rejects.toThrow(/validator refused it, nothing was changed: .*flags 20 of 20 ordinary accounts/);
    await expect(rollout.push('active', named('lost', { calibration: 'cal-gone' }), '')).rejects.toThrow(
      /calibration: there is none of that id \(got cal-gone\)/,
    );
    expect((await source.active()).id).toBe('good');
    expect((await rollout.current('active'))?.policy.id).toBe('good');
  });

  it('while another bakes is refused, and the one that bakes can be taken back', async () => {
    bakeMinutes = 60;
    await declare();
    const { source } = reader();
    await rollout.push('active', named('baking'), '');
    expect((await source.active()).id).toBe('baking');
    await expect(rollout.push('shadow', named('later'), '')).rejects.toThrow(
      /another deployment is under way \(number 1, active, baking\): nothing was changed\. It bakes for about \d+ minutes more, then the same works; or go back/,
    );
    expect((await rollout.rollback('')).policy).toEqual(defaultPolicy);
    expect(await source.active()).toEqual(defaultPolicy);
    expect((await rollout.current('active'))?.deployed).toBeUndefined();
  });

  it('can be taken back while a candidate bakes in the shadow, which steps aside', async () => {
    await rollout.push('active', named('before'), '');
    await rollout.push('active', named('oops'), '');
    bakeMinutes = 60;
    await declare();
    await rollout.push('shadow', named('candidate'), '');
    await expect(rollout.push('active', named('later'), '')).rejects.toThrow(
      /\(number 3, shadow, baking\): nothing was changed\. It bakes for about \d+ minutes more, then the same works$/,
    );
    const { policy, stopped } = await rollout.rollback('');
    expect(policy.id).toBe('before');
    expect(stopped).toMatchObject({ slot: 'shadow', number: 3 });
    const { source } = reader();
    expect((await source.active()).id).toBe('before');
    expect(await source.shadow()).toBeUndefined();
  });

  it('goes back to a policy whose exception has expired since, without it', async () => {
    const now = Date.now();
    vi.useFakeTimers({ toFake: ['Date'], now });
    try {
      const exception = (name: string, ms: number) => ({
        account: name,
        until: new Date(now + ms).toISOString(),
        reason: 'red team',
      });
      const [short, long] = [exception(account(1), 60_000), exception(account(2), 7_200_000)];
      await rollout.push('active', named('before', { exceptions: [short, long] }), '');
      await rollout.push('active', named('oops'), '');
      vi.setSystemTime(now + 3_600_000);
      const { policy, expired } = await rollout.rollback('');
      expect(policy).toMatchObject({ id: 'before', exceptions: [long] });
      expect(expired).toEqual([account(1)]);
      expect((await reader().source.active()).exceptions).toEqual([long]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('without a stack says what to give', async () => {
    await expect(new AppConfigRollout(control, 'Other').current('active')).rejects.toThrow(
      /no application named Other here: is the stack deployed/,
    );
  });

  it('with nothing pushed has no way back', async () => {
    await expect(rollout.rollback('')).rejects.toThrow(/nothing was ever pushed/);
  });
});

describe('the readers', () => {
  it('read again no sooner than their bound, and then see the new one', async () => {
    const { source, pass } = reader(30);
    expect((await source.active()).id).toBe('default-1');
    await rollout.push('active', named('b'), '');
    pass(29);
    expect((await source.active()).id).toBe('default-1');
    pass(2);
    expect((await source.active()).id).toBe('b');
  });

  it('keep the last good policy when one does not parse, and say so at every read', async () => {
    const { source, problems } = reader();
    await rollout.push('active', named('good'), '');
    expect((await source.active()).id).toBe('good');
    config.set(
      { application: 'Siphonwatch', environment: 'live', profile: 'policy' },
      JSON.stringify({ ...defaultPolicy, v: 2 }),
    );
    expect((await source.active()).id).toBe('good');
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ kind: 'rejected', slot: 'active' });
    expect(problems[0]?.reasons[0]).toContain('newer version of Siphonwatch');
    // AppConfig answers a second read with nothing: it is the same still
    expect((await source.active()).id).toBe('good');
    expect(problems).toHaveLength(2);
    // whoever has no good one to keep does not fall back to one that nobody chose
    await expect(reader().source.active()).rejects.toThrow(/active policy cannot be used/);
    await rollout.push('active', named('better'), '');
    expect((await source.active()).id).toBe('better');
    expect(problems).toHaveLength(2);
  });

  it('keep the last good policy when nobody answers; without one they refuse to judge', async () => {
    const { source, problems } = reader();
    await rollout.push('active', named('good'), '');
    expect((await source.active()).id).toBe('good');
    await config.close();
    expect((await source.active()).id).toBe('good');
    expect(problems[0]).toMatchObject({ kind: 'unreachable' });
    await expect(reader().source.active()).rejects.toThrow();
    config = await startAppConfig();
  });

  it('see a shadow from its push until it is switched off', async () => {
    const { source } = reader();
    expect(await source.shadow()).toBeUndefined();
    await rollout.push('shadow', named('candidate'), '');
    expect((await source.shadow())?.id).toBe('candidate');
    expect((await source.active()).id).toBe('default-1');
    await rollout.push('shadow', named('off'), '');
    expect(await source.shadow()).toBeUndefined();
  });
});

describe('policy and calibration together', () => {
  const learnt = (id: string) => ({ ...testCalibration, id });
  function pairs(stored: Record<string, Calibration | Error>, foreign = 'shadow') {
    let active = named('good', { calibration: 'cal-1' });
    let candidate: Policy | undefined;
    const problems: PolicyProblem[] = [];
    const holds: Record<string, DriftHold | Error> = {};
    const source = rulesSource(
      { active: () => Promise.resolve(active), shadow: () => Promise.resolve(candidate) },
      {
        get(id) {
          const held = stored[id] ?? new CalibrationMissing(id);
          return held instanceof Error ? Promise.reject(held) : Promise.resolve(held);
        },
        hold(id) {
          const held = holds[id];
          return held instanceof Error ? Promise.reject(held) : Promise.resolve(held);
        },
      },
      (problem) => problems.push(problem),
      foreign,
    );
    return {
      source,
      problems,
      holds,
      activate: (policy: Policy) => {
        active = policy;
      },
      shadow: (policy: Policy) => {
        candidate = policy;
      },
    };
  }

  it('of somebody else judge nobody and are recorded in the shadow, until the policy names one of its own', async () => {
    const stored = { 'cal-1': { ...learnt('cal-1'), foreign: true }, 'cal-2': learnt('cal-2') };
    const { source, activate } = pairs(stored);
    const learning = await source.inForce('test');
    expect(learning).toMatchObject({
      policy: { id: 'good' },
      calibration: { id: 'unlearnt', windows: [] },
      candidate: { policy: { id: 'good' }, calibration: { id: 'cal-1' } },
    });
    activate(named('live', { calibration: 'cal-2' }));
    const live = await source.inForce('test');
    expect(live.calibration.id).toBe('cal-2');
    expect(live.candidate).toBeUndefined();
    const demo = await pairs(stored, 'accuse').source.inForce('test');
    expect(demo).toMatchObject({ calibration: { id: 'cal-1' } });
    expect(demo.candidate).toBeUndefined();
  });

  it('judge nobody while the score has moved since, and say in the shadow what they would have said', async () => {
    const { source, holds, problems, activate } = pairs({
      'cal-1': learnt('cal-1'),
      'cal-2': learnt('cal-2'),
    });
    const said = (moved: string[]): DriftHold => ({ calibration: 'cal-1', at: '2026-01-01', moved });
    expect((await source.inForce('test')).calibration.id).toBe('cal-1');
    holds['cal-1'] = said(['score, everyone: at most 1 in 90 % of the past, in 60 % now']);
    const held = { calibration: { id: 'unlearnt' }, candidate: { calibration: { id: 'cal-1' } } };
    expect(await source.inForce('test')).toMatchObject(held);
    // what cannot be read leaves it as it was
    holds['cal-1'] = new Error('timeout');
    expect(await source.inForce('test')).toMatchObject(held);
    expect(problems.map(policyMetric)).toEqual(['PolicyUnreachable']);
    activate(named('next', { calibration: 'cal-2' }));
    expect((await source.inForce('test')).calibration.id).toBe('cal-2');
    activate(named('good', { calibration: 'cal-1' }));
    holds['cal-1'] = said([]);
    expect((await source.inForce('test')).candidate).toBeUndefined();
  });

  it('stay the last good pair while the next one lacks its calibration, and say so every time', async () => {
    const stored: Record<string, Calibration | Error> = { 'cal-1': learnt('cal-1') };
    const { source, problems, activate } = pairs(stored);
    const good = await source.active();
    expect(good).toMatchObject({ policy: { id: 'good' }, calibration: { id: 'cal-1' } });
    activate(named('next', { calibration: 'cal-2' }));
    expect(await source.active()).toBe(good);
    expect(await source.active()).toBe(good);
    expect(problems.map(policyMetric)).toEqual(['PolicyRejected', 'PolicyRejected']);
    expect(problems[0]?.reasons[0]).toContain('policy next: calibration cal-2: there is none of that id');
    stored['cal-2'] = new CalibrationDamaged('cal-2', 'not JSON');
    expect(await source.active()).toBe(good);
    expect(problems[2]?.reasons[0]).toContain('damaged');
    stored['cal-2'] = new Error('timeout');
    expect(await source.active()).toBe(good);
    expect(policyMetric(problems[3] as PolicyProblem)).toBe('PolicyUnreachable');
    stored['cal-2'] = learnt('cal-2');
    expect(await source.active()).toMatchObject({ policy: { id: 'next' }, calibration: { id: 'cal-2' } });
    // what disappears behind a pair that is held changes nothing
    delete stored['cal-2'];
    expect((await source.active()).policy.id).toBe('next');
  });

  it('of another format judge nobody and say so, and a policy with a new calibration ends it', async () => {
    const former = JSON.stringify({ ...learnt('cal-1'), v: 2, model: 'as it was then' });
    expect(() => parseCalibration('cal-1', former)).toThrow(CalibrationOfOtherFormat);
    const stored = { 'cal-1': new CalibrationOfOtherFormat('cal-1', 2), 'cal-2': learnt('cal-2') };
    const { source, problems, activate } = pairs(stored);
    for (const _ of [1, 2]) {
      const rules = await source.inForce('test');
      expect(rules).toMatchObject({ policy: { id: 'good' }, calibration: { id: 'unlearnt', windows: [] } });
      expect(rules.candidate).toBeUndefined();
    }
    expect(problems.map(policyMetric)).toEqual(['CalibrationUnreadable', 'CalibrationUnreadable']);
    expect(problems[0]?.reasons[0]).toMatch(/is of format 2, this version reads format 3/);
    activate(named('next', { calibration: 'cal-2' }));
    expect((await source.inForce('test')).calibration.id).toBe('cal-2');
    // whoever pushes one of another format is refused, as one that is damaged: the last good pair stays
    activate(named('back', { calibration: 'cal-1' }));
    expect((await source.inForce('test')).calibration.id).toBe('cal-2');
    expect(policyMetric(problems[2] as PolicyProblem)).toBe('PolicyRejected');
  });

  it('without a pair that ever was good, nobody judges; a candidate without one is left out', async () => {
    await expect(pairs({}).source.active()).rejects.toThrow(CalibrationMissing);
    const { source, problems, shadow } = pairs({ 'cal-1': learnt('cal-1') });
    shadow(named('candidate', { calibration: 'cal-9' }));
    expect(await source.shadow()).toBeUndefined();
    expect((await source.active()).policy.id).toBe('good');
    expect(problems.map(policyMetric)).toEqual(['ShadowUnusable']);
  });
});

describe('the stand-in of the control plane', () => {
  const first = { ApplicationId: 'Siphonwatch', EnvironmentId: 'live', DeploymentNumber: 1 };

  it('stops a deployment that bakes only with AllowRevert, and reverts what is complete', async () => {
    bakeMinutes = 10;
    await declare();
    await rollout.push('active', named('one'), '');
    await expect(control.send(new StopDeploymentCommand(first))).rejects.toThrow(
      /only DEPLOYING can be stopped without AllowRevert/,
    );
    await control.send(new StopDeploymentCommand({ ...first, AllowRevert: true }));
    expect((await rollout.deployments('active', 1))[0]?.state).toBe('ROLLED_BACK');
    bakeMinutes = 0;
    await declare();
    await rollout.push('active', named('two'), '');
    await control.send(new StopDeploymentCommand({ ...first, DeploymentNumber: 2, AllowRevert: true }));
    expect((await rollout.deployments('active', 1))[0]?.state).toBe('REVERTED');
  });

  it('deletes no configuration that has versions', async () => {
    await rollout.push('active', named('one'), '');
    const profile = { ApplicationId: 'Siphonwatch', ConfigurationProfileId: 'policy' };
    await expect(control.send(new DeleteConfigurationProfileCommand(profile))).rejects.toThrow(
      /there are still hosted configuration versions existing under it/,
    );
  });
});
