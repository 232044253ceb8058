import { isAscii, isUtf8 } from 'node:buffer';
import { gzipSync } from 'node:zlib';
import { LIMITS } from '../limits.ts';
import { gunzipWhole, isGzip, TrailingBytes } from './gzip.ts';
import { keptLine, mayKeepHeader, saysNoMore } from './kept-line.ts';
import { type ArrivalCheck, checkedTimes, parseUsageEvent, surelyValid } from './parse-usage-event.ts';
import { kindOf, type Reason } from './reason.ts';
import { BUCKETING, type RecordHeader } from './record.ts';
import { scanUsageEvent } from './scan-usage-event.ts';
import type { UsageEvent } from './usage-event.ts';

/**
 * What one record may cost whoever decodes it. A producer's record has at most 1 MiB of lines (producer.ts), each of a
 * few hundred bytes that compress to a fifth.
 */
/** Most bytes that it may decompress to; a gzip bomb stops there. */
export const MAX_DECODED_BYTES = LIMITS.recordBytes.most;
/** So many times its own size may it decompress to, and to 256 KiB always: many small bombs are a large one. */
const MAX_RATIO = LIMITS.recordRatio.most;
const SMALL_BYTES = 256 * 1024;
/** Most lines; with more it is set aside whole. */
export const MAX_RECORD_LINES = LIMITS.recordLines.most;
/** Longest line, in characters: an event of the longest allowed names, all escaped, is shorter. */
const MAX_LINE = LIMITS.eventLine.most;
/** Bad lines that get a reason of their own; the others are kept together. */
export const MAX_FAULTS = LIMITS.recordFaults.most;

/**
 * One line of a record: its index after the header, the line itself, and the event or why it was set aside. `raw` is
 * empty where the line is not JSON, holds what people wrote, or names a customer: that is not kept.
 */
export interface DecodedLine {
  readonly index: number;
  readonly raw: string;
  readonly event?: UsageEvent;
  readonly reason?: Reason;
}

/**
 * A decoded record. With `reason` the whole record is unusable and has no lines; otherwise each line has an event or
 * a reason of its own, and a bad one does not touch its neighbours.
 */
export interface DecodedRecord {
  readonly header: RecordHeader | undefined;
  readonly lines: readonly DecodedLine[];
  /** bytes, decompressed */
  readonly size: number;
  readonly reason?: Reason;
  /** not to be kept: it is plain text of no known form, holds what people wrote, or was not looked into */
  readonly withheld?: true;
}

export type HeaderFacts = Pick<RecordHeader, 'bucket'> &
  Partial<Pick<RecordHeader, 'bucketing' | 'arrived' | 'redriven' | 'gateway'>>;

/**
 * Packs events of one bucket into a record: gzip of a header line and one line an event.
 *
 * @example
 * import { decodeRecord, encodeRecord } from '@siphonwatch/recorder';
 *
 * decodeRecord(encodeRecord({ bucket: 26 }, [])).header.bucket; // => 26
 */
export function encodeRecord(header: HeaderFacts, events: readonly UsageEvent[]): Uint8Array {
  return encodeLines(
    header,
    events.map((event) => JSON.stringify(event)),
  );
}

/** The same from events that are already JSON, one a line, without line breaks. */
export function encodeLines(header: HeaderFacts, lines: readonly string[]): Uint8Array {
  return gzipSync(textOfRecord(header, lines));
}

/** A record before it is packed. */
export function textOfRecord(header: HeaderFacts | undefined, lines: readonly string[]): string {
  const first = header === undefined ? '' : `${JSON.stringify(headerOf(header, lines.length))}\n`;
  return `${first}${lines.join('\n')}\n`;
}

function headerOf(facts: HeaderFacts, events: number): RecordHeader {
  const header = {
    siphonwatch: 1,
    bucketing: facts.bucketing ?? BUCKETING,
    bucket: facts.bucket,
    events,
  } as const;
  return {
    ...header,
    ...(facts.arrived === undefined ? {} : { arrived: facts.arrived }),
    ...(facts.redriven === undefined ? {} : { redriven: facts.redriven }),
    ...(facts.gateway === undefined ? {} : { gateway: facts.gateway }),
  };
}

/**
 * Takes a record apart: gzip, to its last byte, or plain NDJSON, with or without header, or one event put by hand.
 * Never throws on any bytes.
 *
 * @example
 * import { decodeRecord } from '@siphonwatch/recorder';
 *
 * decodeRecord(new Uint8Array()).reason.message; // => 'empty record'
 */
