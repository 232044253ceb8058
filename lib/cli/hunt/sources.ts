import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, realpath, rename, rm } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { InputError } from '../../input/errors.ts';
import type { KeyOptions } from '../../input/keyring.ts';
import { S3, STDIN } from '../../input/lines.ts';
import { say } from '../../input/say.ts';
import { Converter, isFrames } from './convert.ts';
import { filesBelow, kindOf, localName, type PartFile, type Parts, readParts } from './parts.ts';

/**
 * What a hunt reads, whatever it was given: parts in Parquet as they are, objects of the archive and traffic turned into parts
 * below a folder by the same writer.
 * @param names folders, files, s3:// prefixes
 * @param folder for what is fetched or made
 * @throws InputError naming what cannot be used
 */
export async function partsOf(names: readonly string[], folder: string, keys: KeyOptions): Promise<Parts> {
  const work = join(folder, UNFINISHED);
  const files: string[] = [];
  for (const name of names)
    for (const found of name.startsWith(S3) ? await fetched(name, work) : await finishedBelow(name))
      files.push(found);
  await refuseTwice(files);
  const parquet = files.filter((file) => kindOf(file) === 'parquet');
  const manifests = files.filter((file) => kindOf(file) === 'manifest');
  const others = files.filter((file) => kindOf(file) === undefined);
  const converter = new Converter(join(work, 'made'));
  const traffic: string[] = [];
  let frames = 0;
  for (const file of others)
    if (file !== STDIN && (await isFrames(file))) {
      await converter.frames(file);
      frames++;
    } else traffic.push(file);
  if (traffic.length > 0) await converter.traffic(traffic, keys);
  // what was fetched to be converted is not what was asked to be kept, and would be converted again
  await rm(join(work, ...OTHERS), { recursive: true, force: true });
  if (parquet.length > 0 && others.length > 0)
    say(
      `${parquet.length} files of Parquet and ${others.length} others: traffic that was recorded beside the archive and is in it too counts twice`,
    );
  const parts = await readParts([...parquet, ...(await converter.finish())], manifests);
  const unsure =
    parquet.length > 0 && manifests.length === 0
      ? ['no manifests beside the Parquet: whether its days are whole is not known']
      : [];
  if (frames > 0) say(`${frames} objects of the archive read`);
  return {
    files: await finished(parts.files, work, folder),
    notes: [...converter.notes, ...unsure, ...parts.notes],
  };
}

/** Below a folder of `--keep`: what an interrupted hunt leaves lies in it, and is never taken for the whole. */
const UNFINISHED = 'unfinished-hunt';

/** @throws InputError where a hunt was interrupted while it filled the folder */
async function finishedBelow(name: string): Promise<string[]> {
  const files = await filesBelow(name);
  const left = files.find((file) => file.split(sep).includes(UNFINISHED));
  if (left === undefined) return files;
  throw new InputError(
    `${left}: left by a hunt that was interrupted, and not whole: delete the folder, and fill it again with --keep`,
  );
}

/** Takes what was fetched and made out of the unfinished, and names it anew. */
async function finished(parts: readonly PartFile[], work: string, folder: string): Promise<PartFile[]> {
  for (const kind of ['fetched', 'made'])
    await rename(join(work, kind), join(folder, kind)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  await rm(work, { recursive: true, force: true });
  return parts.map((part) =>
    part.file.startsWith(work + sep) ? { ...part, file: join(folder, relative(work, part.file)) } : part,
  );
}

/** Below a folder: what is fetched to be converted. */
const OTHERS = ['fetched', 'others'] as const;

/** By the files that names stand for: `a`, `./a` and a link to it are one. @throws InputError naming both */
async function refuseTwice(files: readonly string[]): Promise<void> {
  const names = new Map<string, string>();
  for (const file of files) {
    const real = file === STDIN ? file : await realpath(file).catch(() => file);
    const before = names.get(real);
    if (before !== undefined)
      throw new InputError(
        `${file}: given twice${before === file ? '' : `, as ${before} too`}, and its rows would count twice`,
      );
    names.set(real, file);
  }
}

/** Objects below a prefix, copied; Parquet keeps the folder of its day. */
async function fetched(name: string, folder: string): Promise<string[]> {
  // The SDK is loaded for those who need it.
  const { objectsBelow, openObject } = await import('../../input/s3.ts');
  const files: string[] = [];
  for (const address of await objectsBelow(name)) {
    const key = address.slice(address.indexOf('/', S3.length) + 1);
    const kind = kindOf(key);
    const file =
      kind === undefined
        ? join(folder, ...OTHERS, createHash('sha256').update(address).digest('hex'))
        : join(folder, 'fetched', kind === 'parquet' ? localName(key) : key);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await pipeline(await openObject(address), createWriteStream(file, { mode: 0o600 }));
    files.push(file);
  }
  return files;
}
