import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { framed } from '../lib/aws/archive.ts';
import { readObject } from '../lib/aws/archive-frames.ts';
import { HUNT_TABLES } from '../lib/contract/hunt-names.ts';
import { eventsOf } from '../lib/hunts/archived-record.ts';
import type { ArchivedEvent } from '../lib/hunts/columns.ts';
import { encodePart, readFooter, tablesOf } from '../lib/hunts/parquet.ts';
import { HUNT_QUERIES } from '../lib/hunts/queries.ts';
import { PRICES } from '../lib/infra/cost/prices.ts';
import { readUsageEvents } from '../lib/input/usage-events.ts';
import { bucketOf, partitionKey } from '../lib/telemetry/record.ts';
import { encodeRecord } from '../lib/telemetry/record-codec.ts';
import type { UsageEvent } from '../lib/telemetry/usage-event.ts';

/**
 * What the archive costs as frames and in Parquet: `npm run bench:hunts [-- FILE... --json FILE]`, over the example traffic where no
 * usage events are given. Bytes an event, events a second of processor time from frames to both tables, and what each
 * query would read in Athena for a billion events.
 */
const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' } } });
const EXAMPLE = fileURLToPath(new URL('../examples/data/events.ndjson.gz', import.meta.url));
/** Events in a record, as `plan` measures them for latency `minute`. */
const RECORD = 10;
const BILLION = 1e9;

const events: UsageEvent[] = [];
const noKey = () => {
  throw new Error('usage events only: exchanges are turned into them by `siphonwatch record`');
};
for await (const batch of readUsageEvents(positionals.length > 0 ? positionals : [EXAMPLE], {
  format: 'auto',
  recorder: noKey,
}))
  events.push(...batch.events);

const byBucket = new Map<number, UsageEvent[]>();
for (const event of events) {
  const bucket = bucketOf(event.account);
  byBucket.set(bucket, [...(byBucket.get(bucket) ?? []), event]);
}
const frames: Uint8Array[] = [];
let sequence = 0n;
for (const [bucket, held] of byBucket)
  for (let i = 0; i < held.length; i += RECORD) {
    const record = held.slice(i, i + RECORD);
    const data = encodeRecord({ bucket }, record);
    frames.push(
      ...framed({
        stream: 'usage',
        shard: 'shardId-000000000000',
        sequence: String(49_600_000_000_000_000_000_000_000n + sequence++),
        partitionKey: partitionKey(bucket),
        arrived: Date.parse(record[0]?.time ?? ''),
        size: Buffer.byteLength(
          `${JSON.stringify({ siphonwatch: 1, bucketing: 'b1-256', bucket, events: record.length })}\n${record.map((event) => `${JSON.stringify(event)}\n`).join('')}`,
        ),
        data,
      }),
    );
  }
const object = Buffer.concat(frames);

const began = process.cpuUsage();
const found: ArchivedEvent[] = [];
for (const { frame, record } of readObject(object).records) found.push(...eventsOf(frame, record).events);
const tables = tablesOf(found);
const parts = { events: encodePart(tables.events), prints: encodePart(tables.prints) };
const { user, system } = process.cpuUsage(began);
if (found.length !== events.length) throw new Error(`${found.length} of ${events.length} events came back`);

const each = (bytes: number): number => Number((bytes / events.length).toFixed(1));
const measured = {
  events: events.length,
  bytesPerEvent: {
    json: each(events.reduce((sum, event) => sum + Buffer.byteLength(JSON.stringify(event)) + 1, 0)),
    frames: each(object.length),
    events: each(parts.events.length),
    prints: each(parts.prints.length),
  },
  perSecondOfProcessor: Math.round(events.length / ((user + system) / 1e6)),
  usdPerBillion: Object.fromEntries(
    HUNT_QUERIES.map(({ id, table, reads }) => {
      const { bytes } = readFooter(parts[table]);
      const read = reads.reduce((sum, name) => sum + (bytes.get(name) ?? 0), 0);
      return [id, Number((((read / events.length) * BILLION * PRICES.athena.readTb) / 1e12).toFixed(3))];
    }),
  ),
};
const { bytesPerEvent: size } = measured;
process.stdout.write(
  `${measured.events} events, ${RECORD} a record\n` +
    `bytes an event: ${size.json} as JSON, ${size.frames} as frames, ${HUNT_TABLES.map((table) => `${size[table]} in ${table}`).join(', ')}\n` +
    `${measured.perSecondOfProcessor} events a second of processor time, from frames to both tables\n` +
    `USD in Athena for a billion events: ${Object.entries(measured.usdPerBillion)
      .map(([id, usd]) => `${id} ${usd}`)
      .join(', ')}\n`,
);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(measured, null, 2)}\n`);
