import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { installed, isAllowed, type LockedPackages } from '../../scripts/installed.ts';

/** What docs/security.md says of the supply chain. The bill of materials is written by supply-chain.slow.test.ts. */
const json = (name: string) => JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8'));
const manifest = json('package.json') as {
  readonly allowScripts: Readonly<Record<string, boolean>>;
  readonly [kind: `${string}ependencies`]: Readonly<Record<string, string>> | undefined;
};
const { packages } = json('package-lock.json') as { readonly packages: LockedPackages };

describe('the supply chain', () => {
  it('has direct dependencies of exact versions', () => {
    const direct = [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies];
    const versions = direct.flatMap((held) => Object.entries(held ?? {}));
    expect(versions.length).toBeGreaterThan(40);
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))).toEqual([]);
  });

  it('has an integrity for every package but those that lie within another', () => {
    const open = installed(packages, false).filter(
      ([, { integrity, inBundle }]) => inBundle !== true && integrity?.startsWith('sha512-') !== true,
    );
    expect(open.map(([name]) => name)).toEqual([]);
  });

  it('says of every install script whether it may run', () => {
    const scripts = installed(packages, false).filter(
      ([, { hasInstallScript }]) => hasInstallScript === true,
    );
    const asked = new Set(scripts.map(([name]) => name));
    expect([...asked].sort()).toEqual(Object.keys(manifest.allowScripts).sort());
    expect(Object.entries(manifest.allowScripts).filter(([, may]) => may)).toEqual([['esbuild', true]]);
  });

  it('has licences that go with ours in all that runs', () => {
    const run = installed(packages, true);
    expect(run.length).toBeGreaterThan(100);
    expect(run.filter(([, held]) => !isAllowed(held)).map(([name]) => name)).toEqual([]);
  });

  it.each([undefined, 'GPL-3.0-only', 'UNLICENSED', 'SEE LICENSE IN LICENSE'])(
    'refuses the licence %s, and says so',
    (license) => {
      expect(isAllowed(license === undefined ? {} : { license })).toBe(false);
    },
  );

  it('holds AWS clients at one version', () => {
    const clients = installed(packages, true).filter(([name]) => /^@aws-sdk\/client-/.test(name));
    expect(clients.length).toBeGreaterThan(10);
    expect(new Set(clients.map(([, { version }]) => version)).size).toBe(1);
  });
});
