import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';

/** One accepted record as it came from the stream. */
export interface ArchivedRecord {
  readonly shard: string;
  readonly sequence: string;
  readonly partitionKey: string;
  /** ms since 1970 */
  readonly arrived: number;
  readonly data: Uint8Array;
}

export interface Archive {
  put(records: readonly ArchivedRecord[]): Promise<void>;
}

/** Partition keys end in three hexadecimal digits of the bucket; a group is sixteen neighbouring buckets. */
function groupOf(partitionKey: string): string {
  const bucket = /\/([0-9a-f]+)$/.exec(partitionKey)?.[1];
  return bucket === undefined ? 'other' : bucket.slice(0, -1);
}

/**
 * The one owner of the archive bucket: `events/day=YYYY-MM-DD/group=0f/<shard>-<sequence>.ndjson.gz`, by day of arrival
 * and group of buckets. Records are gzip already, and gzip members one after another are a gzip file (RFC 1952, 2.2),
 * so nothing is packed twice. Named after the first record: a retried batch writes the same objects, or more of them.
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
      const packed = record.data[0] === 0x1f && record.data[1] === 0x8b;
      const place = `events/day=${day}/group=${groupOf(record.partitionKey)}/${packed ? 'gz' : 'plain'}`;
      const list = objects.get(place);
      if (list === undefined) objects.set(place, [record]);
      else list.push(record);
    }
    await Promise.all(
      [...objects].map(([place, list]) => {
        const first = list[0] as ArchivedRecord;
        const packed = place.endsWith('/gz');
        return this.client.send(
          new PutObjectCommand({
            Bucket: this.bucket,
            Key: `${place.slice(0, place.lastIndexOf('/'))}/${first.shard}-${first.sequence}.ndjson${packed ? '.gz' : ''}`,
            Body: Buffer.concat(list.map((record) => record.data)),
            ContentType: packed ? 'application/gzip' : 'application/x-ndjson',
          }),
        );
      }),
    );
  }
}
