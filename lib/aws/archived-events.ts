import { GetObjectCommand, NoSuchKey, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { EVENTS_PREFIX } from '../contract/object-prefixes.ts';
import { padSequence } from '../profile/position.ts';
import type { IngestedEvent } from '../profile/profile.ts';
import { eventHash } from '../profile/recent-ids.ts';
import { BUCKETING, laneIn } from '../telemetry/record.ts';
import { decodeRecord } from '../telemetry/record-codec.ts';
import { DAY_MS } from '../time.ts';
import { mayHold } from './archive.ts';
import { readObject } from './archive-frames.ts';

/** What the archive still has of some accounts. */
export interface ArchivedEvents {
  /** in order of arrival, per account */
  readonly events: readonly IngestedEvent[];
  /** days (UTC) that were looked for and of which nothing is left */
  readonly emptyDays: readonly string[];
  readonly objects: number;
  /** places of objects that are damaged: what was there is missing */
  readonly unreadable: number;
}

/**
 * Reads accounts' events of a span of days back from the archive (lib/aws/archive.ts writes it). A batch that was
 * retried or cut in half lies there twice: whole records that are there again are left out, as the pipeline did. So are events that
 * a redrive put back, where they had stood first.
 */
export async function readArchivedEvents(
  client: S3Client,
  bucket: string,
  accounts: ReadonlySet<string>,
  from: number,
  to: number,
): Promise<ArchivedEvents> {
  const days: string[] = [];
  for (let day = Math.floor(from / DAY_MS) * DAY_MS; day <= to; day += DAY_MS)
    days.push(new Date(day).toISOString().slice(0, 10));
  const prefixes: { day: string; prefix: string }[] = [];
  for await (const { item: day, result } of inOrder(days, (one) => groupsOf(client, bucket, one)))
    for (const group of result)
      if ([...accounts].some((account) => mayHold(group, account)))
        prefixes.push({ day, prefix: `${EVENTS_PREFIX}day=${day}/group=${group}/` });
  const keys: string[] = [];
  const held = new Set<string>();
  for await (const { item, result } of inOrder(prefixes, ({ prefix }) => listed(client, bucket, prefix))) {
    for (const key of result) keys.push(key);
    if (result.length > 0) held.add(item.day);
  }
  const seen = new Set<string>();
  const events: IngestedEvent[] = [];
  let unreadable = 0;
  for await (const { result: body } of inOrder(keys.sort(bySequence), (key) =>
    bytesOf(client, bucket, key),
  )) {
    if (body === undefined) continue;
    const object = readObject(body);
    unreadable += object.unreadable;
    for (const { frame, record } of object.records) {
      const place = `${frame.shard}/${frame.sequence}`;
      if (seen.has(place)) continue;
      seen.add(place);
      const { header, lines } = decodeRecord(record, { arrival: frame.arrived });
      const arrived = header?.arrived === undefined ? frame.arrived : Date.parse(header.arrived);
      const { lane } = laneIn(frame.partitionKey);
      // sequence numbers of lanes have no common order
      const epoch = `${frame.stream}/${header?.bucketing ?? BUCKETING}${lane === 0 ? '' : `/${lane}`}`;
      for (const { event, index } of lines) {
        if (event === undefined || !accounts.has(event.account)) continue;
        const position = { epoch, sequence: padSequence(frame.sequence), index };
        const arrival = { event, time: Date.parse(event.time), arrived, position };
        events.push(header?.redriven === true ? { ...arrival, redriven: true } : arrival);
      }
    }
  }
  return {
    events: putBackOnce(events),
    emptyDays: days.filter((day) => !held.has(day)),
    objects: keys.length,
    unreadable,
  };
}

/**
 * Events that were put back lie where they stood first, set aside or in a batch that Lambda gave up on, and where they were put back, once
 * for each redrive. The first time that one was put back is what counted: it is kept, and one that is the same from before it left
 * out, the last. Others are what producers repeated: whoever reads on treats them as the pipeline did.
 */
function putBackOnce(events: readonly IngestedEvent[]): IngestedEvent[] {
  const nameOf = ({ event }: IngestedEvent) => `${event.account}/${eventHash(event)}`;
  const putBack = new Map<string, number>();
  for (const [i, arrival] of events.entries())
    if (arrival.redriven === true && !putBack.has(nameOf(arrival))) putBack.set(nameOf(arrival), i);
  if (putBack.size === 0) return [...events];
  const stood = new Map<string, number>();
  for (const [i, arrival] of events.entries()) {
    const name = nameOf(arrival);
    if (arrival.redriven !== true && i < (putBack.get(name) ?? -1)) stood.set(name, i);
  }
  return events.filter((arrival, i) => {
    const name = nameOf(arrival);
    return arrival.redriven === true ? putBack.get(name) === i : stood.get(name) !== i;
  });
}

/** `.../<shard>-<first>-<last>.ndjson.gz`: sequence numbers grow along an account's partition key, over reshards too. */
export function bySequence(a: string, b: string): number {
  const [x, y] = [a, b].map((key) => padSequence(/-(\d+)-\d+\.ndjson/.exec(key)?.[1] ?? '0'));
  if (x !== y) return (x ?? '') < (y ?? '') ? -1 : 1;
  return a < b ? -1 : 1;
}

const GROUP = /\/group=([^/]+)\/$/;

/** Groups of buckets that have something on a day (UTC). */
export async function groupsOf(client: S3Client, bucket: string, day: string): Promise<string[]> {
  const below = await foldersBelow(client, bucket, `${EVENTS_PREFIX}day=${day}/`);
  return below.flatMap((prefix) => GROUP.exec(prefix)?.[1] ?? []);
}

/** Prefixes one level below (API_ListObjectsV2, `Delimiter`). */
export async function foldersBelow(client: S3Client, bucket: string, prefix: string): Promise<string[]> {
  const found: string[] = [];
  const pages = paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix, Delimiter: '/' });
  for await (const page of pages)
    found.push(...(page.CommonPrefixes ?? []).flatMap(({ Prefix }) => Prefix ?? []));
  return found;
}

export async function listed(client: S3Client, bucket: string, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix }))
    for (const { Key } of page.Contents ?? []) if (Key !== undefined) keys.push(Key);
  return keys;
}

/** Requests that are under way at a time. */
const CONCURRENCY = 16;

/** Results in the order of the items, fetched a few at a time. */
export async function* inOrder<T, R>(
  items: readonly T[],
  fetch: (item: T) => Promise<R>,
): AsyncGenerator<{ item: T; result: R }> {
  for (let i = 0; i < items.length; i += CONCURRENCY) {
    const chunk = items.slice(i, i + CONCURRENCY);
    const results = await Promise.all(chunk.map(async (item) => ({ item, result: await fetch(item) })));
    yield* results;
  }
}

/** undefined: it expired between the listing and now */
export async function bytesOf(
  client: S3Client,
  bucket: string,
  key: string,
): Promise<Uint8Array | undefined> {
  try {
    const object = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return await object.Body?.transformToByteArray();
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
}
