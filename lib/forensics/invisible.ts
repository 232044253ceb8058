import { EMPTY_LETTERS } from '../text/empty-letters.ts';
import type { AnswerLine } from './answer-line.ts';

/**
 * Characters that nobody sees: zero-width spaces and joiners, soft hyphens, marks of direction, fillers. A model hardly writes them;
 * who puts them into every word makes another text to a program, and the same one to a reader.
 */
const INVISIBLE = new RegExp(`[\\p{Cf}${EMPTY_LETTERS}\\u17B4\\u17B5]+`, 'gu');

/** The text as a reader sees it: without what cannot be seen, and in one spelling of letters with accents (NFC). */
function visible(text: string): string {
  return text.replace(INVISIBLE, '').normalize('NFC');
}

/** A line as a reader sees it, and whether anything in it could not be seen. */
export function asSeen(row: AnswerLine): { row: AnswerLine; hidden: boolean } {
  const out = { ...row, item: visible(String(row.item)).trim() };
  let hidden = false;
  for (const field of ['answer', 'correct', 'text', 'trace'] as const) {
    const value = row[field];
    if (typeof value !== 'string') continue;
    const seen = visible(value);
    if (seen.length !== value.normalize('NFC').length) hidden = true;
    out[field] = seen;
  }
  return { row: out, hidden };
}

/** Share of a file's answers from which invisible characters are a habit that is said: some stand in every large file. */
const MANY_INVISIBLE = 0.1;
const LEAST_INVISIBLE = 5;

/** That many answers of a model hold characters that nobody sees; undefined where they do not. */
export function hiddenCharacters(sheet: {
  readonly model: string;
  readonly answers: { readonly size: number };
  readonly invisible: number;
}): string | undefined {
  const { model, answers, invisible } = sheet;
  return invisible >= LEAST_INVISIBLE && invisible > MANY_INVISIBLE * answers.size
    ? `${invisible.toLocaleString('en')} of ${answers.size.toLocaleString('en')} answers of ${model} hold characters that nobody sees: they were taken out before anything was compared`
    : undefined;
}
