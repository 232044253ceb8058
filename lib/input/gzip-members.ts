import { inflateRawSync } from 'node:zlib';
import { LIMITS } from '../limits.ts';
import { isGzip } from '../telemetry/gzip.ts';

/**
 * What a gzip file holds that does not end as one (RFC 1952): the members that are whole, and what stands behind them, for example
 * lines that somebody appended with `>>`.
 */
export interface Members {
  readonly text: Buffer;
  /** bytes behind the last whole member */
  readonly rest: Buffer;
}

/** Reads whole members one by one. @param bytes a file, or its beginning */
export function wholeMembers(bytes: Buffer): Members {
  const texts: Buffer[] = [];
  let rest = bytes;
  for (let head = headerLength(rest); head !== undefined; head = headerLength(rest)) {
    const member = inflated(rest.subarray(head));
    if (member === undefined) break;
    texts.push(member.text);
    // checksum and length follow
    rest = rest.subarray(head + member.used + 8);
  }
  return { text: Buffer.concat(texts), rest };
}

function inflated(bytes: Buffer): { text: Buffer; used: number } | undefined {
  try {
    const made = inflateRawSync(bytes, {
      info: true,
      maxOutputLength: LIMITS.insideBytes.most,
    }) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    return { text: made.buffer, used: made.engine.bytesWritten };
  } catch {
    // Cut off or damaged: then what was whole before it is all there is.
    return undefined;
  }
}

/** Length of a member's header; undefined where none begins. */
function headerLength(bytes: Buffer): number | undefined {
  if (bytes.length < 18 || !isGzip(bytes) || bytes[2] !== 8) return undefined;
  const flags = bytes[3] ?? 0;
  let at = 10;
  if (flags & 4) at += 2 + bytes.readUInt16LE(at);
  for (const flag of [8, 16]) if (flags & flag) at = bytes.indexOf(0, at) + 1 || bytes.length;
  if (flags & 2) at += 2;
  return at < bytes.length ? at : undefined;
}
