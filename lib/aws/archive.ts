import { gzipSync } from 'node:zlib';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { EVENTS_PREFIX } from '../contract/object-prefixes.ts';
import { isGzip } from '../telemetry/gzip.ts';
import { BUCKETING, bucketOf, bucketsOf, laneIn, partitionKey } from '../telemetry/record.ts';

/** One accepted record as it came from the stream. */
export interface ArchivedRecord {
  readonly stream: string;
  readonly shard: string;
  readonly sequence: string;
  readonly partitionKey: string;
  /** ms since 1970 */
  readonly arrived: number;
  /** bytes of the record, decompressed */
  readonly size: number;
  readonly data: Uint8Array;
}

export interface Archive {
  put(records: readonly ArchivedRecord[]): Promise<void>;
}

/**
 * Partition keys end in three hexadecimal digits of the bucket; a group is sixteen neighbouring buckets. Under another
 * bucketing than the usual one an account has another bucket: its groups carry the name of the bucketing. Lanes lie with their bucket.
 */
export function groupOf(partitionKey: string): string {
  const { bucketKey } = laneIn(partitionKey);
  const [, bucketing, bucket] = /^([A-Za-z0-9]+-\d+)\/([0-9a-f]+)$/.exec(bucketKey) ?? [];
  if (bucketing === undefined || bucket === undefined) return OTHER;
  return bucketing === BUCKETING ? bucket.slice(0, -1) : `${bucketing}.${bucket.slice(0, -1)}`;
}

/** The group of what was put under no partition key of ours. */
export const OTHER = 'other';

/** Whether records of an account may lie in a group, by the bucketing that the group is of. */
export function mayHold(group: string, account: string): boolean {
  if (group === OTHER) return true;
  const [bucketing = BUCKETING] = group.includes('.') ? group.split('.') : [];
  const buckets = bucketsOf(bucketing);
  return buckets === undefined || groupOf(partitionKey(bucketOf(account, buckets), bucketing)) === group;
}

/**
 * The one owner of the archive bucket: `events/day=YYYY-MM-DD/group=0f/<shard>-<first>-<last>.ndjson.gz`, by day of
 * arrival and group of buckets. Each record follows a line that says where it stood, when it came and how long it is, and
 * is followed by a line break, so that no record runs into the next, whatever it ends with. Records are gzip already, and
 * gzip members one after another are a gzip file (RFC 1952, 2.2), so nothing is packed twice. Named after what is in it:
 * a batch that is cut otherwise writes other objects, and no object ever loses a record.
 */
export class ArchiveBucket implements Archive {
  private readonly client: S3Client;
  private readonly bucket: string;

  constructor(client: S3Client, bucket: string) {
    this.client = client;
    this.bucket = bucket;
  }

  async put(records: readonly ArchivedRecord[]): Promise<void> {
    const objects = new Map<string, ArchivedRecord[]>();
    for (const record of records) {
      const day = new Date(record.arrived).toISOString().slice(0, 10);
      const place = `${EVENTS_PREFIX}day=${day}/group=${groupOf(record.partitionKey)}/${record.shard}`;
      const list = objects.get(place);
      if (list === undefined) objects.set(place, [record]);
      else list.push(record);
    }
    await Promise.all(
      [...objects].map(([place, list]) =>
        this.client.send(
          new PutObjectCommand({
            Bucket: this.bucket,
            Key: `${place}-${list[0]?.sequence}-${list.at(-1)?.sequence}.ndjson.gz`,
            Body: Buffer.concat(list.flatMap(framed)),
            ContentType: 'application/gzip',
          }),
        ),
      ),
    );
  }
}

/** A line before an archived record. */
export interface ArchiveFrame {
  readonly archived: 1;
  readonly stream: string;
  readonly shard: string;
  readonly sequence: string;
  readonly partitionKey: string;
  /** ms since 1970 */
  readonly arrived: number;
  /** bytes of the record that follows, decompressed */
  readonly size: number;
}

const LINE_BREAK = gzipSync('\n');
export const LINE_BREAK_BYTES = LINE_BREAK.length;

/** A record as an object of the archive holds it: the line before it, the record, a line break. */
export function framed({ data, ...rest }: ArchivedRecord): Uint8Array[] {
  const frame: ArchiveFrame = { archived: 1, ...rest };
  return [gzipSync(`${JSON.stringify(frame)}\n`), isGzip(data) ? data : gzipSync(data), LINE_BREAK];
}
