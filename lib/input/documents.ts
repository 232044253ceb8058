import { LIMITS } from '../limits.ts';
import { whyNotParsed } from '../telemetry/json-size.ts';
import { type JsonValue, jsonValue } from './json-value.ts';
import { packedLines, salvaged, whyNot } from './salvage.ts';

/** JSON documents in the lines of a file: one a line, pretty-printed over many, several in a line, or in one large array. */

/** A document, or a line that is none. */
export type Document =
  | { readonly json: unknown; readonly line: number; readonly raw: string; readonly odd?: readonly string[] }
  | { readonly fault: string; readonly line: number; readonly raw: string };

/** The beginning of a document over several lines. */
export interface HeldDocument {
  readonly line: number;
  readonly lines: string[];
  depth: number;
  size: number;
  readonly indented: boolean;
}

/** A document over many lines may be so long, in characters. */
const MAX_DOCUMENT = LIMITS.documentCharacters.most;
const MOST_PIECES = LIMITS.lineDocuments.most;

/**
 * Prefixes before a line's JSON: Kubernetes CRI (`2026-03-01T08:00:00Z stdout F `,
 * https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md), CloudWatch's export tasks
 * (`2026-03-01T08:00:00.000Z `), syslog (RFC 3164 and 5424), docker compose (`gateway-1  | `), and a level or logger's name.
 */
