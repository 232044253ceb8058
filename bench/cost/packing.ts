import { hash48 } from '../../lib/profile/hashes.ts';
import type { StreamEntry } from '../../lib/telemetry/partitions.ts';
import { createProducer } from '../../lib/telemetry/producer.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { random } from '../random.ts';

/** A record as a producer put it, and when, ms. */
export interface PackedRecord {
  readonly at: number;
  readonly partitionKey: string;
  readonly data: Uint8Array;
}

export interface Packing {
  readonly events: number;
  readonly seconds: number;
  readonly records: readonly PackedRecord[];
  readonly bytes: number;
}

/** As many as a gateway sees within seconds: a sample of traffic has fewer, and they would fill fewer buckets. */
const ACCOUNTS = Array.from(
  { length: 5000 },
  (_, i) => `a_${hash48(`account ${i}`).toString(32).padStart(28, 'a')}`,
);

interface Timer {
  readonly at: number;
  readonly run: () => void;
  cancelled: boolean;
}

/**
 * The recorder's own producer in virtual time, fed by one gateway process at a mean rate (Poisson arrivals), with events
 * drawn from the traffic: what it packs into records, byte by byte.
 */
export async function packed(
  events: readonly UsageEvent[],
  rate: {
    readonly eventsPerSecond: number;
    readonly seconds: number;
    readonly lingerMs: number;
    readonly buckets: number;
  },
  seed: number,
): Promise<Packing> {
  const draw = random(seed);
  let now = 0;
  let timers: Timer[] = [];
  const records: PackedRecord[] = [];
  let bytes = 0;
  const producer = createProducer(
    {
      putRecords: async (entries: readonly StreamEntry[]) =>
        entries.map(({ partitionKey, data }) => {
          records.push({ at: now, partitionKey, data });
          bytes += data.length;
          return { accepted: true };
        }),
      after(milliseconds, run) {
        const timer = { at: now + milliseconds, run, cancelled: false };
        timers.push(timer);
        return () => {
          timer.cancelled = true;
        };
      },
      random: draw,
    },
    { linger: rate.lingerMs, buckets: rate.buckets },
  );
  const passTo = async (at: number): Promise<void> => {
    for (;;) {
      const due = timers.filter((timer) => !timer.cancelled && timer.at <= at).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      timers = timers.filter((timer) => timer !== due && !timer.cancelled);
      now = due.at;
      due.run();
      // answers of the port settle
      await new Promise((resolve) => setImmediate(resolve));
    }
    now = at;
  };
  let put = 0;
  for (let at = 0; ; ) {
    at += (-Math.log(1 - draw()) / rate.eventsPerSecond) * 1000;
    if (at > rate.seconds * 1000) break;
    await passTo(at);
    const event = events[Math.floor(draw() * events.length)];
    if (event === undefined) throw new RangeError('no events to pack');
    await producer.put({
      ...event,
      account: ACCOUNTS[Math.floor(draw() * ACCOUNTS.length)] ?? event.account,
    });
    put++;
  }
  await passTo(rate.seconds * 1000 + rate.lingerMs);
  await producer.close();
  return { events: put, seconds: rate.seconds, records, bytes };
}
