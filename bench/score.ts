import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { nodeOptions } from '../lib/contract/environment.ts';
import { BUNDLED } from '../lib/infra/bundles.ts';
import { readSettings } from '../lib/infra/settings.ts';

/**
 * How near the score function comes to the machine's limit: `npm run bench:score -- --data DIR [--events N] [--rounds N] [--json FILE]`.
 * Runs bench/score/run.ts as the stack runs the function: in one bundle (but with its names, for the profiler), under the
 * same options of Node.js, by itself.
 */

const folder = mkdtempSync(join(tmpdir(), 'siphonwatch-score-'));
const bundle = join(folder, 'score.mjs');
try {
  buildSync({
    entryPoints: [fileURLToPath(new URL('score/run.ts', import.meta.url))],
    outfile: bundle,
    ...BUNDLED,
  });
  const { status } = spawnSync(process.execPath, [bundle, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, NODE_OPTIONS: nodeOptions(readSettings({}).scoreMemoryMb) },
  });
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
