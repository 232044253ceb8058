import { rootMeanSquare } from '../statistics/distributions.ts';
import { lineOf } from './family.ts';
import { fitPairEffects, type Pair } from './pair-effects.ts';
import type { PairView } from './pair-test.ts';

/** A suspect's likeness to one candidate teacher. */
export interface TeacherScore {
  readonly teacher: string;
  /** Product line: snapshots of one model, told apart only weakly. */
  readonly line: string;
  /** Standardised excess of the suspect over controls, all views averaged. */
  readonly z: number;
  /** (1 + null pairs at or above) / (1 + null pairs). */
  readonly p: number;
  /** Chance that this one is the closest among the candidates, given that one of them taught the suspect. */
  readonly probability: number;
  /** The same for its whole product line. */
  readonly lineProbability: number;
  /** z less that of the best candidate of another product line; negative for all but the leading line. */
  readonly margin: number;
}

export interface TeacherRanking {
  /** Closest first. */
  readonly teachers: readonly TeacherScore[];
  /** Chance that a control's best candidate is as close as the suspect's: (1 + such controls) / (1 + controls). */
  readonly anyP: number;
  readonly nullPairs: number;
}

/**
 * Sharpness of the probabilities: `exp(sharpness z)`, normalised. Eight public students with known teachers fit 2.6; 1.4
 * is shipped, because so few cannot rule it out and a probability that errs should err low. The benchmark prints the fit,
 * its Brier score held out, and that of the shipped value.
 */
export const probabilitySharpness = 1.4;

/** Pairs from which the ranking learns, then the suspect with each candidate. */
export interface RankingPairs {
  /** Models: suspect 0, candidates 1 to `candidates`, then controls. */
  readonly candidates: number;
  readonly models: readonly string[];
  readonly null: readonly Pair[];
  readonly asked: readonly Pair[];
}

/**
 * The pairs of a ranking: controls with controls, with candidates and with the suspect are null; kin are left out, and
 * candidates are never compared with each other.
 */
export function rankingPairs(
  models: readonly string[],
  families: readonly string[],
  candidates: number,
): RankingPairs {
  const nulls: Pair[] = [];
  for (let i = 0; i < models.length; i++)
    for (let j = Math.max(i + 1, candidates + 1); j < models.length; j++)
      if (families[i] !== families[j]) nulls.push([i, j]);
  const asked: Pair[] = [];
  for (let t = 1; t <= candidates; t++) asked.push([0, t]);
  return { candidates, models, null: nulls, asked };
}

/**
 * Ranks candidate teachers. The suspect's similarity to a candidate is compared with what the pair model expects from
 * the suspect's likeness to everybody and everybody's likeness to the candidate; the residual is scaled by that
 * candidate's own spread over controls (halfway to the spread of all).
 *
 * @param views each with values and covariates of the null pairs followed by the asked pairs
 */
export function rankTeachers(
  pairs: RankingPairs,
  views: readonly PairView[],
  sharpness = probabilitySharpness,
): TeacherRanking {
  const m = pairs.null.length;
  const count = pairs.models.length;
  const asked = new Float64Array(pairs.candidates);
  const nulls = new Float64Array(m);
  for (const view of views) {
    const fit = fitPairEffects(count, pairs.null, view.values.subarray(0, m), view.covariates.slice(0, m));
    const t = fit.residuals.map((e, p) => e * Math.sqrt(1 - (fit.leverages[p] as number)));
    const pooled = rootMeanSquare(t) ** 2;
    const spread = new Float64Array(count).fill(pooled);
    for (let c = 1; c <= pairs.candidates; c++) {
      const own = t.filter((_, p) => pairs.null[p]?.[0] === c);
      if (own.length > 2) spread[c] = (rootMeanSquare(own) ** 2 + pooled) / 2;
    }
    for (let p = 0; p < m; p++) {
      const first = pairs.null[p]?.[0] as number;
      nulls[p] =
        (nulls[p] as number) + (t[p] as number) / Math.sqrt((spread[first] as number) || 1) / views.length;
    }
    pairs.asked.forEach((pair, k) => {
      const { value, leverage } = fit.predict(pair, view.covariates[m + k] as readonly number[]);
      const e = ((view.values[m + k] as number) - value) / Math.sqrt(1 + leverage);
      asked[k] = (asked[k] as number) + e / Math.sqrt((spread[k + 1] as number) || 1) / views.length;
    });
  }
  const unit = rootMeanSquare(nulls) || 1;
  const z = asked.map((x) => x / unit);
  const nullZ = nulls.map((x) => x / unit);
  const top = Math.max(...z);
  const odds = z.map((x) => Math.exp(sharpness * (x - top)));
  const total = odds.reduce((a, b) => a + b, 0);
  const lines = pairs.models.map(lineOf);
  const scores = Array.from(z, (value, k): TeacherScore => {
    const line = lines[k + 1] as string;
    let lineOdds = 0;
    let rival = Number.NEGATIVE_INFINITY;
    z.forEach((other, j) => {
      if (lines[j + 1] === line) lineOdds += odds[j] as number;
      else rival = Math.max(rival, other);
    });
    return {
      teacher: pairs.models[k + 1] as string,
      line,
      z: value,
      p: (1 + nullZ.filter((n) => n >= value).length) / (1 + m),
      probability: (odds[k] as number) / total,
      lineProbability: lineOdds / total,
      margin: Number.isFinite(rival) ? value - rival : 0,
    };
  }).sort((a, b) => b.z - a.z);
  // A control's own best candidate, from the same residuals.
  const best = new Map<number, number>();
  pairs.null.forEach(([a, b], p) => {
    if (a >= 1 && a <= pairs.candidates)
      best.set(b, Math.max(best.get(b) ?? Number.NEGATIVE_INFINITY, nullZ[p] as number));
  });
  const above = [...best.values()].filter((v) => v >= (scores[0]?.z ?? 0)).length;
  return { teachers: scores, anyP: (1 + above) / (1 + best.size), nullPairs: m };
}
