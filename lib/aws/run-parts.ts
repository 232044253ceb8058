import { deserialize, serialize } from 'node:v8';
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { CODE_VERSION } from '../version.ts';

/** What a step of another version of the code left: merging it would mix two ways of learning. */
export class OtherVersion extends Error {
  override readonly name = 'OtherVersion';
}

/** What steps of runs hand each other below a prefix, by run and name, as structured clones (Node.js, "Serialization API"), gzip. */
export class RunParts {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;

  constructor(client: S3Client, bucket: string, prefix: string) {
    this.#client = client;
    this.#bucket = bucket;
    this.#prefix = prefix;
  }

  /**
   * Keeps what a step has made, unless an earlier attempt of it was there first (AmazonS3/latest/userguide/conditional-writes.html):
   * an attempt that was given up and ends late changes nothing that later steps have read.
   * @returns what stands
   */
  async keep<T>(run: string, name: string, value: T): Promise<T> {
    return (await this.#putFirst(run, name, cloned(value))) ? value : this.need<T>(run, name);
  }

  /** Puts what nobody else puts under that name. */
  async put(run: string, name: string, value: unknown): Promise<void> {
    await this.#put(run, name, cloned(value));
  }

  /** A text, which any version of Node reads: unless one is there already. @returns what stands */
  async keepText(run: string, name: string, text: string): Promise<string> {
    if (await this.#putFirst(run, name, gzipSync(text, { level: 1 }))) return text;
    const held = await this.text(run, name);
    if (held === undefined) throw new Error(`${this.#keyOf(run, name)} was there and is gone`);
    return held;
  }

  /** A text that was kept; undefined where there is none. @throws Error naming a part that is damaged */
  async text(run: string, name: string): Promise<string | undefined> {
    return this.#unpacked(run, name, (bytes) => bytes.toString('utf8'));
  }

  /**
   * What a step has put; undefined where it has not yet.
   * @throws OtherVersion where a deployment came between the two steps
   * @throws Error naming a part that is damaged
   */
  async get<T>(run: string, name: string): Promise<T | undefined> {
    const held = await this.#unpacked(run, name, (bytes) => deserialize(bytes) as { code: string; value: T });
    if (held === undefined) return undefined;
    const { code, value } = held;
    if (code !== CODE_VERSION)
      throw new OtherVersion(
        `${this.#keyOf(run, name)} was made by version ${code}, this is ${CODE_VERSION}: start the run anew`,
      );
    return value;
  }

  /** @throws Error where the step before has left nothing */
  async need<T>(run: string, name: string): Promise<T> {
    const held = await this.get<T>(run, name);
    if (held === undefined)
      throw new Error(
        `${this.#keyOf(run, name)} is not there: the step before has not ended, or the run is too old`,
      );
    return held;
  }

  /** Takes away all of a run but what is named; what S3 does not delete expires (lib/infra/buckets.ts). */
  async drop(run: string, except?: string): Promise<void> {
    const Prefix = this.#keyOf(run, '');
    for await (const { Contents = [] } of paginateListObjectsV2(
      { client: this.#client },
      { Bucket: this.#bucket, Prefix },
    )) {
      const Objects = Contents.flatMap(({ Key }) =>
        Key === this.#keyOf(run, except ?? '') ? [] : [{ Key }],
      );
      if (Objects.length > 0)
        await this.#client.send(
          new DeleteObjectsCommand({ Bucket: this.#bucket, Delete: { Objects, Quiet: true } }),
        );
    }
  }

  /** @returns false where something was there before */
  async #putFirst(run: string, name: string, body: Uint8Array): Promise<boolean> {
    try {
      await this.#put(run, name, body, { IfNoneMatch: '*' });
      return true;
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'PreconditionFailed') throw error;
      return false;
    }
  }

  async #put(
    run: string,
    name: string,
    Body: Uint8Array,
    condition: { readonly IfNoneMatch?: '*' } = {},
  ): Promise<void> {
    const Key = this.#keyOf(run, name);
    await this.#client.send(new PutObjectCommand({ Bucket: this.#bucket, Key, Body, ...condition }));
  }

  async #unpacked<T>(run: string, name: string, read: (bytes: Buffer) => T): Promise<T | undefined> {
    const bytes = await this.#bytes(run, name);
    if (bytes === undefined) return undefined;
    try {
      return read(gunzipSync(bytes));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`${this.#keyOf(run, name)} is damaged (${why}): start the run anew`, { cause: error });
    }
  }

  async #bytes(run: string, name: string): Promise<Uint8Array | undefined> {
    try {
      const Key = this.#keyOf(run, name);
      const object = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key }));
      return (await object.Body?.transformToByteArray()) ?? new Uint8Array();
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  #keyOf(run: string, name: string): string {
    return `${this.#prefix}${run}/${name}`;
  }
}

const cloned = (value: unknown): Uint8Array =>
  gzipSync(serialize({ code: CODE_VERSION, value }), { level: 1 });
