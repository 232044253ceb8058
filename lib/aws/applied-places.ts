import { createHash } from 'node:crypto';
import { GetObjectCommand, PutObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { type Position, padSequence } from '../profile/position.ts';

/** Sequence number to indices in its record; nothing of the events themselves. */
const places = z.record(z.string(), z.array(z.number()));

/** A run of records of one shard, both ends included; sequence numbers as the stream says them. */
export interface Stretch {
  readonly shard: string;
  readonly from: string;
  readonly to: string;
}

/** Below it, by shard: `<first>-<last>-<digest>.json`, sequence numbers padded so that names sort by place. */
const APPLIED_PREFIX = 'applied/';

/**
 * The one owner of the quarantine bucket's `applied/` prefix: which events of a batch that fails are applied all the same. Should Lambda
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
  async note(shard: string, applied: readonly Position[]): Promise<void> {
    const bySequence = new Map<string, number[]>();
    for (const { sequence, index } of applied.toSorted(byPlace)) {
      const indices = bySequence.get(sequence) ?? [];
      bySequence.set(sequence, indices);
      indices.push(index);
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

  /** `sequence/index` of the events of a stretch that are known to be applied, sequence numbers as the stream says them. */
  async within({ shard, from, to }: Stretch): Promise<Set<string>> {
    const [first, last] = [padSequence(from), padSequence(to)];
    const found = new Set<string>();
    // a redrive asks for many stretches of one shard: what is there is listed once
    const names = this.#names.get(shard) ?? this.#namesOf(shard);
    this.#names.set(shard, names);
    for (const name of await names) {
      const [begins = '', ends = ''] = name.slice(`${APPLIED_PREFIX}${shard}/`.length).split('-');
      if (begins > last || ends < first) continue;
      const object = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: name }));
      const held = places.parse(JSON.parse((await object.Body?.transformToString()) ?? '{}'));
      for (const [sequence, indices] of Object.entries(held))
        for (const index of indices) found.add(`${sequence.replace(/^0+(?=\d)/, '')}/${index}`);
    }
    return found;
  }

  async #namesOf(shard: string): Promise<string[]> {
    const names: string[] = [];
    const asked = { Bucket: this.#bucket, Prefix: `${APPLIED_PREFIX}${shard}/` };
    for await (const { Contents = [] } of paginateListObjectsV2({ client: this.#client }, asked))
      for (const { Key } of Contents) if (Key !== undefined) names.push(Key);
    return names;
  }
}

function byPlace(a: Position, b: Position): number {
  return a.sequence < b.sequence ? -1 : a.sequence > b.sequence ? 1 : a.index - b.index;
}
