import { describe, expect, it } from 'vitest';
import { IdleSweep } from '../../lambdas/calibrate/idle-sweep.ts';
import { type AccountState, newAccount } from '../../lib/detection/account-state.ts';
import type { Rules } from '../../lib/detection/judge.ts';
import { processBatch } from '../../lib/detection/process-batch.ts';
import { isIdle, reevaluateIdle } from '../../lib/detection/reevaluate-idle.ts';
import { applyNotice, type Finding } from '../../lib/findings/finding.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { padSequence } from '../../lib/profile/position.ts';
import { MemoryProfileStore } from '../../lib/stores/profile-memory.ts';
import { testCalibration } from '../calibration.ts';
import { account, DAY, HOUR, harvest, START } from '../events.ts';

const rules: Rules = { policy: defaultPolicy, calibration: testCalibration, code: 'test', shadow: false };

/** An account that harvested for three days, opened a finding, and stopped. */
function silent(n: number, under: Rules = rules): AccountState {
  const arrivals = harvest({ account: account(n), events: 220 }).map((event, i) => ({
    event,
    time: Date.parse(event.time),
    arrived: Date.parse(event.time),
    position: { epoch: 's/b1', sequence: padSequence(String(i + 1)), index: 0 },
  }));
  let state = newAccount(account(n));
  for (let i = 0; i < arrivals.length; i += 20)
    state = processBatch(state, arrivals.slice(i, i + 20), under).state;
  expect(state.judgement.finding).toBeDefined();
  return state;
}

describe('an account that stops with an open finding', () => {
  it('calms when its windows have emptied and closes two weeks later, once each, in numbers that go on', () => {
    let state = silent(1);
    let finding: Finding | undefined = state.judgement.notices.reduce<Finding | undefined>(
      (held, notice) => applyNotice(held, notice),
      undefined,
    );
    const said: string[] = [];
    for (let day = 0; day <= 40; day++) {
      const next = reevaluateIdle(state, state.profile.lastSeen + day * DAY, rules);
      if (next === undefined) continue;
      const [notice, ...more] = next.judgement.notices.filter(
        ({ number }) => number > state.judgement.numbered,
      );
      expect(more).toEqual([]);
      if (notice !== undefined) {
        finding = applyNotice(finding, notice);
        said.push(`${notice.transition} ${finding.state}`);
      }
      expect(next.profile.version).toBe(state.profile.version + 1);
      expect(next.profile.lastSeen).toBe(state.profile.lastSeen);
      state = next;
    }
    expect(said).toEqual(['calmed calmed', 'closed closed']);
    expect(state.judgement.finding).toBeUndefined();
    expect(isIdle(state, Number.POSITIVE_INFINITY)).toBe(false);
  });

  it('calms under the candidate too, and keeps its judgement where nobody asks the candidate', () => {
    const candidate = { policy: { ...defaultPolicy, id: 'candidate-2' }, calibration: testCalibration };
    const state = silent(3, { ...rules, candidate });
    expect(state.judgement.shadow?.finding).toBeDefined();
    const at = state.profile.lastSeen + 12 * DAY;
    const both = reevaluateIdle(state, at, { ...rules, candidate });
    expect(both?.judgement.notices.slice(-2).map(({ transition, shadow }) => [transition, shadow])).toEqual([
      ['calmed', false],
      ['calmed', true],
    ]);
    expect(reevaluateIdle(state, at, rules)?.judgement.shadow).toEqual(state.judgement.shadow);
  });

  it('is told by the daily pass, which leaves alone whoever still sends or was changed meanwhile', async () => {
    const store = new MemoryProfileStore();
    for (const n of [1, 2]) {
      const state = silent(n);
      await store.save(
        newAccount(account(n)),
        { ...state, profile: { ...state.profile, version: 1 } },
        undefined,
      );
    }
    const late = harvest({ account: account(2), events: 3, from: START + 20 * DAY, seed: 9 });
    const stored = (await store.load([account(2)])).get(account(2)) as AccountState;
    const arrivals = late.map((event, i) => ({
      event,
      time: Date.parse(event.time),
      arrived: Date.parse(event.time),
      position: { epoch: 's/b1', sequence: padSequence(String(900 + i)), index: 0 },
    }));
    await store.save(stored, processBatch(stored, arrivals, rules).state, undefined);
    const pass = async () => {
      const seen = new IdleSweep();
      for (const state of (await store.load([account(1), account(2)])).values()) seen.see(state);
      return seen.lookAgain(store, rules);
    };
    expect(await pass()).toEqual({ silent: 1, notices: 1 });
    expect(await pass()).toEqual({ silent: 1, notices: 0 });
    const held = (await store.load([account(1)])).get(account(1));
    expect(held?.judgement.notices.at(-1)?.transition).toBe('calmed');
    expect(held?.judgement.notices.at(-1)?.at).toBe(
      new Date(START + 20 * DAY + 2 * 20 * (HOUR / 60)).toISOString(),
    );
    const conflict = new IdleSweep();
    for (const state of (await store.load([account(1), account(2)])).values()) conflict.see(state);
    expect(
      await conflict.lookAgain({ load: (names) => store.load(names), save: async () => 'conflict' }, rules),
    ).toEqual({ silent: 1, notices: 0 });
  });
});
