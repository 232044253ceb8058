import { createHash } from 'node:crypto';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { buildApp } from 'fauxqs';
import { type Compacted, type CompactPorts, compact } from '../../lambdas/compact/compact.ts';
import { ArchiveBucket, type ArchivedRecord } from '../../lib/aws/archive.ts';
import { ArchiveReader } from '../../lib/aws/archive-reader.ts';
import { HuntObjects } from '../../lib/aws/hunt-objects.ts';
import { keysBelow, openObject } from '../../lib/aws/objects.ts';
import { type HuntTable, huntPrefix } from '../../lib/contract/hunt-names.ts';
import { decodePart, type Row } from '../../lib/hunts/parquet.ts';
import { acceptedRecord } from '../../lib/telemetry/accepted-record.ts';
import { bucketOf, partitionKey, type RecordHeader } from '../../lib/telemetry/record.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';

/** Events of one record, with the line of the record that each stood at. */
export interface FixtureRecord {
  readonly sequence: number;
  readonly arrived: number;
  readonly events: ReadonlyMap<number, UsageEvent>;
  readonly header?: Partial<RecordHeader>;
  readonly shard?: string;
}

/** As `score` archives it: what was set aside leaves its line empty. */
export function archived({ sequence, arrived, events, header, shard }: FixtureRecord): ArchivedRecord {
  const [first] = events.values();
  if (first === undefined) throw new Error('a record without events is not archived');
  const bucket = bucketOf(first.account);
  const full: RecordHeader = {
    siphonwatch: 1,
    bucketing: 'b1-256',
    bucket,
    events: events.size,
    ...header,
  };
  const lines = new Map([...events].map(([line, event]) => [line, JSON.stringify(event)]));
  return {
    stream: 'usage',
    shard: shard ?? 'shardId-000000000000',
    sequence: String(sequence),
    partitionKey: partitionKey(bucket),
    arrived,
    ...acceptedRecord(full, lines),
  };
}

/** An emulated archive bucket with what writes it, reads it and makes Parquet of it. */
export class EmulatedArchive {
  readonly s3: S3Client;
  readonly archive: ArchiveBucket;
  readonly objects: HuntObjects;
  readonly bucket: string;
  /** where the emulated S3 answers */
  readonly endpoint: string;
  readonly #close: () => Promise<unknown>;

  private constructor(s3: S3Client, bucket: string, endpoint: string, close: () => Promise<unknown>) {
    this.s3 = s3;
    this.endpoint = endpoint;
    this.bucket = bucket;
    this.archive = new ArchiveBucket(s3, bucket);
    this.objects = new HuntObjects(s3, bucket);
    this.#close = close;
  }

  static async open(): Promise<EmulatedArchive> {
    const app = buildApp({ logger: false });
    const endpoint = await app.listen({ port: 0, host: '127.0.0.1' });
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    const s3 = new S3Client({ endpoint, region: 'us-east-1', credentials, forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: 'archive-0' }));
    return new EmulatedArchive(s3, 'archive-0', endpoint, async () => {
      s3.destroy();
      await app.close();
    });
  }

  /** The same server with an empty bucket. */
  async another(name: string): Promise<EmulatedArchive> {
    await this.s3.send(new CreateBucketCommand({ Bucket: name }));
    return new EmulatedArchive(this.s3, name, this.endpoint, this.#close);
  }

  compact(now: number, more: Partial<CompactPorts> = {}): Promise<Compacted> {
    return compact({
      reader: new ArchiveReader(this.s3, this.bucket),
      objects: this.objects,
      now: () => now,
      timeLeft: () => true,
      recheckDays: 2,
      ...more,
    });
  }

  async keys(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    for await (const key of keysBelow(this.s3, this.bucket, prefix)) keys.push(key);
    return keys;
  }

  async bytes(key: string): Promise<Uint8Array> {
    const chunks: Buffer[] = [];
    for await (const chunk of await openObject(this.s3, this.bucket, key)) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }

  /** Latin-1, to look for names in it. */
  async text(key: string): Promise<string> {
    return Buffer.from(await this.bytes(key)).toString('latin1');
  }

  async rows(table: HuntTable): Promise<Row[]> {
    const rows: Row[] = [];
    for (const key of await this.keys(huntPrefix(table)))
      for (const row of (await decodePart(await this.bytes(key))).rows)
        rows.push({ ...row, day: /day=([^/]+)/.exec(key)?.[1] });
    return rows;
  }

  /** A hash of every object below `hunts/`, by name. */
  async dump(): Promise<ReadonlyMap<string, string>> {
    const dumped = new Map<string, string>();
    for (const key of await this.keys('hunts/'))
      dumped.set(
        key,
        createHash('sha256')
          .update(await this.bytes(key))
          .digest('hex'),
      );
    return dumped;
  }

  close(): Promise<unknown> {
    return this.#close();
  }
}
