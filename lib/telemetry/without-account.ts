import { gzipSync } from 'node:zlib';
import { gunzipWhole, isGzip, readableParts } from './gzip.ts';

/**
 * Erasure of one account from stored bytes: what names it is taken out, everything else stays byte for byte. A line names an
 * account when the pseudonym stands in it, with JSON's escapes or without: 130 bits do not stand there by accident.
 */

/** Whether a text names the account. Escapes of escapes, as in JSON inside of JSON, end in the same characters. */
function names(text: string, account: string): boolean {
  if (text.includes(account)) return true;
  return (
    text.includes('\\u00') &&
    text
      .replaceAll(/\\+u00([2-7][0-9a-fA-F])/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16)))
      .includes(account)
  );
}

/** What is left, and how much was taken out. */
export interface Without<T> {
  readonly left: T;
  /** lines (usage events) that were taken out */
  readonly removed: number;
}

/** NDJSON without the lines that name the account. A header line that counts the events is told the new number. */
export function linesWithout(text: string, account: string): Without<string> {
  if (!names(text, account)) return { left: text, removed: 0 };
  const lines = text.split('\n');
  const left = lines.filter((line) => !names(line, account));
  const removed = lines.length - left.length;
  return { left: recounted(left, removed).join('\n'), removed };
}

/**
 * A record of the stream, packed or plain; undefined where nothing but its header would be left. One whose gzip is damaged,
 * cut off, or followed by something goes whole where any of it names the account: it is no record any more, and its rest
 * could not be written as it was.
 */
export function recordWithout(bytes: Uint8Array, account: string): Without<Uint8Array | undefined> {
  const packed = isGzip(bytes);
  const text = textOf(bytes);
  if (text === undefined) {
    const removed = linesNaming(readableParts(bytes, MOST_UNPACKED), account);
    return { left: removed > 0 ? undefined : bytes, removed };
  }
  const { left, removed } = linesWithout(text, account);
  if (removed === 0) return { left: bytes, removed: 0 };
  if (left.split('\n').every((line) => line.trim() === '' || headerOf(line) !== undefined))
    return { left: undefined, removed };
  const rest = Buffer.from(left, 'latin1');
  return { left: packed ? gzipSync(rest) : rest, removed };
}

/**
 * An object of the quarantine bucket: set-aside entries one a line, each with a line or a whole record as its payload, or
 * the invocation record of a batch that Lambda gave up on, with records inside: of the stream of events, or changes of a table.
 */
export function quarantinedWithout(text: string, account: string): Without<string> {
  const whole = jsonOf(text);
  if (whole !== undefined && 'payload' in whole && !('encoding' in whole)) return batchWithout(text, account);
  let removed = 0;
  const left = text.split('\n').flatMap((line) => {
    const entry = entryWithout(line, account);
    removed += entry.removed;
    return entry.left === undefined ? [] : [entry.left];
  });
  return { left: left.join('\n'), removed };
}

function entryWithout(line: string, account: string): Without<string | undefined> {
  if (line.trim() === '') return { left: line, removed: 0 };
  const entry = jsonOf(line);
  if (typeof entry?.payload !== 'string' || entry.encoding !== 'base64')
    return names(line, account) ? { left: undefined, removed: 1 } : { left: line, removed: 0 };
  const { left, removed } = recordWithout(Buffer.from(entry.payload, 'base64'), account);
  if (removed === 0 && !names(line, account)) return { left: line, removed };
  if (left === undefined || removed === 0) return { left: undefined, removed: Math.max(removed, 1) };
  const payload = Buffer.from(left).toString('base64');
  return { left: JSON.stringify({ ...entry, payload }), removed };
}

/**
 * Lambda's record: the payload is text, the text is JSON, its records of events are base64. A change of a table whose key or images name the
 * account goes whole: nobody puts it back. A payload that is none goes whole too.
 */
function batchWithout(text: string, account: string): Without<string> {
  const outer = jsonOf(text);
  const inner = typeof outer?.payload === 'string' ? jsonOf(outer.payload) : undefined;
  if (outer === undefined || !Array.isArray(inner?.Records))
    return names(text, account) ? { left: '', removed: 1 } : { left: text, removed: 0 };
  let removed = 0;
  const Records = inner.Records.flatMap((record: unknown) => {
    if (!isRecord(record) || !isRecord(record.kinesis) || typeof record.kinesis.data !== 'string') {
      if (!names(JSON.stringify(record), account)) return [record];
      removed++;
      return [];
    }
    const without = recordWithout(Buffer.from(record.kinesis.data, 'base64'), account);
    removed += without.removed;
    if (without.removed === 0) return [record];
    if (without.left === undefined) return [];
    const data = Buffer.from(without.left).toString('base64');
    return [{ ...record, kinesis: { ...record.kinesis, data } }];
  });
  if (removed === 0) return { left: text, removed };
  if (Records.length === 0) return { left: '', removed };
  return { left: JSON.stringify({ ...outer, payload: JSON.stringify({ ...inner, Records }) }), removed };
}

function recounted(lines: readonly string[], removed: number): readonly string[] {
  const [first = '', ...rest] = lines;
  const header = headerOf(first);
  if (removed === 0 || header === undefined || typeof header.events !== 'number') return lines;
  return [JSON.stringify({ ...header, events: Math.max(0, header.events - removed) }), ...rest];
}

function headerOf(line: string): Record<string, unknown> | undefined {
  const header = line.startsWith('{"siphonwatch"') ? jsonOf(line) : undefined;
  return header !== undefined && 'siphonwatch' in header ? header : undefined;
}

/** More than any record may unpack to that is ever read again. */
const MOST_UNPACKED = 64 * 1024 * 1024;

/** A character for each byte, so that what is not UTF-8 stays as it is; undefined where it does not unpack to its end. */
function textOf(bytes: Uint8Array): string | undefined {
  if (!isGzip(bytes)) return Buffer.from(bytes).toString('latin1');
  try {
    return gunzipWhole(bytes, MOST_UNPACKED).toString('latin1');
  } catch {
    return undefined;
  }
}

function linesNaming(parts: readonly Buffer[], account: string): number {
  return parts.reduce((sum, part) => sum + linesWithout(part.toString('latin1'), account).removed, 0);
}

function jsonOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
