/**
 * Capacity and monthly cost of a deployment, worked out from its traffic. Prices are US East (N. Virginia) list prices as
 * docs/operations.md quotes them, with their dates; they change, the arithmetic does not.
 */
export const PRICES = {
  kinesisOnDemandHour: 0.04,
  kinesisOnDemandInGb: 0.08,
  kinesisOnDemandOutGb: 0.04,
  kinesisShardHour: 0.015,
  kinesisPutUnitMillion: 0.014,
  lambdaGbSecond: 0.0000133334,
  lambdaRequestMillion: 0.2,
  dynamoWriteMillion: 0.625,
  dynamoReadMillion: 0.125,
  s3PutThousand: 0.005,
  s3GbMonth: 0.023,
} as const;

/** What the plan is made for; each has a default that was measured on the shipped example or is the stack's own. */
export interface Workload {
  readonly eventsPerSecond: number;
  readonly accounts: number;
  /** compressed bytes an event in a packed record */
  readonly bytesPerEvent: number;
  /** write units an event, all tables */
  readonly writeUnitsPerEvent: number;
  /** read units an event, all tables */
  readonly readUnitsPerEvent: number;
  /** milliseconds of one function's time an event */
  readonly millisPerEvent: number;
  readonly memoryMb: number;
  /** stream records in one invocation, and events in one record */
  readonly recordsPerBatch: number;
  readonly eventsPerRecord: number;
  readonly archiveDays: number;
}

export const MEASURED: Omit<Workload, 'eventsPerSecond' | 'accounts'> = {
  bytesPerEvent: 150,
  writeUnitsPerEvent: 1,
  readUnitsPerEvent: 1,
  millisPerEvent: 0.5,
  memoryMb: 1024,
  recordsPerBatch: 100,
  eventsPerRecord: 20,
  archiveDays: 90,
};

export interface CapacityPlan {
  readonly shards: number;
  readonly concurrency: number;
  readonly writeUnitsPerSecond: number;
  /** USD a month of 30 days */
  readonly monthly: {
    readonly streamOnDemand: number;
    readonly streamProvisioned: number;
    readonly functions: number;
    readonly tables: number;
    readonly archive: number;
    /** with the cheaper of the two stream modes */
    readonly total: number;
  };
}

const MONTH_SECONDS = 30 * 86_400;
/** A shard takes 1 MB and 1,000 records a second (Kinesis Data Streams, quotas and limits). */
const SHARD_BYTES = 1_000_000;
const SHARD_RECORDS = 1000;
/** Traffic has peaks: capacity for three times the mean. */
const PEAK = 3;

/** @throws RangeError naming the value that is not a positive, finite number */
export function planCapacity(workload: Workload): CapacityPlan {
  for (const [name, value] of Object.entries(workload))
    if (!(Number.isFinite(value) && value > 0))
      throw new RangeError(`${name}: ${value} is not a positive number`);
  const { eventsPerSecond } = workload;
  const bytes = eventsPerSecond * workload.bytesPerEvent;
  const records = eventsPerSecond / workload.eventsPerRecord;
  const shards = Math.max(
    1,
    Math.ceil((PEAK * bytes) / SHARD_BYTES),
    Math.ceil((PEAK * records) / SHARD_RECORDS),
  );
  const gb = (bytes * MONTH_SECONDS) / 1e9;
  // on demand, each record is rounded up to a kilobyte
  const gbIn =
    (records * MONTH_SECONDS * Math.ceil((workload.bytesPerEvent * workload.eventsPerRecord) / 1000) * 1000) /
    1e9;
  const putUnits =
    records * MONTH_SECONDS * Math.ceil((workload.bytesPerEvent * workload.eventsPerRecord) / 25_000);
  const busySeconds = (eventsPerSecond * workload.millisPerEvent) / 1000;
  const invocations = (records / workload.recordsPerBatch) * MONTH_SECONDS;
  const streamOnDemand =
    720 * PRICES.kinesisOnDemandHour + gbIn * PRICES.kinesisOnDemandInGb + gb * PRICES.kinesisOnDemandOutGb;
  const streamProvisioned =
    shards * 720 * PRICES.kinesisShardHour + (putUnits / 1e6) * PRICES.kinesisPutUnitMillion;
  const functions =
    busySeconds * MONTH_SECONDS * (workload.memoryMb / 1024) * PRICES.lambdaGbSecond +
    (invocations / 1e6) * PRICES.lambdaRequestMillion;
  const tables =
    (eventsPerSecond * MONTH_SECONDS * workload.writeUnitsPerEvent * PRICES.dynamoWriteMillion) / 1e6 +
    (eventsPerSecond * MONTH_SECONDS * workload.readUnitsPerEvent * PRICES.dynamoReadMillion) / 1e6;
  const objects = invocations * Math.min(16, workload.recordsPerBatch);
  const archive =
    (objects / 1000) * PRICES.s3PutThousand + gb * (workload.archiveDays / 30) * PRICES.s3GbMonth;
  return {
    shards,
    concurrency: Math.max(1, Math.ceil(PEAK * busySeconds)),
    writeUnitsPerSecond: Math.ceil(PEAK * eventsPerSecond * workload.writeUnitsPerEvent),
    monthly: {
      streamOnDemand,
      streamProvisioned,
      functions,
      tables,
      archive,
      total: Math.min(streamOnDemand, streamProvisioned) + functions + tables + archive,
    },
  };
}
