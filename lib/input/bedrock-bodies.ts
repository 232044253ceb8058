import type { Readable } from 'node:stream';
import { LIMITS } from '../limits.ts';
import { unwrapped } from '../telemetry/adapters/envelopes.ts';
import { at, jsonIn, objectOf, textAt } from '../telemetry/adapters/fields.ts';
import { plainChunks } from './encodings.ts';

/**
 * Bodies above 100 KB, which Bedrock's log keeps as objects of S3 beside itself
 * (https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html): fetched where the credentials at hand
 * may read them. Whoever asks for much is among those who write long prompts.
 */
export class StoredBodies {
  readonly #open: (address: string) => Promise<Readable>;
  /** why nothing is asked for any more: no credentials, no region */
  #given: string | undefined;

  /** @param open a stream of the bytes of an object, by its address `s3://bucket/key` */
  constructor(open: (address: string) => Promise<Readable>) {
    this.#open = open;
  }

  /** A document with its stored bodies in place; one that cannot be had leaves its reason, for the adapter to say. */
  async filled(json: unknown): Promise<unknown> {
    const entries = await Promise.all(unwrapped(json).map((entry) => this.#filledEntry(entry)));
    return entries.length === 1 ? entries[0] : entries;
  }

  async #filledEntry(entry: unknown): Promise<unknown> {
    const input = await this.#side(entry, 'input', 'inputBodyJson', 'inputBodyS3Path');
    const output = await this.#side(entry, 'output', 'outputBodyJson', 'outputBodyS3Path');
    return input === undefined && output === undefined ? entry : { ...objectOf(entry), ...input, ...output };
  }

  async #side(entry: unknown, side: string, json: string, path: string): Promise<object | undefined> {
    const address = textAt(entry, side, path);
    if (address === undefined || objectOf(jsonIn(at(entry, side, json))) !== undefined) return undefined;
    const held = objectOf(at(entry, side)) ?? {};
    if (this.#given !== undefined) return { [side]: { ...held, fault: this.#given } };
    try {
      return { [side]: { ...held, [json]: jsonIn(await this.#text(address)) } };
    } catch (error) {
      const fault = faultOf(error);
      if (/credential|region/i.test(fault)) this.#given = fault;
      return { [side]: { ...held, fault } };
    }
  }

  async #text(address: string): Promise<string> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of plainChunks(await this.#open(address), undefined, () => {})) {
      size += chunk.length;
      if (size > LIMITS.documentCharacters.most) throw new Error('longer than is read');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  }
}

/** The service's own word (AccessDenied, NoSuchKey), which names no key and no text. */
function faultOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return 'cannot be read';
  return cause.name === 'Error' ? cause.message : cause.name;
}

/** Whether a document may hold entries with stored bodies: asked of every line, so by its text. */
export function hasStoredBody(raw: string): boolean {
  return raw.includes('BodyS3Path');
}
