import { packed } from '../telemetry/adapters/envelopes.ts';
import { printedIn } from '../telemetry/adapters/literals.ts';
import { fieldLine } from './field-lines.ts';

/**
 * JSON in lines that are no JSON themselves: behind colours of a terminal, within quotes of logfmt, in a column of CSV or TSV.
 * And where nothing can be made of a line, what it is, in words without its text.
 */

const ESCAPE = String.fromCharCode(27);
/** ECMA-48's sequences for colours */
const COLOURS = new RegExp(`${ESCAPE}\\[[0-9;]*[A-Za-z]`, 'g');
/**
 * How a text in quotes begins that is JSON: logfmt and Go's %q escape with a backslash, CSV doubles the quote (RFC 4180). Its
 * end is looked for once: where the first one does not end, none that begins within it does.
 */
const ESCAPED = /"[[{]\s*(?:\\"|[[{])/;
const DOUBLED = /"[[{]\s*""/;

/** The text of the JSON that a line holds in another way; undefined where it holds none. */
export function salvaged(line: string): string | undefined {
  const plain = line.includes(ESCAPE) ? line.replace(COLOURS, '') : line;
  const fields = logfmt(plain) ?? fieldLine(plain);
  if (fields !== undefined) return fields;
  if (HEXED.test(plain)) return withoutHex(plain);
  const printed = printedObject(plain);
  if (printed !== undefined) return printed;
  const doubled = quotedFrom(plain, plain.search(DOUBLED), 34);
  if (doubled !== undefined) return doubled.replaceAll('""', '"');
  const escaped = quotedFrom(plain, plain.search(ESCAPED), 92);
  if (escaped !== undefined) return unescaped(escaped);
  return plain === line ? undefined : plain;
}

/** nginx's escape=default (https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format), in a line that is an object otherwise. */
const HEXED = /^\s{0,64}\{\s*".{0,20000}"(?:\{|\[)\s{0,64}\\x22/;
const HEX = /(?:\\x[0-9A-F]{2})+/gi;

/** A line with the bytes that nginx wrote in hexadecimal as JSON writes them. */
function withoutHex(line: string): string {
  return line.replace(HEX, (found) =>
    JSON.stringify(Buffer.from(found.replaceAll(/\\x/gi, ''), 'hex').toString('utf8')).slice(1, -1),
  );
}

/** A dictionary as Python prints it, as JSON; undefined for any other line. */
function printedObject(line: string): string | undefined {
  if (!/^\s{0,64}\{\s{0,64}'/.test(line)) return undefined;
  const value = printedIn(line.trim());
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : undefined;
}

/** A field of logfmt: a name, and a word or a text in quotes (https://brandur.org/logfmt; Go's logrus and log/slog write so). */
const FIELD = /\s*([A-Za-z_@][\w.@-]{0,64})=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))/y;
const MOST_FIELDS = 200;

/** The fields of a line of logfmt as JSON, where two of them at least are JSON: a call is told in a request and an answer. */
function logfmt(line: string): string | undefined {
  if (!/^\s{0,8}[A-Za-z_@][\w.@-]{0,64}=/.test(line) || !ESCAPED.test(line)) return undefined;
  const fields: Record<string, string> = {};
  let bodies = 0;
  FIELD.lastIndex = 0;
  for (let count = 0; count < MOST_FIELDS; count++) {
    const [, name, quoted, word] = FIELD.exec(line) ?? [];
    if (name === undefined) break;
    const value = quoted === undefined ? word : unescaped(quoted);
    if (value === undefined || name === '__proto__') return undefined;
    if (/^\s*[[{]/.test(value)) bodies++;
    fields[name] = value;
  }
  return bodies >= 2 ? JSON.stringify(fields) : undefined;
}

/**
 * What stands in quotes from a place on; undefined where they are not closed.
 * @param start of the opening quote; negative for none
 * @param mark the unit that makes a quote behind it a part of the text: a backslash, or a quote
 */
function quotedFrom(text: string, start: number, mark: number): string | undefined {
  if (start < 0) return undefined;
  for (let at = start + 1; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === mark && (mark !== 34 || text.charCodeAt(at + 1) === 34)) at++;
    else if (unit === 34) return text.slice(start + 1, at);
  }
  return undefined;
}

function unescaped(text: string): string | undefined {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    // No text of JSON either: nothing to be had from it.
    return undefined;
  }
}

/** How base64 begins of `{"`, `[{` and of gzip's first bytes. */
const PACKED = /^"?((?:ey[IJ]|W3s|H4sI)[\w+/-]{40,}={0,2})"?$/;

/** What a line in base64 holds, as shippers and queues print bytes; nothing for any other line. */
export function packedLines(line: string): readonly unknown[] {
  const [, data] = PACKED.exec(line) ?? [];
  return data === undefined ? [] : packed(data);
}

/** Why a line is no JSON, where its kind can be told. */
const KINDS: readonly (readonly [pattern: RegExp, why: string])[] = [
  // https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format
  [
    /\{\\x22\w{1,40}\\x22:/,
    'a body in a line of nginx with its quotes escaped: give log_format escape=json, and write the line as JSON',
  ],
  // https://github.com/vllm-project/vllm/blob/main/vllm/entrypoints/logger.py
  [
    /Received request [\w-]{1,80}: (?:prompt|params):/,
    'vLLM’s own log, which names no customer: log exchanges at the gateway before it',
  ],
  // https://docs.langchain4j.dev/tutorials/logging/
  [
    /\bHTTP (?:request|response):\s*$|^- (?:method: [A-Z]+|url: http\S*|headers: \[.*|status code: \d{3}|body: .*)$/,
    'a client’s log of HTTP in lines of text, which names no customer: log exchanges at the gateway',
  ],
  // https://github.com/gin-gonic/gin (Ollama's server), https://httpd.apache.org/docs/current/logs.html, uvicorn
  [
    /^(?!\s*[[{]\s*").{0,200}\b(?:GET|POST)\s{1,8}"?\/\S{0,400}(?:"|\s+HTTP\/\d)/,
    'a line of an access log, which holds no prompts and names no customer: log exchanges at the gateway before it',
  ],
  [
    /[:[,]\s*-?(?:NaN|Infinity)\b/,
    'NaN or Infinity stands where JSON has a number (json.dumps: allow_nan=False)',
  ],
  [
    /^\s*[[{]\s*'|[:,{]\s*'[\w.-]+'\s*:|[:,[]\s*(?:None|True|False)\b/,
    "single quotes or None, as Python's repr writes: use json.dumps",
  ],
  [/[:[,]\s*undefined\b/, 'undefined stands where JSON has a value: JSON.stringify leaves it out'],
  [/,\s*[}\]]/, 'a comma stands before a closing bracket'],
  [/^(?!\s*[[{])[^,]{0,200}(?:,[^,]{1,80}){2,}$/, 'a line of CSV? Export JSON, or one column that holds it'],
];
/** Only so much of a line is looked at to tell why. */
const LOOKED_AT = 20_000;

/** The words of a fault. */
export function whyNot(line: string): string {
  const head = line.slice(0, LOOKED_AT);
  if (/^\s*[[{]/.test(head) && hasBareControl(head))
    return 'not JSON: a control character stands unescaped within a text';
  const kind = KINDS.find(([pattern]) => pattern.test(head));
  return kind === undefined ? 'not JSON' : `not JSON: ${kind[1]}`;
}

function hasBareControl(text: string): boolean {
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 92) at++;
    else if (unit === 34) quoted = !quoted;
    else if (quoted && unit < 32) return true;
  }
  return false;
}
