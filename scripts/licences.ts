import { readFileSync } from 'node:fs';

/**
 * The licences of everything that is installed to run it, one line each: `npm run licences`. Exit code 1 where one is not
 * in the list of those that its licence goes with.
 */
const ALLOWED = new Set([
  'MIT',
  'MIT-0',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'Unlicense',
]);

interface Locked {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
}

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Locked> };
let refused = 0;
for (const [path, { version, license, dev, link }] of Object.entries(lock.packages).sort()) {
  if (!path.includes('node_modules/') || dev === true || link === true) continue;
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const good = license !== undefined && ALLOWED.has(license);
  if (!good) refused++;
  process.stdout.write(`${name} ${version ?? ''} ${license ?? 'no licence'}${good ? '' : '  NOT ALLOWED'}\n`);
}
process.exitCode = refused > 0 ? 1 : 0;
