import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countAtLeast, learnRanks } from '../../lib/scoring/rank-null.ts';

const scores = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 300 });

describe('rank null', () => {
  it('a count is exact among the largest forty, and never too small', () => {
    fc.assert(
      fc.property(scores, fc.integer({ min: -1, max: 401 }), (values, score) => {
        const counted = countAtLeast(learnRanks(values), score);
        const exact = values.filter((value) => value >= score).length;
        expect(counted).toBeGreaterThanOrEqual(exact);
        if (exact < 40) expect(counted).toBe(exact);
      }),
      { numRuns: 60 },
    );
  });

  it('of n + 1 exchangeable accounts at most k + 1 exceed all but k of the others', () => {
    fc.assert(
      fc.property(scores, fc.integer({ min: 0, max: 5 }), (values, k) => {
        const beyond = values.filter((value, i) => {
          const others = learnRanks(values.filter((_, j) => j !== i));
          return others.accounts > k && countAtLeast(others, value) <= k;
        });
        if (values.length > k + 1) expect(beyond.length).toBeLessThanOrEqual(k + 1);
      }),
      { numRuns: 20 },
    );
  });
});
