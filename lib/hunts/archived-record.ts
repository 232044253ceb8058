import { decodeRecord } from '../telemetry/record-codec.ts';
import type { ArchivedEvent } from './columns.ts';

/** Where an archived record stood. */
export interface RecordPlace {
  readonly stream: string;
  readonly shard: string;
  readonly sequence: string;
  /** ms */
  readonly arrived: number;
}

/** What stands in an archived record where a line was set aside (lib/telemetry/accepted-record.ts). */
const SET_ASIDE = '{}';

/**
 * The events of an archived record, each with its place. They were accepted when they arrived, so no clock is asked again.
 * @param record unpacked
 * @returns refused: lines that are no events to this version; those that were set aside when they arrived do not count
 */
export function eventsOf(
  place: RecordPlace,
  record: Uint8Array,
): { readonly events: readonly ArchivedEvent[]; readonly refused: number } {
  const { header, lines } = decodeRecord(record);
  const { gateway } = header ?? {};
  const redriven = header?.redriven === true;
  const { stream, shard, sequence, arrived } = place;
  const events: ArchivedEvent[] = [];
  for (const { event, index } of lines)
    if (event !== undefined)
      events.push({ event, arrived, stream, shard, sequence, line: index, gateway, redriven });
  if (events.length === lines.length && lines.length > 0) return { events, refused: 0 };
  const said = Buffer.from(record.buffer, record.byteOffset, record.byteLength)
    .toString('latin1')
    .split('\n')
    .filter((line) => line.trim() !== '' && line.trim() !== SET_ASIDE).length;
  return { events, refused: said - (header === undefined ? 0 : 1) - events.length };
}
