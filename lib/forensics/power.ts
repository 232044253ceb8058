import { normalTail } from '../statistics/distributions.ts';
import type { PairTest } from './pair-test.ts';

/** Power that is asked for. */
const WANTED_POWER = 0.8;
/** Most items that are thought of. */
const MOST_ITEMS = 1e7;

/** Smallest z that reaches `p <= alpha` against these null pairs; Infinity where their number does not allow it. */
export function criticalZ(nullZ: Float64Array, alpha: number): number {
  const allowed = Math.floor(alpha * (1 + nullZ.length) + 1e-9) - 1;
  if (allowed < 0) return Number.POSITIVE_INFINITY;
  const sorted = Float64Array.from(nullZ).sort().reverse();
  return (sorted[allowed] as number) + 1e-12;
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
  const critical = criticalZ(test.nullZ, alpha);
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
  // Pairs among controls plus both accused models with every control: c(c-1)/2 + 2c.
  let c = 1;
  while (1 / (1 + (c * (c - 1)) / 2 + 2 * c) > alpha / asked) c++;
  return c;
}
