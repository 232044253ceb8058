import { constants, gunzipSync } from 'node:zlib';

/** What gzip says before anything else: two magic bytes (RFC 1952, 2.3.1). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Something stands behind the gzip. Node leaves it out without a word, other readers stop or fail there. */
export class TrailingBytes extends Error {
  constructor(count: number) {
    super(`${count} bytes behind the end of the gzip`);
    this.name = 'TrailingBytes';
  }
}

/**
 * Unpacks gzip of one member or of several one after another (RFC 1952, 2.2), to the last byte.
 * @param most bytes that it may unpack to
 * @throws TrailingBytes where anything else follows; what zlib throws where it is damaged, ends early or is too long
 */
export function gunzipWhole(bytes: Uint8Array, most: number): Buffer {
  const { plain, consumed } = gunzipMembers(bytes, most);
  if (consumed < bytes.length) throw new TrailingBytes(bytes.length - consumed);
  return plain;
}

/** What came out, and of how many bytes it was made. */
export interface Unpacked {
  readonly plain: Buffer;
  readonly consumed: number;
}

/** `info` adds the engine to the answer, which knows how many bytes it took (nodejs.org/api/zlib.html, `Class: Options`). */
function gunzipMembers(bytes: Uint8Array, most: number, finishFlush = constants.Z_FINISH): Unpacked {
  const made: unknown = gunzipSync(bytes, { maxOutputLength: most, finishFlush, info: true });
  const { buffer, engine } = made as { buffer: Buffer; engine: { bytesWritten: number } };
  return { plain: buffer, consumed: engine.bytesWritten };
}

/**
 * All that anybody could read out of a gzip that is cut off, damaged or followed by something: of each place where a
 * member may begin, what comes out before the damage. Bytes that are not packed are there as they are.
 * @param most bytes that each place may unpack to
 */
export function readableParts(bytes: Uint8Array, most: number): Buffer[] {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts = [all];
  for (let at = all.indexOf(MEMBER); at >= 0 && parts.length <= MOST_PLACES; ) {
    const { plain, consumed } = readableStart(all.subarray(at), most);
    parts.push(plain);
    at = all.indexOf(MEMBER, at + Math.max(consumed, 1));
  }
  return parts;
}

/** Magic bytes and the only method there is, deflate. */
const MEMBER = Buffer.from([0x1f, 0x8b, 8]);
/** Places in one record where a member may begin: a record of megabytes has this pattern by accident hardly once. */
const MOST_PLACES = 64;

/** The longest start that unpacks: of one that is cut off all, of one that is damaged what lies before the damage. */
export function readableStart(bytes: Uint8Array, most: number): Unpacked {
  const start = (length: number): Unpacked | undefined => {
    try {
      return gunzipMembers(bytes.subarray(0, length), most, constants.Z_SYNC_FLUSH);
    } catch {
      return undefined;
    }
  };
  let best = start(bytes.length);
  if (best !== undefined) return best;
  // a start with the damage in it fails, one without does not
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    const made = start(middle);
    if (made === undefined) bad = middle;
    else {
      good = middle;
      best = made;
    }
  }
  return best ?? { plain: Buffer.alloc(0), consumed: 0 };
}
