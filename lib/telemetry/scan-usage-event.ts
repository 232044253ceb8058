import { LIMITS } from '../limits.ts';
import { outcome as outcomeSchema } from './exchange.ts';
import { asPrints, type FoundPrints } from './found-prints.ts';
import { detached, heldName } from './held-names.ts';
import { KEY } from './scan-keys.ts';
import { BEHAVIOURS, type Behaviour, type Prints, SCRIPTS, type UsageEvent } from './usage-event.ts';
import { isUtcTimeBytes } from './utc-time.ts';

const MAX_ID = LIMITS.eventId.most;
const MAX_MODEL = LIMITS.eventModel.most;
const MAX_CUSTOMER = LIMITS.eventCustomer.most;

/**
 * Reads a usage event from the text that recorders write, in one pass, without JSON.parse: fields in the recorder's order,
 * no blanks, no escapes, ASCII. Parsing and validating are one: what comes out is what JSON.parse would give and the schema
 * would accept. Whatever differs in any way is not decided here: the answer is undefined, and JSON.parse and the schema
 * decide. A property test holds the two together (test/telemetry/scan-usage-event.test.ts).
 *
 * It is the hottest code of the score function: a line takes a third of the time that JSON.parse takes to make an object of it.
 */

/** The line under the reader, and where it stands. One thread, no pauses: nobody reads two lines at once. */
let bytes: Uint8Array = new Uint8Array();
/** the same as a string of as many characters, to cut strings out of: far cheaper than making them of bytes */
let text = '';
let at = 0;

/**
 * @param source the text's bytes, @param latin1 the text, a character for each byte
 * @param from where the line begins, @param to where it ends
 */
export function scanUsageEvent(
  source: Uint8Array,
  latin1: string,
  from: number,
  to: number,
): UsageEvent | undefined {
  if (to - from > MAX_SCANNED) return undefined;
  bytes = source;
  text = latin1;
  at = from;
  const event = readEvent();
  return event !== undefined && at === to ? event : undefined;
}

/** Longer lines are no recorder's, in bytes. */
export const MAX_SCANNED = 8192;

function readEvent(): UsageEvent | undefined {
  if (!literal(KEY.id)) return undefined;
  const id = readText(MAX_ID);
  if (id === '' || !literal(KEY.time)) return undefined;
  const time = readTime();
  if (time === '' || !literal(KEY.account)) return undefined;
  const account = readPseudonym();
  if (account === '' || !literal(KEY.model)) return undefined;
  const model = readName(MAX_MODEL);
  if (model === '' || !literal(KEY.outcome)) return undefined;
  const outcome = OUTCOME_NAMES.get(readName(16));
  if (outcome === undefined || !literal(KEY.inputTokens)) return undefined;
  const inputTokens = readCount(1e9);
  if (inputTokens < 0 || !literal(KEY.outputTokens)) return undefined;
  const outputTokens = readCount(1e9);
  if (outputTokens < 0 || !literal(KEY.params)) return undefined;
  const params = readParams();
  if (params === undefined || !literal(KEY.plan)) return undefined;
  const plan = readName(MAX_CUSTOMER);
  if (plan === '' || !literal(KEY.product)) return undefined;
  const product = readName(MAX_CUSTOMER);
  if (product === '' || !literal(KEY.createdAt)) return undefined;
  const createdAt = readTime();
  if (createdAt === '' || !literal(KEY.shape)) return undefined;
  const shape = readShape();
  if (shape === undefined || !literal(KEY.behaviours)) return undefined;
  const behaviours = readBehaviours();
  if (behaviours === undefined || !literal(KEY.prints)) return undefined;
  const prints = readPrintsList();
  if (prints === undefined || !literal(KEY.close)) return undefined;
  return {
    v: 1,
    id: detached(id),
    time,
    account,
    model,
    outcome,
    usage: { inputTokens, outputTokens },
    params,
    customer: { plan, product, createdAt },
    shape,
    behaviours,
    prints,
  };
}

/** Steps over an exact run of characters; false, and stays, where it does not stand there. */
function literal(expected: Uint8Array): boolean {
  const { length } = expected;
  const from = at;
  for (let i = 0; i < length; i++) if (bytes[from + i] !== expected[i]) return false;
  at = from + length;
  return true;
}

/** 1: may stand in a string as it is; quotes, backslashes, controls and what is not ASCII may not. */
const PLAIN = new Uint8Array(128);
PLAIN.fill(1, 0x20, 0x7f);
PLAIN[0x22] = 0;
PLAIN[0x5c] = 0;

/** A string up to and with its closing quote; '' where it is empty, too long, or not plain. Shares the line's memory. */
function readText(most: number): string {
  const from = at;
  const end = from + most + 1;
  for (let i = from; i < end; i++) {
    const unit = bytes[i] as number;
    if (unit < 128 && PLAIN[unit] === 1) continue;
    if (unit !== 0x22) return '';
    at = i + 1;
    return text.slice(from, i);
  }
  return '';
}

