import {
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { OTHER } from '../../lib/aws/archive.ts';
import { huntPlace, quarantinePlace } from '../../lib/aws/erasure/objects.ts';
import { eraseFrom } from '../../lib/cli/forget/erase.ts';
import { partKey } from '../../lib/contract/hunt-names.ts';
import { decodePart, encodePart, tablesOf } from '../../lib/hunts/parquet.ts';
import { account, harvest } from '../events.ts';

interface Version {
  readonly id: string;
  readonly body: Buffer | undefined;
  readonly lockedUntil: number;
}

/**
 * A versioned bucket with a default retention in governance mode. A version under retention cannot be deleted by its id, a new
 * version and a delete marker are always taken: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
 */
class LockedBucket {
  readonly held = new Map<string, Version[]>();
  lockMs = 0;
  #count = 0;

  client(): S3Client {
    return Object.create(S3Client.prototype, {
      send: { value: async (command: object) => this.#run(command) },
      config: { value: {} },
    });
  }

  put(key: string, body: Buffer | undefined): void {
    const version = { id: `v${++this.#count}`, body, lockedUntil: Date.now() + this.lockMs };
    this.held.set(key, [version, ...(this.held.get(key) ?? [])]);
  }

  #run(command: object): unknown {
    if (command instanceof GetBucketVersioningCommand) return { Status: 'Enabled' };
    if (command instanceof PutObjectCommand) {
      this.put(command.input.Key ?? '', Buffer.from(command.input.Body as Uint8Array));
      return {};
    }
    if (command instanceof GetObjectCommand) {
      const { body } = this.#version(command.input);
      if (body === undefined) throw new NoSuchKey({ message: 'no such key', $metadata: {} });
      return { Body: { transformToByteArray: () => Promise.resolve(new Uint8Array(body)) } };
    }
    if (command instanceof HeadObjectCommand)
      return { ObjectLockRetainUntilDate: new Date(this.#version(command.input).lockedUntil) };
    if (command instanceof DeleteObjectCommand) {
      const { Key = '', VersionId } = command.input;
      if (VersionId === undefined) this.put(Key, undefined);
      else if (this.#version(command.input).lockedUntil > Date.now())
        throw Object.assign(new Error('Access Denied because object protected by object lock.'), {
          name: 'AccessDenied',
        });
      else this.held.set(Key, this.held.get(Key)?.filter(({ id }) => id !== VersionId) ?? []);
      return {};
    }
    const below = (prefix = '') => [...this.held].filter(([key]) => key.startsWith(prefix)).sort();
    if (command instanceof ListObjectVersionsCommand)
      return {
        Versions: below(command.input.Prefix).flatMap(([Key, versions]) =>
          versions.flatMap(({ id, body }, i) =>
            body === undefined ? [] : [{ Key, VersionId: id, IsLatest: i === 0, LastModified: new Date() }],
          ),
        ),
      };
    if (command instanceof ListObjectsV2Command)
      return { Contents: below(command.input.Prefix).map(([Key]) => ({ Key, LastModified: new Date() })) };
    throw new Error(`${command.constructor.name} is not modelled`);
  }

  #version(of: { Key?: string | undefined; VersionId?: string | undefined }): Version {
    const versions = this.held.get(of.Key ?? '') ?? [];
    const found = of.VersionId === undefined ? versions[0] : versions.find(({ id }) => id === of.VersionId);
    if (found === undefined) throw new NoSuchKey({ message: 'no such key', $metadata: {} });
    return found;
  }
}

const [GONE, STAYS] = [account(7), account(8)];
const KEY = 'events/day=2026-03-02/one.ndjson';
const entry = (who: string) => `${JSON.stringify({ payload: `{"account":"${who}"}`, encoding: 'utf8' })}\n`;
const naming = (bucket: LockedBucket, who: string) =>
  (bucket.held.get(KEY) ?? []).filter(({ body }) => body?.includes(who) === true).length;

describe('forget in a versioned bucket', () => {
  it('deletes older versions too, those of objects of which nothing is left among them', async () => {
    const bucket = new LockedBucket();
    bucket.put(KEY, Buffer.from(entry(GONE)));
    bucket.put(KEY, Buffer.from(entry(GONE)));
    const done = await eraseFrom(quarantinePlace(bucket.client(), 'b', GONE), false, Date.now());
    expect(done.left).toEqual([]);
    expect(naming(bucket, GONE)).toBe(0);
  });

  it('says of a version under object lock until when it stays, and takes it out after that', async () => {
    const bucket = new LockedBucket();
    bucket.lockMs = 60_000;
    bucket.put(KEY, Buffer.from(entry(GONE) + entry(STAYS)));
    const first = await eraseFrom(quarantinePlace(bucket.client(), 'b', GONE), false, Date.now());
    expect(first.left).toEqual([
      {
        at: `${KEY} (older version)`,
        count: 1,
        why: 'under object lock',
        until: expect.stringMatching(/^20/),
      },
    ]);
    expect(bucket.held.get(KEY)?.[0]?.body?.toString()).toBe(entry(STAYS));
    expect(naming(bucket, GONE)).toBe(1);

    bucket.held.set(
      KEY,
      (bucket.held.get(KEY) ?? []).map((version) => ({ ...version, lockedUntil: 0 })),
    );
    const second = await eraseFrom(quarantinePlace(bucket.client(), 'b', GONE), false, Date.now());
    expect(second.left).toEqual([]);
    expect([naming(bucket, GONE), naming(bucket, STAYS)]).toEqual([0, 1]);
  });

  it('says the same of the archive in Parquet', async () => {
    const bucket = new LockedBucket();
    bucket.lockMs = 60_000;
    const key = partKey('events', '2026-03-02', OTHER, 0);
    const rows = [GONE, STAYS].flatMap((who) => harvest({ account: who, events: 2 }));
    const { events } = tablesOf(
      rows.map((event, line) => ({
        event,
        line,
        arrived: 0,
        stream: 's',
        shard: 'h',
        sequence: '1',
        redriven: false,
      })),
    );
    bucket.put(key, Buffer.from(encodePart(events)));
    const place = huntPlace(bucket.client(), 'b', GONE, { everywhere: false });
    const { removed, left } = await eraseFrom(place, false, Date.now());
    expect([removed, left]).toEqual([
      2,
      [{ at: `${key} (older version)`, count: 2, why: 'under object lock', until: expect.any(String) }],
    ]);
    const newest = await decodePart(bucket.held.get(key)?.[0]?.body ?? Buffer.alloc(0));
    expect([newest.erased, newest.rows.map(({ account: who }) => who)]).toEqual([2, [STAYS, STAYS]]);
  });
});
