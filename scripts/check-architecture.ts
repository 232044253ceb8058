/** Holds the floor plan of scripts/rooms.ts against the tree, and AWS clients at one version. Exit 1 with every offence. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOMS } from './rooms.ts';
import { wallsOf } from './walls.ts';

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(
      (name) => /\.(ts|mts|mjs)$/.test(name) && !name.endsWith('.d.ts') && !name.includes('node_modules'),
    )
    .map((name) => join(folder, name));
}

const paths = [...new Set(['lib', 'lambdas', 'bin', 'console', 'bench', 'examples'].flatMap(sources))];
const files = new Map(paths.map((path) => [path, readFileSync(path, 'utf8')]));
const { offences, arrows } = wallsOf(files);
const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<
  'dependencies' | 'devDependencies',
  Record<string, string>
>;
const clients = Object.entries({ ...dependencies, ...devDependencies }).filter(([name]) =>
  name.startsWith('@aws-sdk/client-'),
);
const all =
  new Set(clients.map(([, version]) => version)).size > 1
    ? [
        ...offences,
        `AWS clients at several versions: ${clients.map((client) => client.join('@')).join(', ')}`,
      ]
    : offences;
for (const offence of all) console.error(offence);
console.log(
  `architecture: ${files.size} files in ${ROOMS.length} rooms, ${arrows} arrows between rooms, ${all.length} offences`,
);
process.exitCode = all.length > 0 ? 1 : 0;
