import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { FUNCTIONS, NODE_OPTIONS, VARIABLES } from '../lib/contract/environment.ts';
import { bundle } from '../lib/infra/bundles.ts';

/**
 * What a cold start has to load: `npm run bench:bundles [-- --json]`. For each function the kilobytes that are read when it starts, those
 * of the whole bundle (the rest is loaded when it is needed), and how long Node takes to load it, the fastest of five processes.
 * Lambda's own start of the environment is not in it.
 */
const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });

const ROUNDS = 5;
const LATER = /(?:from|import)\s*"\.\/(later-[^"]+)"/g;

/** Bytes of a file and of those that it imports at once. */
function startBytes(folder: string, file = 'index.mjs', seen = new Set<string>()): number {
  if (seen.has(file)) return 0;
  seen.add(file);
  const text = readFileSync(join(folder, file), 'utf8');
  return [...text.matchAll(LATER)].reduce(
    (sum, [, name = '']) => sum + startBytes(folder, basename(name), seen),
    Buffer.byteLength(text),
  );
}

function allBytes(folder: string): number {
  const files = readdirSync(folder).filter((name) => name.endsWith('.mjs'));
  return files.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

/** Numbers and ARNs that a handler reads when it is loaded; of other variables the name will do. */
const PARSED: Readonly<Record<string, string>> = {
  ALLOWED_SKEW_SECONDS: '300',
  LOG_LEVEL: 'INFO',
  SECURITY_HUB: '',
  FINDING_DAYS: '1096',
};

function loadMs(folder: string): number {
  const told = Object.keys(VARIABLES).map((name) => [name, PARSED[name] ?? name.toLowerCase()]);
  const index = JSON.stringify(pathToFileURL(join(folder, 'index.mjs')).href);
  const probe = `const from = performance.now(); await import(${index}); process.stdout.write(String(performance.now() - from));`;
  const env = {
    ...process.env,
    ...Object.fromEntries(told),
    NODE_OPTIONS,
    AWS_REGION: 'us-east-1',
    // the SDK's notice about this Node is not the bundle's
    NODE_NO_WARNINGS: '1',
  };
  const times = Array.from({ length: ROUNDS }, () =>
    Number(execFileSync(process.execPath, ['--input-type=module', '-e', probe], { env, encoding: 'utf8' })),
  );
  return Math.min(...times);
}

const folder = mkdtempSync(join(tmpdir(), 'siphonwatch-bundles-'));
try {
  const rows = [...new Set(Object.values(FUNCTIONS).map(({ entry }) => entry))].map((entry) => {
    const name = basename(dirname(entry));
    const written = join(folder, name);
    bundle(entry, written);
    return {
      function: name,
      startBytes: startBytes(written),
      bytes: allBytes(written),
      loadMs: loadMs(written),
    };
  });
  if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
  else {
    process.stdout.write('function            at start    in all    loaded in\n');
    for (const { function: name, startBytes: start, bytes, loadMs: ms } of rows)
      process.stdout.write(
        `${name.padEnd(18)}${kb(start)} ${kb(bytes)} ${`${ms.toFixed(0)} ms`.padStart(12)}\n`,
      );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function kb(bytes: number): string {
  return `${(bytes / 1024).toFixed(0)} KB`.padStart(10);
}
