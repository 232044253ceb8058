import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip, createInflate } from 'node:zlib';
import { Decompress } from 'fzstd';
import { isGzip } from '../telemetry/gzip.ts';
import { InputError } from './errors.ts';
import { wholeMembers } from './gzip-members.ts';
import { isOtlpFile, otlpLines } from './otlp-file.ts';

/** How a file's bytes become text: compression by its first bytes, UTF-16 by its mark or its zeros. */

export type TextEncodingName = 'utf8' | 'utf16le' | 'utf16be' | 'utf32le';

/** Files that are no text and are not unpacked here, by their first bytes, and what makes text of them. */
const OTHERS: readonly (readonly [bytes: string, what: string, todo: string])[] = [
  ['504b0304', 'a zip archive', 'unzip it'],
  ['425a68', 'a bzip2 file', 'bunzip2 it, or pipe bzcat into record'],
  ['fd377a585a00', 'an xz file', 'unxz it, or pipe xzcat into record'],
  ['04224d18', 'an lz4 file', 'pipe lz4cat into record'],
  ['ff060000734e61507059', 'a snappy stream', 'unpack it'],
  ['50415231', 'a Parquet file', 'export NDJSON, for example with DuckDB'],
  ['4f626a01', 'an Avro file', 'avro-tools tojson makes NDJSON of it'],
  ['4f5243', 'an ORC file', 'export NDJSON'],
  ['377abcaf271c', 'a 7z archive', 'unpack it'],
  ['53514c69746520666f726d6174', 'an SQLite database', 'export NDJSON with sqlite3 -json'],
];

function otherKind(head: Buffer): string | undefined {
  const hex = head.subarray(0, 16).toString('hex');
  const known = OTHERS.find(([bytes]) => hex.startsWith(bytes));
  if (known !== undefined) return `${known[1]}, not read: ${known[2]}`;
  return head.subarray(257, 262).toString('latin1') === 'ustar'
    ? 'a tar archive, not read: unpack it'
    : undefined;
}

/** Bytes that tell what a file is. */
const HEAD = 64;

/** A gzip file in a gzip file happens (an uploader packs what was packed); more does not. */
const MAX_LAYERS = 3;

/**
 * Chunks of a stream, unpacked where its first bytes say gzip (RFC 1952), zlib (RFC 1950) or zstd (RFC 8878).
 * @throws InputError for a file that is of another kind, saying of which
 */
export async function* plainChunks(
  source: Readable,
  onBytes: ((bytes: number) => void) | undefined,
  onNote: (note: string) => void,
): AsyncGenerator<Buffer> {
  yield* unpacked(countedChunks(source, onBytes), onNote, MAX_LAYERS);
}

