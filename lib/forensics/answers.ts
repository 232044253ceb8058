import { type AnswerLine, answerLine, isAnswerLine, isNumberless } from './answer-line.ts';
import { SAMPLE_MARK } from './blocks.ts';
import { dayExists, dayOf } from './day.ts';
import { asSeen } from './invisible.ts';
import { normalForm } from './normal-form.ts';
import { drawnOrder } from './sample-order.ts';
import { frameLines, withoutLines } from './text-frame.ts';
import { splitTrace, strangeMark } from './trace.ts';
import { type Wrapper, withoutWrapper, wrapperOf } from './wrapper.ts';

/** A model's answer to one item. Letters are numbers from 0; -1 is no usable answer. */
export interface Answer {
  /** The question, and the rank of the sample where it was asked several times: what makes answers of two models comparable. */
  readonly item: string;
  /** The question alone: samples of one question are not independent. */
  readonly question: string;
  /** Chosen option from 0, or -1 where none was given or it lies outside the options. */
  readonly choice: number;
  /** Key from 0, or -1 where the item is not multiple choice. */
  readonly key: number;
  /** Number of options, or 0 where the item is not multiple choice. */
  readonly options: number;
  /** Normal form of a free-form final answer. */
  readonly form: string | undefined;
  /** Normal form of its key. */
  readonly keyForm: string | undefined;
  /** Verdict on the free-form answer, where one is known. */
  readonly right: boolean | undefined;
  /** The reply that a user sees. */
  readonly text: string | undefined;
  /** The reasoning before it. */
  readonly trace: string | undefined;
}

/** All answers of one model. */
export interface AnswerSheet {
  readonly model: string;
  readonly answers: ReadonlyMap<string, Answer>;
  /** How many items are multiple choice (with key and number of options). */
  readonly choiceItems: number;
  /** How many items carry a free-form final answer. */
  readonly freeItems: number;
  /** How many items carry a non-empty reply, and how many a trace. */
  readonly textItems: number;
  readonly traceItems: number;
  /** Traces that were never closed: cut off, or the model stopped in the middle. */
  readonly cutTraces: number;
  /** A mark that many texts open with and that we do not know, with how many do. */
  readonly strangeMark: { readonly mark: string; readonly texts: number } | undefined;
  /** Long lines that stand in most replies or traces of the file; taken out before texts are compared. */
  readonly frameLines: number;
  /** What all free-form answers begin or end with; taken off before they are compared. */
  readonly wrapper: Wrapper | undefined;
  /** Free-form answers that are the key and that a grader calls wrong. */
  readonly againstKey: number;
  /** Answers that were given but are not one of the options; they count as no answer. */
  readonly outside: number;
  /** First and last day on which answers were asked for, where the lines say it. */
  readonly asked: { readonly from: string; readonly to: string } | undefined;
  /** Answers with a date that does not exist. */
  readonly oddDates: number;
  /** Answers with a date that exists. */
  readonly dated: number;
  /** Answers with characters that nobody sees; they were taken out. */
  readonly invisible: number;
  /** Items without any answer. */
  readonly unanswered: number;
  /** Items set aside because their key is not one of their options. */
  readonly badKeys: number;
}

/** Input that cannot be used, with the file, line, field and value in the message. */
export class AnswersError extends Error {
  override readonly name = 'AnswersError';
}

/** Score from which a grader's number counts as right. */
const RIGHT_FROM = 0.99;
/** Share of letters outside the options above which they are not letters of the options at all, and least number. */
const MOST_OUTSIDE = 0.1;
const LEAST_OUTSIDE = 10;
const LETTER = /^[A-Z]$/;

