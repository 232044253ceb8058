import { readAnswer } from './answer.ts';
import { asksItself } from './asked-ways.ts';
import { ANSWERS, holdsAnswer, holdsClientsWords, LONGEST_NAME } from './client-fields.ts';
import { withoutCrowds } from './crowded.ts';
import { packed } from './envelopes.ts';
import { at, type Json, jsonIn, objectOf, textAt } from './fields.ts';

/** So deep and so many values are looked into: an entry of a million fields costs no more than its parse. */
const MAX_DEPTH = 8;
const MAX_VALUES = 20_000;

/** Fields in which transports carry a line as text or in base64; JSON in other texts is somebody's text. */
const CARRIERS =
  /^(?:data|data_base64|Data|message|Message|MESSAGE|@message|msg|payload|values?|logs?|Logs|line|records?|event|detail|_raw|raw|full_message|short_message|textPayload)$/;

const WHO_AND_WHEN = /^(?:user|user_?id|tenant(?:_?id)?|customer(?:_?id)?|@timestamp|timestamp|_?time)$/i;

/**
 * Entries of known formats inside a value that is none itself: pages of an API, queues, shippers and logs wrap what a gateway
 * wrote in many ways, as objects, as the text of JSON, in base64, compressed, or as a list of bytes. What is known is not
 * looked into any further.
 * @param isKnown whether a value is an entry that some reader takes
 */
export function knownInside(value: unknown, isKnown: (value: unknown) => boolean): readonly unknown[] {
  const found: unknown[] = [];
  let seen = 0;
  const visit = (held: unknown, depth: number, name: string, beside: Beside = ALONE): void => {
    if (depth > MAX_DEPTH || ++seen > MAX_VALUES) return;
    const { around, isAnswered, isTold } = beside;
    if (typeof held === 'string') {
      if (CARRIERS.test(name))
        for (const inner of textInside(held))
          visit(inner, depth + 1, '', { around: ofTheLine(around), isAnswered, isTold });
      return;
    }
    if (typeof held !== 'object' || held === null || isMessages(held)) return;
    // the body of a request whose answer stands beside it, all of it the customer's
    if (isAnswered && asksItself(objectOf(held) ?? {})) return;
    if (depth > 0 && isKnown(held)) {
      found.push(Array.isArray(held) ? held : { ...around, ...held });
      return;
    }
    if (isBytes(held)) visit(Buffer.from(held).toString('utf8'), depth + 1, name, beside);
    else if (Array.isArray(held)) for (const inner of held) visit(inner, depth + 1, name, beside);
    else {
      const known = { ...around, ...whoAndWhen(held) };
      const fields = Object.entries(held).slice(0, MAX_VALUES);
      const isNamed = besideEach(fields, holdsAnswer);
      const isSaid = besideEach(fields, tellsAnswer);
      for (const [key, inner] of fields) {
        if (holdsClientsWords(key)) continue;
        const told = isTold || isSaid(key);
        visit(inner, depth + 1, key, { around: known, isAnswered: told || isNamed(key), isTold: told });
      }
    }
  };
  visit(value, 0, 'line');
  return found;
}

/** What stands beside a value. */
interface Beside {
  /** of who asked and when */
  readonly around: Json;
  /** an answer stands there, or its counts, as names of fields say */
  readonly isAnswered: boolean;
  /** an answer that says something stands there or beside what holds the value, however deep */
  readonly isTold: boolean;
}

const ALONE: Beside = { around: {}, isAnswered: false, isTold: false };

/** Tells of a field whether another one beside it is such a one. */
function besideEach(
  fields: readonly (readonly [string, unknown])[],
  isSuch: (name: string, held: unknown) => boolean,
): (name: string) => boolean {
  const first = fields.find(([name, held]) => isSuch(name, held))?.[0];
  const last = first === undefined ? first : fields.findLast(([name, held]) => isSuch(name, held))?.[0];
  return (name) => (first !== undefined && first !== name) || (last !== undefined && last !== name);
}

