import {
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  NoSuchKey,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { HUNT_TABLES, huntPrefix, partOf } from '../../contract/hunt-names.ts';
import { EVENTS_PREFIX, FAILED_BATCH_PREFIX } from '../../contract/object-prefixes.ts';
import { DamagedParquet, partWithout } from '../../hunts/parquet.ts';
import { quarantinedWithout, recordWithout, type Without } from '../../telemetry/without-account.ts';
import { framed, mayHold, OTHER } from '../archive.ts';
import { readObject } from '../archive-frames.ts';
import { foldersBelow, groupsOf } from '../archived-events.ts';
import type { Place, Trace } from './trace.ts';

/** Objects of a bucket that hold lines of many accounts: those of one are taken out, the object is written again. */
interface ObjectsOf {
  readonly name: string;
  readonly bucket: string;
  readonly prefixes: () => AsyncIterable<string>;
  /** keys below the prefixes that are looked into; without it all */
  readonly mayHold?: (key: string) => boolean;
  /** undefined `left`: nothing is left of the object */
  readonly without: (bytes: Uint8Array) => Left | Promise<Left>;
  readonly contentType: string;
}

interface Left extends Without<Uint8Array | undefined> {
  /** why the object must not be written again, where it must not */
  readonly fixed?: string;
}

/** Where an interrupted run goes on: the last object that it was through with. */
export interface Progress {
  readonly after?: string | undefined;
  through(key: string): Promise<void>;
}

/**
 * The archive. An account's records lie in one group of buckets of each day and bucketing. An object that is damaged is never
 * written again: what cannot be read would be lost for others, and is said.
 * @param everywhere look through all groups
 */
export function archivePlace(
  client: S3Client,
  bucket: string,
  account: string,
  options: { readonly everywhere: boolean; readonly progress?: Progress },
): Place {
  const held: ObjectsOf = {
    name: 'archive',
    bucket,
    prefixes: async function* () {
      if (options.everywhere) return yield EVENTS_PREFIX;
      for (const folder of await foldersBelow(client, bucket, EVENTS_PREFIX)) {
        const day = /day=([^/]+)\/$/.exec(folder)?.[1] ?? '';
        for (const group of await groupsOf(client, bucket, day))
          if (mayHold(group, account)) yield `${folder}group=${group}/`;
      }
    },
    without: (bytes) => archivedWithout(bytes, account),
    contentType: 'application/gzip',
  };
  return placeOf(client, held, account, options.progress);
}

/**
 * The archive in Parquet (lib/contract/hunt-names.ts), in the same bucket. A part is written again without the account's rows and counts
 * how many it lost; one that is damaged stays as it is, for others' rows, and is said. Looked through behind the frames: a part that
 * is made meanwhile was made of frames that changed, and is made again (lambdas/compact/compact.ts).
 */
export function huntPlace(
  client: S3Client,
  bucket: string,
  account: string,
  options: { readonly everywhere: boolean; readonly progress?: Progress },
): Place {
  const held: ObjectsOf = {
    name: 'hunts',
    bucket,
    prefixes: async function* () {
      for (const table of HUNT_TABLES) yield huntPrefix(table);
    },
    mayHold: (key) => options.everywhere || mayHold(partOf(key)?.group ?? OTHER, account),
    without: (bytes) => huntedWithout(bytes, account),
    contentType: 'application/vnd.apache.parquet',
  };
  return placeOf(client, held, account, options.progress);
}

async function huntedWithout(bytes: Uint8Array, account: string): Promise<Left> {
  try {
    return await partWithout(bytes, account);
  } catch (error) {
    if (!(error instanceof DamagedParquet)) throw error;
    return {
      left: bytes,
      removed: 0,
      fixed:
        'damaged, and rows of this account may stand in it: delete it by hand, and the manifest of its day and group with it; it is made again',
    };
  }
}

/** The quarantine: entries that were set aside, and batches that Lambda gave up on. */
export function quarantinePlace(
  client: S3Client,
  bucket: string,
  account: string,
  progress?: Progress,
): Place {
  const held: ObjectsOf = {
    name: 'quarantine',
    bucket,
    prefixes: async function* () {
      yield FAILED_BATCH_PREFIX;
      yield EVENTS_PREFIX;
    },
    without: (bytes) => {
      const { left, removed } = quarantinedWithout(Buffer.from(bytes).toString(), account);
      return { left: left.trim() === '' ? undefined : Buffer.from(left), removed };
    },
    contentType: 'application/x-ndjson',
  };
  return placeOf(client, held, account, progress);
}

/** An object of the archive without the account's lines; records of others keep their bytes. */
function archivedWithout(bytes: Uint8Array, account: string): Left {
  const { records, unreadable } = readObject(bytes);
  let removed = 0;
  const left: Uint8Array[] = [];
  for (const { frame, record } of records) {
    const without = recordWithout(record, account);
    removed += without.removed;
    if (without.left === undefined) continue;
    const { archived: _, ...place } = frame;
    left.push(...framed({ ...place, size: without.left.length, data: without.left }));
  }
  if (unreadable > 0)
    return {
      left: bytes,
      removed,
      fixed: `damaged at ${unreadable} places, where records of this account may stand: look at it and delete it by hand, or wait until the archive lets it go`,
    };
  return { left: left.length === 0 ? undefined : Buffer.concat(left), removed };
}

function placeOf(client: S3Client, held: ObjectsOf, account: string, progress: Progress | undefined): Place {
  return {
    name: held.name,
    counts: 'lines',
    traces: async function* (since) {
      const versioned = await isVersioned(client, held.bucket);
      for await (const prefix of held.prefixes())
        for await (const key of (versioned ? everKeys : keysSince)(client, held.bucket, prefix, since)) {
          if (held.mayHold?.(key) === false) continue;
          if (since === undefined && progress?.after !== undefined && key <= progress.after) continue;
          yield* objectTraces(client, held, key, account);
          if (versioned) yield* versionTraces(client, held, key, account);
          if (since === undefined) await progress?.through(key);
        }
    },
  };
}

async function* objectTraces(
  client: S3Client,
  held: ObjectsOf,
  key: string,
  account: string,
): AsyncGenerator<Trace> {
  const bytes = await bytesOf(client, held.bucket, key);
  if (bytes === undefined) return;
  const { removed, fixed } = await held.without(bytes);
  if (fixed !== undefined) yield { at: key, count: removed, erase: undefined, why: fixed };
  else if (removed > 0) yield { at: key, count: removed, erase: () => rewrite(client, held, key, account) };
}

/** Reads the object anew, writes what is left of it, and looks whether that is what is there. */
async function rewrite(client: S3Client, held: ObjectsOf, key: string, account: string): Promise<void> {
  const at = { Bucket: held.bucket, Key: key };
  const bytes = await bytesOf(client, held.bucket, key);
  if (bytes === undefined) return;
  const { left, fixed } = await held.without(bytes);
  if (fixed !== undefined) throw new Error(`${held.name}: ${key.replaceAll(account, '')} is ${fixed}`);
  if (left === undefined) await client.send(new DeleteObjectCommand(at));
  else await client.send(new PutObjectCommand({ ...at, Body: left, ContentType: held.contentType }));
  const after = await bytesOf(client, held.bucket, key);
  if (after !== undefined && (await held.without(after)).removed > 0)
    throw new Error(`${held.name}: ${key.replaceAll(account, '')} still holds what was taken out`);
}

/** Older versions of an object in a versioned bucket; one under object lock stays until its date. */
async function* versionTraces(
  client: S3Client,
  held: ObjectsOf,
  key: string,
  account: string,
): AsyncGenerator<Trace> {
  const { Versions = [] } = await client.send(
    new ListObjectVersionsCommand({ Bucket: held.bucket, Prefix: key }),
  );
  for (const { Key, VersionId, IsLatest } of Versions) {
    if (Key !== key || VersionId === undefined || IsLatest === true) continue;
    const bytes = await bytesOf(client, held.bucket, key, VersionId);
    if (bytes === undefined) continue;
    const { removed, fixed } = await held.without(bytes);
    const name = `${key.replaceAll(account, '')} (older version)`;
    if (fixed !== undefined) yield { at: name, count: removed, erase: undefined, why: fixed };
    if (removed === 0 || fixed !== undefined) continue;
    const at = { Bucket: held.bucket, Key: key, VersionId };
    const { ObjectLockRetainUntilDate: locked } = await client.send(new HeadObjectCommand(at));
    if (locked !== undefined && locked.getTime() > Date.now())
      yield { at: name, count: removed, erase: undefined, why: 'under object lock', until: locked.getTime() };
    else
      yield {
        at: name,
        count: removed,
        erase: async () => {
          await client.send(new DeleteObjectCommand(at));
        },
      };
  }
}

async function isVersioned(client: S3Client, bucket: string): Promise<boolean> {
  const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket: bucket }));
  return Status !== undefined;
}

