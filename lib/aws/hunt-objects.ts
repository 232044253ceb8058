import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import {
  DAMAGE_PREFIX,
  damageKey,
  HUNT_TABLES,
  huntPrefix,
  MANIFEST_PREFIX,
  manifestKey,
  manifestOf,
  partKey,
} from '../contract/hunt-names.ts';
import { EVENTS_PREFIX } from '../contract/object-prefixes.ts';
import {
  type Manifest,
  manifest,
  type PartCounts,
  parseManifest,
  partCounts,
  sumOf,
} from '../hunts/manifest.ts';
import type { ListedObject } from '../hunts/plan-parts.ts';
import { padSequence } from '../profile/position.ts';

const FRAMES = /\/[^/]+-(\d+)-(\d+)\.ndjson\.gz$/;

/** The bytes of a part, one object for each table. */
export interface MadePart {
  readonly events: Uint8Array;
  readonly prints: Uint8Array;
  readonly counts: PartCounts;
}

/** The one owner of `hunts/` in the archive bucket: parts in Parquet and their manifests (lib/contract/hunt-names.ts). */
export class HuntObjects {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  /** Frames of a group's day, as they are listed now. */
  async frames(day: string, group: string): Promise<ListedObject[]> {
    const found: ListedObject[] = [];
    const Prefix = `${EVENTS_PREFIX}day=${day}/group=${group}/`;
    for await (const page of paginateListObjectsV2(
      { client: this.#client },
      { Bucket: this.#bucket, Prefix },
    ))
      for (const { Key = '', ETag = '', Size = 0 } of page.Contents ?? []) {
        const [, first, last] = FRAMES.exec(Key) ?? [];
        if (first !== undefined && last !== undefined)
          found.push({
            key: Key,
            etag: ETag,
            bytes: Size,
            first: padSequence(first),
            last: padSequence(last),
          });
      }
    return found;
  }

  /** When the manifest of each group of a day was written last, ms since 1970, by day. */
  async manifests(): Promise<Map<string, Map<string, number>>> {
    const found = new Map<string, Map<string, number>>();
    for (const { key, written } of await this.#listed(MANIFEST_PREFIX)) {
      const of = manifestOf(key);
      if (of === undefined) continue;
      const { day, group } = of;
      found.set(day, (found.get(day) ?? new Map<string, number>()).set(group, written));
    }
    return found;
  }

  /** From then on the group's day is not whole, to readers and to the next run. */
  async dropManifest(day: string, group: string): Promise<void> {
    await this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: manifestKey(day, group) }));
  }

  /** undefined: nothing was made of that group's day. @throws DamagedManifest */
  async manifest(day: string, group: string): Promise<Manifest | undefined> {
    const key = manifestKey(day, group);
    try {
      const object = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }));
      return parseManifest(key, (await object.Body?.transformToString()) ?? '');
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  async putManifest(made: Manifest): Promise<void> {
    await this.#client.send(
      new PutObjectCommand({
        Bucket: this.#bucket,
        Key: manifestKey(made.day, made.group),
        // in the schema's order of fields: the same manifest, the same bytes
        Body: JSON.stringify(manifest.parse(made)),
        ContentType: 'application/json',
      }),
    );
    await this.#markDamage(made);
  }

  async #markDamage({ day, group, parts }: Manifest): Promise<void> {
    const { damaged, refused } = sumOf(parts);
    const mark = { Bucket: this.#bucket, Key: damageKey(day, group) };
    await (damaged + refused > 0
      ? this.#client.send(new PutObjectCommand({ ...mark, Body: '' }))
      : this.#client.send(new DeleteObjectCommand(mark)));
  }

  /** Groups of days of which something is missing, until they are made anew without damage, or expire. */
  async damagedGroups(): Promise<number> {
    return (await this.#listed(DAMAGE_PREFIX)).length;
  }

  /** What a part holds, where it was made of what has this digest; undefined: it has to be made. */
  async madeOf(day: string, group: string, part: number, digest: string): Promise<PartCounts | undefined> {
    try {
      const { Metadata = {} } = await this.#client.send(
        new HeadObjectCommand({ Bucket: this.#bucket, Key: partKey('events', day, group, part) }),
      );
      if (Metadata.made !== digest) return undefined;
      const said = partCounts.safeParse(
        Object.fromEntries(Object.entries(Metadata).map(([name, value]) => [name, Number(value)])),
      );
      return said.success ? said.data : undefined;
    } catch (error) {
      if (error instanceof NotFound || error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  /** Prints first: where the part of `events` says that it is made, all of it is. */
  async putPart(place: PartPlace, { events, prints, counts }: MadePart, digest: string): Promise<void> {
    const { day, group, part } = place;
    const said = Object.fromEntries(Object.entries(counts).map(([name, value]) => [name, String(value)]));
    for (const [table, body] of [
      ['prints', prints],
      ['events', events],
    ] as const)
      await this.#client.send(
        new PutObjectCommand({
          Bucket: this.#bucket,
          Key: partKey(table, day, group, part),
          Body: body,
          ContentType: 'application/vnd.apache.parquet',
          Metadata: { made: digest, ...said },
        }),
      );
  }

  /** Takes away parts from a number on: there were more of them before. */
  async dropFrom(day: string, group: string, part: number): Promise<void> {
    for (const table of HUNT_TABLES) {
      const from = partKey(table, day, group, part);
      const keys = (await this.#listed(`${huntPrefix(table, day)}${group}-`))
        .map(({ key }) => key)
        .filter((key) => key.length > from.length || (key.length === from.length && key >= from));
      if (keys.length === 0) continue;
      const { Errors = [] } = await this.#client.send(
        new DeleteObjectsCommand({
          Bucket: this.#bucket,
          Delete: { Objects: keys.map((Key) => ({ Key })), Quiet: true },
        }),
      );
      const [first] = Errors;
      if (first !== undefined) throw new Error(`${first.Key}: ${first.Code}: ${first.Message}`);
    }
  }

  async #listed(prefix: string): Promise<{ readonly key: string; readonly written: number }[]> {
    const listed: { key: string; written: number }[] = [];
    for await (const page of paginateListObjectsV2(
      { client: this.#client },
      { Bucket: this.#bucket, Prefix: prefix },
    ))
      for (const { Key, LastModified } of page.Contents ?? [])
        if (Key !== undefined) listed.push({ key: Key, written: LastModified?.getTime() ?? 0 });
    return listed;
  }
}

/** Where a part lies. */
export interface PartPlace {
  readonly day: string;
  readonly group: string;
  readonly part: number;
}
