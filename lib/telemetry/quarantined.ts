import * as z from 'zod';
import { parseUsageEvent } from './parse-usage-event.ts';
import { describeReason, kindOf } from './reason.ts';
import { decodeRecord } from './record-codec.ts';
import type { UsageEvent } from './usage-event.ts';

const quarantinedEvent = z.object({ payload: z.string(), encoding: z.enum(['utf8', 'base64']) });
const place = z.object({ origin: z.object({ sequence: z.string(), index: z.number() }) });
const placedPayload = z.object({
  Records: z.array(z.object({ kinesis: z.object({ sequenceNumber: z.string() }) })),
});
/** What Lambda writes when it gives up on a batch: the invocation record with the payload (services-kinesis-errors). */
const givenUp = z.object({ payload: z.string() });
const kinesisPayload = z.object({ Records: z.array(z.object({ kinesis: z.object({ data: z.string() }) })) });

export interface QuarantinedEvents {
  readonly events: readonly UsageEvent[];
  /** still unusable, with the reason that holds today */
  readonly refused: readonly string[];
  /** of the events: those of batches that Lambda gave up on, which may have been applied for some accounts */
  readonly ofBatches: number;
}

/**
 * The events of an object of the quarantine bucket, as they can be used today.
 * @param name of the object, for the reasons
 */
export function readQuarantined(name: string, text: string): QuarantinedEvents {
  const events: UsageEvent[] = [];
  const refused: string[] = [];
  let ofBatches = 0;
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
    const batch = givenUp.safeParse(json);
    const records = batch.success ? kinesisPayload.safeParse(tryJson(batch.data.payload)) : undefined;
    if (records?.success === true) {
      const before = events.length;
      for (const [r, { kinesis }] of records.data.Records.entries())
        take(Buffer.from(kinesis.data, 'base64'), `:${i + 1} record ${r}`);
      ofBatches += events.length - before;
    } else refuse(`:${i + 1}`, 'neither a quarantined event nor a batch that Lambda gave up on');
  }
  return { events, refused, ofBatches };

  function take(bytes: Uint8Array, where: string): void {
    const decoded = decodeRecord(bytes);
    if (decoded.reason !== undefined) refuse(where, describeReason(decoded.reason));
    for (const line of decoded.lines) {
      if (line.event !== undefined && parseUsageEvent(line.event).ok) events.push(line.event);
      else if (line.reason !== undefined) refuse(where, describeReason(line.reason));
    }
  }
}

/**
 * Where the entries of an object of the quarantine bucket had stood in the stream: `sequence/index` of a single event,
 * `sequence` of a whole record.
 */
export function placesIn(text: string): string[] {
  const whole = tryJson(text);
  const entries = whole === undefined ? text.split('\n').map(tryJson) : [whole];
  return entries.flatMap((entry) => {
    const aside = place.safeParse(entry);
    if (aside.success) {
      const { sequence, index } = aside.data.origin;
      return [index < 0 ? sequence : `${sequence}/${index}`];
    }
    const batch = givenUp.safeParse(entry);
    const records = batch.success ? placedPayload.safeParse(tryJson(batch.data.payload)).data : undefined;
    return records?.Records.map(({ kinesis }) => kinesis.sequenceNumber) ?? [];
  });
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
