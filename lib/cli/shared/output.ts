import { mkdir, open, readdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileTrouble, InputError } from '../../input/errors.ts';

/**
 * Checks, before the work begins, that a file can be written where an option says: a run of an hour must not end in a
 * folder that does not exist.
 * @param files by option, such as `--report`; those that were not given are passed over
 * @throws InputError naming option, file and what is wrong
 */
export async function writable(files: Readonly<Record<string, string | undefined>>): Promise<void> {
  for (const [option, file] of Object.entries(files)) {
    if (file === undefined) continue;
    const found = await stat(file).catch(() => undefined);
    if (found?.isDirectory() === true)
      throw new InputError(`${option}: ${file} is a folder; name a file in it`);
    const folder = dirname(file);
    const holds = await stat(folder).catch(() => undefined);
    if (holds !== undefined && !holds.isDirectory())
      throw new InputError(`${option}: ${file}: ${folder} is a file, not a folder`);
    // a device or a pipe is written to as it is
    if (found !== undefined && !found.isFile()) continue;
    const probe = `${file}.${process.pid}.part`;
    // tried, not asked: a superuser may do everything, and still no file can be made below /proc
    await writeFile(probe, '', { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
      const why = holds === undefined ? 'does not exist' : 'cannot be written to';
      throw new InputError(`${option}: ${file}: the folder ${folder} ${why}`, { cause: error });
    });
    await rm(probe, { force: true });
  }
}

/**
 * Makes a folder and those above it that are missing, one by one: in a file system that takes none, such as /proc,
 * Node's own way (`recursive`) tries for ever.
 * @returns the folders that had to be made
 * @throws InputError naming option, folder and what is wrong
 */
export async function makeFolder(option: string, path: string): Promise<readonly string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() === true) return [];
  const above = dirname(path);
  const made = above === path ? [] : await makeFolder(option, above);
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'no folder can be made there' : fileTrouble(error);
    throw new InputError(`${option}: ${path}: cannot be made: ${why}`, { cause: error });
  });
  return [...made, path];
}

/** Takes back what makeFolder made, where nothing was put there: a run that failed leaves no empty folder. */
export async function removeMade(made: readonly string[]): Promise<void> {
  for (const path of [...made].reverse()) await rmdir(path).catch(() => undefined);
}

/**
 * As makeFolder, for what would be mixed up with what stands there already.
 * @throws InputError where the folder is not empty too
 */
export async function emptyFolder(option: string, path: string): Promise<readonly string[]> {
  const made = await makeFolder(option, path);
  if ((await readdir(path)).length > 0)
    throw new InputError(`${option}: ${path} is not empty: name a new folder`);
  return made;
}

/**
 * Writes a file whole or not at all: beside its name first, on the disk, and then under it. Where that fails, what stood
 * there before still does, and nothing is left beside it. A device or a pipe is written to as it is.
 * @param mode permissions of a new file
 */
export async function writeAside(file: string, data: string | Uint8Array, mode = 0o666): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found !== undefined && !found.isFile()) return writeFile(file, data);
  const part = `${file}.${process.pid}.part`;
  try {
    const handle = await open(part, 'w', found?.mode ?? mode);
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined);
    // told of the file that was asked for, not of the one beside it
    if (error instanceof Error && 'path' in error) error.path = file;
    throw error;
  }
}
