import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/**
 * Builds the package from lib/telemetry: for `require` one JavaScript file an entry point (dist/cjs), for `import` a module that hands on its
 * exports by name (dist/esm), so that the code is in the package once and a process that does both has one copy of it
 * (https://nodejs.org/docs/latest-v20.x/api/packages.html#approach-1-use-an-es-module-wrapper); declarations beside each, and the JSON Schemas.
 * Dependencies of package.json stay outside.
 */
const folder = dirname(fileURLToPath(import.meta.url));
const sources = join(folder, '..', '..', 'lib', 'telemetry');
const dist = join(folder, 'dist');
const ENTRIES = ['index', 'kinesis'] as const;

rmSync(dist, { recursive: true, force: true });
await build({
  entryPoints: ENTRIES.map((name) => join(sources, `${name}.ts`)),
  outbase: join(sources, '..'),
  outdir: join(dist, 'cjs'),
  format: 'cjs',
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node20',
  charset: 'utf8',
  // small, as a gateway's image carries it
  minify: true,
  logLevel: 'warning',
});
const require = createRequire(import.meta.url);
mkdirSync(join(dist, 'esm', 'telemetry'), { recursive: true });
writeFileSync(join(dist, 'cjs', 'package.json'), '{"type":"commonjs"}\n');
writeFileSync(join(dist, 'esm', 'package.json'), '{"type":"module"}\n');
for (const name of ENTRIES) {
  const exported = Object.keys(require(join(dist, 'cjs', 'telemetry', `${name}.js`))).sort();
  writeFileSync(
    join(dist, 'esm', 'telemetry', `${name}.js`),
    `import module from '../../cjs/telemetry/${name}.js';\nexport const { ${exported.join(', ')} } = module;\n`,
  );
}

const compiler = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
execFileSync(process.execPath, [compiler, '-p', join(folder, 'tsconfig.json')], { stdio: 'inherit' });
cpSync(join(dist, 'esm'), join(dist, 'cjs'), {
  recursive: true,
  filter: (path) => !path.endsWith('.js') && !path.endsWith('.json'),
});

mkdirSync(join(dist, 'schema'));
for (const name of readdirSync(join(sources, 'schema')))
  if (name.endsWith('.schema.json')) cpSync(join(sources, 'schema', name), join(dist, 'schema', name));
