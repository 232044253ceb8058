import { normalTail, rootMeanSquare } from '../statistics/distributions.ts';
import { fitPairEffects, type Pair } from './pair-effects.ts';

/** Similarities of pairs of models; the first pair is the accused one, the others are unrelated by presumption. */
export interface PairArray {
  /** Number of models; 0 is the reference, 1 the suspect, the rest are controls. */
  readonly models: number;
  /** Accused pair first, then the null pairs. */
  readonly pairs: readonly Pair[];
  readonly views: readonly PairView[];
}

/** One similarity, measured on every pair. */
export interface PairView {
  readonly name: string;
  readonly values: Float64Array;
  /** Sampling variance over items, where it is known. */
  readonly variances: Float64Array | undefined;
  readonly covariates: readonly (readonly number[])[];
}

/** Outcome of testing the accused pair against the null pairs. */
export interface PairTest {
  /** First view: value of the accused pair less what the pair model expects. */
  readonly excess: number;
  /** Standardised excess, all views averaged: a root mean square of 1 over the null pairs. */
  readonly z: number;
  /** (1 + null pairs at or above) / (1 + null pairs). */
  readonly p: number;
  /** Standardised values of the null pairs, in the order of the pairs (accused pair left out). */
  readonly nullZ: Float64Array;
  /** Standardised excess of each view by itself. */
  readonly viewZ: readonly number[];
  readonly viewP: readonly number[];
  /** First view: variance between pairs that items do not explain, and the mean sampling variance. */
  readonly betweenVariance: number;
  readonly samplingVariance: number;
  /** First view: standard deviation of the accused pair's excess if it were unrelated. */
  readonly scale: number;
  /** Weights of the pairs' values in `excess`. */
  readonly weights: Float64Array;
}

/**
 * The null pairs of a reference (model 0) and a suspect (model 1): all other pairs of different presumed families.
 * Families come from names or declarations, never from the values. The suspect's pairs with the reference's kin stay in:
 * leaving them out would be kinder to the accuser, and doubled the rate of false convictions at 5 % when tried, because
 * likeness between whole families then counts for the accused pair only.
 */
export function accusedAndNullPairs(families: readonly string[]): Pair[] {
  const pairs: Pair[] = [[0, 1]];
  for (let i = 0; i < families.length; i++)
    for (let j = i + 1; j < families.length; j++) {
      if (i === 0 && j === 1) continue;
      if (families[i] !== families[j]) pairs.push([i, j]);
    }
  return pairs;
}

function standardised(models: number, pairs: readonly Pair[], view: PairView) {
  const fit = fitPairEffects(models, pairs, view.values, view.covariates);
  const raw = new Float64Array(pairs.length);
  for (let p = 0; p < pairs.length; p++)
    raw[p] = (fit.residuals[p] as number) * Math.sqrt(1 - (fit.leverages[p] as number));
  let sampling = 0;
  if (view.variances !== undefined) {
    for (let p = 1; p < pairs.length; p++) sampling += view.variances[p] as number;
    sampling /= pairs.length - 1;
  }
  // What weighs pairs against each other is estimated from all pairs, the accused one too: then the ranks do not depend
  // on who stands accused, and are uniform exactly. What is reported as the null's spread leaves it out.
  const weighing = Math.max(0, rootMeanSquare(raw) ** 2 - sampling);
  const t = new Float64Array(pairs.length);
  for (let p = 0; p < pairs.length; p++) {
    const variance = view.variances === undefined ? 1 : weighing + (view.variances[p] as number);
    t[p] = variance > 0 ? (raw[p] as number) / Math.sqrt(variance) : 0;
  }
  const unit = rootMeanSquare(t);
  for (let p = 0; p < pairs.length; p++) t[p] = unit > 0 ? (t[p] as number) / unit : 0;
  const between = Math.max(0, rootMeanSquare(raw.subarray(1)) ** 2 - sampling);
  return { fit, t, between, sampling, spread: rootMeanSquare(raw.subarray(1)) };
}

