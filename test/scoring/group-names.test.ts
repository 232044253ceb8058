import { describe, expect, it } from 'vitest';
import { processBatch } from '../../lib/detection/process-batch.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { joinSlices } from '../../lib/profile/window.ts';
import { shippedLibrary } from '../../lib/scoring/attack-library.ts';
import { rankAmong } from '../../lib/scoring/calibration.ts';
import { CalibrationLearner } from '../../lib/scoring/learn-calibration.ts';
import type { PastAccount } from '../../lib/scoring/looks.ts';
import { peerGroups } from '../../lib/scoring/peer-group.ts';
import { scoreAt } from '../../lib/scoring/score.ts';
import { MemoryProfileStore } from '../../lib/stores/profile-memory.ts';
import { testCalibration } from '../calibration.ts';
import { account, application, harvest } from '../events.ts';

const NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'everyone'];
const rules = { policy: defaultPolicy, calibration: testCalibration, code: 'test', shadow: false };

/** An account that sells under the name, judged on the way. */
function judged(n: number, product: string, ask: typeof harvest | typeof application): PastAccount {
  const store = new MemoryProfileStore();
  const of = { account: account(n), events: 60, seed: n };
  const arrivals = ask(of).map((event, i) => ({
    event: { ...event, customer: { ...event.customer, product, plan: product } },
    time: Date.parse(event.time),
    arrived: Date.parse(event.time),
    position: { epoch: 'e', sequence: String(i).padStart(6, '0'), index: 0 },
  }));
  const stored = store.one(of.account);
  const { state, seal } = processBatch(stored, arrivals, rules);
  store.saveNow(stored, state, seal);
  const { profile, sealed } = store.one(of.account);
  return { account: of.account, customer: profile.customer, slices: joinSlices([sealed, profile.slices]) };
}

describe('products and plans under names that every object knows', () => {
  it.each(NAMES)('%s: accounts are judged, with reasons, as everybody is', (name) => {
    const held = judged(7919, name, harvest);
    expect(held.customer.product).toBe(name);
    const latest = held.slices.at(-1)?.start ?? 0;
    const [score] = scoreAt(held.slices, latest, held, testCalibration);
    expect(score?.contributions()[0]?.evidence).toContain('of peers half at most');
    const groups = peerGroups(held.customer, latest);
    expect(rankAmong(testCalibration.score, groups, 99)?.p).toBeCloseTo(1 / 10_001, 12);
  });

  it('count nobody twice in what a calibration supports', () => {
    const { attacks, ordinary } = shippedLibrary;
    // a part of the library: what is learnt does not matter here
    const library = { ...shippedLibrary, attacks: attacks.slice(0, 2), ordinary: ordinary.slice(0, 2) };
    const learner = new CalibrationLearner({ windows: defaultPolicy.windows, library });
    const past = NAMES.flatMap((name, i) => [
      judged(i * 31 + 1, name, application),
      judged(i * 31 + 2, name, harvest),
    ]);
    for (const held of past) learner.see(held);
    learner.fit();
    for (const held of past) learner.measure(held);
    expect(learner.finish({ id: 'c' }).score.everyone?.accounts).toBe(past.length);
  });
});
