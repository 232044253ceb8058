import { say } from '../../input/say.ts';
import { defaultPolicy } from '../../policy/policy.ts';
import { createProducer, type Producer, type ProducerPort } from '../../telemetry/producer.ts';
import { type IsApplied, readQuarantined } from '../../telemetry/quarantined.ts';

/** One object of the quarantine bucket, and how to note that it was put back. */
export interface QuarantinedObject {
  readonly name: string;
  readonly text: string;
  /** which events are applied, and not put back; undefined: that cannot be told, and the object stays where it is */
  readonly isApplied: IsApplied | undefined;
  mark(put: { readonly events: number; readonly refused: number }): Promise<void>;
}

/** What a redrive did. */
export interface Redriven {
  objects: number;
  /** events that can be used today */
  usable: number;
  putBack: number;
  /** lines that still cannot be used */
  refused: number;
  /** of the usable: so old that the shipped policy counts them as late */
  late: number;
  /** of the usable: of batches that Lambda gave up on */
  ofBatches: number;
  /** of such batches, beside the usable: applied before, and so not put back */
  applied: number;
  /** objects that stay where they are, because a note of what is applied of them is damaged */
  unclear: number;
  /** objects with changes of a table, which `notify`, `index` or `link` failed on: they hold no events and need no redrive */
  ofTables: number;
}

/** Events that are further behind are late under the shipped policy. */
export const LATE_HOURS = defaultPolicy.allowedLatenessHours;
/** Refused lines that are named one by one. */
const NAMED = 20;

/**
 * Puts the usable events of one object after another back on the stream. An object is marked when the stream has
 * acknowledged all of its events: a run that ends early goes on with the objects that have no mark. Events are flagged
 * as put back, so that an account applies each of them once, whenever and however often it comes. What had been applied of
 * a batch that Lambda gave up on lies beside it (aws/applied-places.ts) and is left out.
 * @param port undefined: nothing is put back, only counted
 */
export async function putBack(
  objects: AsyncIterable<QuarantinedObject>,
  port: ProducerPort | undefined,
  progress: (so: Redriven) => void = () => undefined,
): Promise<Redriven> {
  const sum: Redriven = {
    objects: 0,
    usable: 0,
    putBack: 0,
    refused: 0,
    late: 0,
    ofBatches: 0,
    applied: 0,
    unclear: 0,
    ofTables: 0,
  };
  const lanes = port === undefined ? undefined : new LaneProducers(port);
  const limit = Date.now() - LATE_HOURS * 3_600_000;
  for await (const { name, text, isApplied, mark } of objects) {
    if (isApplied === undefined) {
      say(
        `${name}: stays where it is, because a note of what is applied of it cannot be read (below applied/)`,
      );
      sum.unclear++;
      continue;
    }
    const {
      events,
      refused,
      ofBatches,
      applied: leftOut,
      tableChanges,
    } = readQuarantined(name, text, isApplied);
    for (const line of refused.slice(0, Math.max(0, NAMED - sum.refused))) say(line);
    sum.objects++;
    if (tableChanges > 0) sum.ofTables++;
    sum.usable += events.length;
    sum.ofBatches += ofBatches;
    sum.applied += leftOut;
    sum.refused += refused.length;
    sum.late += events.filter(({ event }) => Date.parse(event.time) < limit).length;
    if (lanes !== undefined) {
      for (const { event, lane } of events) await lanes.of(lane).put(event);
      await lanes.flush();
      sum.putBack += events.length;
      await mark({ events: events.length, refused: refused.length });
    }
    progress(sum);
  }
  await lanes?.close();
  if (sum.refused > NAMED) say(`... and ${sum.refused - NAMED} more`);
  return sum;
}

/** A producer for each lane that events are put back into: only where an event had stood is known whether it was applied. */
class LaneProducers {
  readonly #port: ProducerPort;
  readonly #made = new Map<number, Producer>();

  constructor(port: ProducerPort) {
    this.#port = port;
  }

  of(lane: number): Producer {
    let producer = this.#made.get(lane);
    if (producer === undefined) {
      producer = createProducer(this.#port, { redriven: true, lane });
      this.#made.set(lane, producer);
    }
    return producer;
  }

  async flush(): Promise<void> {
    for (const producer of this.#made.values()) await producer.flush();
  }

  async close(): Promise<void> {
    for (const producer of this.#made.values()) await producer.close();
  }
}
