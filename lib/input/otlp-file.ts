import { LIMITS } from '../limits.ts';
import { InputError } from './errors.ts';
import { readOtlp } from './otlp-protobuf.ts';

/**
 * Files of the OpenTelemetry collector's file exporter with `format: proto`: messages of OTLP, each behind its length in four
 * bytes, big-endian (https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/exporter/fileexporter); and a
 * single message as it is, as queues hand it over. They are read as the JSON lines that the exporter writes otherwise.
 */

/** Bytes of a message at most: a line of JSON may have as many characters. */
const MAX_MESSAGE = LIMITS.documentCharacters.most;
/** Tag of the first field of an export request, which holds everything. */
const FIRST_FIELD = 0x0a;

/** Whether a file's first bytes, some tens of them, are those of such a file. No text has a zero as its first byte, or runs on so behind a line break. */
export function isOtlpFile(head: Buffer): boolean {
  return isPrefixed(head) || isBare(head);
}

function isPrefixed(head: Buffer): boolean {
  if (head.length < 6 || head[0] !== 0 || head[4] !== FIRST_FIELD) return false;
  const size = head.readUInt32BE(0);
  return size >= 2 && size <= MAX_MESSAGE && sizedWithin(head.subarray(4), size);
}

/** One message that is the whole file: its one field ends within it, and holds a resource or a scope in its turn. */
function isBare(head: Buffer): boolean {
  if (head[0] !== FIRST_FIELD) return false;
  const { value, next } = varintAt(head, 1);
  const inner = head[next];
  return (
    value !== undefined && value >= 2 && next > 2 && (inner === 0x0a || inner === 0x12) && hasControl(head)
  );
}

/** Whether a field's length, where it can be read, fits into its message. */
function sizedWithin(message: Buffer, size: number): boolean {
  const { value, next } = varintAt(message, 1);
  return value === undefined || value + next <= size;
}

/** Bytes that text does not have: lengths and tags of fields. */
function hasControl(head: Buffer): boolean {
  return head.some((byte) => byte < 9 || (byte > 13 && byte < 32));
}

function varintAt(
  bytes: Buffer,
  from: number,
): { readonly value: number | undefined; readonly next: number } {
  let value = 0;
  for (let at = from, scale = 1; at < Math.min(bytes.length, from + 5); at++, scale *= 128) {
    const byte = bytes[at] ?? 0;
    value += (byte & 127) * scale;
    if (byte < 128) return { value, next: at + 1 };
  }
  return { value: undefined, next: from };
}

/**
 * A line of JSON for each message. One that cannot be read is told, is a line that is no JSON, and costs itself alone.
 * @throws InputError where the file ends within a message
 */
export async function* otlpLines(
  chunks: AsyncIterable<Buffer>,
  onNote: (note: string) => void,
): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let size = 0;
  // bytes that have to be there before there is anything to read: joined once, however many chunks they come in
  let wanted = 4;
  let prefixed: boolean | undefined;
  let read = 0;
  for await (const chunk of chunks) {
    if (chunk.length === 0) continue;
    waiting.push(chunk);
    size += chunk.length;
    prefixed ??= chunk[0] === 0;
    if (!prefixed && size > MAX_MESSAGE)
      throw new InputError(`an OTLP message of more than ${MAX_MESSAGE} bytes, not read`);
    if (!prefixed || size < wanted) continue;
    let held = joined(waiting);
    wanted = 4;
    while (held.length >= 4) {
      const length = held.readUInt32BE(0);
      if (length > MAX_MESSAGE)
        throw new InputError(
          `OTLP message ${read + 1} has ${length} bytes, more than ${MAX_MESSAGE}, or the file is damaged`,
        );
      wanted = 4 + length;
      if (held.length < wanted) break;
      yield lineOf(held.subarray(4, wanted), ++read, onNote);
      held = held.subarray(wanted);
      wanted = 4;
    }
    waiting = held.length === 0 ? [] : [held];
    size = held.length;
  }
  if (prefixed === false) yield lineOf(joined(waiting), 1, onNote);
  else if (size > 0) throw new InputError(`the OTLP file ends within message ${read + 1}: it is truncated`);
}

function joined(chunks: readonly Buffer[]): Buffer {
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
}

function lineOf(bytes: Buffer, number: number, onNote: (note: string) => void): Buffer {
  try {
    return Buffer.from(`${messageIn(bytes)}\n`);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unreadable';
    onNote(`OTLP message ${number} cannot be read (${why})`);
    return Buffer.from('an OTLP message that cannot be read\n');
  }
}

/** JSON of traces or logs: both begin alike, and only a span has an id of 16 bytes where a log record has its time. */
function messageIn(bytes: Buffer): string {
  const traces = JSON.stringify(readOtlp(bytes, 'traces'));
  return TRACE_ID.test(traces) ? traces : JSON.stringify(readOtlp(bytes, 'logs'));
}

const TRACE_ID = /"traceId":"[0-9a-f]{32}"/;
