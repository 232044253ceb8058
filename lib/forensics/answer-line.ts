import * as z from 'zod';

/** Longest answer, key, text and trace, in characters. A longer field is an error that names it. */
export const MAX_ANSWER = 4096;
export const MAX_TEXT = 2_000_000;
const MAX_ITEM = 512;
/** Most options of a multiple-choice question: the letters. */
export const MAX_OPTIONS = 26;
/** Highest number of a sample. */
const MAX_SAMPLE = 10_000;

/** A letter or a final answer; numbers and truth values may be written without quotes. */
const given = z.union(
  [z.string().max(MAX_ANSWER), z.number().transform(String), z.boolean().transform(String)],
  'a text, a number or a truth value',
);

/**
 * One answer of one model, a line of NDJSON (contract: design, section 5). Multiple choice has `answer`, `correct` and
 * `options`; a free-form final answer has `answer` and what is known of its verdict; prose has `text` and `trace`. A line
 * may have all of them. A null answer is a model that gave none.
 */
export const answerLine = z.looseObject({
  item: z
    .union(
      [z.string().min(1).max(MAX_ITEM), z.number().int()],
      `a text of 1 to ${MAX_ITEM} characters or a whole number, the id of the question`,
    )
    .describe('id of the question, the same in every file'),
  sample: z
    .number()
    .int()
    .min(0)
    .max(MAX_SAMPLE)
    .nullish()
    .describe('number of the answer where a question was asked several times'),
  answer: given
    .nullish()
    .describe('the chosen option as a letter, or a free-form final answer; null if none could be read'),
  correct: given.nullish().describe('the key: a letter, or the right final answer'),
  options: z
    .number()
    .int()
    .min(2)
    .max(MAX_OPTIONS)
    .nullish()
    .describe('how many options the question had; without it the answer is free-form'),
  right: z.boolean().nullish().describe('verdict of a grader on a free-form answer, where there is one'),
  score: z.number().nullish().describe('the same as a number: right from 0.99'),
  date: z
    .unknown()
    .optional()
    .describe('when it was asked, as 2025-01-20 or a time after it; another form is left out'),
  text: z.string().max(MAX_TEXT).nullish().describe('the reply that a user sees'),
  trace: z.string().max(MAX_TEXT).nullish().describe('the reasoning before the reply'),
});
export type AnswerLine = z.infer<typeof answerLine>;

const isText = (x: unknown, most: number) =>
  x === undefined || x === null || (typeof x === 'string' && x.length <= most);
const isWhole = (x: unknown, least: number, most: number) =>
  x === undefined || x === null || (typeof x === 'number' && Number.isInteger(x) && x >= least && x <= most);

/** Plain checks first: the schema's own walk over a few hundred thousand lines takes longer than the statistics. */
export function isAnswerLine(json: unknown): json is AnswerLine {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return false;
  const row = json as Record<string, unknown>;
  return (
    typeof row.item === 'string' &&
    row.item.length > 0 &&
    row.item.length <= MAX_ITEM &&
    isText(row.answer, MAX_ANSWER) &&
    isText(row.correct, MAX_ANSWER) &&
    isText(row.text, MAX_TEXT) &&
    isText(row.trace, MAX_TEXT) &&
    isWhole(row.options, 2, MAX_OPTIONS) &&
    isWhole(row.sample, 0, MAX_SAMPLE) &&
    (row.right === undefined || row.right === null || typeof row.right === 'boolean') &&
    (row.score === undefined || row.score === null || Number.isFinite(row.score))
  );
}

/** Whether a line would be JSON but for NaN or Infinity, which some writers put where there is no number. */
export function isNumberless(line: string): boolean {
  try {
    JSON.parse(line.replace(/([:[,]\s*)(?:NaN|-?Infinity)(?=\s*[,}\]])/g, '$1null'));
    return true;
  } catch {
    return false;
  }
}
