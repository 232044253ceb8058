import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { S3Client } from '@aws-sdk/client-s3';
import { ArchiveBucket } from '../lib/aws/archive.ts';
import { billOf, totalOf } from '../lib/infra/cost/bill.ts';
import { type CostFigures, costFigures } from '../lib/infra/cost/figures.ts';
import { batchDuration, indexRuns, type Load, loadOf, unitsAt } from '../lib/infra/cost/load.ts';
import { LATENCY, type Latency } from '../lib/infra/latency.ts';
import { readSettings } from '../lib/infra/settings.ts';
import { say } from '../lib/input/say.ts';
import { hashShare } from '../lib/profile/hashes.ts';
import type { UsageEvent } from '../lib/telemetry/usage-event.ts';
import { type Batching, batched } from './cost/batching.ts';
import { type Packing, packed } from './cost/packing.ts';
import { type Replayed, replayed } from './cost/replay.ts';
import { dataFolder, openTraffic } from './traffic.ts';

/**
 * `npm run bench:cost -- --data DIR [--rate 1000] [--gateways 2] [--share 1] [--json FILE] [--write]`: what a deployment is
 * billed for, by the rules of the recorder's producer, of Kinesis, of the event source mapping and of the tables, over
 * traffic at its own pace. No emulator. `--share` takes that share of the accounts, whole; `--write` makes the figures of
 * `siphonwatch plan` from it.
 */
const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    rate: { type: 'string', default: '1000' },
    gateways: { type: 'string', default: '2' },
    share: { type: 'string', default: '1' },
    json: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const SEED = 1;
/** Waiting for the first load of a batch, and for the writes of an account: assumed, not measured. */
const WAITS = { batch: 25, account: 12 };
const SHARDS = 4;

async function eventsOf(folder: string, share: number): Promise<UsageEvent[]> {
  const traffic = await openTraffic(folder);
  const events: UsageEvent[] = [];
  for await (const { event } of traffic.events()) if (hashShare(event.account) < share) events.push(event);
  return events.sort((a, b) => (a.time < b.time ? -1 : 1));
}

/** Bytes an event adds to a record and a record costs by itself: the line through two packings. */
function bytesOf(sparse: Packing, dense: Packing): Omit<CostFigures['bytes'], 'archiveFrame'> {
  const point = ({ events, records, bytes }: Packing) => ({
    n: events / records.length,
    bytes: bytes / events,
  });
  const [a, b] = [point(sparse), point(dense)];
  const perRecord = (a.bytes - b.bytes) / (1 / a.n - 1 / b.n);
  return { perRecord, perEvent: a.bytes - perRecord / a.n };
}

/** What the archive's own class makes of a batch. */
interface Archived {
  readonly objectsPerBatch: number;
  /** beside the bytes of the records */
  readonly bytesPerRecord: number;
}

async function archivedOf({ batches }: Batching): Promise<Archived> {
  let objects = 0;
  let bytes = 0;
  const send = {
    value: async (command: { readonly input?: { readonly Body?: unknown } }) => {
      if (command.constructor.name !== 'PutObjectCommand') return {};
      objects++;
      if (command.input?.Body instanceof Uint8Array) bytes += command.input.Body.length;
      return {};
    },
  };
  const archive = new ArchiveBucket(
    Object.create(S3Client.prototype, { send, config: { value: {} } }),
    'archive',
  );
  const looked = batches.slice(0, 6);
  for (const [n, batch] of looked.entries())
    await archive.put(
      batch.map(({ partitionKey, data, at }, i) => ({
        stream: 'stream',
        shard: 'shardId-000000000000',
        sequence: String(n * 1_000_000 + i).padStart(20, '0'),
        partitionKey,
        arrived: at,
        size: data.length,
        data,
      })),
    );
  const records = looked.flat();
  const data = records.reduce((sum, held) => sum + held.data.length, 0);
  return {
    objectsPerBatch: objects / Math.max(1, looked.length),
    bytesPerRecord: (bytes - data) / Math.max(1, records.length),
  };
}

/** Between two windows that were replayed: units fall about evenly with the logarithm of the window. */
function between(windows: readonly Replayed[], seconds: number): Replayed {
  const [first] = windows;
  if (first === undefined) throw new RangeError('no window was replayed');
  const at = (pick: (held: Replayed) => number): number => unitsAt(seconds, windows, pick);
  return {
    ...first,
    seconds,
    writeUnitsPerEvent: at((held) => held.writeUnitsPerEvent),
    readUnitsPerEvent: at((held) => held.readUnitsPerEvent),
    flushesPerEvent: at((held) => held.flushesPerEvent),
  };
}

