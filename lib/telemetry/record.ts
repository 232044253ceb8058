/**
 * Wire format of a Kinesis record: gzip of NDJSON. The first line is a header, each further line one usage event.
 * Position of an event in the stream = (sequence number of the record, index of its line after the header).
 * A record may also be plain, uncompressed NDJSON, or a single usage event without header (put by hand).
 */
export interface RecordHeader {
  /** version of the wire format */
  readonly siphonwatch: 1;
  /** bucketing version: how it is changed is said in docs/operations.md, Resharding */
  readonly bucketing: string;
  readonly bucket: number;
  readonly events: number;
  /** ISO time: replay clock, honoured only by functions that were told to trust it (the demo, a rebuild) */
  readonly arrived?: string;
  /** name of the gateway process or service that put it, so that what its telemetry lacks can be told apart */
  readonly gateway?: string;
  /** its events were set aside, and are put back: each counts once, however often that is done */
  readonly redriven?: true;
}

/** Buckets of accounts per stream; fixed for a stream's life. The partition key is `${bucketing}/${bucket}`. */
export const DEFAULT_BUCKETS = 256;
export const BUCKETING = 'b1-256';

/**
 * Bucket of an account pseudonym: FNV-1a over its characters, modulo the number of buckets. Not a secret.
 *
 * @example
 * import { bucketOf } from '@siphonwatch/recorder';
 *
 * bucketOf('a_lcgz5gm2xl6yoyl27aqrp3bovp'); // => 130
 */
export function bucketOf(account: string, buckets: number = DEFAULT_BUCKETS): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < account.length; i++) {
    hash ^= account.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  return (hash >>> 0) % buckets;
}

/**
 * The partition key of a bucket's records.
 *
 * @example
 * import { partitionKey } from '@siphonwatch/recorder';
 *
 * partitionKey(26); // => 'b1-256/01a'
 */
export function partitionKey(bucket: number, bucketing: string = BUCKETING): string {
  return `${bucketing}/${bucket.toString(16).padStart(3, '0')}`;
}

/**
 * The partition key of a lane of a bucket. An account that is too large for one partition key is divided: lane 0 is the bucket's
 * own key, the others stand beside it (docs/operations.md).
 *
 * @example
 * import { laneKey } from '@siphonwatch/recorder';
 *
 * laneKey(26, 3); // => 'b1-256/01a/3'
 */
export function laneKey(bucket: number, lane: number, bucketing: string = BUCKETING): string {
  const key = partitionKey(bucket, bucketing);
  return lane === 0 ? key : `${key}/${lane}`;
}

const LANE_KEY = /^([^/]+\/[0-9a-f]{3,})\/([1-9]\d{0,2})$/;

/** A partition key taken apart: its bucket's own key, and the lane; 0 where it names none. */
export function laneIn(key: string): { readonly bucketKey: string; readonly lane: number } {
  const [, bucketKey, lane] = LANE_KEY.exec(key) ?? [];
  return bucketKey === undefined ? { bucketKey: key, lane: 0 } : { bucketKey, lane: Number(lane) };
}

/** The lane of an event, by its id alone: whoever puts it again puts it there again. FNV-1a, mixed, modulo the number of lanes. */
export function laneOf(id: string, lanes: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  // the low bits of FNV-1a rest on the low bits of the characters alone
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) % lanes;
}

/** Buckets of a bucketing, which its name ends in (`b1-256`); undefined for a name that does not say. */
export function bucketsOf(bucketing: string): number | undefined {
  const [, digits] = /^[A-Za-z0-9]+-([1-9]\d{0,4})$/.exec(bucketing) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
