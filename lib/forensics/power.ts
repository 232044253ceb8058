import { normalTail } from '../statistics/distributions.ts';
import type { PairTest } from './pair-test.ts';

/** Power that is asked for. */
const WANTED_POWER = 0.8;
/** Most controls that are thought of: nobody asks more. */
const MOST_CONTROLS = 1e6;
/** Most items that are thought of. */
const MOST_ITEMS = 1e7;

/**
 * Smallest z that reaches `p <= alpha` against these null pairs; Infinity where their number does not allow it.
 * @param votes how much each pair counts, where near copies count once
 */
export function criticalZ(nullZ: Float64Array, alpha: number, votes?: Float64Array): number {
  if (votes !== undefined) return criticalByVotes(nullZ, alpha, votes);
  const allowed = Math.floor(alpha * (1 + nullZ.length) + 1e-9) - 1;
  if (allowed < 0) return Number.POSITIVE_INFINITY;
  const sorted = Float64Array.from(nullZ).sort().reverse();
  return (sorted[allowed] as number) + 1e-12;
}

function criticalByVotes(nullZ: Float64Array, alpha: number, votes: Float64Array): number {
  const order = Array.from(nullZ, (z, k) => ({ z, vote: votes[k] ?? 1 })).sort((a, b) => b.z - a.z);
  const all = 1 + order.reduce((sum, o) => sum + o.vote, 0);
  let above = 1;
  for (const { z, vote } of order) {
    if (above > alpha * all + 1e-9) return Number.POSITIVE_INFINITY;
    above += vote;
    if (above > alpha * all + 1e-9) return z + 1e-12;
  }
  return (order[order.length - 1]?.z ?? 0) + 1e-12;
}

/** Scale of the excess at another number of items: spread between pairs stays, sampling shrinks. */
function scaleAt(test: PairTest, itemsNow: number, items: number): number {
  const now = test.betweenVariance + test.samplingVariance;
  const then = test.betweenVariance + (test.samplingVariance * itemsNow) / items;
  return now > 0 ? test.scale * Math.sqrt(then / now) : test.scale;
}

/**
 * Chance that a true excess of `effect` reaches p <= alpha with `items` items and these controls (normal excess, the
 * null's own critical value).
 */
export function power(
  test: PairTest,
  itemsNow: number,
  items: number,
  effect: number,
  alpha: number,
): number {
  const critical = criticalZ(test.nullZ, alpha, test.votes);
  if (!Number.isFinite(critical)) return 0;
  return normalTail(critical - effect / scaleAt(test, itemsNow, items));
}

/**
 * Fewest items for a power of 80 % at `effect`, or undefined where no number of items is enough, because the spread
 * between unrelated models does not shrink with items.
 */
export function itemsNeeded(
  test: PairTest,
  itemsNow: number,
  effect: number,
  alpha: number,
): number | undefined {
  if (!(effect > 0) || power(test, itemsNow, Number.POSITIVE_INFINITY, effect, alpha) < WANTED_POWER)
    return undefined;
  let low = 1;
  let high = MOST_ITEMS;
  if (power(test, itemsNow, high, effect, alpha) < WANTED_POWER) return undefined;
  while (high - low > 1) {
    const mid = Math.floor((low + high) / 2);
    if (power(test, itemsNow, mid, effect, alpha) >= WANTED_POWER) high = mid;
    else low = mid;
  }
  return Math.ceil(high / 10) * 10;
}

/** Fewest controls, all of different families, that let p reach `alpha` after correction for `asked` questions. */
export function controlsNeeded(alpha: number, asked: number): number {
  // Pairs among controls plus both accused models with every control: c(c-1)/2 + 2c; solved for c, then to the whole number.
  const wanted = asked / alpha - 1;
  let c = Math.max(1, Math.floor((Math.sqrt(9 + 8 * Math.max(0, wanted)) - 3) / 2) - 1);
  while (1 / (1 + (c * (c - 1)) / 2 + 2 * c) > alpha / asked && c < MOST_CONTROLS) c++;
  return c;
}
