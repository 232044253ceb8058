import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BacktestResult } from '../lib/backtest/outcome.ts';
import { developmentKeyring } from '../lib/telemetry/keys.ts';
import { createRecorder } from '../lib/telemetry/recorder.ts';

/**
 * Detection on traffic of another make than the library's: learn from a first fortnight without labels (DIR/strangers/p1-*),
 * judge the second (p2-*), through the commands that a deployment uses. Then again with verdicts: the accounts that `calibrate --review`
 * asks about are answered from the labels. Usage: npm run bench:strangers -- --data DIR [--verdicts 0,40,80]
 */
const SEED = 'benchmark';

function option(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}

const bin = fileURLToPath(new URL('../bin/siphonwatch.mjs', import.meta.url));

function siphonwatch(...words: string[]): string {
  const run = spawnSync(process.execPath, [bin, ...words, '--key-seed', SEED, '--json'], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (run.status !== 0)
    throw new Error(`${words[0] ?? ''} ended with ${run.status}: ${run.stderr.slice(-2000)}`);
  return run.stdout;
}

interface Reviewed {
  readonly accounts: number;
  readonly levels: { readonly suspect?: number };
  readonly review?: readonly { readonly accounts: readonly string[] }[];
}

function main(folder: string): void {
  const files = (part: string): string[] =>
    readdirSync(folder)
      .filter((name) => name.startsWith(`${part}-`) && name.endsWith('.ndjson.gz'))
      .sort()
      .map((name) => join(folder, name));
  const labels = join(folder, 'labels.csv');
  const [head = '', ...rows] = readFileSync(labels, 'utf8').trim().split('\n');
  const { pseudonym } = createRecorder({ keys: developmentKeyring(SEED) });
  const rowOf = new Map(
    rows.flatMap((row) => [
      [row.split(',')[0] ?? '', row],
      [pseudonym(row.split(',')[0] ?? ''), row],
    ]),
  );
  const work = mkdtempSync(join(tmpdir(), 'siphonwatch-strangers-'));
  const calibration = join(work, 'calibration.json');
  const verdicts = join(work, 'verdicts.csv');
  const answered = new Set<string>();
  let asked = 0;
  try {
    for (const wanted of (option('--verdicts') ?? '0,40,80').split(',').map(Number)) {
      if (wanted > asked) {
        const learnt = learn(files('p1'), wanted - asked);
        for (const { accounts } of learnt.review ?? [])
          for (const account of accounts) {
            const row = rowOf.get(account);
            if (row !== undefined) answered.add(row);
          }
        asked = wanted;
      }
      const learnt = learn(files('p1'), 1);
      const found = JSON.parse(
        siphonwatch('backtest', ...files('p2'), '--labels', labels, '--calibration', calibration),
      ) as BacktestResult;
      print(asked, answered.size, learnt, found);
    }
  } finally {
    rmSync(work, { recursive: true });
  }

  function learn(past: readonly string[], review: number): Reviewed {
    writeFileSync(verdicts, `${[head, ...answered].join('\n')}\n`);
    const said = answered.size === 0 ? [] : ['--labels', verdicts];
    return JSON.parse(
      siphonwatch('calibrate', ...past, ...said, '--out', calibration, '--review', String(review)),
    ) as Reviewed;
  }
}

function print(asked: number, answered: number, learnt: Reviewed, found: BacktestResult): void {
  const { accounts, byKind = {}, campaigns = [] } = found;
  if (accounts === undefined) return;
  const out = (line: string): boolean => process.stdout.write(`${line}\n`);
  const interval = accounts.fprInterval.map((bound) => `${(bound * 100).toFixed(2)} %`).join(' to ');
  out(
    `\n${asked} entries of the review answered (${answered} accounts); ${learnt.accounts} accounts of the past, suspect at ${((learnt.levels.suspect ?? 0) * 100).toFixed(2)} % a month`,
  );
  out(`benign flagged ${accounts.benignFlagged} of ${accounts.benign} (95 %: ${interval})`);
  out(`extraction flagged ${accounts.extractionFlagged} of ${accounts.extraction}`);
  for (const [kind, held] of Object.entries(byKind))
    if (held.label === 'extraction' || held.flagged > 0)
      out(
        `  ${held.label} ${kind}: ${held.flagged} of ${held.accounts}${held.medianHoursToFlag === null ? '' : `, median ${Math.round(held.medianHoursToFlag)} h`}`,
      );
  for (const held of campaigns)
    if (held.accounts > 1)
      out(
        `  campaign ${held.campaign}: ${Math.round(held.memberRecall * held.accounts)} of ${held.accounts} named, ${held.foreignMembers} foreign`,
      );
}

const data = option('--data');
if (data === undefined)
  process.stderr.write('bench:strangers: skipped, it needs labelled traffic: --data DIR\n');
else main(join(data, 'strangers'));
