import * as z from 'zod';

/**
 * The null of an account's running maximum: how the largest scores of n exchangeable accounts of the past are ranked.
 * A new account of their kind exceeds all of them with a chance of 1 / (n + 1), and k of them with (k + 1) / (n + 1), whatever
 * the distribution (exchangeability; Vovk, Gammerman, Shafer, "Algorithmic learning in a random world", 2005). Nothing is
 * fitted, and nothing is said beyond what n supports.
 *
 * Kept as a ladder: the forty largest values one by one, then every rank a tenth further down. Between two rungs a value
 * counts as the lower one, so that no chance is stated too small.
 */
export const rankNull = z.strictObject({
  accounts: z.number().int().min(0).describe('accounts, those too that never showed enough to be scored'),
  ranks: z.array(z.number().int().min(1)).describe('ascending'),
  values: z.array(z.number()).describe('the value of that rank, counted from the largest; descending'),
});
export type RankNull = z.infer<typeof rankNull>;

const EACH = 40;
const STEP = 1.1;

/** @param values one an account, 0 where it never showed enough */
export function learnRanks(values: readonly number[]): RankNull {
  const sorted = Float64Array.from(values).sort().reverse();
  const ranks: number[] = [];
  for (let rank = 1; rank <= sorted.length; rank = rank < EACH ? rank + 1 : Math.ceil(rank * STEP))
    ranks.push(rank);
  return {
    accounts: sorted.length,
    ranks,
    values: ranks.map((rank) => roundedUp(sorted[rank - 1] as number)),
  };
}

/** Seven digits, never less than the value: what must be exceeded is not made smaller. */
function roundedUp(value: number): number {
  const rounded = Number(value.toPrecision(7));
  return rounded >= value ? rounded : Number((value * (1 + 1e-6)).toPrecision(7));
}

/** At most so many accounts of the past showed at least the value. */
export function countAtLeast({ accounts, ranks, values }: RankNull, value: number): number {
  let low = 0;
  let high = ranks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] as number) >= value) low = middle + 1;
    else high = middle;
  }
  const next = ranks[low];
  return next === undefined ? accounts : next - 1;
}

/** Value that at least the share of accounts stay at or below, from the ladder; 0 where there is none. */
export function quantileOf({ accounts, ranks, values }: RankNull, share: number): number {
  const wanted = Math.max(1, Math.ceil((1 - share) * accounts));
  const at = ranks.findIndex((rank) => rank >= wanted);
  return values[at < 0 ? values.length - 1 : at] ?? 0;
}
