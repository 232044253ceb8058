import { basename, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asTyped, COMMAND } from '../../contract/command.ts';

/** From the root a path is as long as it is. */
const ANYWHERE = '/';
const FILE = fileURLToPath(new URL('../../../bin/siphonwatch.mjs', import.meta.url));

/** Where whoever reads this stands: npm starts a script in the checkout, and says in INIT_CWD where it was called from. */
export function callersFolder(): string {
  return process.env.INIT_CWD || process.cwd();
}

/** A path as it is shortest to type in the caller's folder. */
export function pathFromHere(path: string, here: string = callersFolder()): string {
  const from = relative(here, path);
  return from !== '' && here !== ANYWHERE && !from.startsWith('..') ? from : path;
}

/**
 * How a command that this run prints has to begin to work as printed: the name where this run was started by it, else
 * Node with the file, as short as it can be typed here.
 * @param started what was started, default `process.argv[1]`
 * @param here the folder that it is typed in; '/' makes it work in any
 */
export function calledAs(
  started: string | undefined = process.argv[1],
  here: string = callersFolder(),
): string {
  return started !== undefined && basename(started) === COMMAND
    ? COMMAND
    : `node ${quoted(pathFromHere(FILE, here))}`;
}

/** As `calledAs`, for what is read elsewhere than in this terminal, such as the console's page. */
export function calledAnywhere(): string {
  return calledAs(process.argv[1], ANYWHERE);
}

/** A text of the core with its commands as they are typed here. */
export function typedHere(text: string): string {
  return asTyped(text, calledAs());
}

/** A path as one word of a shell. */
export function quoted(path: string): string {
  return /^[\w./@+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
