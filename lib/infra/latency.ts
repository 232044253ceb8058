/**
 * How long an event may wait before it is judged, in words, and what that means for the parts that gather events: the longer,
 * the fewer writes, as an account is written once a batch. `docs/operations.md` has what each costs.
 */
export const LATENCY = {
  seconds: { batchWindowSeconds: 5, batchSize: 2000, parallelizationFactor: 1, lingerMs: 500, buckets: 64 },
  minute: {
    batchWindowSeconds: 60,
    batchSize: 10_000,
    parallelizationFactor: 2,
    lingerMs: 5000,
    buckets: 64,
  },
  minutes: {
    batchWindowSeconds: 300,
    batchSize: 10_000,
    parallelizationFactor: 8,
    lingerMs: 10_000,
    buckets: 64,
  },
} as const satisfies Readonly<Record<string, Gathering>>;

export type Latency = keyof typeof LATENCY;

export interface Gathering {
  /** longest time that a batch of `score` is gathered; a batch of 6 MB, or of 10,000 records, goes earlier */
  readonly batchWindowSeconds: number;
  readonly batchSize: number;
  /** lanes of a shard: the more, the longer it takes to fill a batch */
  readonly parallelizationFactor: number;
  /** what to give the recorder's producer as `linger`: it is not a setting of the stack */
  readonly lingerMs: number;
  /** what to give it as `buckets`, all producers of a stream the same: the fewer, the more events a record and an archive object hold */
  readonly buckets: number;
}
