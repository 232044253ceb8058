import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import * as z from 'zod';
import type { Progress } from '../../aws/erasure/objects.ts';
import { fileTrouble, InputError } from '../../input/errors.ts';

const held = z.strictObject({ v: z.literal(1), of: z.string(), after: z.record(z.string(), z.string()) });

/** Objects between two notes. */
const EVERY = 100;

/**
 * How far an erasure has come in each bucket, in a file: the last object that it is through with. The file names the account
 * by a hash only.
 * @returns the progress in a place; undefined without a file
 * @throws InputError where the file is another account's, or none
 */
export async function progressIn(
  file: string | undefined,
  account: string,
): Promise<(place: string) => Progress> {
  const of = createHash('sha256').update(`siphonwatch forget ${account}`).digest('hex').slice(0, 16);
  const after: Record<string, string> = file === undefined ? {} : await read(file, of);
  return (place) => {
    let since = 0;
    return {
      after: after[place],
      through: async (key) => {
        after[place] = key;
        if (file === undefined || ++since % EVERY !== 0) return;
        await writeFile(file, JSON.stringify({ v: 1, of, after }), { mode: 0o600 });
      },
    };
  };
}

async function read(file: string, of: string): Promise<Record<string, string>> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new InputError(`--resume: ${file}: cannot be read: ${fileTrouble(error)}`, { cause: error });
  });
  if (text === undefined) return {};
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new InputError(`--resume: ${file}: not JSON`, { cause: error });
  }
  const parsed = held.safeParse(json);
  if (!parsed.success) throw new InputError(`--resume: ${file}: not the progress of an erasure`);
  if (parsed.data.of !== of) throw new InputError(`--resume: ${file}: is of another account`);
  return { ...parsed.data.after };
}
