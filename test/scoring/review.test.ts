import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reviewQueue } from '../../lib/scoring/review.ts';

const peak = (account: string, score: number) => ({ account, score, hours: 24, slice: 0 });

describe('review', () => {
  it('accounts that hang together are one question, put by the highest score', () => {
    const queue = reviewQueue(
      [peak('a', 3), peak('b', 2), peak('c', 1), peak('d', 0)],
      new Set(),
      { apart: [], linked: [['c', 'a']] },
      10,
    );
    expect(queue).toEqual([
      { accounts: ['a', 'c'], score: 3, rank: 1 },
      { accounts: ['b'], score: 2, rank: 2 },
    ]);
  });

  it('a group that stands apart comes before single accounts, and once', () => {
    const peaks = [peak('a', 3), peak('b', 2), peak('c', 1), peak('d', 0.5)];
    expect(
      reviewQueue(peaks, new Set(['d']), { apart: [['d', 'c', 'b']], linked: [['a', 'b']] }, 10),
    ).toEqual([
      { accounts: ['b', 'c'], score: 2, rank: 2, apart: true },
      { accounts: ['a'], score: 3, rank: 1 },
    ]);
  });

  it('nobody is asked about twice, nor after a verdict', () => {
    const names = fc.constantFrom(...'abcdefghijkl');
    const someGroups = fc.array(fc.uniqueArray(names, { minLength: 2, maxLength: 4 }), { maxLength: 3 });
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(names, fc.integer({ min: 0, max: 9 })), { selector: ([name]) => name }),
        fc.uniqueArray(names),
        fc.record({ apart: someGroups, linked: someGroups }),
        fc.integer({ min: 0, max: 6 }),
        (held, judged, groups, entries) => {
          const peaks = held.map(([name, score]) => peak(name, score)).sort((a, b) => b.score - a.score);
          const queue = reviewQueue(peaks, new Set(judged), groups, entries);
          const asked = queue.flatMap(({ accounts }) => accounts);
          expect(queue.length).toBeLessThanOrEqual(entries);
          expect(new Set(asked).size).toBe(asked.length);
          expect(asked.filter((account) => judged.includes(account))).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });
});
