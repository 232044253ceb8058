import { constants, gunzipSync, inflateRawSync } from 'node:zlib';
import * as z from 'zod';
import { gunzipWhole, readableStart } from '../telemetry/gzip.ts';
import { type ArchiveFrame, LINE_BREAK_BYTES } from './archive.ts';

/** A record of the archive, decompressed, with what is known of it. */
export interface StoredRecord {
  readonly frame: ArchiveFrame;
  readonly record: Buffer;
}

/** An object of the archive: its records in their order, and how many places of it could not be read. */
export interface ReadObject {
  readonly records: readonly StoredRecord[];
  /** records, or stretches between records, that are damaged; 0: it was read to its end */
  readonly unreadable: number;
}

const frameLine = z.object({
  archived: z.literal(1),
  stream: z.string(),
  shard: z.string(),
  sequence: z.string(),
  partitionKey: z.string(),
  arrived: z.number(),
  size: z.number().int().min(0),
}) satisfies z.ZodType<ArchiveFrame>;

/** Bytes of an unpacked object at most: batches are of megabytes (lib/aws/archive.ts). */
const MOST_UNPACKED = 1024 ** 3;

/**
 * The records of an object. One that cannot be read from end to end is searched for the lines before records, so that what
 * is damaged costs itself alone. Never throws on any bytes.
 */
export function readObject(bytes: Uint8Array): ReadObject {
  if (bytes.length === 0) return { records: [], unreadable: 0 };
  try {
    return { records: [...framesOf(gunzipWhole(bytes, MOST_UNPACKED))], unreadable: 0 };
  } catch {
    return salvaged(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }
}

/** @throws where a line before a record is none, or a record is shorter than it says */
function* framesOf(bytes: Buffer): Generator<StoredRecord> {
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(10, at);
    const frame = frameLine.parse(JSON.parse(bytes.toString('utf8', at, end < 0 ? undefined : end)));
    const from = end + 1;
    at = from + frame.size + 1;
    if (end < 0 || at > bytes.length) throw new RangeError('an archived record ends early');
    yield { frame, record: bytes.subarray(from, from + frame.size) };
  }
}

/** A line before a record, as it was found in the packed object. */
interface FoundFrame {
  readonly frame: ArchiveFrame;
  /** where its gzip begins */
  readonly at: number;
  /** where the record begins */
  readonly from: number;
}

/** A record is packed by whoever put it and may hold what looks like a line before a record: so many are looked beyond. */
const MOST_INSIDE = 16;

function salvaged(bytes: Buffer): ReadObject {
  const found = foundFrames(bytes);
  const records: StoredRecord[] = [];
  let unreadable = found[0]?.at === 0 ? 0 : 1;
  for (let i = 0; i < found.length; ) {
    const { frame, from } = found[i] as FoundFrame;
    let next = i + 1;
    let record: Buffer | undefined;
    for (; next <= Math.min(i + MOST_INSIDE, found.length); next++) {
      record = recordIn(
        bytes.subarray(from, (found[next]?.at ?? bytes.length) - LINE_BREAK_BYTES),
        frame.size,
      );
      if (record !== undefined) break;
    }
    i = record === undefined ? i + 1 : next;
    if (record === undefined) {
      unreadable++;
      record = startIn(bytes.subarray(from, found[i]?.at), frame.size);
    }
    if (record !== undefined) records.push({ frame, record });
  }
  return { records, unreadable };
}

/** The record, where it is as long as the line before it says: what stands behind its gzip was never part of it. */
function recordIn(packed: Buffer, size: number): Buffer | undefined {
  try {
    const plain = gunzipSync(packed, { maxOutputLength: size + 1 });
    return plain.length === size ? plain : undefined;
  } catch {
    return undefined;
  }
}

/** The same, where what is damaged comes behind the record and its line break. */
function startIn(packed: Buffer, size: number): Buffer | undefined {
  const { plain } = readableStart(packed, MOST_UNPACKED);
  return plain.length > size && plain[size] === 10 ? plain.subarray(0, size) : undefined;
}

/** What our gzip begins with: no name, no comment, nothing before the deflated bytes (RFC 1952, 2.3). */
const PLAIN_MEMBER = Buffer.from([0x1f, 0x8b, 8, 0]);
const HEADER_BYTES = 10;
/** Check sum and length behind the deflated bytes. */
const TRAILER_BYTES = 8;
/** A line before a record, packed, and unpacked, at most. */
const FRAME_BYTES = 2048;
const FRAME_TEXT = 16_384;

function foundFrames(bytes: Buffer): FoundFrame[] {
  const all: FoundFrame[] = [];
  for (let at = bytes.indexOf(PLAIN_MEMBER); at >= 0; at = bytes.indexOf(PLAIN_MEMBER, at + 1)) {
    const found = frameAt(bytes, at);
    if (found !== undefined) all.push(found);
  }
  return all;
}

function frameAt(bytes: Buffer, at: number): FoundFrame | undefined {
  const deflated = bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + FRAME_BYTES);
  try {
    const options = { maxOutputLength: FRAME_TEXT, finishFlush: constants.Z_SYNC_FLUSH, info: true };
    const made: unknown = inflateRawSync(deflated, options);
    const { buffer, engine } = made as { buffer: Buffer; engine: { bytesWritten: number } };
    if (buffer.at(-1) !== 10 || !buffer.toString('latin1', 0, 12).startsWith('{"archived":'))
      return undefined;
    const from = at + HEADER_BYTES + engine.bytesWritten + TRAILER_BYTES;
    // once more with its check sum, now that its end is known
    const line = gunzipWhole(bytes.subarray(at, from), FRAME_TEXT);
    return { frame: frameLine.parse(JSON.parse(line.toString())), at, from };
  } catch {
    return undefined;
  }
}
