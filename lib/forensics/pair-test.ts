import { rootMeanSquare } from '../statistics/distributions.ts';
import { sumOfVotes, votesOfPairs } from './near-copies.ts';
import { fitPairEffects, type Pair } from './pair-effects.ts';
import { ACCUSED, type Kinship, REFERENCE, SUSPECT } from './parties.ts';

/** Similarities of pairs of models; the first pair is the accused one, the others are unrelated by presumption. */
export interface PairArray {
  /** Number of models; 0 is the reference, 1 the suspect, the rest are controls. */
  readonly models: number;
  /** Accused pair first, then the null pairs. */
  readonly pairs: readonly Pair[];
  readonly views: readonly PairView[];
  /** Per model the voter that it is: near copies are one, and all pairs of two voters count once. Without it each counts. */
  readonly voters?: readonly number[];
}

/** One similarity, measured on every pair. */
export interface PairView {
  readonly name: string;
  readonly values: Float64Array;
  /** Sampling variance over items, where it is known. */
  readonly variances: Float64Array | undefined;
  readonly covariates: readonly (readonly number[])[];
  /** Views of one group are averaged first, then the groups: traces weigh as much as replies, however many views. */
  readonly group?: string;
  /** Reported beside the others, not part of the test. */
  readonly aside?: boolean;
}

/** Outcome of testing the accused pair against the null pairs. */
export interface PairTest {
  /** First view: value of the accused pair less what the pair model expects. */
  readonly excess: number;
  /** Standardised excess, all views averaged: a root mean square of 1 over the null pairs. */
  readonly z: number;
  /** (1 + null pairs at or above) / (1 + null pairs), pairs of near copies counted once. */
  readonly p: number;
  /** Standardised values of the null pairs, in the order of the pairs (accused pair left out). */
  readonly nullZ: Float64Array;
  /** Standardised excess of each view by itself. */
  readonly viewZ: readonly number[];
  readonly viewP: readonly number[];
  /** How much each null pair counts, where near copies count once; undefined where each counts one. */
  readonly votes: Float64Array | undefined;
  /** Null pairs, near copies counted once. */
  readonly nullPairs: number;
  /** First view: variance between pairs that items do not explain, and the mean sampling variance. */
  readonly betweenVariance: number;
  readonly samplingVariance: number;
  /** First view: standard deviation of the accused pair's excess if it were unrelated. */
  readonly scale: number;
  /** Weights of the pairs' values in `excess`. */
  readonly weights: Float64Array;
}

/** A robust standard deviation is this many median absolute values of normal numbers. */
const MEDIAN_TO_DEVIATION = 1.4826;
/** Standard deviations at which one view of a pair stops to count more. */
const CLIP = 6;

/**
 * The null pairs of a reference and a suspect: all other pairs that are not kin.
 * Kin come from names or declarations, never from the values. The suspect's pairs with the reference's kin stay in:
 * leaving them out would be kinder to the accuser, and doubled the rate of false convictions at 5 % when tried, because
 * likeness between whole families then counts for the accused pair only.
 */
export function accusedAndNullPairs(models: number, kin: Kinship): Pair[] {
  const pairs: Pair[] = [ACCUSED];
  for (let i = 0; i < models; i++)
    for (let j = i + 1; j < models; j++) {
      if (i === REFERENCE && j === SUSPECT) continue;
      if (!kin(i, j)) pairs.push([i, j]);
    }
  return pairs;
}

function medianDeviation(values: Float64Array): number {
  const sorted = values.map(Math.abs).sort();
  const half = sorted.length >> 1;
  const median =
    sorted.length % 2 === 1 ? (sorted[half] ?? 0) : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
  return MEDIAN_TO_DEVIATION * median;
}

/** A few pairs of kin among the controls must not set the unit, nor one view decide. */
function robust(t: Float64Array): Float64Array {
  const unit = medianDeviation(t);
  return unit > 0 ? t.map((x) => Math.max(-CLIP, Math.min(CLIP, x / unit))) : t;
}

/**
 * Residuals of a view in comparable units. Where sampling variances are known, pairs are weighed by them and scaled by
 * their root mean square; texts, whose views have none, by their median deviation.
 */
