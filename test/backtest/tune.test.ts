import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldsOf } from '../../lib/backtest/folds.ts';
import { accountsToProve, tune } from '../../lib/backtest/tune.ts';
import { readingsOf, scoreUnder, stepsOf, type TuningAccount } from '../../lib/backtest/tuning-account.ts';
import type { LinkedGroups, TuningRules } from '../../lib/backtest/tuning-rules.ts';
import { newAccount } from '../../lib/detection/account-state.ts';
import { processBatch } from '../../lib/detection/process-batch.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { joinSlices, windowEnding, windowMs } from '../../lib/profile/window.ts';
import { defaultCalibration } from '../../lib/scoring/default-calibration.ts';
import { scoreWindow } from '../../lib/scoring/score.ts';
import { SIGNALS } from '../../lib/signals/index.ts';
import { account, harvest } from '../events.ts';

const rules: Omit<TuningRules, 'maxFpr'> = {
  policy: defaultPolicy,
  calibration: defaultCalibration,
  weights: true,
  scale: true,
  traffic: { days: 30, newest: '2026-03-31T00:00:00.000Z', events: 1 },
};
const groups = ['api/payg/new', 'api/payg', 'api', 'everyone'];

/** Benign accounts with little noise in two signals; attackers stand out in one of them. */
function population(benign: number, campaigns: number, members: number, strength: number): TuningAccount[] {
  let state = 7;
  const random = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state / 2 ** 32;
  };
  // values in steps of their signals, above a common level that the scale has to learn
  const shown = (at: number, value: number) => {
    const of = (unit: number, i: number): number =>
      unit * (1 + (i === at ? value : i === 2 ? random() ** 4 : 0));
    return [{ hours: 24, groups, values: Float64Array.from(SIGNALS, ({ unit }, i) => of(unit, i)) }];
  };
  return [
    ...Array.from({ length: benign }, (_, i) => ({
      id: `b${i}`,
      label: 'benign' as const,
      campaign: i % 10 === 0 ? `company${i % 7}` : '',
      groups,
      readings: shown(1, random() < 0.5 ? 0 : random() ** 6),
    })),
    ...Array.from({ length: campaigns * members }, (_, i) => ({
      id: `x${i}`,
      label: 'extraction' as const,
      campaign: `c${Math.floor(i / members)}`,
      groups,
      readings: shown(1, strength + random()),
    })),
  ];
}

