import { createHash } from 'node:crypto';
import { GetObjectCommand, PutObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { APPLIED_PREFIX } from '../contract/object-prefixes.ts';
import { padSequence, unpadSequence } from '../profile/position.ts';
import type { IngestedEvent } from '../profile/profile.ts';
import { eventHash } from '../profile/recent-ids.ts';
import type { PlacedEvent } from '../telemetry/quarantined.ts';
import type { UsageEvent } from '../telemetry/usage-event.ts';

/** Sequence number to hashes of events in its record (profile/recent-ids.ts): who stands in a record may be taken out of it by `forget`. */
const places = z.record(z.string(), z.array(z.number()));

/** A run of records of one shard, both ends included; sequence numbers as the stream says them. */
export interface Stretch {
  readonly shard: string;
  readonly from: string;
  readonly to: string;
}

/** Name of an event where it had stood. @param sequence as the stream says it, or padded */
export function placeOf(sequence: string, event: UsageEvent): string {
  return `${unpadSequence(sequence)}/${eventHash(event)}`;
}

/**
 * The one owner of the quarantine bucket's `applied/` prefix (by shard, `<first>-<last>-<digest>.json`, sequence numbers padded so that names
 * sort by place): which events of a batch that fails are applied all the same. Should Lambda
 * give up on the batch, its payload holds them too, and nothing else can tell any more: profiles remember ids for an hour, and positions only
 * say how far the stream has come. `redrive` leaves them out, `rebuild` takes them where they stood. Named after what is in
 * it, so that attempts which come to the same write one object.
 */
export class AppliedPlaces {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #names = new Map<string, Promise<string[]>>();

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  /** @param applied of one shard, at or after the record from which the batch comes again */
  async note(shard: string, applied: readonly IngestedEvent[]): Promise<void> {
    const bySequence = new Map<string, number[]>();
    for (const { event, position } of applied.toSorted(byPlace)) {
      const hashes = bySequence.get(position.sequence) ?? [];
      bySequence.set(position.sequence, hashes);
      hashes.push(eventHash(event));
    }
    const [first, last] = [[...bySequence.keys()][0], [...bySequence.keys()].at(-1)];
    if (first === undefined) return;
    const body = JSON.stringify(Object.fromEntries(bySequence));
    const digest = createHash('sha256').update(body).digest('hex').slice(0, 16);
    await this.#client.send(
      new PutObjectCommand({
        Bucket: this.#bucket,
        Key: `${APPLIED_PREFIX}${shard}/${first}-${last}-${digest}.json`,
        Body: body,
        ContentType: 'application/json',
      }),
    );
  }

  /**
   * Which events of a stretch are known to be applied.
   * @throws DamagedNote where a note about it cannot be read
   */
  async within({ shard, from, to }: Stretch): Promise<(placed: PlacedEvent) => boolean> {
    const [first, last] = [padSequence(from), padSequence(to)];
    const found = new Set<string>();
    // a redrive asks for many stretches of one shard: what is there is listed once
    const names = this.#names.get(shard) ?? this.#namesOf(shard);
    this.#names.set(shard, names);
    for (const name of await names) {
      const [begins = '', ends = ''] = name.slice(`${APPLIED_PREFIX}${shard}/`.length).split('-');
      if (begins > last || ends < first) continue;
      const object = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: name }));
      const held = readNote(name, (await object.Body?.transformToString()) ?? '');
      for (const [sequence, hashes] of Object.entries(held))
        for (const hash of hashes) found.add(`${unpadSequence(sequence)}/${hash}`);
    }
    return ({ event, sequence }) => sequence !== undefined && found.has(placeOf(sequence, event));
  }

  async #namesOf(shard: string): Promise<string[]> {
    const names: string[] = [];
    const asked = { Bucket: this.#bucket, Prefix: `${APPLIED_PREFIX}${shard}/` };
    for await (const { Contents = [] } of paginateListObjectsV2({ client: this.#client }, asked))
      for (const { Key } of Contents) if (Key !== undefined) names.push(Key);
    return names;
  }
}

/** A note that cannot be read: what it was about must not be put back by guess. */
export class DamagedNote extends Error {
  override readonly name = 'DamagedNote';
}

function readNote(name: string, text: string): z.infer<typeof places> {
  try {
    return places.parse(JSON.parse(text));
  } catch {
    throw new DamagedNote(`${name} cannot be read`);
  }
}

function byPlace({ position: a }: IngestedEvent, { position: b }: IngestedEvent): number {
  return a.sequence < b.sequence ? -1 : a.sequence > b.sequence ? 1 : a.index - b.index;
}