const PREFIX =
  /^(?:[\w.-]+\s+\|\s*)?(?:<\d{1,3}>\d?\s*)?(?:(?:\d{4}-\d\d-\d\d[T ][\d:.,]+(?:Z|[+-]\d\d:?\d\d)?|\w{3}\s+\d{1,2}\s[\d:]{8})\s+)?(?:(?:stdout|stderr)\s+[FP]\s+)?(?:[^{["]{0,200}?)(?=[{[])/;

/** Takes lines, hands out documents; holds a document that goes on over several lines. */
export class DocumentReader {
  /** a document was spread over several lines */
  pretty = false;
  #held: HeldDocument | undefined;

  /** @param held what another reader of the same lines had not ended */
  constructor(held?: HeldDocument) {
    this.#held = held;
  }

  /** The document that has begun and not ended: plain data, to go on from in another reader. */
  get held(): HeldDocument | undefined {
    return this.#held;
  }

  /** The documents that end with a line. */
  *take(raw: string, line: number): Generator<Document> {
    const text = cleaned(raw);
    if (text.trim() === '') return;
    try {
      if (this.#held !== undefined) {
        // A line that begins a document of its own where the held one began: the held one was cut off.
        const begins = !this.#held.indented && text.startsWith('{') && jsonValue(text) !== undefined;
        if (!begins) {
          yield* this.#goOn(text);
          return;
        }
        yield* this.finish();
      }
      yield* this.#begin(text, raw, line);
    } catch (error) {
      // patterns have room for some megabytes of one text: whoever makes one longer ends the reading of this line alone
      if (!(error instanceof RangeError)) throw error;
      yield { fault: 'not JSON, and too long to be searched for it', line, raw };
    }
  }

  /** A document that has not ended when the input does. */
  *finish(): Generator<Document> {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined)
      yield {
        fault: 'JSON that does not end: cut off, or not one document',
        line: held.line,
        raw: held.lines.join('\n'),
      };
  }

  *#begin(text: string, raw: string, line: number): Generator<Document> {
    const fault = whyNotParsed(text);
    if (fault !== undefined) {
      yield* elementsOf(text, fault, line, raw);
      return;
    }
    const whole = jsonValue(text);
    if (whole !== undefined) {
      yield documentOf(whole, line, raw);
      return;
    }
    const trimmed = text.trim();
    // the brackets of an array with an element a line
    if (/^[[\],]+$/.test(trimmed)) return;
    const prefix = PREFIX.exec(trimmed)?.[0] ?? '';
    const elements = trimmed.slice(prefix.length).replace(/,$/, '');
    const single =
      jsonValue(elements) ??
      jsonValue(elements.replace(/^[[,]/, '')) ??
      jsonValue(elements.replace(/\]$/, ''));
    if (single !== undefined) {
      yield documentOf(single, line, raw);
      return;
    }
    const { pieces, rest, depth, broken } = piecesOf(elements);
    if (pieces.length > MOST_PIECES) {
      yield { fault: `more than ${MOST_PIECES} documents in one line`, line, raw };
      return;
    }
    // several documents in a line may quote JSON as well
    const isSeveral = pieces.length > 1 && jsonValue(pieces[0] ?? '') !== undefined;
    const within = isSeveral ? [] : hiddenIn(trimmed);
    if (within.length > 0) {
      for (const value of within) yield documentOf(value, line, raw);
      return;
    }
    const found = pieces.map((piece) => ({
      piece,
      held: jsonValue(piece) ?? jsonValue(piece.replace(PREFIX, '')),
    }));
    const some = found.some(({ held }) => held !== undefined);
    for (const [index, { piece, held }] of found.entries()) {
      if (held !== undefined) yield documentOf(held, line, piece);
      // what stands in brackets before a line's document is part of its prefix
      else if (!some || index > 0) yield { fault: whyNot(piece), line, raw: piece };
    }
    if (rest.trim() === '' && pieces.length > 0) return;
    if (depth > 0 && !broken && prefix.trim() === '' && /^[{[]/.test(rest.trim())) {
      this.#held = { line, lines: [rest], depth, size: rest.length, indented: /^\s/.test(text) };
      return;
    }
    const left = pieces.length > 0 ? rest : raw;
    yield { fault: whyNot(left), line, raw: left };
  }

  *#goOn(text: string): Generator<Document> {
    const held = this.#held;
    if (held === undefined) return;
    held.lines.push(text);
    held.size += text.length;
    held.depth += depthOf(text);
    if (held.depth > 0 && held.size <= MAX_DOCUMENT) return;
    this.#held = undefined;
    const raw = held.lines.join('\n');
    const fault = whyNotParsed(raw);
    if (fault !== undefined) {
      yield* elementsOf(raw, fault, held.line, raw);
      return;
    }
    const whole = jsonValue(raw.trim().replace(/,$/, '')) ?? jsonValue(withoutEnd(raw.trim(), ',]'));
    if (whole === undefined) {
      yield { fault: whyNot(raw), line: held.line, raw };
      return;
    }
    this.pretty = true;
    yield documentOf(whole, held.line, raw);
  }
}

/** The elements of a list that is not parsed as a whole, each by itself: an element that costs too much takes no other one with it. */
function* elementsOf(text: string, fault: string, line: number, raw: string): Generator<Document> {
  const begin = text.search(/\S/);
  const { pieces } = text[begin] === '[' ? piecesOf(text.slice(begin + 1)) : { pieces: [] };
  if (pieces.length < 2 || pieces.length > MOST_PIECES) {
    yield { fault, line, raw };
    return;
  }
  for (const piece of pieces) {
    // the list's own end, where the scan ran on into it
    if (piece === ']') continue;
    const why = whyNotParsed(piece);
    const held = why === undefined ? jsonValue(piece) : undefined;
    if (held !== undefined) yield documentOf(held, line, piece);
    else yield { fault: why ?? whyNot(piece), line, raw: piece };
  }
}

function documentOf({ value, odd }: JsonValue, line: number, raw: string): Document {
  return { json: value, line, raw, ...(odd === undefined ? {} : { odd }) };
}

/** The documents that a line holds in another way than as JSON. */
function hiddenIn(line: string): readonly JsonValue[] {
  const text = salvaged(line);
  const within = text === undefined ? undefined : (jsonValue(text) ?? jsonValue(text.replace(PREFIX, '')));
  if (within !== undefined) return [within];
  return packedLines(line).flatMap((held) =>
    typeof held === 'string' ? (jsonValue(held) ?? []) : [{ value: held }],
  );
}

/** Without byte order marks and zero bytes at its ends (copytruncate leaves them), and without the other half of a line end. */
function cleaned(raw: string): string {
  const first = raw.charCodeAt(0);
  const last = raw.charCodeAt(raw.length - 1);
  if (first > 32 && first !== 0xfeff && last > 32) return raw;
  return withoutEnd(raw.replace(/^[\0\ufeff]+/, ''), '\0\r', '');
}

/** A text without the given signs, and space, at its end. A pattern (`[...]+$`) would try every run of them in the text. */
function withoutEnd(text: string, signs: string, space = ' \t\r\n'): string {
  let end = text.length;
  while (end > 0 && (signs.includes(text.charAt(end - 1)) || space.includes(text.charAt(end - 1)))) end--;
  return text.slice(0, end);
}

/** Documents that lie end to end in a text, and what is left behind the last one. */
function piecesOf(text: string): { pieces: string[]; rest: string; depth: number; broken: boolean } {
  const pieces: string[] = [];
  let start = 0;
  let depth = 0;
  const broken = eachBracket(text, (at, step) => {
    depth += step;
    if (depth === 0) {
      pieces.push(text.slice(start, at + 1).replace(/^[\s,\0\ufeff]+/, ''));
      start = at + 1;
    }
    return depth >= 0 && pieces.length <= MOST_PIECES;
  });
  return { pieces, rest: text.slice(start), depth, broken };
}

/** How many brackets more a line opens than it closes. */
function depthOf(text: string): number {
  let depth = 0;
  eachBracket(text, (_, step) => {
    depth += step;
    return true;
  });
  return depth;
}

/**
 * Visits the brackets outside of strings: 1 opens, -1 closes; ends early where the visitor says false.
 * @returns whether the text ends, or was left, within a string
 */
function eachBracket(text: string, visit: (at: number, step: 1 | -1) => boolean): boolean {
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (quoted) {
      if (unit === 92) at++;
      else if (unit === 34) quoted = false;
    } else if (unit === 34) quoted = true;
    else if (unit === 123 || unit === 91) {
      if (!visit(at, 1)) return false;
    } else if ((unit === 125 || unit === 93) && !visit(at, -1)) return false;
  }
  return quoted;
}