export function decodeRecord(bytes: Uint8Array, check?: ArrivalCheck): DecodedRecord {
  let plain: Buffer;
  if (isGzip(bytes)) {
    try {
      plain = gunzipWhole(bytes, allowedBytes(bytes));
    } catch (error) {
      // it may hold anything, and no later build would take what is beyond the budget
      return withheld(unusable(bytes, decompressionFault(error, allowedBytes(bytes))));
    }
  } else if (bytes.length > MAX_DECODED_BYTES) {
    return withheld(unusable(bytes, `longer than ${MAX_DECODED_BYTES} bytes`));
  } else {
    plain = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  if (countLines(plain) > MAX_RECORD_LINES)
    return withheld(unusable(bytes, `more than ${MAX_RECORD_LINES} lines`));
  const lines = linesOf(plain);
  const first = lines[0];
  if (first === undefined) return unusable(bytes, 'empty record');
  if (!lines.some(({ json, text }) => json !== undefined || text.trimStart().startsWith('{')))
    return withheld(unusable(bytes, 'neither gzip nor NDJSON'));

  let header: RecordHeader | undefined;
  let events = lines;
  if (isObject(first.json) && 'siphonwatch' in first.json) {
    const fault = headerFault(first.json);
    if (fault !== undefined) {
      const refused = { header: undefined, lines: [], size: plain.length, reason: fault };
      const kept =
        mayKeepHeader(first.json) &&
        lines.every(({ valid, text, json }) => valid || saysNoMore(text, json)) &&
        lines.slice(1).every((line) => line.valid || keptOf(line) !== '');
      return kept ? refused : withheld(refused);
    }
    header = first.json as unknown as RecordHeader;
    events = lines.slice(1);
  }
  return { header, size: plain.length, lines: decodeLines(events, check) };
}

function allowedBytes(bytes: Uint8Array): number {
  return Math.min(MAX_DECODED_BYTES, Math.max(SMALL_BYTES, MAX_RATIO * bytes.length));
}

function countLines(plain: Buffer): number {
  let lines = 0;
  for (let at = plain.indexOf(10); at >= 0 && lines <= MAX_RECORD_LINES; at = plain.indexOf(10, at + 1))
    lines++;
  return lines;
}

/** Each line an event or a reason; from the hundred and first bad line on, bad ones are refused cheaply and kept together. */
function decodeLines(lines: readonly Line[], check: ArrivalCheck | undefined): DecodedLine[] {
  const decoded: DecodedLine[] = [];
  const rest: string[] = [];
  let faults = 0;
  let firstOfRest = 0;
  for (const [index, line] of lines.entries()) {
    if (faults >= MAX_FAULTS && !line.valid && (line.fault !== undefined || !surelyValid(line.json))) {
      if (rest.length === 0) firstOfRest = index;
      rest.push(keptOf(line));
      continue;
    }
    const made = decodeLine(line, index, check);
    if (made.reason !== undefined) faults++;
    decoded.push(made);
  }
  if (rest.length > 0)
    decoded.push({
      index: firstOfRest,
      raw: rest.filter((text) => text !== '').join('\n'),
      reason: {
        field: '(lines)',
        value: `${rest.length} lines`,
        message: `unusable, beyond the first ${MAX_FAULTS} of the record, and kept together`,
      },
    });
  return decoded;
}

/** The line as it may be kept: not at all where it is not JSON, holds what people wrote, or names a customer. */
function keptOf({ fault, json }: Line): string {
  return fault === undefined ? keptLine(json) : '';
}

interface Line {
  readonly text: string;
  readonly json: unknown;
  /** it is a usage event: read by scanUsageEvent */
  readonly valid: boolean;
  readonly fault: string | undefined;
}

/** Non-blank lines, each parsed by itself; a line that is not UTF-8 or not JSON carries its fault. */
function linesOf(plain: Buffer): Line[] {
  const lines: Line[] = [];
  if (isAscii(plain)) {
    const text = plain.toString('latin1');
    for (let from = 0; from < text.length; ) {
      const found = text.indexOf('\n', from);
      const end = found < 0 ? text.length : found;
      if (end > from) addLine(lines, plain, text, from, end);
      from = end + 1;
    }
    return lines;
  }
  if (isUtf8(plain)) {
    for (const text of plain.toString('utf8').split('\n'))
      if (text !== '' && text.trim() !== '') lines.push(parseLine(text));
    return lines;
  }
  for (let at = 0; at < plain.length; ) {
    const found = plain.indexOf(10, at);
    const end = found < 0 ? plain.length : found;
    const part = plain.subarray(at, end);
    const text = part.toString('utf8');
    if (text.trim() !== '') lines.push(isUtf8(part) ? parseLine(text) : unreadable(text, 'not UTF-8'));
    at = end + 1;
  }
  return lines;
}

/** A line of a text that is ASCII: read as recorders write it, or as any JSON. */
function addLine(lines: Line[], plain: Buffer, whole: string, from: number, end: number): void {
  const event = scanUsageEvent(plain, whole, from, end);
  const text = whole.slice(from, end);
  if (event !== undefined) lines.push({ text, json: event, valid: true, fault: undefined });
  else if (text.trim() !== '') lines.push(parseLine(text));
}

/** V8 quotes the text in its message: it is not repeated. */
function parseLine(text: string): Line {
  if (text.length > MAX_LINE) return unreadable(text, `longer than ${MAX_LINE} characters: no usage event`);
  try {
    return { text, json: JSON.parse(text), valid: false, fault: undefined };
  } catch {
    return unreadable(text, 'not JSON');
  }
}

function unreadable(text: string, fault: string): Line {
  return { text, json: undefined, valid: false, fault };
}

function decodeLine(line: Line, index: number, check: ArrivalCheck | undefined): DecodedLine {
  if (line.fault !== undefined) {
    return {
      index,
      raw: keptOf(line),
      reason: { field: '(line)', value: kindOf(line.text), message: line.fault },
    };
  }
  const parsed = line.valid
    ? checkedTimes(line.json as UsageEvent, check)
    : parseUsageEvent(line.json, check);
  return parsed.ok
    ? { index, raw: line.text, event: parsed.event }
    : { index, raw: keptOf(line), reason: parsed.reason };
}

/** It travels into every position and every quarantined line. */
const BUCKETING_NAME = new RegExp(`^[A-Za-z0-9._-]{1,${LIMITS.bucketingName.most}}$`);

/** Names of gateways are shown to people: no other signs. */
const GATEWAY_NAME = new RegExp(`^[A-Za-z0-9][A-Za-z0-9._-]{0,${LIMITS.gatewayName.most - 1}}$`);

/** Why a gateway may not be called so; undefined where it may. */
export function gatewayFault(name: unknown): string | undefined {
  return typeof name === 'string' && GATEWAY_NAME.test(name)
    ? undefined
    : `${notAName(LIMITS.gatewayName.most)}, the first a letter or digit`;
}

function notAName(most: number): string {
  return `not a name of at most ${most} letters, digits, dots, hyphens and underscores`;
}

function headerFault(header: Record<string, unknown>): Reason | undefined {
  if (header.siphonwatch !== 1)
    return {
      field: 'header.siphonwatch',
      value: kindOf(header.siphonwatch),
      message: 'unknown version of the wire format; this build knows 1',
    };
  if (typeof header.bucketing !== 'string' || !BUCKETING_NAME.test(header.bucketing))
    return {
      field: 'header.bucketing',
      value: kindOf(header.bucketing),
      message: notAName(LIMITS.bucketingName.most),
    };
  if (!Number.isInteger(header.bucket) || (header.bucket as number) < 0)
    return { field: 'header.bucket', value: kindOf(header.bucket), message: 'not a bucket number' };
  if (
    header.arrived !== undefined &&
    (typeof header.arrived !== 'string' ||
      header.arrived.length > 40 ||
      Number.isNaN(Date.parse(header.arrived)))
  )
    return { field: 'header.arrived', value: kindOf(header.arrived), message: 'not a time' };
  const fault = header.gateway === undefined ? undefined : gatewayFault(header.gateway);
  return fault === undefined
    ? undefined
    : { field: 'header.gateway', value: kindOf(header.gateway), message: fault };
}

function decompressionFault(error: unknown, allowed: number): string {
  if (error instanceof TrailingBytes) return error.message;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ERR_BUFFER_TOO_LARGE') return `decompresses to more than ${allowed} bytes`;
  if (code === 'Z_BUF_ERROR') return 'gzip ends too early';
  return `damaged gzip (${code || 'unknown'})`;
}

function withheld(record: DecodedRecord): DecodedRecord {
  return { ...record, withheld: true };
}

function unusable(bytes: Uint8Array, message: string): DecodedRecord {
  return {
    header: undefined,
    lines: [],
    size: bytes.length,
    reason: { field: '(record)', value: `${bytes.length} bytes`, message },
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
