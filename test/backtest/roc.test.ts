import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compare } from '../../lib/backtest/compare.ts';
import type { AccountOutcome, BacktestOutcome } from '../../lib/backtest/outcome.ts';
import { areaUnder, roc } from '../../lib/backtest/roc.ts';

const outcome = (i: number, label: AccountOutcome['label'], p: number, flagAt?: number): AccountOutcome =>
  ({
    account: `a${i}`,
    id: `a${i}`,
    label,
    p,
    ...(flagAt === undefined ? {} : { flag: { at: flagAt } }),
  }) as AccountOutcome;

const labelled = fc.array(
  fc.record({ extraction: fc.boolean(), p: fc.constantFrom(0.001, 0.01, 0.1, 0.5, 1) }),
  { minLength: 2, maxLength: 40 },
);

describe('the ROC curve', () => {
  it('has as its area the chance that an attacker stands out more than a benign account, ties counted half', () => {
    fc.assert(
      fc.property(labelled, (drawn) => {
        const accounts = drawn.map(({ extraction, p }, i) =>
          outcome(i, extraction ? 'extraction' : 'benign', p),
        );
        const points = roc(accounts);
        const attackers = drawn.filter(({ extraction }) => extraction);
        const benign = drawn.filter(({ extraction }) => !extraction);
        if (attackers.length === 0 || benign.length === 0) {
          expect(points).toBeUndefined();
          return;
        }
        let wins = 0;
        for (const one of attackers)
          for (const other of benign) wins += one.p < other.p ? 1 : one.p === other.p ? 0.5 : 0;
        expect(areaUnder(points ?? [])).toBeCloseTo(wins / (attackers.length * benign.length), 9);
        expect(points?.at(-1)).toMatchObject({ fpr: 1, tpr: 1 });
      }),
      { numRuns: 50 },
    );
  });
});

describe('two policies on one traffic', () => {
  it('differ in whom only one of them flags, and in how much later', () => {
    const of = (...accounts: AccountOutcome[]) => ({ accounts }) as unknown as BacktestOutcome;
    const HOUR = 3_600_000;
    const active = of(
      outcome(1, 'extraction', 0.01, 2 * HOUR),
      outcome(2, 'benign', 0.01, HOUR),
      outcome(3, 'extraction', 1),
    );
    const candidate = of(
      outcome(1, 'extraction', 0.01, 5 * HOUR),
      outcome(2, 'benign', 1),
      outcome(3, 'extraction', 0.01, HOUR),
    );
    expect(compare(active, candidate)).toMatchObject({
      newlyCaught: 1,
      newlyWronged: 0,
      noLongerCaught: 0,
      noLongerWronged: 1,
      medianHoursLater: 3,
    });
  });
});
