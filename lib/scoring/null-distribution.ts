import * as z from 'zod';

/**
 * The null distribution of one number over the accounts of a peer group: what the number is for accounts that are
 * (mostly) benign. Empirical up to the 95 % quantile, beyond it an exponential tail (the limit of excesses over a
 * high threshold; Pickands 1975, shape 0), and never more extreme than the accounts seen can support.
 */
export const nullDistribution = z.strictObject({
  accounts: z.number().int().min(0).describe('accounts that it was learnt from'),
  quantiles: z
    .array(z.number())
    .describe('values at equally spaced probabilities 0 ... TAIL_FROM, ascending'),
  tail: z.strictObject({
    from: z.number().describe('value at TAIL_FROM'),
    scale: z.number().min(0).describe('mean excess over `from`, in units of the value'),
  }),
});
export type NullDistribution = z.infer<typeof nullDistribution>;

const TAIL_FROM = 0.95;
const STEPS = 38; // 2.5 % apart

/**
 * How far beyond the accounts seen a tail may be carried: p is never below 1 / (REACH * (accounts + 1)).
 * With a thousand accounts the smallest p is 5e-5.
 */
export const REACH = 20;

/** Fewer accounts than this support no tail at all: the group leans on its parents alone. */
export const MIN_ACCOUNTS = 20;

/** Learns a null from one value per account. */
export function learnNull(values: readonly number[]): NullDistribution {
  return nullOfSorted(values.filter((value) => Number.isFinite(value)).sort((a, b) => a - b));
}

/** The same from values that are finite and ascending already. */
export function nullOfSorted(kept: ArrayLike<number>): NullDistribution {
  const n = kept.length;
  if (n === 0) return { accounts: 0, quantiles: [], tail: { from: 0, scale: 0 } };
  const at = (q: number): number => kept[Math.min(n - 1, Math.max(0, Math.ceil(q * n) - 1))] as number;
  const quantiles = Array.from({ length: STEPS + 1 }, (_, i) => round(at((i / STEPS) * TAIL_FROM)));
  const from = quantiles[STEPS] as number;
  let first = n;
  while (first > 0 && (kept[first - 1] as number) > from) first--;
  let excess = 0;
  for (let i = first; i < n; i++) excess += (kept[i] as number) - from;
  // one pseudo-excess as large as the largest: a tail is never lighter than its newest member suggests
  const largest = Math.max(0, (kept[n - 1] as number) - from);
  const scale = first === n ? 0 : (excess + largest) / (n - first + 1);
  return { accounts: n, quantiles, tail: { from, scale: round(scale) } };
}

function round(value: number): number {
  return Number(value.toPrecision(6));
}

/**
 * Upper tail probability P(X >= value) under the null, in (0, 1], as the fitted tail has it; 1 where nothing was learnt.
 * What a tail may claim is bounded elsewhere: see leastTail.
 * @param leastScale the tail is taken to be at least this heavy, in units of the value
 */
export function upperTail(distribution: NullDistribution, value: number, leastScale = 0): number {
  const { accounts, quantiles, tail } = distribution;
  if (accounts === 0 || quantiles.length === 0) return 1;
  if (value > tail.from) {
    const scale = Math.max(tail.scale, leastScale, Number.EPSILON);
    return Math.max(Number.MIN_VALUE, (1 - TAIL_FROM) * Math.exp(-(value - tail.from) / scale));
  }
  // share of quantile steps below the value; ties count as at least as extreme
  let low = 0;
  let high = quantiles.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((quantiles[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  if (low === 0) return 1;
  const above = quantiles[low] as number | undefined;
  const below = quantiles[low - 1] as number;
  const part = above === undefined || above === below ? 0 : (value - below) / (above - below);
  return 1 - ((low - 1 + part) / STEPS) * TAIL_FROM;
}

/** The smallest tail probability that so many accounts can support. */
export function leastTail(accounts: number): number {
  return 1 / (REACH * (accounts + 1));
}

/** A group's tail probability shrunken towards its parent's: the group counts as much as it has accounts. */
export function shrink(own: number, accounts: number, parent: number, prior: number): number {
  return (accounts * own + prior * parent) / (accounts + prior);
}

/** The value that nine tenths of the accounts stay below; undefined where nothing was learnt. */
export function p90Of(distribution: NullDistribution): number | undefined {
  return distribution.quantiles[Math.round((0.9 / TAIL_FROM) * STEPS)];
}