async function* keysSince(
  client: S3Client,
  bucket: string,
  prefix: string,
  since: number | undefined,
): AsyncGenerator<string> {
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix }))
    for (const { Key, LastModified } of page.Contents ?? [])
      if (Key !== undefined && (since === undefined || (LastModified?.getTime() ?? since) >= since))
        yield Key;
}

/** Keys below a prefix, those too of which only older versions are left. */
async function* everKeys(
  client: S3Client,
  bucket: string,
  prefix: string,
  since: number | undefined,
): AsyncGenerator<string> {
  let from: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
  let last: string | undefined;
  for (let more = true; more; ) {
    const page = await client.send(
      new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix, ...from }),
    );
    for (const { Key, LastModified } of page.Versions ?? []) {
      if (Key === undefined || Key === last) continue;
      if (since !== undefined && (LastModified?.getTime() ?? since) < since) continue;
      last = Key;
      yield Key;
    }
    from = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
    more = page.IsTruncated === true;
  }
}

/** undefined: there is no such object any more */
async function bytesOf(
  client: S3Client,
  bucket: string,
  key: string,
  version?: string,
): Promise<Uint8Array | undefined> {
  try {
    const at = { Bucket: bucket, Key: key, ...(version === undefined ? {} : { VersionId: version }) };
    return await (await client.send(new GetObjectCommand(at))).Body?.transformToByteArray();
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
}
