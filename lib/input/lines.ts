import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { LIMITS } from '../limits.ts';
import { encodingOf, plainChunks, textDecoder } from './encodings.ts';
import { fileTrouble, InputError, PassingError } from './errors.ts';

/** A run of consecutive lines of one file. */
export interface LineBatch {
  readonly file: string;
  /** number of the first line, from 1 */
  readonly first: number;
  readonly lines: readonly string[];
  /** places in `lines` that are longer than may be held: only their beginning is there */
  readonly oversized: ReadonlySet<number>;
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
  /** called with what a file turned out to be, where that is not plain UTF-8 or gzip */
  readonly onNote?: (file: string, note: string) => void;
}

/** Longest line that is held, in characters; of a longer one the beginning is handed on, marked. */
export const MAX_LINE = LIMITS.documentCharacters.most;
const SHOWN = 200;
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
      // one by one: a call has no room for as many arguments as a bucket may have objects
      for (const object of await (await import('./s3.ts')).objectsBelow(name)) files.push(object);
      continue;
    }
    const info = await stat(name).catch(() => undefined);
    if (info?.isDirectory()) throw new InputError(`${name}: is a folder; name its files`);
    if (info !== undefined) files.push(name);
    else if (/[*?]/.test(basename(name))) for (const found of await matches(name)) files.push(found);
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
 * @throws InputError for a file that cannot be read, and for damaged or truncated compression
 */
export async function* readBatches(
  files: readonly string[],
  options: ReadOptions = {},
): AsyncGenerator<LineBatch> {
  const { from = { file: 0, line: 1 } } = options;
  for (const [index, file] of files.entries())
    if (index >= from.file) yield* fileBatches(file, index, index === from.file ? from.line : 1, options);
}

/**
 * The lines of one file of a list, likewise.
 * @param index its place in the list
 * @param from the first line that is handed over, from 1
 */
export async function* fileBatches(
  file: string,
  index: number,
  from: number,
  options: Omit<ReadOptions, 'from'> & {
    /** opens an object by its place in the list */
    readonly openObject?: ((index: number) => Promise<Readable>) | undefined;
  },
): AsyncGenerator<LineBatch> {
  const name = file === STDIN ? 'standard input' : file;
  const source =
    file === STDIN
      ? (options.stdin ?? process.stdin)
      : file.startsWith(S3)
        ? await (options.openObject?.(index) ?? (await import('./s3.ts')).openObject(file))
        : createReadStream(file, { highWaterMark: 256 * 1024 });
  const splitter = new LineSplitter();
  let line = 1;
  const batchOf = (found: Split): LineBatch | undefined => {
    const { lines, oversized } = found;
    if (lines.length === 0) return undefined;
    const first = line;
    line += lines.length;
    const next = { file: index, line };
    if (first >= from) return { file: name, first, lines, oversized, next };
    const passed = from - first;
    const left = new Set([...oversized].map((at) => at - passed));
    return line > from
      ? { file: name, first: from, lines: lines.slice(passed), oversized: left, next }
      : undefined;
  };
  try {
    let decode: ((chunk: Buffer) => string) | undefined;
    for await (const chunk of plainChunks(source, options.onBytes, (note) => options.onNote?.(name, note))) {
      if (decode === undefined) {
        const encoding = encodingOf(chunk);
        if (encoding !== 'utf8') options.onNote?.(name, `${ENCODINGS[encoding]} text, read as such`);
        decode = textDecoder(encoding);
      }
      const batch = batchOf(splitter.take(decode(chunk)));
      if (batch !== undefined) yield batch;
    }
  } catch (error) {
    if (error instanceof InputError) throw new InputError(`${name}: ${error.message}`, { cause: error });
    // an object's bytes that stop coming are none of its own faults
    const Fault = file.startsWith(S3) && isOfNetwork(error) ? PassingError : InputError;
    const where = line > 1 ? ` (after line ${line - 1})` : '';
    throw new Fault(`${name}: ${faultOf(error)}${where}`, { cause: error });
  }
  const rest = batchOf(splitter.end());
  if (rest !== undefined) yield rest;
}

const ENCODINGS = { utf16le: 'UTF-16', utf16be: 'UTF-16', utf32le: 'UTF-32' } as const;

interface Split {
  readonly lines: string[];
  readonly oversized: Set<number>;
}

/** Cuts text into lines, in time that grows with the text alone, and holds no more of a line than may be. */
class LineSplitter {
  #parts: string[] = [];
  #held = 0;
  #atStart = true;

  take(text: string): Split {
    const found: Split = { lines: [], oversized: new Set() };
    let at = 0;
    if (this.#atStart && text !== '') {
      this.#atStart = false;
      if (text.charCodeAt(0) === 0xfeff) at = 1;
    }
    for (let end = text.indexOf('\n', at); end >= 0; end = text.indexOf('\n', at)) {
      this.#add(text.slice(at, end));
      this.#close(found);
      at = end + 1;
    }
    if (at < text.length) this.#add(at === 0 ? text : text.slice(at));
    return found;
  }

  /** The last line, where it has no end. */
  end(): Split {
    const found: Split = { lines: [], oversized: new Set() };
    if (this.#held > 0) this.#close(found);
    return found;
  }

  #add(part: string): void {
    this.#held += part.length;
    if (this.#held <= MAX_LINE) this.#parts.push(part);
    else if (this.#parts.length > 1 || (this.#parts[0]?.length ?? 0) > SHOWN)
      this.#parts = [this.#parts.join('').slice(0, SHOWN)];
    else if (this.#parts.length === 0) this.#parts.push(part.slice(0, SHOWN));
  }

  #close(found: Split): void {
    if (this.#held > MAX_LINE) found.oversized.add(found.lines.length);
    found.lines.push(this.#parts.length === 1 ? (this.#parts[0] ?? '') : this.#parts.join(''));
    this.#parts = [];
    this.#held = 0;
  }
}

/** The system's and Node's errors have codes; of those, zlib's own say that what came is damaged (Node.js, "Zlib constants"). */
const isOfNetwork = (error: unknown): boolean => /^(?!Z_)./.test(codeOf(error));

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

function faultOf(error: unknown): string {
  const code = codeOf(error);
  if (code === 'Z_BUF_ERROR') return 'the gzip file ends too early: it is truncated';
  if (code.startsWith('Z_')) return `the gzip file is damaged (${code})`;
  return fileTrouble(error);
}
