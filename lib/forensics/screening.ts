import { capaKappa, countAgreement } from './agreement.ts';
import type { AnswerSheet } from './answers.ts';

/** Why a model's answers, or a pair's, cannot carry a number. */
export interface Unfit {
  readonly code:
    | 'too-few-items'
    | 'too-few-co-wrong'
    | 'one-letter'
    | 'at-chance'
    | 'identical'
    | 'mixed-formats'
    | 'differing-keys'
    | 'too-few-controls';
  readonly reason: string;
}

/** Fewest common items worth a number; below it sampling alone spreads kappa by more than any documented lineage. */
export const LEAST_ITEMS = 100;
/** Fewest items that both got wrong. */
export const LEAST_CO_WRONG = 50;
/** Fewest common texts. */
export const LEAST_TEXTS = 40;
/** Fewest characters of a part in which half as many texts are enough: long texts count by length. */
export const ENOUGH_CHARACTERS = 40_000;
/** Fewest usable controls: below it the pair model has about as many parameters as pairs. */
export const LEAST_CONTROLS = 6;
/** Fewest makers that the controls must come from: many controls of one maker are one opinion. */
export const LEAST_MAKERS = 4;

/** Whether so many texts of so many characters are enough for a number. */
export function enoughTexts(texts: number, characters: number): boolean {
  return texts >= LEAST_TEXTS || (texts >= LEAST_TEXTS / 2 && characters >= ENOUGH_CHARACTERS);
}

/**
 * Whether one model's choices are answers at all: not one letter throughout, and above chance.
 * A model that guesses agrees with nobody, and one letter agrees with every key of that letter: neither says anything.
 */
export function unfitChoices(
  model: string,
  choices: Int8Array,
  keys: Int8Array,
  options: Int8Array,
): Unfit | undefined {
  let answered = 0;
  let correct = 0;
  let chance = 0;
  let variance = 0;
  const letters = new Map<number, number>();
  for (let i = 0; i < choices.length; i++) {
    const c = choices[i] as number;
    if (c < 0) continue;
    answered++;
    letters.set(c, (letters.get(c) ?? 0) + 1);
    if (c === keys[i]) correct++;
    const q = 1 / (options[i] as number);
    chance += q;
    variance += q * (1 - q);
  }
  if (answered < LEAST_ITEMS)
    return {
      code: 'too-few-items',
      reason: `${model} answered ${answered} of the common items; at least ${LEAST_ITEMS} are needed`,
    };
  const [top, times] = [...letters].sort((a, b) => b[1] - a[1])[0] ?? [0, 0];
  if (times > 0.9 * answered)
    return {
      code: 'one-letter',
      reason: `${model} answers ${String.fromCharCode(65 + top)} in ${Math.round((100 * times) / answered)} % of cases: that is a setting or a parser, not knowledge`,
    };
  if (correct < chance + 3 * Math.sqrt(variance))
    return {
      code: 'at-chance',
      reason: `${model} gets ${Math.round((1000 * correct) / answered) / 10} % right where guessing gets ${Math.round((1000 * chance) / answered) / 10} %: guesses carry no trace of a teacher`,
    };
  return undefined;
}

/** Whether two models' choices are those of one model queried twice (or one file copied), rather than of two. */
export function identicalChoices(a: Int8Array, b: Int8Array, keys: Int8Array, options: Int8Array): boolean {
  const counts = countAgreement(a, b, keys, options);
  return counts.items >= LEAST_ITEMS && capaKappa(counts) > 0.97;
}

/** Length from which equal texts are evidence of one source; shorter ones may be what the prompt forces. */
const LONG_ENOUGH = 200;
/** Fewest long texts, and share of equal ones among them, for identity. */
const LEAST_LONG = 20;
const NEARLY_ALL = 0.9;

/**
 * Whether nearly all common long texts, replies or traces, are the same, letter for letter. Short ones do not count: two
 * strangers that are told to answer `<ANSWER>2</ANSWER>` do.
 */
export function identicalTexts(a: AnswerSheet, b: AnswerSheet): boolean {
  let common = 0;
  let same = 0;
  for (const [item, x] of a.answers) {
    const y = b.answers.get(item);
    for (const [own, other] of [
      [x.text, y?.text],
      [x.trace, y?.trace],
    ]) {
      if (own === undefined || other === undefined) continue;
      if (own.length < LONG_ENOUGH && other.length < LONG_ENOUGH) continue;
      common++;
      if (own === other) same++;
    }
  }
  return common >= LEAST_LONG && same > NEARLY_ALL * common;
}

/** Fewest shared wrong free-form answers that can be identity, and their share. */
const LEAST_WRONG_ALIKE = 50;
const WRONG_ALIKE = 0.97;

/** Whether two models give the same wrong free-form answers throughout. */
export function identicalFreeForm(coWrong: number, sameWrong: number): boolean {
  return coWrong >= LEAST_WRONG_ALIKE && sameWrong > WRONG_ALIKE * coWrong;
}
