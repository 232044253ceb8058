/** Why a model's answers, or a pair's, cannot carry a number. */
export interface Unfit {
  readonly code:
    | 'too-few-items'
    | 'too-few-co-wrong'
    | 'one-letter'
    | 'at-chance'
    | 'identical'
    | 'no-common-items'
    | 'nothing-differs'
    | 'forced-by-the-prompt'
    | 'unknown-trace-mark'
    | 'one-text'
    | 'differing-keys'
    | 'another-language'
    | 'answers-of-its-own'
    | 'graded-against-the-key'
    | 'too-few-controls';
  readonly reason: string;
}

/** Fewest common items worth a number; below it sampling alone spreads kappa by more than any documented lineage. */
export const LEAST_ITEMS = 100;
/** Fewest items that both got wrong. */
export const LEAST_CO_WRONG = 50;
/** The same for free-form answers, of which equal wrong ones say more, and where right answers to hard questions count too. */
export const LEAST_FREE_CO_WRONG = 20;
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
