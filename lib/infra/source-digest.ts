import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CHECKOUT = fileURLToPath(new URL('../../', import.meta.url));
/** What makes a deployment: the functions, the stack and what both import. */
const SOURCES = ['lambdas', 'lib', 'package-lock.json', 'cdk.json'];
/** Rooms of commands and of the embedded cloud: nothing of them is deployed. */
const NOT_DEPLOYED = new Set([
  'lib/cli',
  'lib/console',
  'lib/doctor',
  'lib/dossier',
  'lib/emulator',
  'lib/forensics',
]);

let known: string | undefined;

/** One value for the sources of a deployment, 16 hexadecimal digits: equal where the same would be deployed. */
export function sourceDigest(): string {
  known ??= digestOf(CHECKOUT);
  return known;
}

/** @param checkout folder with the sources */
export function digestOf(checkout: string): string {
  const hash = createHash('sha256');
  for (const file of deployedSources(checkout))
    hash.update(`${file}\0`).update(readFileSync(join(checkout, file)));
  return hash.digest('hex').slice(0, 16);
}

/** Files that make a deployment, from the folder of the checkout. */
export function deployedSources(checkout: string): string[] {
  return SOURCES.flatMap((path) => filesBelow(checkout, path));
}

/** Files of a folder and of those in it, in the order of their names; a file is itself. */
function filesBelow(checkout: string, path: string): string[] {
  if (/\.\w+$/.test(path)) return [path];
  return readdirSync(join(checkout, path), { withFileTypes: true })
    .map((held) => ({ path: `${path}/${held.name}`, folder: held.isDirectory() }))
    .filter((held) => !NOT_DEPLOYED.has(held.path))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .flatMap((held) => (held.folder ? filesBelow(checkout, held.path) : [held.path]));
}
