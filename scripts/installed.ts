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

/**
 * A bill of materials in CycloneDX 1.5 (https://cyclonedx.org/docs/1.5/json/) of all packages that run. `npm sbom --omit dev` leaves out
 * those that a package of developers needs too, the client of S3 among them.
 */
export function billOf(
  product: { readonly name: string; readonly version: string },
  packages: LockedPackages,
) {
  const seen = new Set<string>();
  const components = installed(packages, true).flatMap(([name, held]) => {
    const { version = '', license, integrity } = held;
    const purl = `pkg:npm/${name.replace(/^@/, '%40')}@${version}`;
    if (seen.has(purl)) return [];
    seen.add(purl);
    return [
      {
        ...{ type: 'library', 'bom-ref': purl, name, version, purl },
        licenses: license === undefined ? [] : [{ expression: license }],
        hashes: (integrity ?? '').split(' ').flatMap(hashOf),
      },
    ];
  });
  return {
    ...{ bomFormat: 'CycloneDX', specVersion: '1.5', version: 1 },
    metadata: { component: { type: 'application', 'bom-ref': product.name, ...product } },
    components,
  };
}

/** Subresource integrity as CycloneDX writes it. */
function hashOf(integrity: string): readonly { readonly alg: string; readonly content: string }[] {
  const [, bits, base64] = /^sha(256|384|512)-(.+)$/.exec(integrity) ?? [];
  if (bits === undefined || base64 === undefined) return [];
  return [{ alg: `SHA-${bits}`, content: Buffer.from(base64, 'base64').toString('hex') }];
}
