import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';
import { InputError } from './errors.ts';

/** A run of consecutive lines of one file. */
export interface LineBatch {
  readonly file: string;
  /** number of the first line, from 1 */
  readonly first: number;
  readonly lines: readonly string[];
  /** the first line behind these */
  readonly next: LinePosition;
}

/** A line of a list of files. */
export interface LinePosition {
  /** index in the list */
  readonly file: number;
  /** from 1 */
  readonly line: number;
}

export interface ReadOptions {
  /** called with the bytes just read of the file as it lies on disk, for progress */
  readonly onBytes?: (bytes: number) => void;
  /** standard input, where `-` is given; default process.stdin */
  readonly stdin?: Readable;
  /** where to begin: files before it are not opened, lines before it are passed over */
  readonly from?: LinePosition;
}

/** Longest line accepted, in characters. */
export const MAX_LINE = 64 * 1024 * 1024;
export const STDIN = '-';
/** Objects below a prefix, `s3://bucket/prefix`. */
export const S3 = 's3://';

/**
 * The files that arguments name, in the order given: `-` is standard input, `*` and `?` in the last step of a path
 * are expanded in order of name (for shells that do not), `s3://bucket/prefix` is all objects below it.
 * @throws InputError naming what does not exist or is not a file
 */
export async function inputFiles(names: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const name of names) {
    if (name === STDIN) {
      files.push(name);
      continue;
    }
    if (name.startsWith(S3)) {
      // The SDK is loaded for those who need it.
      files.push(...(await (await import('./s3.ts')).objectsBelow(name)));
      continue;
    }
    const info = await stat(name).catch(() => undefined);
    if (info?.isDirectory()) throw new InputError(`${name}: is a folder; name its files`);
    if (info !== undefined) files.push(name);
    else if (/[*?]/.test(basename(name))) files.push(...(await matches(name)));
    else throw new InputError(`${name}: no such file`);
  }
  if (files.length === 0) throw new InputError('no input files');
  return files;
}

async function matches(pattern: string): Promise<string[]> {
  const folder = dirname(pattern);
  const escaped = basename(pattern)
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const found = (await readdir(folder).catch(() => []))
    .filter((name) => new RegExp(`^${escaped}$`).test(name))
    .sort();
  if (found.length === 0) throw new InputError(`${pattern}: no file of that name`);
  return found.map((name) => join(folder, name));
}

/** Bytes of the files on disk; undefined when one is standard input. */
export async function totalBytes(files: readonly string[]): Promise<number | undefined> {
  if (files.some((file) => file === STDIN || file.startsWith(S3))) return undefined;
  let total = 0;
  for (const file of files) total += (await stat(file)).size;
  return total;
}

/**
 * The lines of files, in order, a chunk at a time; memory does not grow with the file. Blank lines are kept (as ''),
 * so that numbers are those of an editor.
 * @throws InputError for a file that cannot be read, damaged or truncated gzip, and a line without end
 */
export async function* readBatches(
  files: readonly string[],
  options: ReadOptions = {},
): AsyncGenerator<LineBatch> {
  const { from = { file: 0, line: 1 } } = options;
  for (const [index, file] of files.entries())
    if (index >= from.file) yield* batchesOf(file, index, index === from.file ? from.line : 1, options);
}

async function* batchesOf(
  file: string,
  index: number,
  from: number,
  options: ReadOptions,
): AsyncGenerator<LineBatch> {
  const name = file === STDIN ? 'standard input' : file;
  const source =
    file === STDIN
      ? (options.stdin ?? process.stdin)
      : file.startsWith(S3)
        ? await (await import('./s3.ts')).openObject(file)
        : createReadStream(file, { highWaterMark: 256 * 1024 });
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let line = 1;
  try {
    for await (const chunk of plainChunks(source, options.onBytes)) {
      const text = rest + decoder.write(chunk);
      const lines = text.split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > MAX_LINE)
        throw new InputError(`${name}:${line + lines.length}: line longer than ${MAX_LINE} characters`);
      if (lines.length === 0) continue;
      if (line === 1 && lines[0]?.startsWith('\ufeff')) lines[0] = lines[0].slice(1);
      const first = line;
      line += lines.length;
      const next = { file: index, line };
      if (first >= from) yield { file: name, first, lines, next };
      else if (line > from) yield { file: name, first: from, lines: lines.slice(from - first), next };
    }
  } catch (error) {
    throw error instanceof InputError
      ? error
      : new InputError(`${name}: ${faultOf(error)}${line > 1 ? ` (after line ${line - 1})` : ''}`, {
          cause: error,
        });
  }
  rest += decoder.end();
  if (rest !== '' && line >= from)
    yield {
      file: name,
      first: line,
      lines: [line === 1 && rest.startsWith('\ufeff') ? rest.slice(1) : rest],
      next: { file: index, line: line + 1 },
    };
}

/** Chunks of a stream, unpacked where its first bytes say gzip. */
async function* plainChunks(source: Readable, onBytes: ReadOptions['onBytes']): AsyncGenerator<Buffer> {
  const raw = countedChunks(source, onBytes);
  const first = await raw.next();
  if (first.done) return;
  let head: Buffer = first.value;
  // A pipe may hand over a single byte.
  while (head.length < 2) {
    const next = await raw.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  if (head[0] !== 0x1f || head[1] !== 0x8b) {
    yield head;
    yield* raw;
    return;
  }
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  // A failure destroys gunzip, so whoever reads it gets the error; the promise only repeats it.
  pipeline(Readable.from(startingWith(head, raw)), gunzip).catch(() => {});
  for await (const chunk of gunzip) yield chunk as Buffer;
}

async function* startingWith(head: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  yield* rest;
}

async function* countedChunks(source: Readable, onBytes: ReadOptions['onBytes']): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer);
    onBytes?.(bytes.length);
    yield bytes;
  }
}

function faultOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'Z_BUF_ERROR') return 'the gzip file ends too early: it is truncated';
  if (code.startsWith('Z_')) return `the gzip file is damaged (${code})`;
  if (code === 'EACCES') return 'no permission to read it';
  if (code === 'ENOENT') return 'no such file';
  return error instanceof Error ? error.message : String(error);
}
