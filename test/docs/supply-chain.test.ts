import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { billOf, installed, isAllowed, type LockedPackages } from '../../scripts/installed.ts';

/** What docs/security.md says of the supply chain. */
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

  it('has a CycloneDX bill of all that runs, with its hashes, and of nothing else', () => {
    const bill = billOf({ name: 'siphonwatch', version: '1.0.0' }, packages);
    expect(bill).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.5' });
    const listed = new Set(bill.components.map(({ name, version }) => `${name}@${version}`));
    const run = installed(packages, true).map(([name, { version }]) => `${name}@${version}`);
    expect(listed).toEqual(new Set(run));
    for (const [name, version] of Object.entries(manifest.dependencies ?? {}))
      expect([...listed]).toContain(`${name}@${version}`);
    expect([...listed].filter((one) => /^(?:vitest|aws-cdk|fast-check)@/.test(one))).toEqual([]);
    expect(new Set(bill.components.map((held) => held['bom-ref'])).size).toBe(bill.components.length);
    const zod = bill.components.find(({ name }) => name === 'zod');
    expect(zod).toMatchObject({ purl: `pkg:npm/zod@${zod?.version}`, licenses: [{ expression: 'MIT' }] });
    expect(zod?.hashes[0]).toMatchObject({
      alg: 'SHA-512',
      content: expect.stringMatching(/^[0-9a-f]{128}$/),
    });
  });

  it('holds AWS clients at one version', () => {
    const clients = installed(packages, true).filter(([name]) => /^@aws-sdk\/client-/.test(name));
    expect(clients.length).toBeGreaterThan(10);
    expect(new Set(clients.map(([, { version }]) => version)).size).toBe(1);
  });
});
