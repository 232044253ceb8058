import { createHash, type Hash } from 'node:crypto';

/**
 * A part's footer says the SHA-256 of the part's own bytes, with this in place of the digest itself: what `forget` writes again,
 * what was copied alone and what was made on a laptop can be checked like the rest. Parts of earlier versions say none.
 */
export const DIGEST_KEY = 'siphonwatch.sha256';
export const NO_DIGEST = '0'.repeat(64);

/** What a part says of its bytes. */
export interface PartDigest {
  /** hexadecimal; whatever stands there, if the part is damaged */
  readonly sha256: string;
  /** bytes from the end of the part at which it stands */
  readonly fromEnd: number;
}

/** The part with its digest in place of NO_DIGEST. It is the last pair of a footer, so that nobody's text stands behind it. */
export function withDigest(part: Uint8Array): Uint8Array {
  const bytes = Buffer.from(part);
  const at = bytes.lastIndexOf(NO_DIGEST, undefined, 'latin1');
  if (at < 0) throw new Error(`a part without ${DIGEST_KEY}`);
  bytes.write(createHash('sha256').update(bytes).digest('hex'), at, 'latin1');
  return bytes;
}

/** @param end of a part, with its footer @param sha256 what the footer says; undefined: nothing */
export function digestIn(end: Uint8Array, sha256: string | undefined): PartDigest | undefined {
  if (sha256 === undefined) return undefined;
  const at = Buffer.from(end.buffer, end.byteOffset, end.byteLength).lastIndexOf(sha256);
  // -1 where it is no text any more: then it stands nowhere, and no digest is equal to it
  return { sha256, fromEnd: at < 0 ? 0 : end.byteLength - at };
}

/** Whether a part's bytes are those that its digest was made of. @param read its bytes from and up to a place */
export async function isWhole(
  { sha256, fromEnd }: PartDigest,
  size: number,
  read: (from: number, to: number) => AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<boolean> {
  if (sha256.length !== NO_DIGEST.length || fromEnd < sha256.length) return false;
  const at = size - fromEnd;
  const hash = createHash('sha256');
  await updated(hash, read(0, at));
  hash.update(NO_DIGEST);
  await updated(hash, read(at + sha256.length, size));
  return hash.digest('hex') === sha256;
}

async function updated(hash: Hash, chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) hash.update(chunk);
}
