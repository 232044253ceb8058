import type { KinesisRecord } from '../../lambdas/score/decode-batch.ts';
import type { Uniform } from '../../lib/statistics/random.ts';
import { BUCKETING, bucketOf, laneKey, laneOf } from '../../lib/telemetry/record.ts';
import { encodeRecord } from '../../lib/telemetry/record-codec.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { account, application, HOUR, harvest, MINUTE, START } from '../events.ts';
import { USUAL } from './faults.ts';
import { violations } from './properties.ts';
import { live, randomFor } from './run.ts';
import type { SeedResult } from './simulate.ts';
import { batched, owned, recut, sketched, type Traffic, WHOLE, withBadLine } from './traffic.ts';

/**
 * Traffic in which one account is divided into lanes by one gateway and not by another, or changes the number of buckets while both go
 * on, and whose shards are split and merged meanwhile, twice or more: nothing is ever paused.
 */
export function dividedTraffic(random: Uniform): Traffic {
  const whole = (below: number): number => Math.floor(random() * below);
  const names = [0, 1, 2].map((i) => account(100 + i * 9000 + whole(8000)));
  const [large = '', ...others] = names;
  const into = 2 + whole(5);
  const rebuckets = random() < 0.4;
  const events = [
    ...harvest({ account: large, events: 150 + whole(100), everyMs: (1 + 4 * random()) * MINUTE }),
    ...application({ account: large, events: 60, everyMs: 5 * MINUTE, seed: 5 }),
    ...others.flatMap((name, i) => {
      const of = { account: name, events: 15 + whole(25), everyMs: 0.7 * HOUR, from: START + i * MINUTE };
      return random() < 0.5 ? harvest({ ...of, seed: i }) : application({ ...of, seed: i + 1 });
    }),
  ]
    .map(sketched)
    .map(owned)
    .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.id < b.id ? -1 : 1));
  const gateways = gatewaysOf({ large, into, rebuckets }, random);
  const { shards, parents } = onShards(puts(events, gateways, random), random);
  return {
    accounts: names,
    events,
    shards: batched(shards, random, WHOLE),
    parents,
    unordered: new Set(rebuckets ? names : [large]),
    // what was applied is remembered for an hour of the account's newest arrival, under whichever key that came
    ...(rebuckets ? { abreast: ABREAST } : {}),
  };
}

/** Shards that hold events of one account are not further ahead of each other than so, ms, while its buckets change. */
const ABREAST = 20 * MINUTE;

/** Batches that bring no shard further ahead than it may be. */
function narrowed(held: Traffic): Traffic {
  const { abreast } = held;
  if (abreast === undefined) return held;
  const arrived = (record: KinesisRecord | undefined) =>
    (record?.kinesis.approximateArrivalTimestamp ?? 0) * 1000;
  const narrow = (batch: readonly KinesisRecord[]): (readonly KinesisRecord[])[] => {
    const cut = batch.findIndex((record) => arrived(record) > arrived(batch[0]) + abreast);
    return cut < 0 ? [batch] : [batch.slice(0, cut), ...narrow(batch.slice(cut))];
  };
  return { ...held, shards: held.shards.map((batches) => batches.flatMap(narrow)) };
}

/** Where a gateway puts an event, and the header that it writes. */
interface Place {
  readonly key: string;
  readonly bucket: number;
  readonly bucketing: string;
}
type Gateway = (event: UsageEvent, share: number) => Place;

/** One divides the large account from some moment on, the other never does; each gets other buckets at a moment of its own. */
function gatewaysOf(
  { large, into, rebuckets }: { readonly large: string; readonly into: number; readonly rebuckets: boolean },
  random: Uniform,
): readonly Gateway[] {
  const divides = random() < 0.5 ? 0 : random() * 0.5;
  const moments = [random(), random()].map((at) => (rebuckets ? at : 1));
  return moments.map((moment, i) => (event, share) => {
    const buckets = share < moment ? 256 : 64;
    const bucketing = `b1-${buckets}`;
    const bucket = bucketOf(event.account, buckets);
    const lane = i === 0 && event.account === large && share >= divides ? laneOf(event.id, into) : 0;
    return { key: laneKey(bucket, lane, bucketing), bucket, bucketing };
  });
}

interface Put {
  readonly key: string;
  readonly arrived: number;
  readonly data: Uint8Array;
}

