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
export const leastItems = 100;
/** Fewest items that both got wrong. */
export const leastCoWrong = 50;
/** Fewest common texts. */
export const leastTexts = 40;
/** Fewest usable controls: below it the pair model has about as many parameters as pairs. */
export const leastControls = 6;

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
  if (answered < leastItems)
    return {
      code: 'too-few-items',
      reason: `${model} answered ${answered} of the common items; at least ${leastItems} are needed`,
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
  return counts.items >= leastItems && capaKappa(counts) > 0.97;
}

/** Whether nearly all common texts are the same, letter for letter. */
export function identicalTexts(a: AnswerSheet, b: AnswerSheet): boolean {
  let common = 0;
  let same = 0;
  for (const [item, x] of a.answers) {
    const y = b.answers.get(item);
    if (x.text === undefined || y?.text === undefined || x.text.trim() === '' || y.text.trim() === '')
      continue;
    common++;
    if (x.text === y.text) same++;
  }
  return common >= 20 && same > 0.9 * common;
}
