import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type HuntTable, partName, partOf } from '../../contract/hunt-names.ts';
import { DamagedManifest, type Manifest, parseManifest } from '../../hunts/manifest.ts';
import {
  DamagedParquet,
  FOOTER_BYTES,
  footerLength,
  OTHER_BYTES,
  type PartFooter,
  readFooter,
} from '../../hunts/parquet.ts';
import { isWhole } from '../../hunts/part-digest.ts';
import { InputError } from '../../input/errors.ts';
import { inputFiles } from '../../input/lines.ts';
import { DAY_MS } from '../../time.ts';

/** A part of the archive in Parquet as a file. */
export interface PartFile extends PartFooter {
  readonly file: string;
  readonly day: string;
  /** its name without the folder: unique within a table's day */
  readonly name: string;
}

/** Parts that a hunt reads, and what is to be said of them. */
export interface Parts {
  readonly files: readonly PartFile[];
  /** what is missing, in words; nothing where nothing is known to be */
  readonly notes: readonly string[];
}

/** Names of parts that were made on this machine begin so; no manifest counts them. */
export const MADE_HERE = 'here-';

const DAY_FOLDER = /^day=(\d{4}-\d{2}-\d{2})$/;

/** Files below a folder in order of name; of anything else what it names. @throws InputError where there is none */
export async function filesBelow(path: string): Promise<string[]> {
  const info = await stat(path).catch(() => undefined);
  if (info?.isDirectory() !== true) return inputFiles([path]);
  const found = await readdir(path, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/**
 * What the footers and manifests say. A part that is there twice, damaged, or below no day ends the hunt; one that a manifest
 * counts and that is not there is told.
 * @throws InputError naming the file
 */
export async function readParts(files: readonly string[], manifests: readonly string[]): Promise<Parts> {
  const parts: PartFile[] = [];
  const seen = new Map<string, string>();
  for (const file of files) {
    const part = await readPart(file);
    const key = `${part.table}/${part.day}/${part.name}`;
    const before = seen.get(key);
    if (before !== undefined)
      throw new InputError(`${file}: the same part as ${before}: give each once, or rows would count twice`);
    seen.set(key, file);
    parts.push(part);
  }
  return { files: parts, notes: [...(await checkManifests(manifests, parts)), ...gaps(parts)] };
}

/**
 * Reads the parts that a question is about whole, once, before it is asked. Of a part of an earlier version, which says no
 * digest, only the footer is known to be as it was written.
 * @throws InputError naming the file that is not as it was written
 */
export async function checkBytes(parts: readonly PartFile[]): Promise<void> {
  for (const { file, digest } of parts) {
    if (digest === undefined) continue;
    const { size } = await stat(file);
    const read = (from: number, to: number) =>
      to > from ? createReadStream(file, { start: from, end: to - 1 }) : [];
    if (!(await isWhole(digest, size, read))) throw damaged(file, OTHER_BYTES);
  }
}

function damaged(file: string, what: string, cause?: unknown): InputError {
  return new InputError(`${file}: ${what}: copy it again, or leave it out`, { cause });
}

async function readPart(file: string): Promise<PartFile> {
  const [, day] = DAY_FOLDER.exec(basename(dirname(file))) ?? [];
  if (day === undefined)
    throw new InputError(
      `${file}: lies in no folder such as day=2026-03-01: copy whole folders (aws s3 sync), or rows would have no day`,
    );
  try {
    return { ...readFooter(await endOf(file)), file, day, name: basename(file) };
  } catch (error) {
    if (!(error instanceof DamagedParquet)) throw error;
    throw damaged(file, error.message, error);
  }
}

/** As much of a file's end as holds its footer. */
async function endOf(file: string): Promise<Uint8Array> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const last = async (bytes: number): Promise<Buffer> => {
      const length = Math.min(size, bytes);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
      return buffer.subarray(0, bytesRead);
    };
    const end = await last(FOOTER_BYTES);
    return end.length >= 8 && footerLength(end) > end.length ? await last(footerLength(end)) : end;
  } finally {
    await handle.close();
  }
}

