import { createHash } from 'node:crypto';
import {
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import * as z from 'zod';
import { EVENTS_PREFIX, QUARANTINED_PREFIXES } from '../contract/object-prefixes.ts';
import { LIMITS } from '../limits.ts';
import { type IsApplied, readQuarantined, stretchOf } from '../telemetry/quarantined.ts';
import type { Reason } from '../telemetry/reason.ts';
import { AppliedPlaces, DamagedNote, placeOf } from './applied-places.ts';

/** Something that could not be used, whole, with the reason and where it came from. */
export interface SetAside {
  readonly reason: Reason;
  /** where it stood: stream, shard, sequence number, index in the record */
  readonly origin: {
    readonly epoch: string;
    readonly shard: string;
    readonly sequence: string;
    readonly index: number;
  };
  readonly arrived: string;
  /** the line or record as it came: text, or base64 where it is not text */
  readonly payload: string;
  readonly encoding: 'utf8' | 'base64';
}

export interface Quarantine {
  /** Keeps the entries; the same entries again overwrite themselves. */
  put(entries: readonly SetAside[]): Promise<void>;
}

/**
 * The one owner of the quarantine bucket's `events/` prefix: NDJSON objects by day, named after what is in them, so
 * that a retried batch writes the same object. `redrive` reads them.
 */
export class QuarantineBucket implements Quarantine {
  private readonly client: S3Client;
  private readonly bucket: string;

  constructor(client: S3Client, bucket: string) {
    this.client = client;
    this.bucket = bucket;
  }

  async put(entries: readonly SetAside[]): Promise<void> {
    for (const chunk of chunksOf(entries)) await this.#putOne(chunk);
  }

  async #putOne({ first, lines }: Chunk): Promise<void> {
    const body = Buffer.from(lines.join(''));
    const digest = createHash('sha256').update(body).digest('hex').slice(0, 32);
    await this.client.send(
      new PutObjectCommand({
        Bucket: this.bucket,
        Key: `${EVENTS_PREFIX}day=${first.arrived.slice(0, 10)}/${first.origin.shard}-${digest}.ndjson`,
        Body: body,
        ContentType: 'application/x-ndjson',
      }),
    );
  }

  /**
   * Objects below the prefixes, whole, in order of their names; without those that are marked as put back, unless lines
   * of theirs could not be used then, or `again`. Read one at a time.
   */
  async *objects(
    prefixes: readonly string[],
    again: boolean,
  ): AsyncGenerator<{
    name: string;
    text: string;
    /** which events of a batch that Lambda gave up on are applied all the same; undefined: that cannot be told */
    isApplied: IsApplied | undefined;
    mark(put: { readonly events: number; readonly refused: number }): Promise<void>;
  }> {
    const places = new AppliedPlaces(this.client, this.bucket);
    for (const prefix of prefixes)
      for await (const name of this.#names(prefix)) {
        if (!again && (await this.isPutBack(name))) continue;
        const object = await this.client.send(new GetObjectCommand({ Bucket: this.bucket, Key: name }));
        const text = (await object.Body?.transformToString()) ?? '';
        const isApplied = await appliedIn(places, text);
        yield { name, text, isApplied, mark: (put) => this.mark(name, put) };
      }
  }

  /** How many objects below a prefix have no mark of a redrive. */
  async waiting(prefix: string): Promise<number> {
    const marked = new Set<string>();
    for await (const mark of this.#names(`${REDRIVEN}${prefix}`)) marked.add(nameOf(mark));
    let waiting = 0;
    for await (const name of this.#names(prefix)) if (!marked.has(name)) waiting++;
    return waiting;
  }

  /**
   * Where the events of what is kept here had stood first (`placeOf`), apart from those that are applied: of objects that are marked as put back,
   * and of the others.
   */
  async places(): Promise<{ putBack: Set<string>; waiting: Set<string> }> {
    const marked = new Set<string>();
    for await (const mark of this.#names(REDRIVEN)) marked.add(nameOf(mark));
    const found = { putBack: new Set<string>(), waiting: new Set<string>() };
    const notes = new AppliedPlaces(this.client, this.bucket);
    for (const prefix of QUARANTINED_PREFIXES)
      for await (const name of this.#names(prefix)) {
        const kind = marked.has(name) ? found.putBack : found.waiting;
        for (const place of await this.#placesIn(name, notes)) kind.add(place);
      }
    return found;
  }

  async *#names(prefix: string): AsyncGenerator<string> {
    const pages = paginateListObjectsV2({ client: this.client }, { Bucket: this.bucket, Prefix: prefix });
    for await (const { Contents = [] } of pages)
      for (const { Key } of Contents) if (Key !== undefined) yield Key;
  }

  /** Nothing where the object has expired. */
  async #placesIn(name: string, notes: AppliedPlaces): Promise<string[]> {
    try {
      const object = await this.client.send(new GetObjectCommand({ Bucket: this.bucket, Key: name }));
      const text = (await object.Body?.transformToString()) ?? '';
      const { events } = readQuarantined(name, text, await appliedIn(notes, text));
      return events.flatMap(({ event, sequence }) =>
        sequence === undefined ? [] : [placeOf(sequence, event)],
      );
    } catch (error) {
      if (error instanceof NoSuchKey) return [];
      throw error;
    }
  }

  private async isPutBack(name: string): Promise<boolean> {
    try {
      const mark = await this.client.send(new GetObjectCommand({ Bucket: this.bucket, Key: markKey(name) }));
      const { refused } = markOf.parse(JSON.parse((await mark.Body?.transformToString()) ?? '{}'));
      return refused === 0;
    } catch (error) {
      if (error instanceof NoSuchKey) return false;
      throw error;
    }
  }

  private async mark(
    name: string,
    put: { readonly events: number; readonly refused: number },
  ): Promise<void> {
    await this.client.send(
      new PutObjectCommand({
        Bucket: this.bucket,
        Key: markKey(name),
        Body: JSON.stringify(put),
        ContentType: 'application/json',
      }),
    );
  }
}

async function appliedIn(notes: AppliedPlaces, text: string): Promise<IsApplied | undefined> {
  const stretch = stretchOf(text);
  if (stretch === undefined) return () => false;
  try {
    return await notes.within(stretch);
  } catch (error) {
    if (error instanceof DamagedNote) return undefined;
    throw error;
  }
}

/** Marks of objects whose events were put back lie below, under the same names. */
const REDRIVEN = 'redriven/';
const markKey = (name: string): string => `${REDRIVEN}${name}.json`;
const nameOf = (mark: string): string => mark.slice(REDRIVEN.length, -'.json'.length);
const markOf = z.object({ events: z.number(), refused: z.number() });

/** Characters of one object, a single larger entry apart: what a reader has to hold at once. */
const OBJECT_SIZE = LIMITS.quarantineObject.most;

interface Chunk {
  readonly first: SetAside;
  readonly lines: string[];
}

function* chunksOf(entries: readonly SetAside[]): Generator<Chunk> {
  let chunk: Chunk | undefined;
  let size = 0;
  for (const entry of entries) {
    const line = `${JSON.stringify(entry)}\n`;
    if (chunk !== undefined && size + line.length > OBJECT_SIZE) {
      yield chunk;
      chunk = undefined;
    }
    if (chunk === undefined) {
      chunk = { first: entry, lines: [] };
      size = 0;
    }
    chunk.lines.push(line);
    size += line.length;
  }
  if (chunk !== undefined) yield chunk;
}
