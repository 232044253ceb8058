import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

/**
 * Builds the package from lib/telemetry: one JavaScript file an entry point for `import` (dist/esm) and one for
 * `require` (dist/cjs), declarations beside each, and the JSON Schemas. Dependencies of package.json stay outside.
 */
const folder = dirname(fileURLToPath(import.meta.url));
const sources = join(folder, '..', '..', 'lib', 'telemetry');
const dist = join(folder, 'dist');
const KINDS = { esm: 'module', cjs: 'commonjs' } as const;

/** Pages that rows of the adapters' tables cite: for whoever reads the sources, and read by no code. */
const CITED = /^ *source:\s+'https?:[^'\n]*',\n/gm;
const withoutCitations: Plugin = {
  name: 'without-citations',
  setup({ onLoad }) {
    onLoad({ filter: /telemetry[\\/]adapters[\\/][\w-]+\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(CITED, ''),
      loader: 'ts',
    }));
  },
};

rmSync(dist, { recursive: true, force: true });
for (const [format, type] of Object.entries(KINDS)) {
  await build({
    entryPoints: [join(sources, 'index.ts'), join(sources, 'kinesis.ts')],
    outbase: join(sources, '..'),
    outdir: join(dist, format),
    format: format as keyof typeof KINDS,
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20',
    charset: 'utf8',
    // both forms of it are in the package; small, as a gateway's image carries it
    minify: true,
    plugins: [withoutCitations],
    logLevel: 'warning',
  });
  writeFileSync(join(dist, format, 'package.json'), `${JSON.stringify({ type })}\n`);
}

const compiler = join(
  dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
  'bin',
  'tsc',
);
execFileSync(process.execPath, [compiler, '-p', join(folder, 'tsconfig.json')], { stdio: 'inherit' });
cpSync(join(dist, 'esm'), join(dist, 'cjs'), {
  recursive: true,
  filter: (path) => !path.endsWith('.js') && !path.endsWith('.json'),
});

mkdirSync(join(dist, 'schema'));
for (const name of readdirSync(join(sources, 'schema')))
  if (name.endsWith('.schema.json')) cpSync(join(sources, 'schema', name), join(dist, 'schema', name));
