import { TABLE_STREAM_SHARDS } from '../../contract/tables.ts';
import type { CostFigures } from './figures.ts';

/** What a deployment does in a second, in the quantities that AWS bills. Measured by a bench, or worked out for a plan. */
export interface Load {
  readonly eventsPerSecond: number;
  readonly recordsPerSecond: number;
  /** bytes of all records of a second, and the same with each rounded up to a kilobyte, as on-demand bills them */
  readonly bytesPerSecond: number;
  readonly billedBytesPerSecond: number;
  /** units of 25 KB of provisioned streams */
  readonly putUnitsPerSecond: number;
  /** invocations of `score` */
  readonly batchesPerSecond: number;
  /** seconds of `score` in a second */
  readonly busySeconds: number;
  readonly archiveObjectsPerSecond: number;
  /** bytes of those objects: the records, and a line before each */
  readonly archiveBytesPerSecond: number;
  /** write and read units of all tables, `index` among them */
  readonly writeUnitsPerSecond: number;
  readonly readUnitsPerSecond: number;
  /** invocations of `index` and `notify` */
  readonly tableBatchesPerSecond: number;
  readonly accounts: number;
  /** that put records under names of their own */
  readonly gateways: number;
  /** that are there, whatever the load needs */
  readonly shards: number;
}

/** What traffic and settings a plan is for. */
export interface Workload {
  readonly eventsPerSecond: number;
  /** gateway processes that put records, each with a producer of its own */
  readonly gateways: number;
  /** accounts that are active within a month */
  readonly accounts: number;
  /** time that an event may wait in a producer for company, ms */
  readonly lingerMs: number;
  /** of accounts, in the producers: each sends a record of its own */
  readonly buckets: number;
  readonly windowSeconds: number;
  readonly batchSize: number;
  readonly parallelizationFactor: number;
  readonly shards: number;
}

/** Limit of an invocation's payload, and what a record costs of it beside its data (lib/emulator/streams). */
const PAYLOAD_BYTES = 6 * 1024 * 1024;
const RECORD_ENVELOPE = 480;
/** `index` gathers for ten seconds (lib/infra/pipeline.ts). */
const INDEX_SECONDS = 10;

/**
 * Events of one producer in one record: a producer sends every bucket that holds something once a linger. With m events
 * spread over B buckets that is B(1 - e^(-m/B)) records.
 */
export function eventsPerRecord(eventsPerSecondOfGateway: number, lingerMs: number, buckets: number): number {
  const held = Math.max(1, eventsPerSecondOfGateway * (lingerMs / 1000));
  return held / (buckets * -Math.expm1(-held / buckets));
}

/** Bytes of a compressed record of n events: what an event adds, and what a record costs by itself. */
export function recordBytes(events: number, { bytes }: CostFigures): number {
  return bytes.perRecord + bytes.perEvent * events;
}

/**
 * How long a batch of `score` is gathered, seconds: until the window ends, the batch is full, or the payload is (Lambda
 * Developer Guide, "Batching behavior"). The window begins with the first record.
 */
export function batchSeconds(workload: Workload, recordsPerSecond: number, bytesPerRecord: number): number {
  const { windowSeconds, batchSize, shards, parallelizationFactor } = workload;
  const rate = recordsPerSecond / (shards * parallelizationFactor);
  const payload = (bytesPerRecord * 4) / 3 + RECORD_ENVELOPE;
  return Math.min(windowSeconds, batchSize / rate, PAYLOAD_BYTES / payload / rate) + 1 / rate;
}

/** Units an event, between the measured windows: they fall about evenly with the logarithm of the window. */
export function unitsAt<T extends { readonly seconds: number }>(
  seconds: number,
  windows: readonly T[],
  pick: (figures: T) => number,
): number {
  return between(
    seconds,
    windows.map((held) => [held.seconds, pick(held)]),
  );
}

