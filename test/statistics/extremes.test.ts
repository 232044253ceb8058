import { expect, it } from 'vitest';
import { largest, smallest } from '../../lib/statistics/extremes.ts';

it('the largest and the smallest of a million values are found, which a call has no room for', () => {
  const values = Array.from({ length: 1_000_000 }, (_, i) => (i * 7919) % 1_000_003);
  expect(largest(values)).toBe(1_000_002);
  expect(smallest(values)).toBe(0);
  expect([largest([]), largest([], 4), smallest([]), smallest([], 4)]).toEqual([-Infinity, 4, Infinity, 4]);
});