/** Records of up to a dozen events of one partition key and gateway; some twice, some with a line that nobody can read. */
function puts(events: readonly UsageEvent[], gateways: readonly Gateway[], random: Uniform): Put[] {
  const made: Put[] = [];
  const waiting = new Map<string, { readonly place: Place; readonly list: UsageEvent[] }>();
  const flush = (name: string): void => {
    const held = waiting.get(name);
    waiting.delete(name);
    const last = held?.list.at(-1);
    if (held === undefined || last === undefined) return;
    const { place, list } = held;
    const arrived = Date.parse(last.time) + 500;
    // it has no header, and says of no other bucketing
    const bad = random() < 0.04 && place.bucketing === BUCKETING;
    const data = bad ? withBadLine(list) : encodeRecord(place, list);
    made.push({ key: place.key, arrived, data });
    if (random() < 0.08) made.push({ key: place.key, arrived: arrived + 700, data });
  };
  for (const [i, event] of events.entries()) {
    const by = random() < 0.75 ? 0 : 1;
    const place = (gateways[by] as Gateway)(event, i / events.length);
    const name = `${by} ${place.key}`;
    const list: UsageEvent[] = waiting.get(name)?.list ?? [];
    waiting.set(name, { place, list });
    list.push(event);
    if (list.length > random() * 8) flush(name);
  }
  for (const name of [...waiting.keys()]) flush(name);
  return made;
}

/** An open shard: the part of the keys' hashes that it has, from and to, of 0 to 1. */
interface Open {
  readonly shard: number;
  readonly from: number;
  readonly to: number;
}

/** A key's place among the hashes. */
function hashOf(key: string): number {
  return bucketOf(`${key}.${key}`, 65_536) / 65_536;
}

/** Records on shards that are split in the middle, or merged with their neighbour, at random moments. */
function onShards(
  all: readonly Put[],
  random: Uniform,
): { readonly shards: KinesisRecord[][]; readonly parents: number[][] } {
  const shards: KinesisRecord[][] = [[]];
  const parents: number[][] = [[]];
  const bases = [49_600_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000n];
  let open: Open[] = [{ shard: 0, from: 0, to: 1 }];
  const make = (of: readonly number[], from: number, to: number): Open => {
    shards.push([]);
    parents.push([...of]);
    // above its parents', and nothing to do with the others'
    const above = of.map((parent) => bases[parent] ?? 0n).reduce((a, b) => (a > b ? a : b), 0n);
    bases.push(above + 10n ** 40n * BigInt(1 + Math.floor(random() * 1000)));
    return { shard: shards.length - 1, from, to };
  };
  const reshard = (): void => {
    const at = Math.floor(random() * open.length);
    const [one, next] = [open[at], open[at + 1]];
    if (one === undefined) return;
    if (next !== undefined && random() < 0.4)
      open = [...open.slice(0, at), make([one.shard, next.shard], one.from, next.to), ...open.slice(at + 2)];
    else {
      const middle = (one.from + one.to) / 2;
      const halves = [make([one.shard], one.from, middle), make([one.shard], middle, one.to)];
      open = [...open.slice(0, at), ...halves, ...open.slice(at + 1)];
    }
  };
  reshard();
  for (const [i, { key, arrived, data }] of all.entries()) {
    if (random() < 4 / all.length) reshard();
    const hash = hashOf(key);
    const shard = open.find(({ from, to }) => hash >= from && hash < to)?.shard ?? 0;
    const sequence = String((bases[shard] ?? 0n) + BigInt((i + 1) * 7));
    shards[shard]?.push({
      eventID: `shardId-${String(shard).padStart(12, '0')}:${sequence}`,
      eventSourceARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/usage',
      kinesis: {
        partitionKey: key,
        sequenceNumber: sequence,
        data: Buffer.from(data).toString('base64'),
        approximateArrivalTimestamp: arrived / 1000,
      },
    });
  }
  return { shards, parents };
}

/** One history with faults of a divided account beside one of the same traffic without. */
export async function simulateDivided(seed: number): Promise<SeedResult> {
  const stream = narrowed(dividedTraffic(randomFor(seed, 'divided')));
  const must = await live(stream, seed, undefined);
  const is = await live(narrowed(recut(stream, randomFor(seed, 'batches'))), seed, USUAL);
  return {
    violations: violations(must.end, is.end, stream).map((found) => ({ seed, ...found })),
    tally: is.tally,
  };
}
