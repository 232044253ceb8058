import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { InputError } from '../../input/errors.ts';

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
    await access(folder, constants.W_OK).catch((error: NodeJS.ErrnoException) => {
      const why = error.code === 'ENOENT' ? 'does not exist' : 'cannot be written to';
      throw new InputError(`${option}: ${file}: the folder ${folder} ${why}`, { cause: error });
    });
  }
}
