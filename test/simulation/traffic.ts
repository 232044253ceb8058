import { gzipSync } from 'node:zlib';
import type { KinesisRecord } from '../../lambdas/score/decode-batch.ts';
import type { Uniform } from '../../lib/statistics/random.ts';
import { bucketOf, partitionKey } from '../../lib/telemetry/record.ts';
import { encodeRecord } from '../../lib/telemetry/record-codec.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { account, application, HOUR, harvest, MINUTE, print, START } from '../events.ts';

/** What a stream held, and how it was cut into batches. */
export interface Traffic {
  readonly accounts: readonly string[];
  readonly events: readonly UsageEvent[];
  readonly shards: readonly (readonly (readonly KinesisRecord[])[])[];
  /** of each shard those that it was made of; without: of two shards the third is what they were merged into */
  readonly parents?: readonly (readonly number[])[];
  /** no shard is further ahead of another than so, ms of arrival; without, as far as it comes */
  readonly abreast?: number;
  /** accounts whose events have no one order, so that of them only what is counted is always the same */
  readonly unordered?: ReadonlySet<string>;
}

/** Sequence numbers of different shards have nothing to do with each other; a child's are above its parents'. */
const BASES = [
  49600000000000000000000000000000000000000000000000000000n,
  49600000000022300745198530623141535718272648361505980416n,
  49600000001000000000000000000000000000000000000000000000n,
] as const;

/** Records of a batch at most: few in histories with faults, many in those that say what must be. */
const SMALL = 9;
export const WHOLE = 200;

interface Put {
  readonly bucket: number;
  readonly arrived: number;
  readonly data: Uint8Array;
  /** somebody put it under another key than its bucket's */
  readonly key?: string;
}

/** A few accounts of different kinds and paces, as a gateway would put them, with lost answers and bad lines. */
export function traffic(random: Uniform): Traffic {
  const whole = (below: number): number => Math.floor(random() * below);
  const pace = random() < 0.35 ? 20_000 : random() < 0.5 ? 20 * MINUTE : 1.2 * HOUR;
  const accounts: string[] = [];
  const events: UsageEvent[] = [];
  for (let i = 0; i < 2 + whole(3); i++) {
    // the last characters differ first, and findings are named by the first ones
    const name = `a_${[...account(100 + whole(30_000)).slice(2)].reverse().join('')}`;
    if (accounts.includes(name)) continue;
    accounts.push(name);
    const of = {
      account: name,
      events: 20 + whole(50),
      everyMs: pace * (0.5 + random()),
      from: START + whole(12) * 10 * MINUTE,
      seed: i,
    };
    events.push(
      ...(random() < 0.6 ? harvest(of) : application({ ...of, seed: i + 1 })).map(sketched).map(owned),
    );
  }
  events.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.id < b.id ? -1 : 1));
  return { accounts, events, shards: batched(records(puts(events, random), random), random, WHOLE) };
}

/** With sketches of its prompts, 32 bytes each, so that there is something to sample. */
export function sketched(event: UsageEvent): UsageEvent {
  const sketchOf = (prompt: string): string =>
    Buffer.from(prompt.repeat(3)).subarray(0, 32).toString('base64url');
  return { ...event, prints: event.prints.map((made) => ({ ...made, sketch: sketchOf(made.prompt) })) };
}

/** By credentials that change: more of them than are kept of an account, so that it leaves some again. */
export function owned(event: UsageEvent, index: number): UsageEvent {
  const credential = print(Math.floor(index / 4));
  return { ...event, prints: event.prints.map((made) => ({ ...made, credential })) };
}

/** Records of up to a dozen events of one bucket; some twice, some with a line that nobody can read. */
function puts(events: readonly UsageEvent[], random: Uniform): Put[] {
  const made: Put[] = [];
  const waiting = new Map<number, UsageEvent[]>();
  const flush = (bucket: number): void => {
    const list = waiting.get(bucket) ?? [];
    waiting.delete(bucket);
    const last = list.at(-1);
    if (last === undefined) return;
    const arrived = Date.parse(last.time) + 500;
    const data = random() < 0.04 ? withBadLine(list) : encodeRecord({ bucket }, list);
    made.push({ bucket, arrived, data });
    if (random() < 0.02) made.push({ bucket, arrived, data, key: 'by-hand' });
    // the answer was lost, and the producer put it again
    if (random() < 0.06) made.push({ bucket, arrived: arrived + 700, data });
  };
  for (const event of events) {
    const bucket = bucketOf(event.account);
    const list = waiting.get(bucket) ?? [];
    waiting.set(bucket, list);
    list.push(event);
    if (list.length > random() * 12) flush(bucket);
  }
  for (const bucket of [...waiting.keys()]) flush(bucket);
  return made;
}

export function withBadLine(list: readonly UsageEvent[]): Uint8Array {
  const [first, ...rest] = list.map((event) => JSON.stringify(event));
  return gzipSync(`${[first, '{"v":1,"id', ...rest].join('\n')}\n`);
}

function records(all: readonly Put[], random: Uniform): KinesisRecord[][] {
  const shards: KinesisRecord[][] = [[], [], []];
  const cut = Math.floor(all.length * (0.4 + random() * 0.4));
  for (const [i, { bucket, arrived, data, key }] of all.entries()) {
    const shard = i < cut ? bucket % 2 : 2;
    const sequence = String((BASES[shard] ?? 0n) + BigInt((i + 1) * 7));
    shards[shard]?.push({
      eventID: `shardId-00000000000${shard}:${sequence}`,
      eventSourceARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/usage',
      kinesis: {
        partitionKey: key ?? partitionKey(bucket),
        sequenceNumber: sequence,
        data: Buffer.from(data).toString('base64'),
        approximateArrivalTimestamp: arrived / 1000,
      },
    });
  }
  return shards;
}

/** Cuts each shard's records into batches; other cuts hold the same records. */
export function batched(
  shards: readonly (readonly KinesisRecord[])[],
  random: Uniform,
  most: number,
): KinesisRecord[][][] {
  return shards.map((list) => {
    const batches: KinesisRecord[][] = [];
    for (let i = 0; i < list.length; ) {
      const size = 1 + Math.floor(random() * most);
      batches.push(list.slice(i, i + size));
      i += size;
    }
    return batches;
  });
}

/** The same records in batches of another size. */
export function recut(held: Traffic, random: Uniform): Traffic {
  return {
    ...held,
    shards: batched(
      held.shards.map((batches) => batches.flat()),
      random,
      SMALL,
    ),
  };
}
