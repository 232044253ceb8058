import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';

/** How a file's bytes become text: compression by its first bytes, UTF-16 by its mark or its zeros. */

export type TextEncodingName = 'utf8' | 'utf16le' | 'utf16be';

/** Chunks of a stream, unpacked where its first bytes say gzip (RFC 1952) or zstd (RFC 8878). */
export async function* plainChunks(
  source: Readable,
  onBytes: ((bytes: number) => void) | undefined,
  onNote: (note: string) => void,
): AsyncGenerator<Buffer> {
  const raw = countedChunks(source, onBytes);
  const first = await raw.next();
  if (first.done) return;
  let head: Buffer = first.value;
  // A pipe may hand over a single byte.
  while (head.length < 4) {
    const next = await raw.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  const chunks = startingWith(head, raw);
  if (head[0] === 0x1f && head[1] === 0x8b) yield* gunzipped(chunks);
  else if (head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528) {
    onNote('zstd, unpacked');
    yield* unzstd(chunks);
  } else yield* chunks;
}

async function* gunzipped(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  // A failure destroys gunzip, so whoever reads it gets the error; the promise only repeats it.
  pipeline(Readable.from(chunks), gunzip).catch(() => {});
  for await (const chunk of gunzip) yield chunk as Buffer;
}

async function* unzstd(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  let out: Buffer[] = [];
  const stream = new Decompress((chunk) => {
    if (chunk.length > 0) out.push(Buffer.from(chunk));
  });
  let held: Buffer | undefined;
  const push = (chunk: Buffer, last: boolean): void => {
    try {
      stream.push(chunk, last);
    } catch (error) {
      throw new Error(
        `the zstd file is damaged or truncated (${error instanceof Error ? error.message : 'unreadable'})`,
        { cause: error },
      );
    }
  };
  for await (const chunk of chunks) {
    if (held !== undefined) push(held, false);
    held = chunk;
    yield* out;
    out = [];
  }
  if (held !== undefined) push(held, true);
  yield* out;
}

async function* startingWith(head: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  yield* rest;
}

async function* countedChunks(
  source: Readable,
  onBytes: ((bytes: number) => void) | undefined,
): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer);
    onBytes?.(bytes.length);
    yield bytes;
  }
}

/** The encoding of a text's first bytes: a byte order mark, or zeros in every other byte as in JSON written as UTF-16. */
export function encodingOf(head: Buffer): TextEncodingName {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf16be';
  if (head.length >= 4 && head[0] !== 0 && head[1] === 0 && head[2] !== 0 && head[3] === 0) return 'utf16le';
  if (head.length >= 4 && head[0] === 0 && head[1] !== 0 && head[2] === 0 && head[3] !== 0) return 'utf16be';
  return 'utf8';
}

/** Decodes chunks, characters cut by their ends included. */
export function textDecoder(encoding: TextEncodingName): (chunk: Buffer) => string {
  if (encoding === 'utf8') {
    const decoder = new StringDecoder('utf8');
    return (chunk) => decoder.write(chunk);
  }
  const decoder = new TextDecoder(encoding === 'utf16le' ? 'utf-16le' : 'utf-16be', { ignoreBOM: true });
  return (chunk) => decoder.decode(chunk, { stream: true });
}
