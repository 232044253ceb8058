import { isUtf8 } from 'node:buffer';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type ArrivalCheck, parseUsageEvent } from './parse-usage-event.ts';
import { printable, type Reason } from './reason.ts';
import { BUCKETING, type RecordHeader } from './record.ts';
import type { UsageEvent } from './usage-event.ts';

/** Most bytes that one record may decompress to; a gzip bomb stops there. */
export const MAX_DECODED_BYTES = 16 * 1024 * 1024;

/** One line of a record: its index after the header, the line itself, and the event or why it was set aside. */
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
  readonly reason?: Reason;
}

export type HeaderFacts = Pick<RecordHeader, 'bucket'> & Partial<Pick<RecordHeader, 'bucketing' | 'arrived'>>;

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
  return gzipSync(`${JSON.stringify(headerOf(header, lines.length))}\n${lines.join('\n')}\n`);
}

function headerOf(facts: HeaderFacts, events: number): RecordHeader {
  const header = {
    siphonwatch: 1,
    bucketing: facts.bucketing ?? BUCKETING,
    bucket: facts.bucket,
    events,
  } as const;
  return facts.arrived === undefined ? header : { ...header, arrived: facts.arrived };
}

/**
 * Takes a record apart: gzip or plain NDJSON, with or without header, or one event put by hand.
 * Never throws on any bytes.
 *
 * @example
 * import { decodeRecord } from '@siphonwatch/recorder';
 *
 * decodeRecord(new Uint8Array()).reason.message; // => 'empty record'
 */
export function decodeRecord(bytes: Uint8Array, check?: ArrivalCheck): DecodedRecord {
  let plain: Buffer;
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    try {
      plain = gunzipSync(bytes, { maxOutputLength: MAX_DECODED_BYTES });
    } catch (error) {
      return unusable(bytes, decompressionFault(error));
    }
  } else if (bytes.length > MAX_DECODED_BYTES) {
    return unusable(bytes, `longer than ${MAX_DECODED_BYTES} bytes`);
  } else {
    plain = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  const lines = linesOf(plain);
  const first = lines[0];
  if (first === undefined) return unusable(bytes, 'empty record');
  if (first.json === undefined && !first.text.trimStart().startsWith('{'))
    return unusable(bytes, 'neither gzip nor NDJSON');

  let header: RecordHeader | undefined;
  let events = lines;
  if (isObject(first.json) && 'siphonwatch' in first.json) {
    const fault = headerFault(first.json);
    if (fault !== undefined) return { header: undefined, lines: [], reason: fault };
    header = first.json as unknown as RecordHeader;
    events = lines.slice(1);
  }
  return { header, lines: events.map((line, index) => decodeLine(line, index, check)) };
}

interface Line {
  readonly text: string;
  readonly json: unknown;
  readonly fault?: string;
}

/** Non-blank lines, each parsed by itself; a line that is not UTF-8 or not JSON carries its fault. */
function linesOf(plain: Buffer): Line[] {
  const lines: Line[] = [];
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
    if (text.trim() !== '')
      lines.push(isUtf8(part) ? parseLine(text) : { text, json: undefined, fault: 'not UTF-8' });
    at = end + 1;
  }
  return lines;
}

function parseLine(text: string): Line {
  try {
    return { text, json: JSON.parse(text) };
  } catch (error) {
    return {
      text,
      json: undefined,
      fault: `not JSON: ${error instanceof Error ? error.message : 'unreadable'}`,
    };
  }
}

function decodeLine(line: Line, index: number, check: ArrivalCheck | undefined): DecodedLine {
  if (line.fault !== undefined) {
    return {
      index,
      raw: line.text,
      reason: { field: '(line)', value: printable(line.text), message: printable(line.fault) },
    };
  }
  const parsed = parseUsageEvent(line.json, check);
  return parsed.ok
    ? { index, raw: line.text, event: parsed.event }
    : { index, raw: line.text, reason: parsed.reason };
}

function headerFault(header: Record<string, unknown>): Reason | undefined {
  if (header.siphonwatch !== 1)
    return {
      field: 'header.siphonwatch',
      value: printable(header.siphonwatch),
      message: 'unknown version of the wire format; this build knows 1',
    };
  if (typeof header.bucketing !== 'string')
    return { field: 'header.bucketing', value: printable(header.bucketing), message: 'not a text' };
  if (!Number.isInteger(header.bucket) || (header.bucket as number) < 0)
    return { field: 'header.bucket', value: printable(header.bucket), message: 'not a bucket number' };
  if (
    header.arrived !== undefined &&
    (typeof header.arrived !== 'string' || Number.isNaN(Date.parse(header.arrived)))
  )
    return { field: 'header.arrived', value: printable(header.arrived), message: 'not a time' };
  return undefined;
}

function decompressionFault(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ERR_BUFFER_TOO_LARGE') return `decompresses to more than ${MAX_DECODED_BYTES} bytes`;
  if (code === 'Z_BUF_ERROR') return 'gzip ends too early';
  return `damaged gzip (${code || 'unknown'})`;
}

function unusable(bytes: Uint8Array, message: string): DecodedRecord {
  const start = Buffer.from(bytes.subarray(0, 24)).toString('hex');
  return {
    header: undefined,
    lines: [],
    reason: { field: '(record)', value: `${bytes.length} bytes: ${start}`, message },
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
