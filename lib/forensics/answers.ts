import { z } from 'zod';

/**
 * One answer of one model, a line of NDJSON (contract: design, section 5). Multiple choice has `answer`, `correct`
 * and `options`; free text has `text`; a line may have both. A null answer is a model that gave none.
 */
export const answerLine = z.looseObject({
  item: z
    .union([z.string().min(1).max(512), z.number().int()])
    .describe('id of the question, the same in every file'),
  answer: z.string().max(64).nullish().describe('the chosen option as a letter, null if none could be read'),
  correct: z.string().max(64).nullish().describe('the key, a letter'),
  options: z.number().int().min(2).max(26).nullish().describe('how many options the question had'),
  text: z.string().nullish().describe('the reasoning or the free-text answer'),
});

/** A model's answer to one item. Letters are numbers from 0; -1 is no usable answer. */
export interface Answer {
  readonly item: string;
  /** Chosen option from 0, or -1 where none was given or it lies outside the options. */
  readonly choice: number;
  /** Key from 0, or -1 for free text. */
  readonly key: number;
  /** Number of options, or 0 for free text. */
  readonly options: number;
  readonly text: string | undefined;
}

/** All answers of one model. */
export interface AnswerSheet {
  readonly model: string;
  readonly answers: ReadonlyMap<string, Answer>;
  /** How many items are multiple choice (with key and number of options). */
  readonly choiceItems: number;
  /** How many items carry non-empty text. */
  readonly textItems: number;
  /** Answers that were given but are not one of the options; they count as no answer. */
  readonly outside: number;
  /** Items without any answer. */
  readonly unanswered: number;
  /** Items set aside because their key is not one of their options. */
  readonly badKeys: number;
}

/** Input that cannot be used, with the file, line, field and value in the message. */
export class AnswersError extends Error {
  override readonly name = 'AnswersError';
}

const letter = /^[A-Z]$/;

function letterIndex(value: string): number {
  const upper = value.trim().toUpperCase();
  return letter.test(upper) ? upper.charCodeAt(0) - 65 : -1;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** Plain checks first: the schema's own walk over a few hundred thousand lines takes longer than the statistics. */
function isAnswerLine(json: unknown): json is z.infer<typeof answerLine> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return false;
  const { item, answer, correct, options, text } = json as Record<string, unknown>;
  return (
    typeof item === 'string' &&
    item.length > 0 &&
    item.length <= 512 &&
    (answer === undefined || answer === null || (typeof answer === 'string' && answer.length <= 64)) &&
    (correct === undefined || correct === null || (typeof correct === 'string' && correct.length <= 64)) &&
    (options === undefined ||
      options === null ||
      (typeof options === 'number' && Number.isInteger(options) && options >= 2 && options <= 26)) &&
    (text === undefined || text === null || typeof text === 'string')
  );
}

function asAnswerLine(json: unknown, at: string): z.infer<typeof answerLine> {
  if (isAnswerLine(json)) return json;
  const parsed = answerLine.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  if (field === '') throw new AnswersError(`${at}: ${shown(json)}: ${issue?.message ?? 'invalid'}`);
  const value = (json as Record<string, unknown>)[field];
  throw new AnswersError(`${at}: field "${field}" is ${shown(value)}: ${issue?.message ?? 'invalid'}`);
}

/**
 * Reads one model's answers.
 *
 * @param model name that the report shows
 * @param lines the file's lines (NDJSON); empty lines are skipped
 * @throws AnswersError naming line, field and value: broken JSON, a wrong type, an item twice,
 *   a line with neither a choice nor text, or more than a tenth of the answers or keys outside their options (then they
 *   are not letters of the options at all, and no number drawn from them would mean anything; fewer are set aside)
 */
export function readAnswerSheet(model: string, lines: Iterable<string>): AnswerSheet {
  const answers = new Map<string, Answer>();
  let choiceItems = 0;
  let textItems = 0;
  let outside = 0;
  let unanswered = 0;
  let firstOutside = '';
  const badKeys: string[] = [];
  let firstBadKey = '';
  let number = 0;
  for (const line of lines) {
    number++;
    if (line.trim() === '') continue;
    const at = `${model}, line ${number}`;
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch {
      throw new AnswersError(`${at}: not JSON: ${shown(line)}`);
    }
    const row = asAnswerLine(json, at);
    const item = String(row.item);
    if (answers.has(item)) throw new AnswersError(`${at}: item ${shown(item)} occurs twice`);
    const isChoice = typeof row.correct === 'string' || typeof row.options === 'number';
    const text = row.text ?? undefined;
    if (!isChoice) {
      if (typeof row.answer === 'string')
        throw new AnswersError(
          `${at}: "answer" is ${shown(row.answer)} but "correct" and "options" are missing`,
        );
      if (text === undefined)
        throw new AnswersError(`${at}: neither "answer", "correct" and "options" nor "text"`);
      answers.set(item, { item, choice: -1, key: -1, options: 0, text });
      if (text.trim() !== '') textItems++;
      continue;
    }
    if (typeof row.options !== 'number') throw new AnswersError(`${at}: "options" is missing`);
    if (typeof row.correct !== 'string') throw new AnswersError(`${at}: "correct" is missing`);
    const key = letterIndex(row.correct);
    if (key < 0) throw new AnswersError(`${at}: "correct" is ${shown(row.correct)}, not a letter`);
    if (key >= row.options) {
      if (badKeys.length === 0)
        firstBadKey = `line ${number}: ${shown(row.correct)} with ${row.options} options`;
      badKeys.push(item);
      continue;
    }
    let choice = -1;
    if (row.answer === null || row.answer === undefined || row.answer.trim() === '') unanswered++;
    else {
      choice = letterIndex(row.answer);
      if (choice < 0 || choice >= row.options) {
        if (outside === 0) firstOutside = `line ${number}: ${shown(row.answer)} with ${row.options} options`;
        outside++;
        choice = -1;
      }
    }
    choiceItems++;
    if (text !== undefined && text.trim() !== '') textItems++;
    answers.set(item, { item, choice, key, options: row.options, text });
  }
  if (badKeys.length > 10 && badKeys.length > choiceItems / 10)
    throw new AnswersError(
      `${model}: ${badKeys.length} keys lie outside their options (first at ${firstBadKey}): "correct" or "options" is wrong`,
    );
  if (answers.size === 0) throw new AnswersError(`${model}: the file has no answers`);
  const given = choiceItems - unanswered;
  if (outside > 10 && outside > given / 10)
    throw new AnswersError(
      `${model}: ${outside} of ${given} answers lie outside their options (first at ${firstOutside}); ` +
        'answers must be letters of the options (A, B, ...)',
    );
  return { model, answers, choiceItems, textItems, outside, unanswered, badKeys: badKeys.length };
}

/** The model's name that a file name suggests: no folder, no `.ndjson`, `.jsonl`, `.json` or `.gz`. */
export function modelNameOf(file: string): string {
  const base = file.split(/[\\/]/).pop() ?? file;
  return base.replace(/\.gz$/i, '').replace(/\.(ndjson|jsonl|json)$/i, '') || file;
}
