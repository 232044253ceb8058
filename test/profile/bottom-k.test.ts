import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addTo,
  type BottomK,
  bottomK,
  copyOf,
  distinct,
  mergeInto,
  sightings,
} from '../../lib/profile/bottom-k.ts';

const K = 8;
const sighting = fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 31 }));

/** Spreads small numbers over the space, one to one. */
const spread = (n: number): number => Math.imul(n + 1, 2654435761) >>> 8;

function sampled(list: readonly (readonly [number, number])[]): BottomK {
  const sample = bottomK(K);
  for (const [value, flags] of list) addTo(sample, spread(value), flags);
  return sample;
}

describe('bottom-k sample', () => {
  it('keeps the k smallest hashes with their exact counts', () => {
    fc.assert(
      fc.property(fc.array(sighting, { maxLength: 200 }), (list) => {
        const counts = new Map<number, number>();
        for (const [value] of list) counts.set(spread(value), (counts.get(spread(value)) ?? 0) + 1);
        const expected = [...counts].sort(([a], [b]) => a - b).slice(0, K);
        const sample = sampled(list);
        expect(sample.hashes).toEqual(expected.map(([hash]) => hash));
        expect(sample.counts).toEqual(expected.map(([, count]) => count));
      }),
    );
  });

  it('merges as if all had been added to one, in any order and grouping', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(sighting, { maxLength: 60 }), { minLength: 1, maxLength: 5 }),
        (parts) => {
          const whole = sampled(parts.flat());
          const forward = bottomK(K);
          for (const part of parts) mergeInto(forward, sampled(part));
          const backward = bottomK(K);
          for (const part of [...parts].reverse()) mergeInto(backward, sampled(part));
          // whose the lists are is no part of what is sampled
          expect({ ...forward, own: true }).toEqual({ ...whole, own: true });
          expect({ ...backward, own: true }).toEqual({ ...whole, own: true });
        },
      ),
    );
  });

  it('stays as it was where a copy of it, or what it was copied from, is added to', () => {
    fc.assert(
      fc.property(fc.array(sighting, { maxLength: 40 }), sighting, (list, [value, flags]) => {
        const sample = sampled(list);
        const copy = copyOf(sample);
        const before = JSON.stringify(copy);
        addTo(sample, spread(value), flags);
        expect(JSON.stringify(copy)).toBe(before);
        const again = JSON.stringify({ ...sample, own: false });
        addTo(copyOf(sample), spread(value + 1), flags);
        expect(JSON.stringify({ ...sample, own: false })).toBe(again);
      }),
    );
  });

  it('estimates the number of distinct values within its stated error', () => {
    const sample = bottomK(64);
    let state = 12345;
    for (let i = 0; i < 20_000; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      addTo(sample, state >>> 8);
    }
    // relative standard error 1/sqrt(62) = 12.7 %; four of them
    expect(distinct(sample)).toBeGreaterThan(20_000 * 0.5);
    expect(distinct(sample)).toBeLessThan(20_000 * 1.5);
  });

  it('counts sightings exactly while nothing was dropped', () => {
    const sample = sampled([
      [1, 1],
      [1, 1],
      [2, 0],
    ]);
    expect(sightings(sample, 9, 1)).toBe(2);
    expect(sightings(sample, 1, 0)).toBe(1);
  });
});
