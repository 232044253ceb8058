import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Comparison, compare, readBaseline, writeBaseline } from './baseline.ts';
import { BENCHMARKS, type Benchmark } from './benchmarks.ts';

/**
 * Every benchmark, one after the other, with the same arguments, and a comparison with the committed baseline:
 * `npm run bench -- --data DIR [--only score,backtest] [--update]`. DIR holds traffic/, strangers/ and answers/. Exit code 1 where
 * a benchmark failed, or where a number is worse than the baseline by more than its noise.
 */

const CHECKOUT = fileURLToPath(new URL('..', import.meta.url));

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    only: { type: 'string' },
    update: { type: 'boolean', default: false },
  },
});

function asked(): string[] {
  const names = Object.keys(BENCHMARKS);
  if (values.only === undefined) return names;
  const wanted = values.only.split(',');
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: not one of ${names.join(', ')}`);
  return names.filter((name) => wanted.includes(name));
}

/** Whether it ended well; its JSON, where it writes one, lies in `file` then. */
function ran(name: string, { data, args = [], compared }: Benchmark, file: string): boolean {
  const folder =
    values.data === undefined || data === undefined ? [] : ['--data', resolve(values.data, data)];
  const json = compared === undefined ? [] : ['--json', file];
  const run = spawnSync('npm', ['run', '--silent', `bench:${name}`, '--', ...folder, ...args, ...json], {
    cwd: CHECKOUT,
    stdio: 'inherit',
  });
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
    const benchmark = BENCHMARKS[name] ?? {};
    if (!ran(name, benchmark, file)) failed++;
    else if (benchmark.compared !== undefined && values.data !== undefined)
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
