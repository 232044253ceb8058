import { type ChoiceStudy, choiceView, measurePairs } from './choice-study.ts';
import { type PairArray, testAccusedPair } from './pair-test.ts';
import { REFERENCE, SUSPECT } from './parties.ts';

/** What a result is without the letter that carries most of it. */
export interface OneLetter {
  /** The option, A to Z. */
  readonly letter: string;
  /** Items at which both gave this letter and were wrong. */
  readonly same: number;
  readonly excess: number;
  readonly p: number;
}

/**
 * The result as if no model had ever answered with the letter that carries most of it: everything is measured anew without
 * that letter. Who learns from another shares wrong answers of every letter; a parser that fills in the same letter wherever
 * it finds no answer makes equal wrong answers of one.
 *
 * @param influence of each item on the excess (`itemInfluence`)
 * @returns undefined where the two have not answered with several letters
 */
export function withoutOneLetter(
  study: ChoiceStudy,
  array: PairArray,
  influence: Float64Array,
): OneLetter | undefined {
  const { keys, choices } = study.table;
  const own = choices[REFERENCE];
  const other = choices[SUSPECT];
  if (own === undefined || other === undefined) return undefined;
  const letter = heaviest(influence, own, other);
  if (letter === undefined) return undefined;
  const table = {
    ...study.table,
    choices: choices.map((row) => row.map((choice) => (choice === letter ? -1 : choice))),
  };
  const { residuals, counts } = measurePairs(table, study.pairs);
  const { excess, p } = testAccusedPair({ ...array, views: [choiceView(residuals, counts)] });
  const same = own.filter((choice, i) => choice === letter && other[i] === letter && keys[i] !== letter);
  return { letter: String.fromCharCode(65 + letter), same: same.length, excess, p };
}

/** The letter without whose items the mean influence is least; undefined where they share none, or no other. */
function heaviest(influence: Float64Array, own: Int8Array, other: Int8Array): number | undefined {
  let least: { letter: number; mean: number } | undefined;
  for (const letter of new Set([...own, ...other])) {
    if (letter < 0) continue;
    const left = influence.filter((_, i) => own[i] !== letter && other[i] !== letter);
    if (left.length === 0) return undefined;
    const mean = left.reduce((a, b) => a + b, 0) / left.length;
    if (least === undefined || mean < least.mean) least = { letter, mean };
  }
  return least?.letter;
}