describe('tuning', () => {
  it('refuses a rate that so few benign accounts cannot support, with the numbers', () => {
    const refused = tune(population(300, 5, 8, 3), { ...rules, maxFpr: 0.001 });
    expect(refused).toMatchObject({ ok: false });
    if (refused.ok) return;
    expect(refused.reason).toMatch(
      /^300 benign accounts cannot support a false-positive rate of 0\.001: cross-validation needs 1111 of them, and 3688 to prove it\. .*--max-fpr 0\.004/,
    );
    expect(tune(population(300, 5, 8, 3), { ...rules, maxFpr: 0.004 })).toMatchObject({ ok: true });
  });

  it('refuses to choose weights by a handful of attackers', () => {
    expect(tune(population(1500, 1, 3, 3), { ...rules, maxFpr: 0.01 })).toMatchObject({
      ok: false,
      reason: expect.stringContaining('3 extraction accounts are too few'),
    });
  });

  it('catches what stands out, out of fold, and says whether the promise is proven', () => {
    const tuned = tune(population(1500, 6, 8, 4), { ...rules, maxFpr: 0.01 });
    expect(tuned).toMatchObject({
      ok: true,
      expected: { extraction: 48, caught: 48, campaigns: 6 },
    });
    if (!tuned.ok) return;
    expect(tuned.expected.fpr).toBeLessThanOrEqual(0.01);
    expect(tuned.proven).toBe(tuned.expected.fprInterval[1] <= 0.01);
    expect(tuned.policy.budget.watch).toBeGreaterThanOrEqual(tuned.policy.budget.suspect);
    expect(tuned.policy.budget.suspect).toBeGreaterThanOrEqual(tuned.policy.budget.critical);
    const doubtful = tune(population(1500, 6, 8, 4), { ...rules, maxFpr: 0.001 });
    expect(doubtful).toMatchObject({ ok: true, proven: false, provenBy: accountsToProve(0.001) });
  });

  it('without weights keeps them', () => {
    const tuned = tune(population(1500, 6, 8, 0.5), { ...rules, weights: false, maxFpr: 0.01 });
    if (!tuned.ok) throw new Error(tuned.reason);
    expect(tuned.policy.weights).toEqual(defaultPolicy.weights);
  });

  it('learns its scale from the folds alone: a calibration that knows other units changes nothing', () => {
    const accounts = population(1500, 6, 8, 4);
    const { signals: _, ...bare } = defaultCalibration;
    const other = tune(accounts, {
      ...rules,
      weights: false,
      maxFpr: 0.01,
      calibration: { ...bare, signals: {} },
    });
    expect(other).toMatchObject({ ok: true, expected: { caught: 48 } });
    // and where the scale is to be kept, one that knows nothing sees nothing
    const kept = tune(accounts, {
      ...rules,
      weights: false,
      maxFpr: 0.01,
      scale: false,
      calibration: { ...bare, signals: {} },
    });
    expect(kept).toMatchObject({ ok: true, expected: { caught: 0 } });
  });

  describe('with campaigns', () => {
    const accounts = population(1500, 6, 8, 0.01);
    const rings = Array.from({ length: 6 }, (_, c) => Array.from({ length: 8 }, (_, i) => `x${c * 8 + i}`));
    const innocents = Array.from({ length: 25 }, (_, g) => [1, 2, 3].map((i) => `b${10 * g + i}`));
    /** rings are named from budget `ring` on, innocent groups from `innocent` on */
    const linked = (ring: number, innocent: number): LinkedGroups => ({
      groups: [...rings, ...innocents],
      learn: () => undefined,
      budgets: (_, _weights, only) =>
        new Map(
          only.flatMap((g) =>
            ([...rings, ...innocents][g] ?? []).map((id) => [id, g < 6 ? ring : innocent] as const),
          ),
        ),
    });
    const budget = defaultPolicy.campaigns.budget;

    it('counts whom a campaign names, and opens its budget where that catches more and wrongs nobody', () => {
      const kept = tune(accounts, {
        ...rules,
        weights: false,
        maxFpr: 0.01,
        linked: linked(0.5 * budget, 1),
      });
      expect(kept).toMatchObject({
        ok: true,
        expected: { caught: 48, wrongedByCampaign: 0, campaignsCaught: 6 },
        policy: { campaigns: { budget } },
        groups: { benign: 25, searched: true },
      });
      const opened = tune(accounts, {
        ...rules,
        weights: false,
        maxFpr: 0.01,
        linked: linked(2 * budget, 1),
      });
      expect(opened).toMatchObject({
        ok: true,
        policy: { campaigns: { budget: 3 * budget } },
        expected: { caught: 48 },
      });
    });

    it('closes the budget where it would name too many innocents, and leaves it alone with few groups', () => {
      const closed = tune(accounts, {
        ...rules,
        weights: false,
        maxFpr: 0.01,
        linked: linked(0.2 * budget, 0.5 * budget),
      });
      expect(closed).toMatchObject({
        ok: true,
        policy: { campaigns: { budget: 0.3 * budget } },
        expected: { caught: 48, wrongedByCampaign: 0 },
      });
      const { groups: all, ...judge } = linked(2 * budget, 1);
      const few = tune(accounts, {
        ...rules,
        weights: false,
        maxFpr: 0.01,
        linked: { ...judge, groups: all.slice(0, 10) },
      });
      expect(few).toMatchObject({
        ok: true,
        policy: { campaigns: { budget } },
        groups: { benign: 4, searched: false },
      });
    });
  });

  it('keeps siblings in one fold and folds about even', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 10 }), fc.integer({ min: 20, max: 200 }), (folds, benign) => {
        const accounts = population(benign, 6, 5, 1);
        const fold = foldsOf(accounts, folds);
        const byCampaign = new Map<string, Set<number>>();
        accounts.forEach(({ campaign }, i) => {
          if (campaign === '') return;
          byCampaign.set(campaign, (byCampaign.get(campaign) ?? new Set()).add(fold[i] as number));
        });
        for (const held of byCampaign.values()) expect(held.size).toBe(1);
      }),
      { numRuns: 20 },
    );
  });

  it('undominated windows give the highest score under any weights', () => {
    let state = newAccount(account(3));
    const events = harvest({ account: account(3), events: 120 });
    const step = processBatch(
      state,
      events.map((event, i) => ({
        event,
        time: Date.parse(event.time),
        arrived: Date.parse(event.time),
        position: { epoch: 'r', sequence: String(i).padStart(64, '0'), index: 0 },
      })),
      { policy: defaultPolicy, calibration: defaultCalibration, code: 't', shadow: false },
    );
    state = step.state;
    const slices = joinSlices([state.sealed, state.profile.slices]);
    const { customer } = state.profile;
    const front = stepsOf(
      readingsOf(slices, customer, { windows: defaultPolicy.windows }),
      defaultCalibration.signals,
    );
    expect(front.length).toBeGreaterThan(0);
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 3, noNaN: true }), {
          minLength: SIGNALS.length,
          maxLength: SIGNALS.length,
        }),
        (weights) => {
          const named = Object.fromEntries(SIGNALS.map((signal, i) => [signal.id, weights[i] as number]));
          let peak = 0;
          for (const slice of slices)
            for (const hours of defaultPolicy.windows)
              peak = Math.max(
                peak,
                scoreWindow(
                  windowEnding(slices, slice.start, windowMs(hours)),
                  hours,
                  customer,
                  { windows: defaultPolicy.windows, weights: named, cap: 12 },
                  defaultCalibration,
                ).score,
              );
          expect(scoreUnder(front, weights, 12)).toBeCloseTo(peak, 9);
        },
      ),
      { numRuns: 20 },
    );
  });
});
