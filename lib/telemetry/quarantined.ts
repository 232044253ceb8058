import * as z from 'zod';
import { LIMITS } from '../limits.ts';
import { parseUsageEvent } from './parse-usage-event.ts';
import { describeReason, kindOf } from './reason.ts';
import { laneIn } from './record.ts';
import { decodeRecord } from './record-codec.ts';
import type { UsageEvent } from './usage-event.ts';

const quarantinedEvent = z.object({
  payload: z.string(),
  encoding: z.enum(['utf8', 'base64']),
  origin: z.object({ sequence: z.string() }).optional(),
});
/** What Lambda writes when it gives up on a batch: the invocation record with the payload (services-kinesis-errors). */
const givenUp = z.object({ payload: z.string() });
const kinesisPayload = z.object({
  Records: z.array(
    z.object({
      eventID: z.string().optional(),
      kinesis: z.object({
        data: z.string(),
        sequenceNumber: z.string().optional(),
        partitionKey: z.string().optional(),
      }),
    }),
  ),
});
/** A batch of a table's stream, which `notify`, `index` or `link` failed on: changes of items, no events. */
const tablePayload = z.object({ Records: z.array(z.object({ dynamodb: z.object({}) })).nonempty() });
type BatchRecord = z.infer<typeof kinesisPayload>['Records'][number];

/** An event, and the sequence number of the record in which it had stood; undefined: the object does not say. */
export interface PlacedEvent {
  readonly event: UsageEvent;
  readonly sequence: string | undefined;
  /** lane in which it had stood: only there is known whether it was applied */
  readonly lane: number;
}

export interface QuarantinedEvents {
  readonly events: readonly PlacedEvent[];
  /** still unusable, with the reason that holds today */
  readonly refused: readonly string[];
  /** of the events: those of batches that Lambda gave up on */
  readonly ofBatches: number;
  /** events of such batches that are applied, and so are not among the events */
  readonly applied: number;
  /** changes of a table in batches that Lambda gave up on: they need no redrive (docs/operations.md, dead letters) */
  readonly tableChanges: number;
}

/** Whether an event of a batch that Lambda gave up on is applied all the same. */
export type IsApplied = (placed: PlacedEvent) => boolean;

/**
 * The events of an object of the quarantine bucket, as they can be used today.
 * @param name of the object, for the reasons
 */
export function readQuarantined(
  name: string,
  text: string,
  isApplied: IsApplied = () => false,
): QuarantinedEvents {
  const events: PlacedEvent[] = [];
  const refused: string[] = [];
  let ofBatches = 0;
  let leftOut = 0;
  let tableChanges = 0;
  const refuse = (where: string, why: string) => refused.push(`${name}${where}: ${why}`);
  // Lambda's record may be printed over several lines
  const whole = tryJson(text);
  const lines = whole === undefined ? text.split('\n').filter((line) => line.trim() !== '') : [text];
  for (const [i, line] of lines.entries()) {
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch {
      refuse(`:${i + 1}`, `not JSON (${kindOf(line)})`);
      continue;
    }
    const aside = quarantinedEvent.safeParse(json);
    if (aside.success) {
      const { payload, encoding, origin } = aside.data;
      if (payload === '') {
        refuse(`:${i + 1}`, 'not kept: it was not JSON, or held what people wrote');
        continue;
      }
      const bytes = Buffer.from(payload, encoding);
      // never applied: the lane does not matter
      take(bytes, `:${i + 1}`, { sequence: origin?.sequence, lane: 0 }, () => false);
      continue;
    }
    const records = batchIn(json);
    if (records !== undefined) {
      const before = events.length;
      for (const [r, { kinesis }] of records.entries())
        take(
          Buffer.from(kinesis.data, 'base64'),
          `:${i + 1} record ${r}`,
          { sequence: kinesis.sequenceNumber, lane: lanePutTo(kinesis.partitionKey) },
          isApplied,
        );
      ofBatches += events.length - before;
      continue;
    }
    const changes = changesIn(json);
    if (changes > 0) tableChanges += changes;
    else refuse(`:${i + 1}`, 'neither a quarantined event nor a batch that Lambda gave up on');
  }
  return { events, refused, ofBatches, applied: leftOut, tableChanges };

  function take(
    bytes: Uint8Array,
    where: string,
    place: Omit<PlacedEvent, 'event'>,
    leavesOut: IsApplied,
  ): void {
    const decoded = decodeRecord(bytes);
    if (decoded.reason !== undefined) refuse(where, describeReason(decoded.reason));
    for (const line of decoded.lines) {
      if (line.reason !== undefined) refuse(where, describeReason(line.reason));
      if (line.event === undefined || !parseUsageEvent(line.event).ok) continue;
      const placed = { event: line.event, ...place };
      if (leavesOut(placed)) leftOut++;
      else events.push(placed);
    }
  }
}

/** The lane that a partition key names; 0 where it names none that there can be. */
function lanePutTo(key: string | undefined): number {
  const { lane } = laneIn(key ?? '');
  return lane < LIMITS.accountLanes.most ? lane : 0;
}

/** Records of a batch that Lambda gave up on; undefined: the text is something else. */
function batchIn(entry: unknown): readonly BatchRecord[] | undefined {
  const batch = givenUp.safeParse(entry);
  return batch.success ? kinesisPayload.safeParse(tryJson(batch.data.payload)).data?.Records : undefined;
}

/** Changes in a batch of a table's stream that Lambda gave up on. */
function changesIn(entry: unknown): number {
  const batch = givenUp.safeParse(entry);
  return batch.success ? (tablePayload.safeParse(tryJson(batch.data.payload)).data?.Records.length ?? 0) : 0;
}

/** Where the records of a batch lie that Lambda gave up on; undefined: the object is none, or does not say. */
export function stretchOf(text: string): { shard: string; from: string; to: string } | undefined {
  const records = batchIn(tryJson(text));
  const [from, to] = [records?.[0]?.kinesis.sequenceNumber, records?.at(-1)?.kinesis.sequenceNumber];
  const shard = records?.[0]?.eventID?.split(':')[0];
  return shard === undefined || from === undefined || to === undefined ? undefined : { shard, from, to };
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
