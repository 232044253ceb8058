import { readFileSync } from 'node:fs';
import { billOf, type LockedPackages } from './installed.ts';

/** A CycloneDX bill of materials of what is installed to run the product: `npm run sbom`. */
const read = (name: string): unknown => JSON.parse(readFileSync(name, 'utf8'));
const { name, version } = read('package.json') as { readonly name: string; readonly version: string };
const lock = read('package-lock.json') as { readonly packages: LockedPackages };
process.stdout.write(`${JSON.stringify(billOf({ name, version }, lock.packages), null, 2)}\n`);
