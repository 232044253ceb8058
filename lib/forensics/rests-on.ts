import type { WithoutClauses } from './boilerplate.ts';
import { type ChoiceStudy, choiceView, measurePairs } from './choice-study.ts';
import { fillersOf } from './fillers.ts';
import { type FreeTable, freeView, measureFreePairs } from './free-form.ts';
import { pValue, signed } from './numbers.ts';
import type { OneLetter } from './one-letter.ts';
import { type PairArray, testAccusedPair } from './pair-test.ts';

/**
 * What a likeness rests on. Who learns from another shares errors of every kind; a parser's filler makes one wrong answer
 * that is shared again and again, and test items that leaked to both make right answers that are shared and no wrong ones.
 */

/** p up to which it is asked what makes the likeness, and which it must keep without that: no verdict rests on a larger one. */
export const KEPT_AT = 0.05;

/** The result on wrong answers alone: as if no model had ever given a right one. */
export interface WrongOnly {
  /** Items that both got wrong. */
  readonly items: number;
  readonly excess: number;
  readonly p: number;
}

/** What a result is without the wrong answers that two models share again and again. */
export interface OneAnswer {
  /** Normal form of the most frequent one, shortened. */
  readonly answer: string;
  /** The next ones, at most four. */
  readonly others: readonly string[];
  /** How many there are. */
  readonly kinds: number;
  /** Items at which both gave one of them and were wrong. */
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

/** Free-form answers without the fillers that reference and suspect share; undefined where no wrong answer recurs. */
export function withoutFillers(table: FreeTable, array: PairArray): OneAnswer | undefined {
  const fillers = fillersOf(table);
  if (fillers === undefined) return undefined;
  const isOne = (wrong: string | undefined) => wrong !== undefined && fillers.has(wrong);
  const changed: FreeTable = {
    ...table,
    right: table.right.map((row, m) => row.map((r, i) => (isOne(table.wrong[m]?.[i]) ? undefined : r))),
    wrong: table.wrong.map((row) => row.map((w) => (isOne(w) ? undefined : w))),
  };
  const { excess, p } = again(table, changed, array);
  const [answer = '', ...others] = fillers.answers;
  return { answer, others, kinds: fillers.kinds, same: fillers.same, excess, p };
}

/** What of a report says what its likeness rests on. */
interface Rests {
  readonly oneLetter: OneLetter | null;
  readonly oneAnswer: OneAnswer | null;
  readonly wrongOnly: WrongOnly | null;
  readonly withoutClauses: WithoutClauses | null;
  readonly sameWrong: number | null;
}

/** The recurring answers in words. */
function namedAnswers({ answer, others, kinds }: OneAnswer): string {
  const shown = [answer, ...others].map((a) => JSON.stringify(a));
  if (kinds === 1) return shown.join();
  const last = kinds > shown.length ? `${kinds - shown.length} more` : (shown.pop() ?? '');
  return `${shown.join(', ')} or ${last}`;
}

function quotedClauses({ clauses, kinds }: WithoutClauses): string {
  const more = kinds - clauses.length;
  return `${clauses.map((c) => JSON.stringify(c)).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Why a likeness says nothing of learning, as one thing makes it; undefined where it holds without each of them. */
export function restsOn({
  oneLetter,
  oneAnswer,
  wrongOnly,
  withoutClauses,
  sameWrong,
}: Rests): string | undefined {
  if (oneLetter !== null && oneLetter.p > KEPT_AT) {
    const { letter, same, excess, p } = oneLetter;
    return `of the ${sameWrong} wrong answers that are the same in both ${same} are ${letter}, and without the items at which one of the two has ${letter} the excess is ${signed(excess)}, p ${pValue(p)}: a parser that fills in ${letter} where it finds no answer makes that too; record null there, and parse both alike`;
  }
  if (oneAnswer !== null && oneAnswer.p > KEPT_AT) {
    const { same, kinds, excess, p } = oneAnswer;
    const [which, them] = [namedAnswers(oneAnswer), kinds === 1 ? 'it' : 'one of them'];
    return `of the ${sameWrong} wrong answers that are the same in both ${same} are ${which}, and without the items at which one of the two has ${them} the excess is ${signed(excess)}, p ${pValue(p)}: a parser that fills in ${them} where it finds no answer, or a filter that refuses so, makes that too; record null there, and parse both alike`;
  }
  if (withoutClauses !== null && withoutClauses.p > KEPT_AT) {
    const { kinds, z, p } = withoutClauses;
    return `${kinds === 1 ? 'one clause recurs' : `${kinds} clauses recur`} letter for letter in the texts of both (${quotedClauses(withoutClauses)}), and without ${kinds === 1 ? 'it' : 'them'} z is ${signed(z)}, p ${pValue(p)}: a host, an application or a system prompt adds such words to every model behind it; ask both without`;
  }
  if (wrongOnly === null || wrongOnly.p <= KEPT_AT) return undefined;
  const { items, excess, p } = wrongOnly;
  return `the likeness lies in right answers: on the ${items.toLocaleString('en')} items that both got wrong the excess is ${signed(excess)}, p ${pValue(p)}. Test items that leaked to both make that too, and no teacher is needed for it; ask questions that were never published`;
}

/** What is left of a likeness without each thing that could make it, in sentences; none where it was not asked. */
export function leftWithout({ oneLetter, oneAnswer, wrongOnly, withoutClauses }: Rests): string[] {
  const left = ({ excess, p }: { excess: number; p: number }) => `excess ${signed(excess)}, p ${pValue(p)}`;
  return [
    ...(wrongOnly === null
      ? []
      : [`On the ${wrongOnly.items.toLocaleString('en')} items that both got wrong: ${left(wrongOnly)}.`]),
    ...(oneLetter === null ? [] : [`Without the letter ${oneLetter.letter}: ${left(oneLetter)}.`]),
    ...(oneAnswer === null
      ? []
      : [
          `Without the answer${oneAnswer.kinds === 1 ? '' : 's'} ${namedAnswers(oneAnswer)}: ${left(oneAnswer)}.`,
        ]),
    ...(withoutClauses === null
      ? []
      : [
          `Without the ${withoutClauses.kinds} clauses that recur in both (${quotedClauses(withoutClauses)}): z ${signed(withoutClauses.z)}, p ${pValue(withoutClauses.p)}.`,
        ]),
  ];
}
