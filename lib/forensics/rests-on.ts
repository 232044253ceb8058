import { type ChoiceStudy, choiceView, measurePairs } from './choice-study.ts';
import { type FreeTable, freeView, measureFreePairs } from './free-form.ts';
import { pValue, signed } from './numbers.ts';
import type { OneLetter } from './one-letter.ts';
import { type PairArray, testAccusedPair } from './pair-test.ts';
import { REFERENCE, SUSPECT } from './parties.ts';

/**
 * What a likeness rests on. Who learns from another shares errors of every kind; a parser's filler makes one wrong answer
 * that is shared again and again, and test items that leaked to both make right answers that are shared and no wrong ones.
 */

/** p up to which it is asked what makes the likeness, and which it must keep without that: no verdict rests on a larger one. */
export const KEPT_AT = 0.05;
/** Fewest items at which two models share a wrong answer for it to be a filler and no coincidence. */
const LEAST_FILLED = 5;
/** Most characters of an answer that are shown. */
const MOST_SHOWN = 40;

/** The result on wrong answers alone: as if no model had ever given a right one. */
export interface WrongOnly {
  /** Items that both got wrong. */
  readonly items: number;
  readonly excess: number;
  readonly p: number;
}

/** What a result is without the wrong answer that two models share most often. */
export interface OneAnswer {
  /** Its normal form, shortened. */
  readonly answer: string;
  /** Items at which both gave it and were wrong. */
  readonly same: number;
  readonly excess: number;
  readonly p: number;
}

/** Multiple choice, measured anew without any right answer; accuracies stay covariates. */
export function choicesOnWrong(study: ChoiceStudy, array: PairArray): WrongOnly {
  const { keys } = study.table;
  const choices = study.table.choices.map((row) =>
    row.map((choice, i) => (choice === keys[i] ? -1 : choice)),
  );
  const { residuals } = measurePairs({ ...study.table, choices }, study.pairs);
  const { excess, p } = testAccusedPair({ ...array, views: [choiceView(residuals, study.counts)] });
  return { items: residuals[0]?.items ?? 0, excess, p };
}

/** Free-form answers, measured anew on another table; accuracies stay those of the first. */
function again(table: FreeTable, changed: FreeTable, array: PairArray) {
  const measured = measureFreePairs(changed, array.pairs);
  const { excess, p } = testAccusedPair({ ...array, views: [freeView(table, array.pairs, measured)] });
  return { items: measured[0]?.items ?? 0, excess, p };
}

/** Free-form answers, measured anew without any right answer. */
export function freeOnWrong(table: FreeTable, array: PairArray): WrongOnly {
  const right = table.right.map((row) => row.map((r) => (r === true ? undefined : r)));
  return again(table, { ...table, right, accuracy: table.accuracy.map(() => 0) }, array);
}

/** Free-form answers without the wrong answer that reference and suspect share most often; undefined where none recurs. */
export function withoutOneAnswer(table: FreeTable, array: PairArray): OneAnswer | undefined {
  const times = new Map<string, number>();
  table.wrong[REFERENCE]?.forEach((answer, i) => {
    if (answer !== undefined && answer === table.wrong[SUSPECT]?.[i])
      times.set(answer, (times.get(answer) ?? 0) + 1);
  });
  const [answer, same] = [...times].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0] ?? ['', 0];
  if (same < LEAST_FILLED) return undefined;
  const isIt = (m: number, i: number) => table.wrong[m]?.[i] === answer;
  const changed: FreeTable = {
    ...table,
    right: table.right.map((row, m) => row.map((r, i) => (isIt(m, i) ? undefined : r))),
    wrong: table.wrong.map((row) => row.map((w) => (w === answer ? undefined : w))),
  };
  const { excess, p } = again(table, changed, array);
  return {
    answer: answer.length > MOST_SHOWN ? `${answer.slice(0, MOST_SHOWN)}...` : answer,
    same,
    excess,
    p,
  };
}

/** What of a report says what its likeness rests on. */
interface Rests {
  readonly oneLetter: OneLetter | null;
  readonly oneAnswer: OneAnswer | null;
  readonly wrongOnly: WrongOnly | null;
  readonly sameWrong: number | null;
}

/** Why a likeness says nothing of learning, as one thing makes it; undefined where it holds without each of them. */
export function restsOn({ oneLetter, oneAnswer, wrongOnly, sameWrong }: Rests): string | undefined {
  if (oneLetter !== null && oneLetter.p > KEPT_AT) {
    const { letter, same, excess, p } = oneLetter;
    return `of the ${sameWrong} wrong answers that are the same in both ${same} are ${letter}, and without the items at which one of the two has ${letter} the excess is ${signed(excess)}, p ${pValue(p)}: a parser that fills in ${letter} where it finds no answer makes that too; record null there, and parse both alike`;
  }
  if (oneAnswer !== null && oneAnswer.p > KEPT_AT) {
    const { same, excess, p } = oneAnswer;
    const answer = JSON.stringify(oneAnswer.answer);
    return `of the ${sameWrong} wrong answers that are the same in both ${same} are ${answer}, and without the items at which one of the two has it the excess is ${signed(excess)}, p ${pValue(p)}: a parser that fills in ${answer} where it finds no answer makes that too; record null there, and parse both alike`;
  }
  if (wrongOnly === null || wrongOnly.p <= KEPT_AT) return undefined;
  const { items, excess, p } = wrongOnly;
  return `the likeness lies in right answers: on the ${items.toLocaleString('en')} items that both got wrong the excess is ${signed(excess)}, p ${pValue(p)}. Test items that leaked to both make that too, and no teacher is needed for it; ask questions that were never published`;
}

/** What is left of a likeness without each thing that could make it, in sentences; none where it was not asked. */
export function leftWithout({ oneLetter, oneAnswer, wrongOnly }: Rests): string[] {
  const left = ({ excess, p }: { excess: number; p: number }) => `excess ${signed(excess)}, p ${pValue(p)}`;
  return [
    ...(wrongOnly === null
      ? []
      : [`On the ${wrongOnly.items.toLocaleString('en')} items that both got wrong: ${left(wrongOnly)}.`]),
    ...(oneLetter === null ? [] : [`Without the letter ${oneLetter.letter}: ${left(oneLetter)}.`]),
    ...(oneAnswer === null
      ? []
      : [`Without the answer ${JSON.stringify(oneAnswer.answer)}: ${left(oneAnswer)}.`]),
  ];
}
