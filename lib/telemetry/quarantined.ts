import * as z from 'zod';
import { parseUsageEvent } from './parse-usage-event.ts';
import { describeReason, kindOf } from './reason.ts';
import { decodeRecord } from './record-codec.ts';
import type { UsageEvent } from './usage-event.ts';

const quarantinedEvent = z.object({ payload: z.string(), encoding: z.enum(['utf8', 'base64']) });
const place = z.object({ origin: z.object({ sequence: z.string(), index: z.number() }) });
/** What Lambda writes when it gives up on a batch: the invocation record with the payload (services-kinesis-errors). */
const givenUp = z.object({ payload: z.string() });
const kinesisPayload = z.object({
  Records: z.array(
    z.object({
      eventID: z.string().optional(),
      kinesis: z.object({ data: z.string(), sequenceNumber: z.string().optional() }),
    }),
  ),
});
type BatchRecord = z.infer<typeof kinesisPayload>['Records'][number];

export interface QuarantinedEvents {
  readonly events: readonly UsageEvent[];
  /** still unusable, with the reason that holds today */
  readonly refused: readonly string[];
  /** of the events: those of batches that Lambda gave up on */
  readonly ofBatches: number;
  /** events of such batches that are applied, and so are not among the events */
  readonly applied: number;
}

const NONE: ReadonlySet<string> = new Set();

/**
 * The events of an object of the quarantine bucket, as they can be used today.
 * @param name of the object, for the reasons
 * @param applied `sequence/index` of events of a batch that Lambda gave up on which are applied all the same
 */
export function readQuarantined(name: string, text: string, applied = NONE): QuarantinedEvents {
  const events: UsageEvent[] = [];
  const refused: string[] = [];
  let ofBatches = 0;
  let leftOut = 0;
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
      const { payload, encoding } = aside.data;
      if (payload === '') {
        refuse(`:${i + 1}`, 'not kept: it was not JSON, or held what people wrote');
        continue;
      }
      take(encoding === 'base64' ? Buffer.from(payload, 'base64') : Buffer.from(payload), `:${i + 1}`);
      continue;
    }
    const records = batchIn(json);
    if (records !== undefined) {
      const before = events.length;
      for (const [r, { kinesis }] of records.entries())
        take(Buffer.from(kinesis.data, 'base64'), `:${i + 1} record ${r}`, kinesis.sequenceNumber);
      ofBatches += events.length - before;
    } else refuse(`:${i + 1}`, 'neither a quarantined event nor a batch that Lambda gave up on');
  }
  return { events, refused, ofBatches, applied: leftOut };

  function take(bytes: Uint8Array, where: string, sequence?: string): void {
    const decoded = decodeRecord(bytes);
    if (decoded.reason !== undefined) refuse(where, describeReason(decoded.reason));
    for (const line of decoded.lines) {
      if (applied.has(`${sequence}/${line.index}`)) leftOut++;
      else if (line.event !== undefined && parseUsageEvent(line.event).ok) events.push(line.event);
      else if (line.reason !== undefined) refuse(where, describeReason(line.reason));
    }
  }
}

/** Records of a batch that Lambda gave up on; undefined: the text is something else. */
function batchIn(entry: unknown): readonly BatchRecord[] | undefined {
  const batch = givenUp.safeParse(entry);
  return batch.success ? kinesisPayload.safeParse(tryJson(batch.data.payload)).data?.Records : undefined;
}

/** Where the records of a batch lie that Lambda gave up on; undefined: the object is none, or does not say. */
export function stretchOf(text: string): { shard: string; from: string; to: string } | undefined {
  const records = batchIn(tryJson(text));
  const [from, to] = [records?.[0]?.kinesis.sequenceNumber, records?.at(-1)?.kinesis.sequenceNumber];
  const shard = records?.[0]?.eventID?.split(':')[0];
  return shard === undefined || from === undefined || to === undefined ? undefined : { shard, from, to };
}

/**
 * Where the entries of an object of the quarantine bucket had stood in the stream that `readQuarantined` gives: `sequence/index` of a single
 * event, `sequence` of a whole record.
 */
export function placesIn(text: string, applied = NONE): string[] {
  const whole = tryJson(text);
  const entries = whole === undefined ? text.split('\n').map(tryJson) : [whole];
  return entries.flatMap((entry) => {
    const aside = place.safeParse(entry);
    if (aside.success) {
      const { sequence, index } = aside.data.origin;
      return [index < 0 ? sequence : `${sequence}/${index}`];
    }
    return batchIn(entry)?.flatMap((record) => placesOf(record, applied)) ?? [];
  });
}

/** The record's own place, or those of its lines that are not applied where some are. */
function placesOf(
  { kinesis: { sequenceNumber, data } }: BatchRecord,
  applied: ReadonlySet<string>,
): string[] {
  if (sequenceNumber === undefined) return [];
  if (applied.size === 0) return [sequenceNumber];
  const lines = decodeRecord(Buffer.from(data, 'base64')).lines.map(
    ({ index }) => `${sequenceNumber}/${index}`,
  );
  const left = lines.filter((place) => !applied.has(place));
  return left.length === lines.length ? [sequenceNumber] : left;
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
