import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { levelFor } from '../../lib/scoring/level.ts';
import { toSignificance } from '../../lib/scoring/significance.ts';
import { supportedBudget, unsupported } from '../../lib/scoring/supported-budget.ts';

const BUDGET = { watch: 0.01, suspect: 0.001, critical: 0.0002 };
const size = fc.record({
  accounts: fc.integer({ min: 1, max: 20_000 }),
  days: fc.integer({ min: 1, max: 60 }),
});

describe('supported budget', () => {
  it('a thousand accounts and a fortnight give a suspect that can be reached, and no critical', () => {
    const held = supportedBudget({ accounts: 1000, days: 14 }, BUDGET);
    expect(held.suspect).toBeCloseTo(0.00214, 5);
    expect(held.critical).toBeUndefined();
    expect(unsupported({ accounts: 1000, days: 14 }, BUDGET)).toHaveLength(2);
  });

  it('an account that exceeds all of the past is a suspect wherever the level exists, and never more than is supported', () => {
    fc.assert(
      fc.property(size, ({ accounts, days }) => {
        const { watch, suspect = 0, critical = 0 } = supportedBudget({ accounts, days }, BUDGET);
        const rules = { watch, suspect, critical, calm: 1 };
        const { p } = toSignificance({ p: 1 / (accounts + 1), accounts, group: 'everyone' }, days);
        expect(['suspect', 'critical'].includes(levelFor(p, rules))).toBe(suspect > 0);
        expect(levelFor(p, rules) === 'critical').toBe(p <= BUDGET.critical);
      }),
    );
  });

  it('the accounts that it says would do, do', () => {
    fc.assert(
      fc.property(size, (held) => {
        for (const line of unsupported(held, BUDGET)) {
          const needed = Number(/; (\d+) accounts/.exec(line)?.[1]);
          expect(needed).toBeGreaterThan(held.accounts);
          const then = supportedBudget({ accounts: needed, days: held.days }, BUDGET);
          if (line.startsWith('critical')) expect(then.critical).toBeDefined();
          else if (line.includes('instead of')) expect(then.suspect).toBe(BUDGET.suspect);
          else expect(then.suspect).toBeDefined();
        }
      }),
    );
  });
});
