import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What the stack is synthesized with and the embedded AWS is made of: `npm ci --omit=dev` leaves them out. */
export const DEVELOPMENT_PACKAGES = [
  'aws-cdk-lib',
  'cdk-nag',
  'constructs',
  'dynalite',
  'fauxqs',
  'kinesalite',
];

/** The development tools are not installed; the message says how to install them. */
export class PackagesMissing extends Error {}

/**
 * Looks whether the development tools are there, before anything is begun that needs them.
 * @param from the file beside or above whose folder packages are looked for
 * @throws PackagesMissing
 */
export function checkDevelopmentPackages(from = fileURLToPath(import.meta.url)): void {
  const { resolve } = createRequire(from);
  const missing = DEVELOPMENT_PACKAGES.filter(
    (name) => !(resolve.paths(name) ?? []).some((folder) => existsSync(join(folder, name))),
  );
  if (missing.length === 0) return;
  const checkout = fileURLToPath(new URL('../..', import.meta.url));
  throw new PackagesMissing(
    `needs the development tools, which are not installed (${missing.join(', ')}): npm ci --prefix ${checkout}`,
  );
}
