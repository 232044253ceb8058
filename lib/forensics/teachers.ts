import { rootMeanSquare } from '../statistics/distributions.ts';
import { lineOf } from './family.ts';
import { sumOfVotes, votesOfPairs } from './near-copies.ts';
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
  /** Standardised excess of the suspect with every control that is no kin of it. */
  readonly withControls: readonly { readonly control: string; readonly z: number }[];
}

/**
 * Sharpness of the probabilities: `exp(sharpness z)`, normalised. Eight public students with known teachers fit 2.6; 1.4
 * is shipped, because so few cannot rule it out and a probability that errs should err low. The benchmark prints the fit,
 * its Brier score held out, and that of the shipped value.
 */
export const PROBABILITY_SHARPNESS = 1.4;

/** Pairs from which the ranking learns, then the suspect with each candidate. */
export interface RankingPairs {
  /** Models: suspect 0, candidates 1 to `candidates`, then controls. */
  readonly candidates: number;
  readonly models: readonly string[];
  readonly null: readonly Pair[];
  readonly asked: readonly Pair[];
  /** Per model the voter that it is: near copies are one. */
  readonly voters?: readonly number[];
}

/**
 * The pairs of a ranking: controls with controls, with candidates and with the suspect are null; kin are left out, and
 * candidates are never compared with each other.
 */
export function rankingPairs(
  models: readonly string[],
  kin: (a: string, b: string) => boolean,
  candidates: number,
): RankingPairs {
  const nulls: Pair[] = [];
  for (let i = 0; i < models.length; i++)
    for (let j = Math.max(i + 1, candidates + 1); j < models.length; j++)
      if (!kin(models[i] ?? '', models[j] ?? '')) nulls.push([i, j]);
  const asked: Pair[] = [];
  for (let t = 1; t <= candidates; t++) asked.push([0, t]);
  return { candidates, models, null: nulls, asked };
}

/** A candidate's own spread needs more null pairs than this. */
const LEAST_OWN_PAIRS = 3;

/** Standardised residuals of one view, of the null pairs and of the pairs asked about. */
function residualsOf(pairs: RankingPairs, view: PairView): { nulls: Float64Array; asked: Float64Array } {
  const m = pairs.null.length;
  const fit = fitPairEffects(
    pairs.models.length,
    pairs.null,
    view.values.subarray(0, m),
    view.covariates.slice(0, m),
  );
  const t = fit.residuals.map((e, p) => e * Math.sqrt(1 - (fit.leverages[p] ?? 0)));
  const pooled = rootMeanSquare(t) ** 2;
  const spread = new Float64Array(pairs.models.length).fill(pooled);
  for (let c = 1; c <= pairs.candidates; c++) {
    const own = t.filter((_, p) => pairs.null[p]?.[0] === c);
    if (own.length >= LEAST_OWN_PAIRS) spread[c] = (rootMeanSquare(own) ** 2 + pooled) / 2;
  }
  const unit = (model: number) => Math.sqrt(spread[model] || 1);
  return {
    nulls: t.map((x, p) => x / unit(pairs.null[p]?.[0] ?? 0)),
    asked: Float64Array.from(pairs.asked, (pair, k) => {
      const { value, leverage } = fit.predict(pair, view.covariates[m + k] ?? []);
      return ((view.values[m + k] ?? 0) - value) / Math.sqrt(1 + leverage) / unit(k + 1);
    }),
  };
}

/** Probabilities and margins of candidates from their scores, `exp(sharpness score)`, normalised. */
function weighed(
  candidates: readonly {
    readonly teacher: string;
    readonly z: number;
    readonly p: number;
    readonly score: number;
  }[],
  sharpness: number,
): TeacherScore[] {
  const top = Math.max(...candidates.map((c) => c.score));
  const odds = candidates.map((c) => Math.exp(sharpness * (c.score - top)));
  const total = odds.reduce((a, b) => a + b, 0);
  const lines = candidates.map((c) => lineOf(c.teacher));
  return candidates
    .map(({ teacher, z, p, score }, k) => {
      const line = lines[k] ?? teacher;
      const own = odds.filter((_, j) => lines[j] === line).reduce((a, b) => a + b, 0);
      const rivals = candidates.filter((_, j) => lines[j] !== line).map((c) => c.score);
      return {
        score,
        entry: {
          teacher,
          line,
          z,
          p,
          probability: (odds[k] ?? 0) / total,
          lineProbability: own / total,
          margin: rivals.length > 0 ? score - Math.max(...rivals) : 0,
        },
      };
    })
    .sort((a, b) => b.score - a.score)
    .map(({ entry }) => entry);
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
  sharpness = PROBABILITY_SHARPNESS,
): TeacherRanking {
  const counted = views.filter((v) => v.aside !== true);
  const sizes = new Map<string, number>();
  for (const v of counted) sizes.set(v.group ?? '', (sizes.get(v.group ?? '') ?? 0) + 1);
  const nulls = new Float64Array(pairs.null.length);
  const asked = new Float64Array(pairs.candidates);
  for (const view of counted) {
    const share = 1 / (sizes.size * (sizes.get(view.group ?? '') ?? 1));
    const own = residualsOf(pairs, view);
    own.nulls.forEach((x, p) => {
      nulls[p] = (nulls[p] ?? 0) + share * x;
    });
    own.asked.forEach((x, k) => {
      asked[k] = (asked[k] ?? 0) + share * x;
    });
  }
  const unit = rootMeanSquare(nulls) || 1;
  const votes = votesOfPairs(pairs.voters, pairs.null);
  const nullPairs = sumOfVotes(votes, nulls.length);
  const nullZ = nulls.map((x) => x / unit);
  const teachers = weighed(
    Array.from(asked, (x, k) => {
      const z = x / unit;
      const above = nullZ.reduce((sum, n, p) => sum + (n >= z ? (votes?.[p] ?? 1) : 0), 0);
      return {
        teacher: pairs.models[k + 1] ?? '',
        z,
        p: Math.min(1, (1 + above) / (1 + nullPairs)),
        score: z,
      };
    }),
    sharpness,
  );
  const withControls = pairs.null.flatMap(([a, b], p) =>
    a === 0 ? [{ control: pairs.models[b] ?? '', z: nullZ[p] ?? 0 }] : [],
  );
  return { teachers, anyP: anyAsClose(pairs, nullZ, teachers[0]?.z ?? 0), nullPairs, withControls };
}

/** Chance that a control's own best candidate is as close, from the same residuals. */
function anyAsClose(pairs: RankingPairs, nullZ: Float64Array, z: number): number {
  const best = new Map<number, number>();
  pairs.null.forEach(([a, b], p) => {
    if (a < 1 || a > pairs.candidates) return;
    const voter = pairs.voters?.[b] ?? b;
    best.set(voter, Math.max(best.get(voter) ?? Number.NEGATIVE_INFINITY, nullZ[p] ?? 0));
  });
  const above = [...best.values()].filter((v) => v >= z).length;
  return (1 + above) / (1 + best.size);
}

/** The detector's ranking in another order: its z and p, with probabilities and margins from the scores. */
export function reordered(
  detector: TeacherRanking,
  scores: ReadonlyMap<string, number>,
  sharpness: number,
): TeacherRanking {
  const teachers = weighed(
    detector.teachers.map(({ teacher, z, p }) => ({ teacher, z, p, score: scores.get(teacher) ?? 0 })),
    sharpness,
  );
  return { ...detector, teachers };
}