function averaged(ts: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(ts[0]?.length ?? 0);
  for (const t of ts)
    for (let p = 0; p < out.length; p++) out[p] = (out[p] as number) + (t[p] as number) / ts.length;
  return out;
}

/**
 * The p-value of every pair of the array, each accused in turn against all others (kin that the array leaves out stay
 * out). Ranks do not depend on who stands accused, so one array serves all; measuring false convictions needs it.
 */
export function pIfAccused(array: PairArray): number[] {
  const t = averaged(array.views.map((view) => standardised(array.models, array.pairs, view).t));
  return Array.from(t, (own) => t.filter((x) => x >= own).length / t.length);
}

function empiricalP(t: Float64Array): number {
  let above = 0;
  const own = t[0] as number;
  for (let p = 1; p < t.length; p++) if ((t[p] as number) >= own) above++;
  return (1 + above) / t.length;
}

/**
 * Tests the accused pair. Reference, suspect and controls are treated alike from beginning to end, so if the accused pair is
 * no more related than the others, it is exchangeable with them (the array is jointly exchangeable under relabelling the
 * models) and its rank is uniform: `p` is valid although pairs share models, without any assumption on their
 * distribution. Views are averaged, not multiplied: what they have in common is in the null as well.
 *
 * @throws RangeError if there is no null pair
 */
export function testAccusedPair(array: PairArray): PairTest {
  if (array.pairs.length < 2) throw new RangeError('no null pairs');
  const views = array.views.map((view) => standardised(array.models, array.pairs, view));
  const first = views[0];
  if (first === undefined) throw new RangeError('no views');
  const combined = averaged(views.map((v) => v.t));
  // Scaling all alike leaves ranks as they are; the reader's unit is the null's own spread.
  const rescale = (t: Float64Array) => {
    const unit = rootMeanSquare(t.subarray(1));
    return unit > 0 ? t.map((x) => x / unit) : t;
  };
  const scaled = rescale(combined);
  return {
    excess: first.fit.residuals[0] as number,
    z: scaled[0] as number,
    p: empiricalP(combined),
    nullZ: scaled.slice(1),
    viewZ: views.map((v) => rescale(v.t)[0] as number),
    viewP: views.map((v) => empiricalP(v.t)),
    betweenVariance: first.between,
    samplingVariance: first.sampling,
    scale: first.spread / Math.sqrt(1 - (first.fit.leverages[0] as number)),
    weights: first.fit.weights(0),
  };
}

/** The array without one model (not the reference or the suspect). */
export function withoutModel(array: PairArray, model: number): PairArray {
  const keep = array.pairs.map((_, p) => p).filter((p) => !(array.pairs[p] as Pair).includes(model));
  const shift = (m: number) => (m > model ? m - 1 : m);
  const pick = (values: Float64Array) => Float64Array.from(keep, (p) => values[p] as number);
  return {
    models: array.models - 1,
    pairs: keep.map((p) => {
      const [a, b] = array.pairs[p] as Pair;
      return [shift(a), shift(b)] as const;
    }),
    views: array.views.map((view) => ({
      name: view.name,
      values: pick(view.values),
      variances: view.variances === undefined ? undefined : pick(view.variances),
      covariates: keep.map((p) => view.covariates[p] as readonly number[]),
    })),
  };
}

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
  if (!(effect > 0) || power(test, itemsNow, Number.POSITIVE_INFINITY, effect, alpha) < 0.8) return undefined;
  let low = 1;
  let high = 1e7;
  if (power(test, itemsNow, high, effect, alpha) < 0.8) return undefined;
  while (high - low > 1) {
    const mid = Math.floor((low + high) / 2);
    if (power(test, itemsNow, mid, effect, alpha) >= 0.8) high = mid;
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
