import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { s3 } from '../aws/clients.ts';
import { keysBelow, openObject as open, smallObject } from '../aws/objects.ts';
import { InputError, PassingError } from './errors.ts';
import type { FileList } from './file-list.ts';

/** Input below an S3 prefix, `s3://bucket/prefix`: objects are read as they stream, one at a time. */

let held: { readonly client: S3Client; readonly endpoint: string | undefined } | undefined;

/** One client, until the environment names another endpoint. */
function clientOf(): S3Client {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const endpoint = process.env.AWS_ENDPOINT_URL_S3;
  if (held?.endpoint !== endpoint) held = undefined;
  held ??= { client: s3(), endpoint };
  return held.client;
}

function placeOf(name: string): { bucket: string; key: string } {
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(name);
  if (match === null) throw new InputError(`${name}: not an S3 address such as s3://bucket/prefix`);
  return { bucket: match[1] ?? '', key: match[2] ?? '' };
}

/**
 * Bodies that Bedrock's log keeps apart, and the mark of its check that it may write: no documents of their own. It writes
 * nowhere else: https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html (the bucket's policy).
 */
const BODY =
  /(?:^|\/)BedrockModelInvocationLogs\/(?:.*\/data\/[^/]+_(?:input|output)\.json(?:\.gz)?|(?:.*\/)?amazon-bedrock-logs-permission-check)$/;

/**
 * Addresses of the objects below a prefix in order of arrival: the archive's (lib/aws/archive.ts) by day and by the
 * position of their first record, others by name.
 * @throws InputError where there are none, or they cannot be listed
 */
export async function objectsBelow(name: string): Promise<string[]> {
  const { bucket, key } = placeOf(name);
  const keys: string[] = [];
  try {
    for await (const found of keysBelow(clientOf(), bucket, key)) if (!BODY.test(found)) keys.push(found);
  } catch (error) {
    throw faultOf(name, error);
  }
  if (keys.length === 0) throw new InputError(`${name}: no objects there`);
  return keys
    .map((found) => ({ found, order: orderOf(found) }))
    .sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0))
    .map(({ found }) => `s3://${bucket}/${found}`);
}

const MAX_SEQUENCE = 64;

function orderOf(key: string): string {
  const archived = /(^|\/)day=([0-9-]+)\/.*-(\d+)-\d+\.ndjson\.gz$/.exec(key);
  return archived === null ? key : `${archived[2]}/${(archived[3] ?? '').padStart(MAX_SEQUENCE, '0')}`;
}

/** @throws InputError where it cannot be read */
export async function openObject(name: string): Promise<Readable> {
  const { bucket, key } = placeOf(name);
  try {
    return await open(clientOf(), bucket, key);
  } catch (error) {
    throw faultOf(name, error);
  }
}

const SCHEME = 's3://';
/** Objects of a list that are asked for while one is read: an archive has many small ones, and each is waited for. */
export const OBJECTS_AHEAD = 16;
/** A larger one is read as it comes, when it is its turn. */
const SMALL_BYTES = 4 * 1024 * 1024;

/** Opens the objects of a list, one after another. What is wrong with one is said at its turn. */
export class ObjectsAhead {
  readonly #files: FileList;
  readonly #fetch: (name: string) => Promise<Uint8Array | undefined>;
  readonly #held = new Map<number, Promise<Uint8Array | undefined>>();

  /** @param fetch an object's bytes; undefined where it is to be read as it comes */
  constructor(files: FileList, fetch = fetchSmall) {
    this.#files = files;
    this.#fetch = fetch;
  }

  /** @param index in the list. @throws InputError where it cannot be read */
  async open(index: number): Promise<Readable> {
    for (let next = index; next < Math.min(index + OBJECTS_AHEAD, this.#files.length); next++) {
      if (this.#held.has(next)) continue;
      const name = (await this.#files.at(next)) ?? '';
      if (!name.startsWith(SCHEME)) continue;
      const bytes = this.#fetch(name);
      // whoever waits for it is told
      bytes.catch(() => undefined);
      this.#held.set(next, bytes);
    }
    const bytes = await this.#held.get(index);
    this.#held.delete(index);
    return bytes === undefined
      ? openObject((await this.#files.at(index)) ?? '')
      : Readable.from([Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)]);
  }
}

async function fetchSmall(name: string): Promise<Uint8Array | undefined> {
  const { bucket, key } = placeOf(name);
  try {
    return await smallObject(clientOf(), bucket, key, SMALL_BYTES);
  } catch (error) {
    throw faultOf(name, error);
  }
}

/** What S3 answers the next time too: AmazonS3/latest/API/ErrorResponses.html. All else is throttling, a fault of the service or of the network. */
const LASTING: ReadonlySet<string> = new Set([
  'NoSuchKey',
  'NoSuchBucket',
  'AccessDenied',
  'InvalidObjectState',
  'PermanentRedirect',
]);

function faultOf(name: string, error: unknown): InputError {
  if (error instanceof InputError) return error;
  const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const Fault = error instanceof Error && LASTING.has(error.name) ? InputError : PassingError;
  return new Fault(`${name}: cannot be read: ${why}`, { cause: error });
}
