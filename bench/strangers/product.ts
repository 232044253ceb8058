import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { BacktestResult } from '../../lib/backtest/outcome.ts';

/** The commands that a deployment uses, and what a fortnight is to them. */

const run = promisify(execFile);
const CLI = join(import.meta.dirname, '../../bin/siphonwatch.mjs');

/** @returns what it prints; throws with its last words where it fails */
export async function siphonwatch(...words: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [CLI, ...words], { maxBuffer: 2 ** 30 });
  return stdout;
}

/** Files of a fortnight, in order. */
export async function filesOf(folder: string, period: string): Promise<string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => name.startsWith(`${period}-`) && name.endsWith('.ndjson.gz'))
    .sort()
    .map((name) => join(folder, name));
}

/** Both fortnights as usage events under one key. Another key deals accounts into other folds: another draw of chance. */
export interface Recorded {
  readonly key: readonly ['--key-seed', string];
  readonly past: string;
  readonly test: string;
  readonly labels: string;
}

export async function recorded(folder: string, work: string, seed: string): Promise<Recorded> {
  const key = ['--key-seed', seed] as const;
  const [past, test] = [join(work, `${seed}.p1.ndjson`), join(work, `${seed}.p2.ndjson`)];
  await siphonwatch('record', ...(await filesOf(folder, 'p1')), ...key, '--out', past);
  await siphonwatch('record', ...(await filesOf(folder, 'p2')), ...key, '--out', test);
  return { key, past, test, labels: join(folder, 'labels.csv') };
}

/** What `calibrate --json` prints, as far as it is read here. */
export interface Learnt {
  readonly accounts: number;
  readonly levels: { readonly suspect?: number; readonly groups?: number };
  readonly review?: readonly { readonly accounts: readonly string[] }[];
}

export async function learn(
  of: Recorded,
  calibration: string,
  more: readonly string[] = [],
): Promise<Learnt> {
  return JSON.parse(
    await siphonwatch('calibrate', of.past, ...of.key, '--out', calibration, '--json', ...more),
  ) as Learnt;
}

export async function judge(of: Recorded, calibration: string): Promise<BacktestResult> {
  const asked = ['--labels', of.labels, '--calibration', calibration, '--json'];
  return JSON.parse(await siphonwatch('backtest', of.test, ...of.key, ...asked)) as BacktestResult;
}

/** Rows of a labels file, by account, and its header. */
export async function labelRows(
  file: string,
): Promise<{ readonly head: string; readonly rows: ReadonlyMap<string, string> }> {
  const [head = '', ...rows] = (await readFile(file, 'utf8')).trim().split('\n');
  return { head, rows: new Map(rows.map((row) => [row.split(',')[0] ?? '', row])) };
}

export async function* linesOf(file: string): AsyncGenerator<string> {
  yield* createInterface({ input: createReadStream(file) });
}
