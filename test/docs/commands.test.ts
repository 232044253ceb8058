import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { calledAs } from '../../lib/cli/shared/called-as.ts';
import { VERBS } from '../../lib/cli/verbs.ts';
import { asTyped } from '../../lib/contract/command.ts';
import { checkDevelopmentPackages, DEVELOPMENT_PACKAGES } from '../../lib/emulator/development-packages.ts';
import { ourFiles, ROOT, textOf } from './documents.ts';

/** What is printed as a command can be run as printed, and needs no development tools. */

const PRINTED = ['.md', '.ts', '.mjs', '.json', '.yaml', '.yml', '.html'].flatMap((kind) => ourFiles(kind));
const verbs = Object.keys(VERBS);
const KNOWN = new Set([...verbs, 'completion', 'help']);

it('no text asks the registry for a package named siphonwatch', () => {
  // assembled here, so that this file does not match itself
  const wrong = new RegExp(
    `${'npx'} (?:--?[\\w-]+ )*siphonwatch|npm (?:exec|x|create|init) (?:--?[\\w-]+ )*siphonwatch`,
  );
  expect(PRINTED.filter((path) => wrong.test(textOf(path)))).toEqual([]);
});

it('every command in a document or a notice is a verb of the command line', () => {
  expect(verbs.length).toBeGreaterThan(10);
  const spoken = /(?:(?:^|[`>(] ?|\n)siphonwatch|\$\{(?:COMMAND|calledAs\(\))\}) ([a-z]+)/g;
  const unknown = PRINTED.filter((path) => !path.startsWith('test/')).flatMap((path) =>
    [...textOf(path).matchAll(spoken)]
      .map(([, verb]) => verb ?? '')
      .filter((verb) => !KNOWN.has(verb))
      .map((verb) => `${path}: ${verb}`),
  );
  expect(unknown).toEqual([]);
});

it('a command that a run prints begins as the run was started', () => {
  expect(calledAs('/usr/local/bin/siphonwatch')).toBe('siphonwatch');
  const file = join(ROOT, 'bin', 'siphonwatch.mjs');
  expect(calledAs(file, '/')).toBe(`node ${file}`);
  expect(calledAs(file, join(ROOT, 'docs'))).toBe(`node ${file}`);
  expect(calledAs(file, ROOT)).toBe('node bin/siphonwatch.mjs');
  expect(asTyped('1. siphonwatch triage X\n`siphonwatch console` a/siphonwatch x Siphonwatch is', 'sw')).toBe(
    '1. sw triage X\n`sw console` a/siphonwatch x Siphonwatch is',
  );
});

it('every verb but the demo imports only what is a dependency, so that npm ci --omit=dev is enough', async () => {
  const { dependencies, optionalDependencies } = JSON.parse(textOf('package.json')) as {
    dependencies: Record<string, string>;
    optionalDependencies: Record<string, string>;
  };
  // an optional one is loaded by the verb that asks for it, which says so where it is missing
  const allowed = new Set([dependencies, optionalDependencies].flatMap(Object.keys).concat(builtinModules));
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['bin/siphonwatch.ts'],
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    outdir: 'out',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const missing = new Set<string>();
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file) || file === 'lib/cli/demo/demo.ts') return;
    seen.add(file);
    for (const { path, external } of metafile.inputs[file]?.imports ?? []) {
      if (external !== true) visit(path);
      else if (!path.startsWith('node:')) {
        const name = path
          .split('/')
          .slice(0, path.startsWith('@') ? 2 : 1)
          .join('/');
        if (!allowed.has(name)) missing.add(`${file}: ${name}`);
      }
    }
  };
  visit('bin/siphonwatch.ts');
  expect(seen.size).toBeGreaterThan(150);
  expect([...missing]).toEqual([]);
});

it('the demo looks for every development tool that it needs, and says in one sentence which are missing', () => {
  const { dependencies } = JSON.parse(textOf('package.json')) as { dependencies: Record<string, string> };
  const needed = PRINTED.filter((path) =>
    /^(bin|lib\/(?:emulator|infra))\/.*\.m?ts$|^lib\/emulator\/.*\.mjs$/.test(path),
  )
    .flatMap((path) => [
      ...textOf(path).matchAll(/(?:^import [^']*|\bfrom |\bimport\()'((?:@[^/']+\/)?[^./'@][^/']*)/gm),
    ])
    .map(([, name = '']) => name)
    .filter((name) => !name.startsWith('node:') && dependencies[name] === undefined);
  expect([...new Set(needed)].sort()).toEqual(DEVELOPMENT_PACKAGES);
  expect(() => checkDevelopmentPackages()).not.toThrow();
  expect(() => checkDevelopmentPackages('/a/folder/without.js')).toThrow(
    `needs the development tools, which are not installed (${DEVELOPMENT_PACKAGES.join(', ')}): npm ci --prefix `,
  );
});