const kindsOf = ({ byKind }: Replayed): string =>
  Object.entries(byKind)
    .map(([kind, units]) => `${kind} ${units.toFixed(3)}`)
    .join(', ');

interface Scenario {
  readonly latency: Latency;
  readonly batching: Batching;
  readonly packing: Packing;
  readonly store: Replayed;
  readonly archived: Archived;
}

/** The load as it was simulated, piece by piece. */
function simulated(
  { batching, packing, store, archived }: Scenario,
  rate: number,
  figures: CostFigures,
): Load {
  const perSecond = rate / packing.events;
  const sum = (of: (bytes: number) => number): number =>
    packing.records.reduce((total, { data }) => total + of(data.length), 0) * perSecond;
  const eventsPerBatch = rate / batching.batchesPerSecond;
  const indexed = indexRuns(rate * store.flushesPerEvent);
  return {
    eventsPerSecond: rate,
    recordsPerSecond: packing.records.length * perSecond,
    bytesPerSecond: sum((bytes) => bytes),
    billedBytesPerSecond: sum((bytes) => Math.ceil(bytes / 1024) * 1024),
    putUnitsPerSecond: sum((bytes) => Math.ceil(bytes / 25_000)),
    batchesPerSecond: batching.batchesPerSecond,
    busySeconds:
      batching.batchesPerSecond *
      batchDuration(eventsPerBatch, eventsPerBatch * store.flushesPerEvent, figures),
    archiveObjectsPerSecond: batching.batchesPerSecond * archived.objectsPerBatch,
    archiveBytesPerSecond: sum((bytes) => bytes + archived.bytesPerRecord),
    writeUnitsPerSecond: rate * store.writeUnitsPerEvent + indexed,
    readUnitsPerSecond: rate * store.readUnitsPerEvent,
    tableBatchesPerSecond: indexed,
    accounts: ACCOUNTS,
    gateways: Number(values.gateways),
    shards: SHARDS,
  };
}
const ACCOUNTS = 100_000;
/** Fleets whose reads are measured: of the first a function keeps all, of the last nothing. */
const FLEETS = [5000, 20_000, ACCOUNTS, 500_000, 5_000_000];

async function main(folder: string): Promise<void> {
  const [rate, gateways, share] = [Number(values.rate), Number(values.gateways), Number(values.share)];
  const events = await eventsOf(folder, share);
  say(`${events.length} events; packing`);
  const pack = (eventsPerSecond: number, lingerMs: number, buckets: number): Promise<Packing> =>
    packed(
      events,
      { eventsPerSecond, seconds: Math.max(4, 30 * (lingerMs / 5000)), lingerMs, buckets },
      SEED,
    );
  const bytes = bytesOf(await pack(20, 500, 256), await pack(10_000, 500, 256));
  const stores: Replayed[] = [];
  for (const seconds of [0, 5, 60, 300]) {
    // the plain design is looked at on a part: it takes a write for each event
    const part = seconds === 0 ? events.slice(0, events.length >> 2) : events;
    const held = await replayed(part, seconds, ACCOUNTS);
    stores.push(held);
    say(`window ${seconds} s: ${held.writeUnitsPerEvent.toFixed(3)} write units an event, ${kindsOf(held)}`);
  }
  const [plain, ...windows] = stores;
  const reads: CostFigures['reads'] = [];
  for (const accounts of FLEETS) {
    const held = accounts === ACCOUNTS ? stores[2] : await replayed(events, 60, accounts);
    if (held === undefined) throw new RangeError('no window was replayed');
    const unitsPerFlush = held.readUnitsPerEvent / held.flushesPerEvent;
    reads.push({ accounts, unitsPerFlush: rounded(unitsPerFlush) });
    say(`${accounts} accounts: ${unitsPerFlush.toFixed(2)} read units an account that is written`);
  }
  const scenarios: Scenario[] = [];
  for (const latency of ['seconds', 'minute', 'minutes'] as const) {
    const { batchWindowSeconds, batchSize, parallelizationFactor, lingerMs, buckets } = LATENCY[latency];
    const packing = await pack(rate / gateways, lingerMs, buckets);
    const rules = { windowSeconds: batchWindowSeconds, batchSize, parallelizationFactor, shards: SHARDS };
    const batching = batched(packing, gateways, rules, SEED);
    const store = between(windows, batching.seconds);
    scenarios.push({ latency, packing, batching, store, archived: await archivedOf(batching) });
  }
  const figures = costFigures.parse({
    traffic: `${events.length} events of ${windows[0]?.accounts} accounts, labelled example traffic at its own pace`,
    windows: windows.map(({ seconds, writeUnitsPerEvent, flushesPerEvent }) => ({
      seconds,
      writeUnitsPerEvent: rounded(writeUnitsPerEvent),
      flushesPerEvent: rounded(flushesPerEvent),
    })),
    reads,
    bytes: {
      perEvent: Math.round(bytes.perEvent),
      perRecord: Math.round(bytes.perRecord),
      archiveFrame: Math.round(scenarios[1]?.archived.bytesPerRecord ?? 0),
    },
    bytesPerAccount: Math.round(windows[0]?.bytesPerAccount ?? 0),
    millis: { event: rounded(windows[0]?.millisPerEvent ?? 0), ...WAITS },
  });
  if (values.write)
    writeFileSync(
      fileURLToPath(new URL('../lib/infra/cost/measured.json', import.meta.url)),
      `${JSON.stringify(figures, null, 2)}\n`,
    );
  const report = {
    rate,
    gateways,
    share,
    figures,
    plain,
    stores,
    scenarios: scenarios.map((held) => outcome(held, rate, gateways, figures)),
  };
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
  print(stores, report.scenarios, rate, gateways);
}

