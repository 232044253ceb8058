import { readFileSync } from 'node:fs';
import { installed, isAllowed, type LockedPackages } from './installed.ts';

/**
 * The licences of everything that is installed to run it, one line each: `npm run licences`. Exit code 1 where one is not
 * in the list of those that its licence goes with.
 */
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: LockedPackages };
let refused = 0;
for (const [name, held] of installed(lock.packages, true)) {
  const good = isAllowed(held);
  if (!good) refused++;
  const { version = '', license = 'no licence' } = held;
  process.stdout.write(`${name} ${version} ${license}${good ? '' : '  NOT ALLOWED'}\n`);
}
process.exitCode = refused > 0 ? 1 : 0;
