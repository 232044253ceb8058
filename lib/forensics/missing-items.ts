import type { PairTest } from './pair-test.ts';

/** What a result would be if answers that are missing had all been different. */
export interface Lowest {
  readonly excess: number;
  readonly p: number;
}

/**
 * How low the excess can have been before items went missing: the mean influence of items at which the two differ stands in
 * for each missing one. Who leaves out items where two models differ, matched by ease so that nothing shows, gains just that.
 *
 * @param influence per item, with the excess as its mean
 * @param differ whether the two gave different answers at the item
 * @returns from the number of missing items to the excess and its p among the same null pairs
 */
export function lowestBy(
  test: PairTest,
  influence: Float64Array,
  differ: (item: number) => boolean,
): (missing: number) => Lowest {
  const different = influence.filter((_, i) => differ(i));
  const each = different.reduce((a, b) => a + b, 0) / Math.max(1, different.length);
  const n = influence.length;
  return (missing) => {
    const excess = (n * test.excess + missing * Math.min(0, each)) / (n + missing);
    const z = test.excess > 0 ? (test.z * excess) / test.excess : test.z;
    let above = 1;
    let all = 1;
    test.nullZ.forEach((own, k) => {
      const vote = test.votes?.[k] ?? 1;
      all += vote;
      if (own >= z) above += vote;
    });
    return { excess, p: above / all };
  };
}