const rounded = (value: number): number => Number(value.toPrecision(4));

function outcome(scenario: Scenario, rate: number, gateways: number, figures: CostFigures) {
  const { latency, packing, batching, store, archived } = scenario;
  const settings = readSettings({ 'siphonwatch:latency': latency });
  const lines = billOf(simulated(scenario, rate, figures), settings, figures);
  const { lingerMs, buckets } = LATENCY[latency];
  const planned = billOf(
    loadOf(
      {
        eventsPerSecond: rate,
        gateways,
        accounts: ACCOUNTS,
        lingerMs,
        buckets,
        windowSeconds: settings.batchWindowSeconds,
        batchSize: settings.batchSize,
        parallelizationFactor: settings.parallelizationFactor,
        shards: SHARDS,
      },
      figures,
    ),
    settings,
    figures,
  );
  return {
    latency,
    batchSeconds: batching.seconds,
    eventsPerRecord: packing.events / packing.records.length,
    bytesPerEvent: packing.bytes / packing.events,
    recordsPerBatch: batching.recordsPerBatch,
    objectsPerBatch: archived.objectsPerBatch,
    writeUnitsPerEvent: store.writeUnitsPerEvent,
    readUnitsPerEvent: store.readUnitsPerEvent,
    medianHotBytes: store.medianHotBytes,
    onDemand: totalOf(lines, 'onDemand'),
    provisioned: totalOf(lines, 'provisioned'),
    plannedOnDemand: totalOf(planned, 'onDemand'),
    plannedProvisioned: totalOf(planned, 'provisioned'),
    lines,
  };
}

function print(
  stores: readonly Replayed[],
  scenarios: readonly ReturnType<typeof outcome>[],
  rate: number,
  gateways: number,
): void {
  const out = (line: string): void => void process.stdout.write(`${line}\n`);
  out('Tables, at the pace of the traffic:');
  for (const held of stores)
    out(
      `  ${held.seconds === 0 ? 'each event by itself' : `window of ${held.seconds} s`}: ${held.writeUnitsPerEvent.toFixed(3)} write units an event, ${held.readUnitsPerEvent.toFixed(3)} read; median hot item ${held.medianHotBytes} B; ${kindsOf(held)}`,
    );
  out(`\nAll in, ${rate} events a second from ${gateways} gateways, ${SHARDS} shards:`);
  for (const held of scenarios) {
    out(
      `  ${held.latency}: ${held.eventsPerRecord.toFixed(2)} events a record, ${held.bytesPerEvent.toFixed(0)} B an event, batches of ${held.recordsPerBatch.toFixed(0)} records every ${held.batchSeconds.toFixed(1)} s a lane, ${held.objectsPerBatch.toFixed(1)} objects a batch, ${held.writeUnitsPerEvent.toFixed(3)} write units an event`,
    );
    for (const { part, onDemand, provisioned } of held.lines)
      out(`    ${part.padEnd(30)} ${onDemand.toFixed(0).padStart(7)} ${provisioned.toFixed(0).padStart(7)}`);
    out(
      `    ${'USD a month'.padEnd(30)} ${held.onDemand.toFixed(0).padStart(7)} ${held.provisioned.toFixed(0).padStart(7)}   plan says ${held.plannedOnDemand.toFixed(0)} and ${held.plannedProvisioned.toFixed(0)}`,
    );
  }
}

const folder = dataFolder(process.argv, 'bench:cost');
if (folder !== undefined) await main(folder);
