import { gzipSync } from 'node:zlib';
import type { RecordHeader } from './record.ts';
import { textOfRecord } from './record-codec.ts';

/** What stands in the archive where a line was set aside: it keeps the indices of the lines behind it. */
const SET_ASIDE = '{}';

/**
 * A record with the lines that were accepted, at the indices that they had, and nothing of those that were not: the archive
 * is kept for long, and holds what people wrote no more than the quarantine does.
 * @param accepted lines by their index in the record
 */
export function acceptedRecord(
  header: RecordHeader | undefined,
  accepted: ReadonlyMap<number, string>,
): { readonly data: Uint8Array; readonly size: number } {
  const last = Math.max(...accepted.keys());
  const lines = Array.from({ length: last + 1 }, (_, index) => accepted.get(index) ?? SET_ASIDE);
  const text = textOfRecord(header, lines);
  return { data: gzipSync(text), size: Buffer.byteLength(text) };
}