function readName(most: number): string {
  const from = at;
  const end = from + most + 1;
  for (let i = from; i < end; i++) {
    const unit = bytes[i] as number;
    if (unit < 128 && PLAIN[unit] === 1) continue;
    if (unit !== 0x22 || i === from) return '';
    at = i + 1;
    return heldName(bytes, text, from, i);
  }
  return '';
}

const PSEUDONYM = new Uint8Array(128);
for (const character of 'abcdefghijklmnopqrstuvwxyz234567') PSEUDONYM[character.charCodeAt(0)] = 1;

function readPseudonym(): string {
  const from = at;
  if ((bytes[from] as number) !== 0x61 || (bytes[from + 1] as number) !== 0x5f) return '';
  for (let i = from + 2; i < from + 28; i++) {
    const unit = bytes[i] as number;
    if (!(unit < 128) || PSEUDONYM[unit] === 0) return '';
  }
  if ((bytes[from + 28] as number) !== 0x22) return '';
  at = from + 29;
  return heldName(bytes, text, from, from + 28);
}

function readTime(): string {
  const from = at;
  const length = (bytes[from + 19] as number) === 0x5a ? 20 : 24;
  if ((bytes[from + length] as number) !== 0x22 || !isUtcTimeBytes(bytes, from, length)) return '';
  at = from + length + 1;
  return text.slice(from, from + length);
}

/** A whole number without sign, fraction or exponent; -1 where there is none, or it is too large. */
function readCount(most: number): number {
  let value = 0;
  const from = at;
  for (;;) {
    const unit = (bytes[at] as number) - 0x30;
    if (!(unit >= 0 && unit <= 9)) break;
    value = value * 10 + unit;
    at++;
    if (at - from > 10) return -1;
  }
  if (at === from || (at - from > 1 && (bytes[from] as number) === 0x30) || value > most) return -1;
  // a fraction or an exponent follows: no literal stands there
  return value;
}

/** A decimal number from 0 without exponent; -1 where there is none, or it is too large. */
function readDecimal(most: number): number {
  const from = at;
  const whole = readCount(most);
  if (whole < 0 || (bytes[at] as number) !== 0x2e) return whole;
  const point = at;
  do at++;
  while ((bytes[at] as number) >= 0x30 && (bytes[at] as number) <= 0x39 && at - from < 24);
  if (at - point === 1 || at - from >= 24) return -1;
  const value = Number(text.slice(from, at));
  return value <= most ? value : -1;
}

const TRUE = 1;
const FALSE = 0;

/** 1, 0, or -1 where there is no boolean. */
function readBoolean(): number {
  if (literal(KEY.yes)) return TRUE;
  return literal(KEY.no) ? FALSE : -1;
}

/** Steps over a key; a comma stands before it unless it is the first. */
function key(name: Uint8Array, first: boolean): boolean {
  if (first) return literal(name);
  if ((bytes[at] as number) !== 0x2c) return false;
  at++;
  if (literal(name)) return true;
  at--;
  return false;
}

function readParams(): UsageEvent['params'] | undefined {
  const params: UsageEvent['params'] = {};
  let first = true;
  if (key(KEY.temperature, first)) {
    params.temperature = readDecimal(10);
    if (params.temperature < 0) return undefined;
    first = false;
  }
  if (key(KEY.topP, first)) {
    params.topP = readDecimal(1);
    if (params.topP < 0) return undefined;
    first = false;
  }
  if (key(KEY.maxTokens, first)) {
    params.maxTokens = readCount(1e9);
    if (params.maxTokens < 0) return undefined;
    first = false;
  }
  if (key(KEY.n, first)) {
    params.n = readCount(1e6);
    if (params.n < 1) return undefined;
    first = false;
  }
  if (key(KEY.seeded, first)) {
    const seeded = readBoolean();
    if (seeded < 0) return undefined;
    params.seeded = seeded === TRUE;
  }
  return literal(KEY.close) ? params : undefined;
}

const OUTCOME_NAMES = new Map<string, UsageEvent['outcome']>(
  outcomeSchema.options.map((name) => [name, name]),
);
const SCRIPT_NAMES = new Map<string, UsageEvent['shape']['script']>(SCRIPTS.map((name) => [name, name]));
const BEHAVIOUR_NAMES = new Map<string, Behaviour>(BEHAVIOURS.map((name) => [name, name]));

