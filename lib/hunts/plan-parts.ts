import { createHash } from 'node:crypto';
import { byText } from './text-order.ts';

/** An object of the archive as it is listed. */
export interface ListedObject {
  readonly key: string;
  readonly etag: string;
  readonly bytes: number;
  /** sequence numbers of its first and last record, padded */
  readonly first: string;
  readonly last: string;
}

/** A part of a group's day: the records of a range of sequence numbers, and the objects that may hold some. */
export interface PlannedPart {
  /** padded; '' for the first part */
  readonly from: string;
  /** the range ends before it, padded; undefined for the last part */
  readonly to: string | undefined;
  readonly keys: readonly string[];
  /** of the range and of all that is read for it: equal digests, equal parts */
  readonly digest: string;
}

/**
 * Bytes of frames for a part: some 200,000 events, which fit into the function's memory. Athena likes objects of 128 MB
 * (athena/latest/ug/performance-tuning-data-optimization-techniques.html) better than of 10; a larger function could make them.
 */
export const PART_BYTES = 32 * 1024 * 1024;

/**
 * Cuts a listing into parts. Objects overlap where a batch was retried and cut otherwise, so a part is a range of sequence
 * numbers, not a list of objects: each record belongs to one part, whichever objects hold it.
 */
export function planParts(listing: readonly ListedObject[], partBytes = PART_BYTES): PlannedPart[] {
  const sorted = [...listing].sort((a, b) => byText(a.first, b.first) || byText(a.key, b.key));
  const starts: string[] = [];
  let bytes = 0;
  for (const object of sorted) {
    const open = starts.at(-1);
    if (open === undefined) starts.push('');
    else if (bytes >= partBytes && object.first > open) {
      starts.push(object.first);
      bytes = 0;
    }
    bytes += object.bytes;
  }
  return starts.map((from, i) => {
    const to = starts[i + 1];
    const held = sorted.filter(({ first, last }) => last >= from && (to === undefined || first < to));
    return { from, to, keys: held.map(({ key }) => key), digest: digestOf([from, to ?? ''], held) };
  });
}

/** Of a whole listing: equal digests, nothing has changed. */
export function listingDigest(listing: readonly ListedObject[]): string {
  return digestOf(
    [],
    [...listing].sort((a, b) => byText(a.key, b.key)),
  );
}

function digestOf(range: readonly string[], objects: readonly ListedObject[]): string {
  const hash = createHash('sha256').update(JSON.stringify(range));
  for (const { key, etag, bytes } of objects) hash.update(`\n${key} ${etag} ${bytes}`);
  return hash.digest('hex').slice(0, 32);
}
