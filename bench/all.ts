import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Comparison, compare, readBaseline, writeBaseline } from './baseline.ts';

/**
 * Every benchmark, one after the other, with the same arguments, and a comparison with the committed baseline:
 * `npm run bench -- --data DIR [--only score,backtest] [--update]`. DIR holds traffic/, strangers/ and answers/. Exit code 1 where
 * a benchmark failed, or where a number is worse than the baseline by more than its noise.
 */

/** Benchmarks, the folder of DIR that each reads, and whether it writes JSON that is compared. */
const BENCHMARKS = {
  recorder: { folder: 'traffic', json: false },
  score: { folder: 'traffic', json: true },
  backtest: { folder: 'traffic', json: true },
  strangers: { folder: '', json: false },
  detect: { folder: 'traffic', json: false },
  campaigns: { folder: 'traffic', json: false },
  documents: { folder: 'traffic', json: false },
  forensics: { folder: 'answers', json: false },
} as const;
type Benchmark = keyof typeof BENCHMARKS;

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    only: { type: 'string' },
    update: { type: 'boolean', default: false },
  },
});

function asked(): Benchmark[] {
  const names = Object.keys(BENCHMARKS) as Benchmark[];
  if (values.only === undefined) return names;
  const wanted = values.only.split(',');
  const unknown = wanted.find((name) => !names.some((known) => known === name));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: not one of ${names.join(', ')}`);
  return names.filter((name) => wanted.includes(name));
}

/** Whether it ended well; its JSON, where it writes one, lies in `file` then. */
function ran(name: Benchmark, file: string): boolean {
  const { folder, json } = BENCHMARKS[name];
  const data = values.data === undefined ? [] : ['--data', join(values.data, folder)];
  const script = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  // ratios need no fortnight of traffic
  const few = name === 'score' ? ['--events', '40000'] : [];
  const options = ['--max-semi-space-size=64', '--import', 'tsx'];
  const run = spawnSync(
    process.execPath,
    [...options, script, ...data, ...few, ...(json ? ['--json', file] : [])],
    {
      stdio: 'inherit',
    },
  );
  return run.status === 0;
}

function print(compared: readonly Comparison[]): void {
  process.stdout.write('\n== against the baseline (bench/baseline.json)\n');
  const short = (value: number | undefined): string =>
    value === undefined ? '-' : String(Number(value.toPrecision(3)));
  for (const { name, baseline, now, verdict } of compared)
    process.stdout.write(
      `${name.padEnd(48)} ${short(baseline).padStart(8)} ${short(now).padStart(8)}  ${verdict}\n`,
    );
}

const folder = mkdtempSync(join(tmpdir(), 'siphonwatch-bench-'));
try {
  const measured = new Map<string, unknown>();
  let failed = 0;
  for (const name of asked()) {
    process.stdout.write(`\n== ${name}\n`);
    const file = join(folder, `${name}.json`);
    if (!ran(name, file)) failed++;
    else if (BENCHMARKS[name].json && values.data !== undefined)
      measured.set(name, JSON.parse(readFileSync(file, 'utf8')));
  }
  const compared = compare(measured, readBaseline());
  if (compared.length > 0) print(compared);
  if (values.update) writeBaseline(readBaseline(), compared);
  const worse = compared.filter(({ verdict }) => verdict === 'regression').length;
  process.exitCode = failed === 0 && (worse === 0 || values.update) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