function letterIndex(value: string): number {
  const upper = value.trim().toUpperCase();
  return LETTER.test(upper) ? upper.charCodeAt(0) - 65 : -1;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** Longest value of a field that a message shows. */
const MAX_SHOWN = 40;

/** What a message may show of a line's field: never a person's text. */
function shownField(field: string, value: unknown): string {
  const text = field === 'text' || field === 'trace';
  if (typeof value === 'string' && (text || value.length > MAX_SHOWN))
    return `a text of ${value.length} characters`;
  return typeof value === 'object' && value !== null
    ? Array.isArray(value)
      ? 'an array'
      : 'an object'
    : shown(value);
}

function asAnswerLine(json: unknown, at: string): AnswerLine {
  if (isAnswerLine(json)) return json;
  if (typeof json === 'object' && json !== null && !Array.isArray(json) && !('item' in json))
    throw new AnswersError(
      `${at}: no field "item": each line needs the id of its question, the same in every file`,
    );
  const parsed = answerLine.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  if (field === '')
    throw new AnswersError(
      `${at}: ${shownField('', json)}: ${issue?.message ?? 'invalid'}; each line is one answer, a JSON object of its own`,
    );
  const value = (json as Record<string, unknown>)[field];
  throw new AnswersError(
    `${at}: field "${field}" is ${shownField(field, value)}: ${issue?.message ?? 'invalid'}`,
  );
}

/** Trace and reply of a line: a field `trace` wins over marks in the text, whose marked part is then taken out. */
function partsOf(row: AnswerLine): { text?: string; trace?: string; cut: boolean; mark?: string } {
  const parts = splitTrace(row.text ?? '');
  const own = row.trace?.trim();
  const trace = own === undefined || own === '' ? parts.trace : (splitTrace(own).trace ?? own);
  const mark = trace === undefined ? strangeMark(row.text ?? '') : undefined;
  return {
    ...(parts.reply === undefined ? {} : { text: parts.reply }),
    ...(trace === undefined ? {} : { trace }),
    ...(mark === undefined ? {} : { mark }),
    cut: parts.cut,
  };
}

/** What is kept of a line with a free-form answer until all are known. */
interface FreeAnswer {
  readonly samples: Map<number, Omit<Answer, 'item'>>;
  readonly sample: number;
  readonly row: Pick<AnswerLine, 'answer' | 'correct' | 'right' | 'score'>;
}

/** Verdict on a free-form answer: the grader's if there is one, else equality with the key, else unknown. */
function verdictOf(
  row: Pick<AnswerLine, 'right' | 'score'>,
  form: string | undefined,
  keyForm: string | undefined,
): boolean | undefined {
  if (form === undefined) return undefined;
  if (typeof row.right === 'boolean') return row.right;
  if (typeof row.score === 'number') return row.score >= RIGHT_FROM;
  return keyForm === undefined ? undefined : form === keyForm;
}

/** What is wrong with an item that occurs twice. */
function twice(row: AnswerLine): string {
  return typeof row.sample === 'number'
    ? ` with sample ${row.sample}`
    : '; if the question was asked several times, number the answers with "sample"';
}

/** Collects the lines of one model. */
class SheetReader {
  readonly #model: string;
  readonly #file: string;
  /** Per question its answers by number of the sample; a line without a number is sample 0. */
  readonly #answers = new Map<string, Map<number, Omit<Answer, 'item'>>>();
  readonly #free: FreeAnswer[] = [];
  readonly #marks = new Map<string, number>();
  readonly #count = {
    choice: 0,
    free: 0,
    text: 0,
    trace: 0,
    cut: 0,
    outside: 0,
    unanswered: 0,
    badKeys: 0,
    oddDates: 0,
    dated: 0,
    invisible: 0,
  };
  #from: string | undefined;
  #to: string | undefined;
  #firstOutside = '';
  #firstBadKey = '';

  constructor(model: string, file: string) {
    this.#model = model;
    this.#file = file;
  }

  take(line: string, number: number): void {
    const at = `${this.#file}, line ${number}`;
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch {
      throw new AnswersError(
        isNumberless(line)
          ? `${at}: NaN or Infinity, which JSON does not have: write null where there is no value`
          : `${at}: not JSON (${line.length} characters); each line must be one answer, a whole JSON object`,
      );
    }
    const { row, hidden } = asSeen(asAnswerLine(json, at));
    const question = String(row.item);
    const sample = row.sample ?? 0;
    const own = this.#answers.get(question) ?? new Map<number, Omit<Answer, 'item'>>();
    if (own.has(sample)) throw new AnswersError(`${at}: item ${shown(question)} occurs twice${twice(row)}`);
    this.#date(row.date);
    if (hidden) this.#count.invisible++;
    const parts = partsOf(row);
    if (parts.mark !== undefined) this.#marks.set(parts.mark, (this.#marks.get(parts.mark) ?? 0) + 1);
    const answer = this.#answer(row, at, number);
    if (answer === undefined) return;
    if (answer.key < 0 && answer.form === undefined && answer.keyForm === undefined) {
      const silent = row.answer === null || row.answer === '' || 'answer' in row;
      if (!silent && (row.text ?? undefined) === undefined && (row.trace ?? undefined) === undefined)
        throw new AnswersError(`${at}: neither "answer" nor "text" nor "trace"`);
    }
    if (parts.text !== undefined) this.#count.text++;
    if (parts.trace !== undefined) this.#count.trace++;
    if (parts.cut) this.#count.cut++;
    if (answer.form !== undefined) {
      const { answer: given, correct, right, score } = row;
      this.#free.push({ samples: own, sample, row: { answer: given, correct, right, score } });
    }
    own.set(sample, { question, ...answer, text: parts.text, trace: parts.trace });
    this.#answers.set(question, own);
  }

  #date(date: unknown): void {
    const day = typeof date === 'string' ? dayOf(date) : undefined;
    if (day === undefined) return;
    if (!dayExists(day)) {
      this.#count.oddDates++;
      return;
    }
    this.#count.dated++;
    if (this.#from === undefined || day < this.#from) this.#from = day;
    if (this.#to === undefined || day > this.#to) this.#to = day;
  }

  #answer(
    row: AnswerLine,
    at: string,
    number: number,
  ): Omit<Answer, 'item' | 'question' | 'text' | 'trace'> | undefined {
    if (typeof row.options === 'number' && typeof row.correct === 'string')
      return this.#choice(row.answer, row.correct, row.options, at, number);
    const form = typeof row.answer === 'string' ? normalForm(row.answer) : undefined;
    const keyForm = typeof row.correct === 'string' ? normalForm(row.correct) : undefined;
    if (form !== undefined) this.#count.free++;
    else if (keyForm !== undefined || row.answer === null) this.#count.unanswered++;
    return { choice: -1, key: -1, options: 0, form, keyForm, right: verdictOf(row, form, keyForm) };
  }

  #choice(answer: string | null | undefined, correct: string, options: number, at: string, number: number) {
    const key = letterIndex(correct);
    if (key < 0) throw new AnswersError(`${at}: "correct" is ${shown(correct)}, not a letter`);
    if (key >= options) {
      if (this.#count.badKeys++ === 0)
        this.#firstBadKey = `line ${number}: ${shown(correct)} with ${options} options`;
      return undefined;
    }
    let choice = -1;
    if (answer === null || answer === undefined || answer.trim() === '') this.#count.unanswered++;
    else {
      choice = letterIndex(answer);
      if (choice < 0 || choice >= options) {
        if (this.#count.outside++ === 0)
          this.#firstOutside = `line ${number}: ${shown(answer)} with ${options} options`;
        choice = -1;
      }
    }
    this.#count.choice++;
    return { choice, key, options, form: undefined, keyForm: undefined, right: undefined };
  }

  /** Takes off what all free-form answers begin or end with. */
  #unwrap(): Wrapper | undefined {
    const texts = (field: 'answer' | 'correct') =>
      this.#free.flatMap(({ row }) => (typeof row[field] === 'string' ? [row[field]] : []));
    const wrapper = wrapperOf(texts('answer'), texts('correct'));
    if (wrapper === undefined) return undefined;
    for (const { samples, sample, row } of this.#free) {
      const own = samples.get(sample);
      if (own === undefined || typeof row.answer !== 'string') continue;
      const form = normalForm(withoutWrapper(row.answer, wrapper));
      samples.set(sample, { ...own, form, right: verdictOf(row, form, own.keyForm) });
    }
    return wrapper;
  }

  /** Takes out the long lines that stand in most replies, or most traces; their number. */
  #unframe(): number {
    let lines = 0;
    for (const part of ['text', 'trace'] as const) {
      const texts = [...this.#answers.values()].flatMap((s) => [...s.values()].flatMap((a) => a[part] ?? []));
      const frame = frameLines(texts);
      lines += frame.size;
      if (frame.size === 0) continue;
      for (const samples of this.#answers.values())
        for (const [sample, answer] of samples) {
          const own = answer[part];
          if (own === undefined) continue;
          const left = withoutLines(own, frame);
          if (left === undefined) this.#count[part]--;
          samples.set(sample, { ...answer, [part]: left });
        }
    }
    return lines;
  }

  /** Answers that are the key and that a grader calls wrong. */
  #againstKey(): number {
    return this.#free.filter(({ samples, sample }) => {
      const own = samples.get(sample);
      return own?.right === false && own.keyForm !== undefined && own.form === own.keyForm;
    }).length;
  }

  /**
   * Answers by item, the samples of a question by rank in an order of their own. Questions are in the order of their ids:
   * resampling draws by place, and the order of a file's lines must not change a figure.
   */
  #byItem(): Map<string, Answer> {
    const out = new Map<string, Answer>();
    for (const [question, samples] of [...this.#answers].sort(([a], [b]) => (a < b ? -1 : 1)))
      drawnOrder(this.#model, question, [...samples.values()]).forEach((answer, rank) => {
        const item = rank === 0 ? question : `${question}${SAMPLE_MARK}${rank}`;
        out.set(item, { item, ...answer });
      });
    return out;
  }

  sheet(): AnswerSheet {
    const framed = this.#unframe();
    const { choice, free, text, trace, cut, outside, unanswered, badKeys } = this.#count;
    if (badKeys > LEAST_OUTSIDE && badKeys > choice * MOST_OUTSIDE)
      throw new AnswersError(
        `${this.#file}: ${badKeys} keys lie outside their options (first at ${this.#firstBadKey}): "correct" or "options" is wrong`,
      );
    if (this.#answers.size === 0) throw new AnswersError(`${this.#file}: the file has no answers`);
    const given = choice - unanswered;
    if (outside > LEAST_OUTSIDE && outside > given * MOST_OUTSIDE)
      throw new AnswersError(
        `${this.#file}: ${outside} of ${given} answers lie outside their options (first at ${this.#firstOutside}); ` +
          'answers must be letters of the options (A, B, ...); leave "options" out where answers are free-form',
      );
    const wrapper = this.#unwrap();
    const mark = [...this.#marks].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0];
    return {
      model: this.#model,
      answers: this.#byItem(),
      choiceItems: choice,
      freeItems: free,
      textItems: text,
      traceItems: trace,
      cutTraces: cut,
      strangeMark: mark === undefined ? undefined : { mark: mark[0], texts: mark[1] },
      asked:
        this.#from === undefined || this.#to === undefined ? undefined : { from: this.#from, to: this.#to },
      frameLines: framed,
      wrapper,
      againstKey: this.#againstKey(),
      outside,
      unanswered,
      oddDates: this.#count.oddDates,
      dated: this.#count.dated,
      invisible: this.#count.invisible,
      badKeys,
    };
  }
}

/**
 * Reads one model's answers.
 *
 * @param model name that the report shows
 * @param lines the file's lines (NDJSON); empty lines are skipped
 * @param file what messages call the file; the model's name by default
 * @throws AnswersError naming line and field: broken JSON, a wrong type, an item twice without differing samples,
 *   a line with neither an answer nor a text, or more than a tenth of the letters or keys outside their options (then
 *   they are not letters of the options at all, and no number drawn from them would mean anything; fewer are set aside)
 */
export function readAnswerSheet(model: string, lines: Iterable<string>, file = model): AnswerSheet {
  const reader = new SheetReader(model, file);
  let number = 0;
  for (const line of lines) {
    number++;
    // A byte order mark is a habit of editors, not part of the first answer.
    const own = number === 1 ? line.replace(/^\uFEFF/, '') : line;
    if (own.trim() !== '') reader.take(own, number);
  }
  return reader.sheet();
}

/** The model's name that a file name suggests: no folder, no `.ndjson`, `.jsonl`, `.json` or `.gz`. */
export function modelNameOf(file: string): string {
  const base = file.split(/[\\/]/).pop() ?? file;
  return base.replace(/\.gz$/i, '').replace(/\.(ndjson|jsonl|json)$/i, '') || file;
}