function standardised(models: number, pairs: readonly Pair[], view: PairView) {
  const fit = fitPairEffects(models, pairs, view.values, view.covariates);
  const raw = Float64Array.from(
    pairs,
    (_, p) => (fit.residuals[p] ?? 0) * Math.sqrt(1 - (fit.leverages[p] ?? 0)),
  );
  const spread = rootMeanSquare(raw.subarray(1));
  const { variances } = view;
  if (variances === undefined) return { fit, t: robust(raw), between: spread ** 2, sampling: 0, spread };
  const sampling = variances.subarray(1).reduce((s, v) => s + v, 0) / (pairs.length - 1);
  // What weighs pairs against each other is estimated from all pairs, the accused one too: then the ranks do not depend
  // on who stands accused, and are uniform exactly. What is reported as the null's spread leaves it out.
  const weighing = Math.max(0, rootMeanSquare(raw) ** 2 - sampling);
  const weighed = raw.map((x, p) => {
    const variance = weighing + (variances[p] ?? 0);
    return variance > 0 ? x / Math.sqrt(variance) : 0;
  });
  const unit = rootMeanSquare(weighed);
  const t = unit > 0 ? weighed.map((x) => x / unit) : weighed;
  return { fit, t, between: Math.max(0, spread ** 2 - sampling), sampling, spread };
}

function mean(ts: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(ts[0]?.length ?? 0);
  for (const t of ts)
    t.forEach((x, p) => {
      out[p] = (out[p] ?? 0) + x / ts.length;
    });
  return out;
}

/** Averages the views of each group, then the groups. */
function averaged(views: readonly PairView[], ts: readonly Float64Array[]): Float64Array {
  const groups = new Map<string, Float64Array[]>();
  views.forEach((view, k) => {
    const t = ts[k];
    if (view.aside === true || t === undefined) return;
    groups.set(view.group ?? '', [...(groups.get(view.group ?? '') ?? []), t]);
  });
  const parts = [...groups.values()].map(mean);
  return parts.length === 1 ? mean(parts) : mean(parts.map(robust));
}

/**
 * The p-value of every pair of the array, each accused in turn against all others (kin that the array leaves out stay
 * out). Ranks do not depend on who stands accused, so one array serves all; measuring false convictions needs it.
 */
export function pIfAccused(array: PairArray): number[] {
  const ts = array.views.map((view) => standardised(array.models, array.pairs, view).t);
  const t = averaged(array.views, ts);
  return Array.from(t, (own) => t.filter((x) => x >= own).length / t.length);
}

function empiricalP(t: Float64Array, votes: Float64Array | undefined): number {
  let above = 0;
  const own = t[0] as number;
  for (let p = 1; p < t.length; p++) if ((t[p] as number) >= own) above += votes?.[p - 1] ?? 1;
  return Math.min(1, (1 + above) / (1 + sumOfVotes(votes, t.length - 1)));
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
  const ts = views.map((v) => v.t);
  const combined = averaged(array.views, ts);
  // Scaling all alike leaves ranks as they are; the reader's unit is the null's own spread.
  const weighed = array.views.some((v) => v.variances !== undefined);
  const rescale = (t: Float64Array) => {
    const unit = weighed ? rootMeanSquare(t.subarray(1)) : medianDeviation(t.subarray(1));
    return unit > 0 ? t.map((x) => x / unit) : t;
  };
  const scaled = rescale(combined);
  const votes = votesOfPairs(array.voters, array.pairs.slice(1));
  return {
    excess: first.fit.residuals[0] as number,
    z: scaled[0] as number,
    p: empiricalP(combined, votes),
    nullZ: scaled.slice(1),
    viewZ: views.map((v) => rescale(v.t)[0] as number),
    viewP: views.map((v) => empiricalP(v.t, votes)),
    votes,
    nullPairs: sumOfVotes(votes, combined.length - 1),
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
    ...(array.voters === undefined ? {} : { voters: array.voters.filter((_, m) => m !== model) }),
    pairs: keep.map((p) => {
      const [a, b] = array.pairs[p] as Pair;
      return [shift(a), shift(b)] as const;
    }),
    views: array.views.map((view) => ({
      ...view,
      values: pick(view.values),
      variances: view.variances === undefined ? undefined : pick(view.variances),
      covariates: keep.map((p) => view.covariates[p] as readonly number[]),
    })),
  };
}