function readShape(): UsageEvent['shape'] | undefined {
  if (!literal(KEY.turns)) return undefined;
  const turns = readCount(1e6);
  if (turns < 0 || !literal(KEY.system)) return undefined;
  const system = readBoolean();
  if (system < 0 || !literal(KEY.words)) return undefined;
  const words = readCount(40);
  if (words < 0 || !literal(KEY.head)) return undefined;
  const head = readCount(40);
  if (head < 0 || !literal(KEY.instruction)) return undefined;
  const instruction = readBoolean();
  if (instruction < 0 || !literal(KEY.lines)) return undefined;
  const lines = readCount(40);
  if (lines < 0 || !literal(KEY.script)) return undefined;
  const script = SCRIPT_NAMES.get(readText(16));
  if (script === undefined || !literal(KEY.question)) return undefined;
  const question = readBoolean();
  if (question < 0 || !literal(KEY.code)) return undefined;
  const code = readBoolean();
  if (code < 0 || !literal(KEY.input)) return undefined;
  const input = readBoolean();
  if (input < 0) return undefined;
  const shape: UsageEvent['shape'] = {
    turns,
    system: system === TRUE,
    words,
    head,
    instruction: instruction === TRUE,
    lines,
    script,
    question: question === TRUE,
    code: code === TRUE,
    input: input === TRUE,
  };
  return readAgentFacts(shape) && literal(KEY.close) ? shape : undefined;
}

/** Adds the facts of conversations with tools, where they stand; false: they cannot be used. */
function readAgentFacts(shape: UsageEvent['shape']): boolean {
  if ((bytes[at] as number) !== 0x2c) return true;
  if (literal(KEY.steps)) {
    shape.steps = readCount(1e6);
    if (shape.steps < 0) return false;
  }
  if (literal(KEY.fromTools)) {
    shape.fromTools = readCount(10);
    if (shape.fromTools < 0) return false;
  }
  if (literal(KEY.askedByTool)) {
    const asked = readBoolean();
    if (asked < 0) return false;
    shape.askedByTool = asked === TRUE;
  }
  return true;
}

function readBehaviours(): Behaviour[] | undefined {
  const behaviours: Behaviour[] = [];
  if (literal(KEY.closeList)) return behaviours;
  do {
    if (!literal(KEY.quote)) return undefined;
    const behaviour = BEHAVIOUR_NAMES.get(readText(32));
    if (behaviour === undefined || behaviours.length === BEHAVIOURS.length) return undefined;
    behaviours.push(behaviour);
  } while (literal(KEY.comma));
  return literal(KEY.closeList) ? behaviours : undefined;
}

function readPrintsList(): Prints[] | undefined {
  const first = readPrints();
  if (first === undefined) return undefined;
  if (literal(KEY.closeList)) return [first];
  if (!literal(KEY.comma)) return undefined;
  const second = readPrints();
  return second !== undefined && literal(KEY.closeList) ? [first, second] : undefined;
}

const PRINT = new Uint8Array(128);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')
  PRINT[character.charCodeAt(0)] = 1;
/** Characters of a recorder's print, 64 bits of base64url. */
const PRINT_LENGTH = 11;

/** A print up to and with its closing quote; '' where it is no recorder's. */
function readPrint(): string {
  const from = at;
  const end = from + PRINT_LENGTH;
  if ((bytes[end] as number) !== 0x22) return '';
  for (let i = from; i < end; i++) {
    const unit = bytes[i] as number;
    if (!(unit < 128) || PRINT[unit] === 0) return '';
  }
  at = end + 1;
  return text.slice(from, end);
}

/** A print under a key, if the key stands there; undefined where it does not, '' where what follows is no print. */
function printUnder(name: Uint8Array): string | undefined {
  return literal(name) ? readPrint() : undefined;
}

function readPrints(): Prints | undefined {
  if (!literal(KEY.epoch)) return undefined;
  const epoch = readName(32);
  if (epoch === '' || !literal(KEY.prompt)) return undefined;
  const prompt = readPrint();
  if (prompt === '') return undefined;
  const opening = printUnder(KEY.opening);
  const closing = printUnder(KEY.closing);
  const layout = printUnder(KEY.layout);
  const system = printUnder(KEY.system2);
  const sketch = literal(KEY.sketch) ? readText(64) : undefined;
  const address = printUnder(KEY.address);
  const network = printUnder(KEY.network);
  const asn = printUnder(KEY.asn);
  const tls = printUnder(KEY.tls);
  const agent = printUnder(KEY.agent);
  const credential = printUnder(KEY.credential);
  const payment = printUnder(KEY.payment);
  if (!literal(KEY.close)) return undefined;
  const found: FoundPrints = {
    epoch,
    prompt,
    opening,
    closing,
    layout,
    system,
    sketch: sketch === undefined ? undefined : detached(sketch),
    address,
    network,
    asn,
    tls,
    agent,
    credential,
    payment,
  };
  return asPrints(found);
}
