import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { KinesisRecord } from '../../lambdas/score/decode-batch.ts';
import { readUsageEvents } from '../../lib/input/usage-events.ts';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import { BUCKETING, bucketOf, partitionKey } from '../../lib/telemetry/record.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';

/** Usage events in order of arrival, as the lines that a producer sends. Outside of the heap: they are not what is measured. */
export interface EventLines {
  readonly count: number;
  readonly accounts: number;
  line(at: number): Buffer;
  bucket(at: number): number;
  /** arrival, ms: the running maximum of event time */
  arrived(at: number): number;
}

/**
 * The files of usage events or exchanges in a folder, by name, or in its folder `traffic`.
 * @throws Error where there are none
 */
export async function trafficFiles(folder: string): Promise<string[]> {
  for (const place of [folder, join(folder, 'traffic')]) {
    const names = await readdir(place).catch(() => []);
    const files = names.filter((name) => /\.(ndjson|jsonl|json)(\.gz|\.zst)?$/.test(name)).sort();
    const found: string[] = [];
    for (const name of files) {
      const isTraffic = !/^(manifest|lineage|labels)/.test(name);
      if (isTraffic && (await stat(join(place, name))).isFile()) found.push(join(place, name));
    }
    if (found.length > 0) return found;
  }
  throw new Error(`${folder}: no files of usage events or exchanges (*.ndjson, *.jsonl, also .gz)`);
}

/** @param most events read at most */
export async function readLines(files: readonly string[], most: number): Promise<EventLines> {
  const recorder = createRecorder({ keys: developmentKeyring('benchmark') });
  const blocks: Buffer[] = [];
  const places: { block: number; from: number; to: number }[] = [];
  const buckets: number[] = [];
  const arrivals: number[] = [];
  const accounts = new Set<string>();
  let now = 0;
  for await (const { events } of readUsageEvents(files, { format: 'auto', recorder: () => recorder })) {
    const lines = events.slice(0, most - places.length).map((event) => {
      now = Math.max(now, Date.parse(event.time));
      accounts.add(event.account);
      buckets.push(bucketOf(event.account));
      arrivals.push(now);
      return Buffer.from(`${JSON.stringify(event)}\n`);
    });
    let from = 0;
    for (const { length } of lines) {
      places.push({ block: blocks.length, from, to: from + length });
      from += length;
    }
    blocks.push(Buffer.concat(lines));
    if (places.length >= most) break;
  }
  return {
    count: places.length,
    accounts: accounts.size,
    line(at) {
      const { block, from, to } = places[at] as (typeof places)[number];
      return (blocks[block] as Buffer).subarray(from, to);
    },
    bucket: (at) => buckets[at] as number,
    arrived: (at) => arrivals[at] as number,
  };
}

/** Where a flush begins and ends. */
export interface Flush {
  readonly from: number;
  readonly to: number;
}

/** Runs of so many events. */
export function* flushesOf(lines: EventLines, size: number): Generator<Flush> {
  for (let from = 0; from < lines.count; from += size) yield { from, to: Math.min(lines.count, from + size) };
}

/** What arrives within one batching window, ms, after the first event of each. */
export function* flushesWithin(lines: EventLines, window: number): Generator<Flush> {
  for (let from = 0; from < lines.count; ) {
    let to = from + 1;
    while (to < lines.count && lines.arrived(to) < lines.arrived(from) + window) to++;
    yield { from, to };
    from = to;
  }
}

/** The flush as the function gets it: one record a bucket, packed as producers pack them. */
export function recordsOf(lines: EventLines, { from, to }: Flush): KinesisRecord[] {
  const byBucket = new Map<number, Buffer[]>();
  for (let at = from; at < to; at++) {
    const list = byBucket.get(lines.bucket(at));
    if (list === undefined) byBucket.set(lines.bucket(at), [lines.line(at)]);
    else list.push(lines.line(at));
  }
  const arrived = lines.arrived(to - 1) / 1000;
  return [...byBucket].map(([bucket, events], index) => {
    const header = { siphonwatch: 1, bucketing: BUCKETING, bucket, events: events.length };
    const data = gzipSync(Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), ...events]));
    const sequenceNumber = `49${String(from).padStart(12, '0')}${String(index).padStart(6, '0')}`;
    return {
      eventID: `shardId-000000000000:${sequenceNumber}`,
      eventSourceARN: 'arn:aws:kinesis:eu-central-1:111122223333:stream/siphonwatch-events',
      kinesis: {
        partitionKey: partitionKey(bucket),
        sequenceNumber,
        data: data.toString('base64'),
        approximateArrivalTimestamp: arrived,
      },
    };
  });
}
