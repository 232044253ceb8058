import type { S3Client } from '@aws-sdk/client-s3';
import { EVENTS_PREFIX } from '../contract/object-prefixes.ts';
import { padSequence } from '../profile/position.ts';
import { readObject, type StoredRecord } from './archive-frames.ts';
import { bySequence, bytesOf, foldersBelow, groupsOf, inOrder, listed } from './archived-events.ts';

/** How far each shard was read: sequence numbers, padded. */
export type ReadSoFar = Readonly<Record<string, string>>;

const DAY = /^events\/day=(\d{4}-\d{2}-\d{2})\/$/;
const KEY = /\/([^/]+)-(\d+)-(\d+)\.ndjson\.gz$/;

/** The name of the bucketing that a group's own begins with, or none: the usual one. */
const bucketingOf = (group: string): string =>
  group.includes('.') ? group.slice(0, group.indexOf('.')) : '';

const order = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

interface Waiting {
  /** sequence number, padded */
  readonly at: string;
  readonly held: StoredRecord;
}

/** Records in order; one that lay in several objects is there several times, one after another. */
function* eachOnce(records: readonly Waiting[]): Generator<StoredRecord> {
  for (const [i, { at, held }] of records.entries()) if (at !== records[i - 1]?.at) yield held;
}

/** Reads whole groups of buckets back from the archive, in the order of the stream (lib/aws/archive.ts writes it). */
export class ArchiveReader {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  /** Days (UTC) of which something is kept, ascending. */
  async days(): Promise<string[]> {
    return (await foldersBelow(this.#client, this.#bucket, EVENTS_PREFIX))
      .flatMap((prefix) => DAY.exec(prefix)?.[1] ?? [])
      .sort();
  }

  /**
   * Groups of buckets that have something on any of the days. An account whose producers changed their bucketing has records in two of
   * them: those of the earlier bucketing come first.
   */
  async groups(days: readonly string[]): Promise<string[]> {
    const groups = new Set<string>();
    const firsts = new Map<string, string>();
    for await (const { item, result } of inOrder(days, (day) => groupsOf(this.#client, this.#bucket, day)))
      for (const group of result) {
        groups.add(group);
        const bucketing = bucketingOf(group);
        if (!firsts.has(bucketing)) firsts.set(bucketing, item);
      }
    if (firsts.size > 1)
      for (const [bucketing, day] of firsts)
        firsts.set(bucketing, await this.#firstOf(bucketing, day, [...groups]));
    const first = (group: string): string => firsts.get(bucketingOf(group)) ?? '';
    return [...groups].sort((a, b) => order(first(a), first(b)) || order(a, b));
  }

  /** Sequence number, padded, of the first record that came under a bucketing. */
  async #firstOf(bucketing: string, day: string, groups: readonly string[]): Promise<string> {
    const keys: string[] = [];
    for (const group of groups)
      if (bucketingOf(group) === bucketing) for (const key of await this.keysOf(group, [day])) keys.push(key);
    const [first] = keys.sort(bySequence);
    return padSequence(KEY.exec(first ?? '')?.[2] ?? '0');
  }

  /** Objects of a group, in the order of their first sequence numbers; without those that were read whole. */
  async keysOf(group: string, days: readonly string[], read: ReadSoFar = {}): Promise<string[]> {
    const keys: string[] = [];
    for await (const { result } of inOrder(days, (day) =>
      listed(this.#client, this.#bucket, `${EVENTS_PREFIX}day=${day}/group=${group}/`),
    ))
      keys.push(
        ...result.filter((key) => {
          const [, shard = '', , last = '0'] = KEY.exec(key) ?? [];
          return padSequence(last) > (read[shard] ?? '');
        }),
      );
    return keys.sort(bySequence);
  }

  /**
   * The records of a group in the order of their sequence numbers, each once, whatever the batches were that it lies in:
   * sequence numbers grow along a partition key, across reshards too. Objects overlap where batches were cut anew, so a
   * record is given out when no object that begins before it is left.
   * @param onUnreadable told how many places of an object are damaged: what was there is not given out
   */
  async *records(
    keys: readonly string[],
    read: ReadSoFar = {},
    onUnreadable: (places: number) => void = () => undefined,
  ): AsyncGenerator<StoredRecord> {
    let waiting: Waiting[] = [];
    for await (const { item, result } of inOrder(keys, (key) => bytesOf(this.#client, this.#bucket, key))) {
      const first = padSequence(KEY.exec(item)?.[2] ?? '0');
      const due = waiting.filter(({ at }) => at < first);
      waiting = waiting.slice(due.length);
      yield* eachOnce(due);
      const object = readObject(result ?? new Uint8Array());
      if (object.unreadable > 0) onUnreadable(object.unreadable);
      for (const held of object.records) {
        const at = padSequence(held.frame.sequence);
        if (at > (read[held.frame.shard] ?? '')) waiting.push({ at, held });
      }
      waiting.sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)));
    }
    yield* eachOnce(waiting);
  }
}
