import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { COMMAND } from '../../contract/command.ts';

const FILE = fileURLToPath(new URL('../../../bin/siphonwatch.mjs', import.meta.url));

/**
 * How a command that this run prints has to begin to work as printed: the name where this run was started by it, else
 * Node with the file's whole path, which works in any folder and without installation.
 * @param started what was started, default `process.argv[1]`
 */
export function calledAs(started: string | undefined = process.argv[1]): string {
  return started !== undefined && basename(started) === COMMAND ? COMMAND : `node ${quoted(FILE)}`;
}

function quoted(path: string): string {
  return /^[\w./@+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
