import {
  DeleteObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { BucketContents } from '../../lib/aws/bucket-contents.ts';
import { QuarantineBucket } from '../../lib/aws/quarantine.ts';

/** What a page of a listing has at most (API_ListObjectsV2). */
const PAGE = 1000;

interface Version {
  readonly Key: string;
  readonly VersionId: string;
  readonly marker: boolean;
}

/** A versioned bucket that lists in pages; an object without a version's id gets a delete marker (API_DeleteObjects). */
class Bucket {
  versions: Version[];
  constructor(versions: readonly Version[]) {
    this.versions = [...versions];
  }

  client(): S3Client {
    return Object.create(S3Client.prototype, {
      send: { value: async (command: object) => this.#run(command) },
      config: { value: {} },
    });
  }

  #run(command: object): unknown {
    if (command instanceof ListObjectsV2Command) {
      const { Prefix = '', ContinuationToken = '' } = command.input;
      const keys = this.versions.flatMap(({ Key, marker }) => (marker ? [] : [Key])).sort();
      const left = keys.filter((key) => key.startsWith(Prefix) && key > ContinuationToken);
      const Contents = left.slice(0, PAGE).map((Key) => ({ Key }));
      return left.length > PAGE
        ? { Contents, IsTruncated: true, NextContinuationToken: Contents.at(-1)?.Key }
        : { Contents, IsTruncated: false };
    }
    if (command instanceof ListObjectVersionsCommand)
      return {
        Versions: this.versions.filter(({ marker }) => !marker),
        DeleteMarkers: this.versions.filter(({ marker }) => marker),
        IsTruncated: false,
      };
    if (command instanceof DeleteObjectsCommand) {
      for (const { Key = '', VersionId } of command.input.Delete?.Objects ?? [])
        if (VersionId === undefined) this.versions.push({ Key, VersionId: 'v9', marker: true });
        else this.versions = this.versions.filter((v) => v.Key !== Key || v.VersionId !== VersionId);
      return {};
    }
    throw new Error(`${command.constructor.name} is not modelled`);
  }
}

const stored = (Key: string): Version => ({ Key, VersionId: 'null', marker: false });

describe('a bucket that is listed', () => {
  it('is counted beyond the first page: what waits behind a thousand objects that were put back is seen', async () => {
    const names = Array.from({ length: PAGE + 5 }, (_, i) => `events/day=2026-03-02/${1e6 + i}.ndjson`);
    const marks = names.slice(0, PAGE + 2).map((name) => `redriven/${name}.json`);
    const bucket = new Bucket([...names, ...marks].map(stored));
    expect(await new QuarantineBucket(bucket.client(), 'quarantine').waiting('events/')).toBe(3);
  });

  it('is empty once it was cleared: objects from before versioning and delete markers among it', async () => {
    const bucket = new Bucket([
      stored('old'),
      { Key: 'new', VersionId: 'v1', marker: false },
      { Key: 'gone', VersionId: 'v2', marker: true },
    ]);
    expect(await new BucketContents(bucket.client(), 'archive').clear()).toMatchObject({
      deleted: 3,
      kept: 0,
    });
    expect(bucket.versions).toEqual([]);
  });
});