async function* unpacked(
  raw: AsyncGenerator<Buffer>,
  onNote: (note: string) => void,
  layers: number,
): AsyncGenerator<Buffer> {
  const first = await raw.next();
  if (first.done) return;
  let head: Buffer = first.value;
  // A pipe may hand over a single byte.
  while (head.length < HEAD) {
    const next = await raw.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  const chunks = startingWith(head, raw);
  const other = otherKind(head);
  if (other !== undefined) throw new InputError(other);
  if (layers === 0) yield* chunks;
  else if (isGzip(head)) yield* unpacked(gunzipped(chunks), onNote, layers - 1);
  else if (isZlib(head)) {
    onNote('zlib (deflate), unpacked');
    yield* unzipped(chunks, createInflate({ chunkSize: 256 * 1024 }));
  } else if (head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528) {
    onNote('zstd, unpacked');
    yield* unzstd(chunks);
  } else if (isOtlpFile(head.subarray(0, HEAD))) {
    onNote('OTLP in protobuf, read as its JSON');
    yield* otlpLines(chunks, onNote);
  } else yield* chunks;
}

/** A zlib stream's two bytes: method 8, a check, and no text that begins so. */
function isZlib(head: Buffer): boolean {
  const [method = 0, flags = 0] = head;
  return method === 0x78 && [0x01, 0x9c, 0xda].includes(flags);
}

/** So much of a gzip file is kept, to look again at its members where it does not end as one. */
const KEPT = 4 * 1024 * 1024;

/** A gzip file; of one that is damaged behind its members, and not too long to look again, the members and the text behind them. */
async function* gunzipped(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  let kept: Buffer[] | undefined = [];
  let size = 0;
  const seen = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      size += chunk.length;
      if (size > KEPT) kept = undefined;
      kept?.push(chunk);
      yield chunk;
    }
  };
  let done = 0;
  try {
    for await (const chunk of unzipped(seen(), createGunzip({ chunkSize: 256 * 1024 }))) {
      done += chunk.length;
      yield chunk;
    }
  } catch (error) {
    if (kept === undefined) throw error;
    const { text, rest } = wholeMembers(Buffer.concat(kept));
    if (text.length > done) yield text.subarray(done);
    const isText = /^\s*[[{]/.test(rest.subarray(0, 64).toString('latin1'));
    if (!isText) throw error;
    yield rest;
    throw new InputError(`${rest.length} bytes behind the gzip file's end were not packed: read as text`);
  }
}

async function* unzipped(
  chunks: AsyncGenerator<Buffer>,
  engine: ReturnType<typeof createGunzip>,
): AsyncGenerator<Buffer> {
  // A failure destroys the engine, so whoever reads it gets the error; the promise only repeats it.
  pipeline(Readable.from(chunks), engine).catch(() => {});
  for await (const chunk of engine) yield chunk as Buffer;
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
  if (head[0] === 0xff && head[1] === 0xfe && head[2] === 0 && head[3] === 0) return 'utf32le';
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf16be';
  if (head.length >= 4 && head[0] !== 0 && head[1] === 0 && head[2] !== 0 && head[3] === 0) return 'utf16le';
  if (head.length >= 4 && head[0] === 0 && head[1] !== 0 && head[2] === 0 && head[3] !== 0) return 'utf16be';
  return 'utf8';
}

/** Decodes chunks, characters cut by their ends included. */
export function textDecoder(encoding: TextEncodingName): (chunk: Buffer) => string {
  if (encoding === 'utf8') return utf8Decoder();
  if (encoding === 'utf32le') return utf32Decoder();
  return utf16Decoder(encoding);
}

function utf16Decoder(encoding: 'utf16le' | 'utf16be'): (chunk: Buffer) => string {
  const decoder = new TextDecoder(encoding === 'utf16le' ? 'utf-16le' : 'utf-16be', { ignoreBOM: true });
  return (chunk) => decoder.decode(chunk, { stream: true });
}

/**
 * UTF-8, and from a line on UTF-16 where somebody appended that: `>>` of Windows PowerShell does, whatever the file was
 * (https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_character_encoding).
 */
function utf8Decoder(): (chunk: Buffer) => string {
  const decoder = new StringDecoder('utf8');
  let wide: ((chunk: Buffer) => string) | undefined;
  let endsLine = false;
  return (chunk) => {
    if (wide !== undefined) return wide(chunk);
    const at = wideFrom(chunk, endsLine);
    endsLine = chunk[chunk.length - 1] === 10;
    if (at < 0) return decoder.write(chunk);
    wide = utf16Decoder('utf16le');
    return decoder.write(chunk.subarray(0, at)) + decoder.end() + wide(chunk.subarray(at));
  };
}

/** Where a line of UTF-16, little-endian, begins: with its mark, which UTF-8 never holds, or with a zero behind each bracket. */
function wideFrom(chunk: Buffer, afterLine: boolean): number {
  for (const [unit, back] of [
    [0xff, 0],
    [0, 1],
  ] as const)
    for (let found = chunk.indexOf(unit); found >= 0; found = chunk.indexOf(unit, found + 1)) {
      const at = found - back;
      if (at < 0 || (at === 0 ? !afterLine : chunk[at - 1] !== 10)) {
        // a run of zeros, or a stray one, tells nothing of the next place: only lines' beginnings are looked at
        const next = chunk.indexOf(10, found);
        if (next < 0) break;
        found = next;
        continue;
      }
      const [first = 0, second = 0, third = 0, fourth = 0] = chunk.subarray(at, at + 4);
      if (first === 0xff && second === 0xfe) return at;
      if ((first === 123 || first === 91) && second === 0 && third !== 0 && fourth === 0) return at;
    }
  return -1;
}

/** UTF-32, little-endian, as PowerShell's `-Encoding utf32` writes it. */
function utf32Decoder(): (chunk: Buffer) => string {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const bytes = Buffer.concat([rest, chunk]);
    const whole = bytes.length - (bytes.length % 4);
    rest = bytes.subarray(whole);
    let text = '';
    for (let at = 0; at < whole; at += 4) {
      const point = bytes.readUInt32LE(at);
      text += String.fromCodePoint(point <= 0x10ffff ? point : 0xfffd);
    }
    return text;
  };
}
