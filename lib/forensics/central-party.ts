import { fitPairEffects } from './pair-effects.ts';
import type { PairArray, PairView } from './pair-test.ts';
import { betweenControls, type Parties, REFERENCE, SUSPECT } from './parties.ts';
import type { Caveat } from './report.ts';

/**
 * A party to which the controls as a group are closer than they are to each other. Controls that learnt from the reference
 * make that: what the suspect shares with it they share too, it is taken out as the reference's own, and a student is cleared.
 */

/**
 * Standard deviations from which a party's mean likeness to the controls stands out from the controls' own means. With every model of a
 * public set of answers for the party none reaches 2.2 (one of 25 accusations 2.5), and no party of 132 accusations on texts 2.5; where
 * controls took a tenth to three tenths of 800 to 2,000 answers, the reference reaches 2.8 to 21.
 */
const STANDS_OUT_FROM = 2.5;
/** Fewest controls whose means say how far such means lie apart. */
const LEAST_CONTROLS = 4;

const meanOf = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

function spreadOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((s, v) => s + (v - mean) ** 2, 0) / (values.length - 1));
}

/** A view's values as if all pairs had the same covariates, on a scale of its own. */
function adjusted(array: PairArray, { values, covariates }: PairView): number[] {
  const fit = fitPairEffects(array.models, array.pairs, values, covariates);
  const middle = (covariates[0] ?? []).map((_, k) => meanOf(covariates.map((c) => c[k] ?? 0)));
  const out = array.pairs.map(
    (pair, p) =>
      (values[p] ?? 0) - fit.predict(pair, covariates[p] ?? []).value + fit.predict(pair, middle).value,
  );
  const [mean, spread] = [meanOf(out), spreadOf(out)];
  return out.map((x) => (spread > 0 ? (x - mean) / spread : 0));
}

/** Likeness of every pair, all views together. */
function likeness(array: PairArray): number[] {
  const views = array.views.filter((v) => v.aside !== true).map((v) => adjusted(array, v));
  return array.pairs.map((_, p) => meanOf(views.map((v) => v[p] ?? 0)));
}

/** How far the likeness of a party to the controls stands out from theirs to each other; undefined where too few are known. */
function standsOut({ pairs }: PairArray, values: readonly number[], party: number): number | undefined {
  const own: number[] = [];
  const among = new Map<number, number[]>();
  pairs.forEach((pair, p) => {
    const value = values[p] ?? 0;
    if (betweenControls(pair)) for (const m of pair) among.set(m, [...(among.get(m) ?? []), value]);
    else if (pair.includes(party) && !(pair.includes(REFERENCE) && pair.includes(SUSPECT))) own.push(value);
  });
  const means = [...among.values()].map(meanOf);
  if (own.length < LEAST_CONTROLS || means.length < LEAST_CONTROLS) return undefined;
  const spread = spreadOf(means);
  return spread > 0 ? (meanOf(own) - meanOf(means)) / spread : undefined;
}

/** That the controls are closer to a party than to each other: they clear nobody. */
export function centralParty(array: PairArray, parties: Parties): Caveat[] {
  const values = likeness(array);
  return [REFERENCE, SUSPECT].flatMap((party): Caveat[] => {
    const z = standsOut(array, values, party);
    if (z === undefined || z < STANDS_OUT_FROM) return [];
    return [
      {
        code: 'controls-like-a-party',
        text: `The controls as a group are closer to ${parties.name(party)} than to each other (${z.toFixed(1)} standard deviations): they may have learnt from it, and what all share with it counts as its own. Take controls whose makers could not ask it.`,
      },
    ];
  });
}
