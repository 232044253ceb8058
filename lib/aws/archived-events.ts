import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { GetObjectCommand, NoSuchKey, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { padSequence } from '../profile/position.ts';
import type { IngestedEvent } from '../profile/profile.ts';
import { parseUsageEvent } from '../telemetry/parse-usage-event.ts';
import { bucketOf } from '../telemetry/record.ts';
import { DAY_MS } from '../time.ts';

/** What the archive still has of some accounts. */
export interface ArchivedEvents {
  /** in order of arrival, per account */
  readonly events: readonly IngestedEvent[];
  /** days (UTC) that were looked for and of which nothing is left */
  readonly emptyDays: readonly string[];
  readonly objects: number;
}

/**
 * Reads accounts' events of a span of days back from the archive (lib/aws/archive.ts writes it). A batch that was
 * retried or cut in half lies there twice: whole records that are there again are left out, as the pipeline did.
 */
export async function readArchivedEvents(
  client: S3Client,
  bucket: string,
  accounts: ReadonlySet<string>,
  from: number,
  to: number,
): Promise<ArchivedEvents> {
  const groups = new Set([...accounts].map((account) => groupOf(account)));
  const days: string[] = [];
  for (let day = Math.floor(from / DAY_MS) * DAY_MS; day <= to; day += DAY_MS)
    days.push(new Date(day).toISOString().slice(0, 10));
  const prefixes = days.flatMap((day) =>
    [...groups].map((group) => ({ day, prefix: `events/day=${day}/group=${group}/` })),
  );
  const keys: string[] = [];
  const held = new Set<string>();
  for await (const { item, result } of inOrder(prefixes, ({ prefix }) => listed(client, bucket, prefix))) {
    keys.push(...result);
    if (result.length > 0) held.add(item.day);
  }
  const seen = new Set<string>();
  const events: IngestedEvent[] = [];
  for await (const { result: body } of inOrder(keys.sort(bySequence), (key) =>
    bytesOf(client, bucket, key),
  )) {
    if (body === undefined) continue;
    const text = (body[0] === 0x1f && body[1] === 0x8b ? gunzipSync(body) : Buffer.from(body)).toString(
      'utf8',
    );
    for (const record of recordsOf(text)) {
      const hash = createHash('sha256').update(record.text).digest('base64');
      if (seen.has(hash)) continue;
      seen.add(hash);
      for (const json of record.events) {
        const parsed = parseUsageEvent(json);
        if (!parsed.ok || !accounts.has(parsed.event.account)) continue;
        const time = Date.parse(parsed.event.time);
        events.push({
          event: parsed.event,
          time,
          // IngestedEvent itself is not archived beside a record without a replay clock; event time is never later.
          arrived: record.arrived ?? time,
          position: { epoch: 'archive', sequence: padSequence(String(events.length + 1)), index: 0 },
        });
      }
    }
  }
  return { events, emptyDays: days.filter((day) => !held.has(day)), objects: keys.length };
}

function groupOf(account: string): string {
  return bucketOf(account).toString(16).padStart(3, '0').slice(0, -1);
}

/** `.../<shard>-<sequence>.ndjson.gz`: sequence numbers grow along an account's partition key, over reshards too. */
function bySequence(a: string, b: string): number {
  const [x, y] = [a, b].map((key) => padSequence(/-(\d+)\.ndjson/.exec(key)?.[1] ?? '0'));
  if (x !== y) return (x ?? '') < (y ?? '') ? -1 : 1;
  return a < b ? -1 : 1;
}

interface TextRecord {
  readonly text: string;
  readonly arrived: number | undefined;
  readonly events: readonly unknown[];
}

/** An object's records: each begins with its header; lines before the first were put by hand. */
function recordsOf(text: string): TextRecord[] {
  const records: { lines: string[]; arrived: number | undefined; events: unknown[] }[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const json = jsonOf(line);
    const header = typeof json === 'object' && json !== null && 'siphonwatch' in json;
    if (header || records.length === 0) {
      const arrived = header && 'arrived' in json ? Date.parse(String(json.arrived)) : Number.NaN;
      records.push({ lines: [], arrived: Number.isNaN(arrived) ? undefined : arrived, events: [] });
    }
    const record = records.at(-1);
    record?.lines.push(line);
    if (!header) record?.events.push(json);
  }
  return records.map(({ lines, arrived, events }) => ({ text: lines.join('\n'), arrived, events }));
}

/** Lines that were set aside when they came are set aside again. */
function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

async function listed(client: S3Client, bucket: string, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix }))
    for (const { Key } of page.Contents ?? []) if (Key !== undefined) keys.push(Key);
  return keys;
}

/** Requests that are under way at a time. */
const CONCURRENCY = 16;

/** Results in the order of the items, fetched a few at a time. */
async function* inOrder<T, R>(
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
async function bytesOf(client: S3Client, bucket: string, key: string): Promise<Uint8Array | undefined> {
  try {
    const object = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return await object.Body?.transformToByteArray();
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
}