/** An answer is asked about from each of the objects around it: it is read once. */
const answers = new WeakMap<object, boolean>();

function saysSomething(answer: object): boolean {
  const known = answers.get(answer) ?? readAnswer(answer).text !== undefined;
  answers.set(answer, known);
  return known;
}

/** Whether an answer that says something lies in a field; what asks is another call, with an answer of its own. */
function tellsAnswer(name: string, held: unknown, depth = 0): boolean {
  if (name.length > LONGEST_NAME) return false;
  if (typeof held === 'string') return ANSWERS.test(name) && /\S\s+\S/.test(held);
  if (typeof held !== 'object' || held === null || asksItself(objectOf(held) ?? {})) return false;
  if (ANSWERS.test(name) && saysSomething(held)) return true;
  return depth < 3 && Object.entries(held).some(([key, inner]) => tellsAnswer(key, inner, depth + 1));
}

/** Messages, in which a customer may put fields and entries of its own. */
function isMessages(held: object): boolean {
  return (
    Array.isArray(held) &&
    held.length > 0 &&
    held.every((one) => textAt(one, 'role') !== undefined && asksOrSays(one))
  );
}

function asksOrSays(message: unknown): boolean {
  return ['content', 'parts', 'blocks', 'text', 'tool_calls'].some((name) => at(message, name) !== undefined);
}

/**
 * What an object says of who asked and when, for a call that lies in a field of it; an account of twelve digits is an envelope's
 * own (EventBridge).
 */
function whoAndWhen(held: object): Json {
  return Object.fromEntries(
    Object.entries(held).filter(
      ([name, value]) =>
        (name.length < 16 && WHO_AND_WHEN.test(name)) ||
        (name === 'account' && typeof value === 'string' && !/^\d{12}$/.test(value)),
    ),
  );
}

/** Of a line as text, Splunk's time of it: its other names may be those of the line itself, and would come before them. */
function ofTheLine({ _time }: Json): Json {
  return _time === undefined ? {} : { _time };
}

/** What Python's logging writes before a message by default: https://docs.python.org/3/library/logging.html#logging.basicConfig */
const LOGGER = /^(?:DEBUG|INFO|WARNING|ERROR|CRITICAL):[\w.]{1,80}:(?=\{)/;

const ESCAPE = String.fromCharCode(27);
/** ECMA-48's sequences for colours, which make journald write a line as its bytes. */
const COLOURS = new RegExp(`${ESCAPE}\\[[0-9;]{0,16}m`, 'g');

/** A line without the colours that begin it. */
function withoutColours(line: string): string {
  return line.startsWith(ESCAPE) ? line.replace(COLOURS, '') : line;
}

/** JSON in a text, plain or packed; nothing in any other text. */
function textInside(line: string): readonly unknown[] {
  const text = withoutColours(line).replace(LOGGER, '');
  if (/^\s*[[{]/.test(text)) {
    const whole = withoutCrowds(jsonIn(text));
    return typeof whole === 'string' ? jsonLines(text) : [whole];
  }
  // base64 of `{`, `[` and of gzip's first bytes
  return /^(?:ey|W[3yXwzG]|H4sI)[\w+/-]{16,}/.test(text)
    ? packed(text).map((held) => withoutCrowds(jsonIn(held)))
    : [];
}

function jsonLines(text: string): readonly unknown[] {
  return text
    .split('\n')
    .map((line) => withoutCrowds(jsonIn(line)))
    .filter((held) => objectOf(held) !== undefined);
}

/** journald writes a field that is no plain text as the list of its bytes (https://systemd.io/JOURNAL_EXPORT_FORMATS/). */
function isBytes(value: object): value is number[] {
  return (
    Array.isArray(value) &&
    value.length > 16 &&
    value.every((one) => typeof one === 'number' && one >= 0 && one < 256)
  );
}