/** Read units of an account that is written, in a fleet of so many accounts. */
export function readsOf(accounts: number, { reads }: CostFigures): number {
  return between(
    accounts,
    reads.map((held) => [held.accounts, held.unitsPerFlush]),
  );
}

/** Between measured points, evenly with the logarithm; before the first and behind the last as they are. */
function between(at: number, points: readonly (readonly [at: number, value: number])[]): number {
  const sorted = [...points].sort(([a], [b]) => a - b);
  const after = sorted.findIndex(([place]) => place >= at);
  const high = sorted[after === -1 ? sorted.length - 1 : after];
  const low = sorted[Math.max(0, (after === -1 ? sorted.length : after) - 1)];
  if (high === undefined || low === undefined) throw new RangeError('no figures');
  if (high === low || after === -1 || after === 0) return high[1];
  const share = Math.log((at + 1) / (low[0] + 1)) / Math.log((high[0] + 1) / (low[0] + 1));
  return low[1] + share * (high[1] - low[1]);
}

/** Invocations of `index` in a second, for so many accounts that are written. */
export function indexRuns(flushesPerSecond: number): number {
  return Math.min(TABLE_STREAM_SHARDS / INDEX_SECONDS, flushesPerSecond);
}

/** Works a load out from traffic, settings and what was measured. */
export function loadOf(workload: Workload, figures: CostFigures): Load {
  const { eventsPerSecond, gateways, accounts } = workload;
  const packed = eventsPerRecord(eventsPerSecond / gateways, workload.lingerMs, workload.buckets);
  const records = eventsPerSecond / packed;
  const bytes = recordBytes(packed, figures);
  const seconds = batchSeconds(workload, records, bytes);
  const lanes = workload.shards * workload.parallelizationFactor;
  const batches = lanes / seconds;
  const events = eventsPerSecond / batches;
  const flushes = unitsAt(seconds, figures.windows, (held) => held.flushesPerEvent);
  const writes = unitsAt(seconds, figures.windows, (held) => held.writeUnitsPerEvent);
  const indexed = indexRuns(eventsPerSecond * flushes);
  return {
    eventsPerSecond,
    recordsPerSecond: records,
    bytesPerSecond: records * bytes,
    billedBytesPerSecond: records * Math.ceil(bytes / 1024) * 1024,
    putUnitsPerSecond: records * Math.ceil(bytes / 25_000),
    batchesPerSecond: batches,
    busySeconds: batches * batchDuration(events, events * flushes, figures),
    archiveObjectsPerSecond: batches * objectsOf(records / batches, lanes, workload.buckets),
    archiveBytesPerSecond: records * (bytes + figures.bytes.archiveFrame),
    // `index` moves the clock of the traffic once a batch
    writeUnitsPerSecond: eventsPerSecond * writes + indexed,
    readUnitsPerSecond: eventsPerSecond * flushes * readsOf(accounts, figures),
    tableBatchesPerSecond: indexed,
    accounts,
    gateways,
    shards: workload.shards,
  };
}

/** Seconds of one invocation: one round trip to load, then each account in turn on 24 lines, then the computing. */
export function batchDuration(events: number, accounts: number, { millis }: CostFigures): number {
  return (millis.batch + (accounts * millis.account) / 24 + events * millis.event) / 1000;
}

/** Buckets whose records the archive has in one object: their last hexadecimal digit does not count (lib/aws/archive.ts). */
const BUCKETS_OF_GROUP = 16;

/** Groups that the archive divides so many buckets into. */
export function archiveGroups(buckets: number): number {
  return Math.ceil(buckets / BUCKETS_OF_GROUP);
}

/** Archive objects of one batch: one for each group of buckets that it has records of. */
function objectsOf(records: number, lanes: number, buckets: number): number {
  const groups = archiveGroups(buckets);
  const held = Math.min(buckets / lanes, records);
  return Math.max(1, groups * -Math.expm1(-held / groups));
}
