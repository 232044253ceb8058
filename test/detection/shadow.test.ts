import { describe, expect, it } from 'vitest';
import { type AccountState, newAccount } from '../../lib/detection/account-state.ts';
import type { Rules } from '../../lib/detection/judge.ts';
import { processBatch } from '../../lib/detection/process-batch.ts';
import { type Notice, notice as noticeSchema } from '../../lib/findings/finding.ts';
import { defaultPolicy, type Policy } from '../../lib/policy/policy.ts';
import { padSequence } from '../../lib/profile/position.ts';
import { fromItem, NO_LOGS, toItem } from '../../lib/stores/profile-item.ts';
import { testCalibration } from '../calibration.ts';
import { account, harvest } from '../events.ts';

const strict: Policy = {
  ...defaultPolicy,
  id: 'strict',
  budget: { watch: 1e-8, suspect: 1e-8, critical: 1e-8 },
};
const events = harvest({ account: account(1), events: 160 });

function rules(policy: Policy, candidate?: Policy): Rules {
  // so few accounts support no suspect at all
  const few = { ...testCalibration, accounts: 10 };
  const of = (held: Policy) => (held.id === 'strict' ? few : testCalibration);
  return {
    policy,
    calibration: of(policy),
    code: 'test',
    shadow: false,
    ...(candidate === undefined ? {} : { candidate: { policy: candidate, calibration: of(candidate) } }),
  };
}

function run(with_: Rules, from: AccountState = newAccount(account(1)), begin = 0, end = events.length) {
  let state = from;
  const told: Notice[] = [];
  const shadowed: Notice[] = [];
  for (let i = begin; i < end; i += 5) {
    const list = events.slice(i, i + 5).map((event, k) => ({
      event,
      time: Date.parse(event.time),
      arrived: Date.parse(event.time),
      position: { epoch: 's/b1', sequence: padSequence(String(i + k + 1)), index: 0 },
    }));
    const step = processBatch(state, list, with_);
    state = step.state;
    told.push(...step.notices);
    shadowed.push(...step.shadowNotices);
  }
  return { state, told, shadowed };
}

describe('a shadow policy', () => {
  it('finds what it would find alone, and marks it so that nobody is told', () => {
    const alone = run(rules({ ...defaultPolicy, id: 'lenient' }));
    const { told, shadowed, state } = run(rules(strict, { ...defaultPolicy, id: 'lenient' }));
    expect(told).toEqual([]);
    expect(alone.told.length).toBeGreaterThan(0);
    expect(shadowed.map(({ transition, at, level, score }) => ({ transition, at, level, score }))).toEqual(
      alone.told.map(({ transition, at, level, score }) => ({ transition, at, level, score })),
    );
    for (const held of shadowed) {
      expect(held.shadow).toBe(true);
      expect(held.versions.policy).toBe('lenient');
      expect(() => noticeSchema.parse(held)).not.toThrow();
    }
    expect(state.judgement.finding).toBeUndefined();
  });

  it('does not touch what the active policy thinks', () => {
    const without = run(rules(defaultPolicy)).state.judgement;
    const { shadow, ...beside } = run(rules(defaultPolicy, strict)).state.judgement;
    expect(shadow).toMatchObject({ policy: 'strict', finding: undefined });
    expect(beside).toEqual(without);
  });

  it('numbers its notices with the others: one outbox, no number twice', () => {
    const { state, told, shadowed } = run(rules(defaultPolicy, { ...defaultPolicy, id: 'same' }));
    expect(shadowed).toHaveLength(told.length);
    const numbers = state.judgement.notices.map(({ number }) => number);
    expect(numbers).toHaveLength(told.length * 2);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  });

  it('is stored with the account, begins anew with another candidate and is dropped with the last', () => {
    const first = run(rules(strict, { ...defaultPolicy, id: 'one' }), undefined, 0, 80).state;
    const stored = fromItem(account(1), toItem(first), first.sealed, NO_LOGS);
    expect(stored.judgement).toEqual(first.judgement);
    const second = run(rules(strict, { ...defaultPolicy, id: 'two' }), stored, 80, 120);
    expect(second.state.judgement.shadow?.policy).toBe('two');
    const findings = [...first.judgement.notices, ...second.shadowed].map((held) => held.finding);
    expect(new Set(findings).size).toBe(2);
    const third = run(rules(strict), second.state, 120, 160);
    expect(third.state.judgement).not.toHaveProperty('shadow');
  });
});
