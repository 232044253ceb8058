import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergedLog10E, toEvalue } from '../../lib/scoring/significance.ts';
import { seeded } from '../../lib/statistics/random.ts';

describe('e-values', () => {
  it('merged lie between the smallest and the largest', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -3, max: 5, noNaN: true }), { minLength: 1, maxLength: 50 }),
        (list) => {
          const merged = mergedLog10E(list);
          expect(merged).toBeLessThanOrEqual(Math.max(...list) + 1e-9);
          expect(merged).toBeGreaterThanOrEqual(Math.min(...list) - 1e-9);
        },
      ),
    );
    expect(() => mergedLog10E([])).toThrow(RangeError);
  });

  it('merged keep their promise however benign accounts hang together', () => {
    const uniform = seeded(9);
    const level = 0.05;
    // accounts that all do the same, that do the opposite of each other, and that have nothing to do with each other
    const groups: (() => number[])[] = [
      () => {
        const p = uniform();
        return [p, p, p, p];
      },
      () => {
        const p = uniform();
        return [p, 1 - p, p, 1 - p];
      },
      () => [uniform(), uniform(), uniform(), uniform()],
    ];
    for (const draw of groups) {
      let alarms = 0;
      const trials = 20_000;
      for (let i = 0; i < trials; i++)
        if (mergedLog10E(draw().map((p) => Math.log10(toEvalue(p)))) >= Math.log10(1 / level)) alarms++;
      expect(alarms / trials).toBeLessThanOrEqual(level);
    }
  });
});
