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
import { RUN_PREFIX } from '../contract/calibrate-steps.ts';
import { CODE_VERSION } from '../version.ts';

/** What a step of another version of the code left: merging it would mix two ways of learning. */
export class OtherVersion extends Error {
  override readonly name = 'OtherVersion';
}

/**
 * The one owner of `calibration-runs/` in the state bucket: what the steps of a calibration hand each other, by run and name, as
 * structured clones (Node.js, "Serialization API"), gzip.
 */
export class CalibrationRuns {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  /**
   * Keeps what a step has made, unless an earlier attempt of it was there first (AmazonS3/latest/userguide/conditional-writes.html):
   * an attempt that was given up and ends late changes nothing that later steps have read.
   * @returns what stands
   */
  async keep<T>(run: string, name: string, value: T): Promise<T> {
    const Body = gzipSync(serialize({ code: CODE_VERSION, value }), { level: 1 });
    const Key = keyOf(run, name);
    try {
      await this.#client.send(new PutObjectCommand({ Bucket: this.#bucket, Key, Body, IfNoneMatch: '*' }));
      return value;
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'PreconditionFailed') throw error;
      return this.need<T>(run, name);
    }
  }

  /**
   * What a step has put; undefined where it has not yet.
   * @throws OtherVersion where a deployment came between the two steps
   */
  async get<T>(run: string, name: string): Promise<T | undefined> {
    const key = keyOf(run, name);
    try {
      const object = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }));
      const bytes = (await object.Body?.transformToByteArray()) ?? new Uint8Array();
      const { code, value } = deserialize(gunzipSync(bytes)) as { code: string; value: T };
      if (code !== CODE_VERSION)
        throw new OtherVersion(
          `${key} was made by version ${code}, this is ${CODE_VERSION}: start the run anew`,
        );
      return value;
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  /** @throws Error where the step before has left nothing */
  async need<T>(run: string, name: string): Promise<T> {
    const held = await this.get<T>(run, name);
    if (held === undefined)
      throw new Error(
        `${keyOf(run, name)} is not there: the step before has not ended, or the run is too old`,
      );
    return held;
  }

  /** Takes away all of a run but what is named; what S3 does not delete expires (lib/infra/buckets.ts). */
  async drop(run: string, except?: string): Promise<void> {
    const Prefix = keyOf(run, '');
    for await (const { Contents = [] } of paginateListObjectsV2(
      { client: this.#client },
      { Bucket: this.#bucket, Prefix },
    )) {
      const Objects = Contents.flatMap(({ Key }) => (Key === keyOf(run, except ?? '') ? [] : [{ Key }]));
      if (Objects.length > 0)
        await this.#client.send(
          new DeleteObjectsCommand({ Bucket: this.#bucket, Delete: { Objects, Quiet: true } }),
        );
    }
  }
}

function keyOf(run: string, name: string): string {
  return `${RUN_PREFIX}${run}/${name}`;
}