async function checkManifests(files: readonly string[], parts: readonly PartFile[]): Promise<string[]> {
  const notes: string[] = [];
  const counted = new Set<string>();
  for (const file of files) {
    const manifest = await readManifest(file);
    if (manifest === undefined) {
      notes.push(`${file}: a damaged manifest: whether its day is whole is not known`);
      continue;
    }
    counted.add(`${manifest.day}/${manifest.group}`);
    notes.push(...missingOf(manifest, parts));
  }
  return files.length === 0 ? notes : [...notes, ...uncounted(parts, counted)];
}

/** Groups of days that no manifest counts, though others are: they are being made, or made again, or were not copied whole. */
function uncounted(parts: readonly PartFile[], counted: ReadonlySet<string>): string[] {
  const groups = new Set<string>();
  for (const { day, name } of parts) {
    const group = name.replace(/-\d{4,}\.parquet$/, '');
    if (!group.startsWith(MADE_HERE) && !counted.has(`${day}/${group}`)) groups.add(`${day}, group ${group}`);
  }
  return [...groups].map(
    (of) => `${of}: no manifest: whether it is whole is not known, it may be made again`,
  );
}

async function readManifest(file: string): Promise<Manifest | undefined> {
  const handle = await open(file);
  try {
    return parseManifest(file, await handle.readFile('utf8'));
  } catch (error) {
    if (error instanceof DamagedManifest) return undefined;
    throw error;
  } finally {
    await handle.close();
  }
}

/** Rows that a manifest counts and the files do not hold. What `forget` took out is counted in the files. */
function missingOf({ day, group, parts: counted }: Manifest, parts: readonly PartFile[]): string[] {
  const notes: string[] = [];
  for (const table of tablesIn(parts))
    for (const [number, counts] of counted.entries()) {
      const name = partName(group, number);
      const held = parts.find((part) => part.table === table && part.day === day && part.name === name);
      if (held === undefined)
        notes.push(`${table} of ${day}: part ${name} with ${counts[table]} rows is missing`);
      else if (held.rows + held.erased !== counts[table])
        notes.push(
          `${table} of ${day}: part ${name} has ${held.rows} rows where ${counts[table]} were counted`,
        );
    }
  return notes;
}

function tablesIn(parts: readonly PartFile[]): HuntTable[] {
  return [...new Set(parts.map(({ table }) => table))];
}

/** Days between the first and the last of which there is nothing: quiet, or not copied. */
function gaps(parts: readonly PartFile[]): string[] {
  const days = [...new Set(parts.map(({ day }) => day))].sort();
  const [first] = days;
  const last = days.at(-1);
  if (first === undefined || last === undefined) return [];
  const missing: string[] = [];
  for (let at = Date.parse(first); at <= Date.parse(last); at += DAY_MS) {
    const day = new Date(at).toISOString().slice(0, 10);
    if (!days.includes(day)) missing.push(day);
  }
  if (missing.length === 0) return [];
  const more = missing.length > 5 ? ` and ${missing.length - 5} more days` : '';
  return [`nothing of ${missing.slice(0, 5).join(', ')}${more}: no events then, or not here`];
}

/** Whether a name is of Parquet or of a manifest of it; undefined for anything else. */
export function kindOf(name: string): 'parquet' | 'manifest' | undefined {
  if (name.endsWith('.parquet')) return 'parquet';
  return /(^|\/)manifests\/day=[^/]+\/[^/]+\.json$/.test(name) ? 'manifest' : undefined;
}

/** Where a part of a bucket lies below a folder of this machine. */
export function localName(key: string): string {
  const place = partOf(key);
  return place === undefined ? key : join(place.table, `day=${place.day}`, basename(key));
}
