import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { installed, type LockedPackages } from '../../scripts/installed.ts';

const run = (script: string) => execFileSync('npm', ['run', '--silent', script], { encoding: 'utf8' });
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  readonly packages: LockedPackages;
};

it('npm run sbom writes a CycloneDX bill of what runs: each package that is installed, and none that is not locked', () => {
  const bill = JSON.parse(run('sbom')) as {
    readonly bomFormat: string;
    readonly components: readonly {
      readonly name: string;
      readonly version: string;
      readonly purl: string;
    }[];
  };
  expect(bill.bomFormat).toBe('CycloneDX');
  const locked = new Set(installed(packages, true).map(([name, { version }]) => `${name}@${version}`));
  // the package of this repository stands there by its folder
  const others = bill.components.filter(({ name }) => name !== 'recorder');
  const listed = others.map(({ name, version }) => `${name}@${version}`);
  expect(listed.filter((one) => !locked.has(one))).toEqual([]);
  const direct = JSON.parse(readFileSync('package.json', 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  for (const [name, version] of Object.entries(direct.dependencies))
    expect(listed).toContain(`${name}@${version}`);
});

it('npm run licences lists every package that runs', () => {
  const lines = run('licences').trim().split('\n');
  expect(lines).toHaveLength(installed(packages, true).length);
});
