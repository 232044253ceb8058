import type { Answer, AnswerSheet } from './answers.ts';
import { editedCopy } from './edited-copies.ts';
import type { Pair } from './pair-effects.ts';

/**
 * Models of which one is hardly more than the other over again: quantisations, snapshots of one week, sizes of one
 * distillation, or a file with some answers changed. As controls they are one opinion: their pairs are one pair.
 */

/**
 * Share of equal answers among the items that both got wrong, from which two kin count once. Kin of the public answers that
 * the false convictions are measured on lie at .25 to .64; files of which an eighth was changed at .77.
 */
const NEARLY_ONE = 0.7;
const LEAST_CO_WRONG = 50;
/** Share of texts that are equal letter for letter, and fewest of them: models that are told apart share next to none. */
const SAME_TEXTS = 0.5;
const LEAST_TEXTS = 20;

/** The wrong answer that was given; undefined where it is right, missing or of unknown verdict. */
function wrongAnswer(a: Answer): number | string | undefined {
  if (a.key >= 0) return a.choice < 0 || a.choice === a.key ? undefined : a.choice;
  return a.right === false ? a.form : undefined;
}

/** Whether two models are one but for some of their answers. */
export function nearCopies(a: AnswerSheet, b: AnswerSheet): boolean {
  const errors = { both: 0, same: 0 };
  const texts = { both: 0, same: 0 };
  for (const [item, x] of a.answers) {
    const y = b.answers.get(item);
    if (y === undefined) continue;
    const [own, other] = [wrongAnswer(x), wrongAnswer(y)];
    if (own !== undefined && other !== undefined) {
      errors.both++;
      if (own === other) errors.same++;
    }
    const [said, theirs] = x.text === undefined ? [x.trace, y.trace] : [x.text, y.text];
    if (said !== undefined && theirs !== undefined) {
      texts.both++;
      if (said === theirs) texts.same++;
    }
  }
  return errors.both >= LEAST_CO_WRONG
    ? errors.same >= NEARLY_ONE * errors.both
    : texts.both >= LEAST_TEXTS && texts.same >= SAME_TEXTS * texts.both;
}

/**
 * The voter that each model is: kin that are near copies of each other are one. Only kin are looked at, as pairs of others are
 * in the null themselves, and a copy among them makes the test blunter.
 */
export function votersAmong(
  sheets: readonly AnswerSheet[],
  kin: (a: string, b: string) => boolean,
): readonly number[] {
  const voters = sheets.map((_, m) => m);
  const copies = (a: AnswerSheet, b: AnswerSheet) =>
    nearCopies(a, b) ||
    editedCopy(
      a,
      b,
      sheets.filter((o) => !kin(o.model, a.model) && !kin(o.model, b.model)),
    ) !== undefined;
  sheets.forEach((a, i) => {
    sheets.slice(i + 1).forEach((b, k) => {
      const [one, other] = [voters[i] ?? i, voters[i + 1 + k] ?? 0];
      if (one === other || !kin(a.model, b.model) || !copies(a, b)) return;
      voters.forEach((v, m) => {
        if (v === other) voters[m] = one;
      });
    });
  });
  return voters;
}

/**
 * How much each null pair counts: all pairs of two voters together count once. Undefined where every model is its own
 * voter, and every pair counts one.
 *
 * @param nulls the null pairs, without the accused one
 */
export function votesOfPairs(
  voters: readonly number[] | undefined,
  nulls: readonly Pair[],
): Float64Array | undefined {
  if (voters === undefined || new Set(voters).size === voters.length) return undefined;
  const key = ([a, b]: Pair) => {
    const [x, y] = [voters[a] ?? a, voters[b] ?? b];
    return x < y ? `${x} ${y}` : `${y} ${x}`;
  };
  const times = new Map<string, number>();
  for (const pair of nulls) times.set(key(pair), (times.get(key(pair)) ?? 0) + 1);
  return Float64Array.from(nulls, (pair) => 1 / (times.get(key(pair)) ?? 1));
}

/** Sum of votes; the number of pairs where each counts one. A sum of whole voters' pairs is whole. */
export function sumOfVotes(votes: Float64Array | undefined, pairs: number): number {
  return votes === undefined ? pairs : Math.round(votes.reduce((a, b) => a + b, 0));
}
