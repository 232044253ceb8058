/** What is installed to run the product, read from the lock file: its licences, where it comes from, and which Node it asks for. */

export interface Locked {
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly engines?: { readonly node?: string };
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly inBundle?: boolean;
  readonly hasInstallScript?: boolean;
}

export type LockedPackages = Readonly<Record<string, Locked>>;

/** Licences that go with Apache-2.0. */
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

/** The packages of a lock file by name, in order; without those of developers where only what runs is asked for. */
export function installed(packages: LockedPackages, isRun: boolean): readonly (readonly [string, Locked])[] {
  return Object.entries(packages)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .filter(
      ([path, { dev, link }]) => path.includes('node_modules/') && link !== true && !(isRun && dev === true),
    )
    .map(([path, held]) => [path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length), held]);
}

/** Whether a package's licence goes with ours. */
export function isAllowed({ license }: Locked): boolean {
  return license !== undefined && ALLOWED.has(license);
}
