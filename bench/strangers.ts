import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BacktestResult } from '../lib/backtest/outcome.ts';
import { binomialInterval } from '../lib/statistics/binomial-interval.ts';
import { developmentKeyring } from '../lib/telemetry/keys.ts';
import { createRecorder } from '../lib/telemetry/recorder.ts';
import { type Analyst, RIGHT, Verdicts } from './strangers/analyst.ts';
import { poisoned } from './strangers/poison.ts';
import { judge, type Learnt, labelRows, learn, type Recorded, recorded } from './strangers/product.ts';

/**
 * Detection on traffic of another make than the library's, through the commands that a deployment uses: learn from a first
 * fortnight without labels (DIR/strangers/p1-*), judge the second (p2-*).
 *   keys      nobody has said anything, under several keys: another key is another draw of all chance in the learning
 *   verdicts  the accounts that `calibrate --review` asks about are answered from the labels, forty entries a round
 *   poison    other shares of attackers in the past; from a twentieth on with verdicts too
 * Usage: npm run bench:strangers -- --data DIR [--only keys,verdicts,poison] [--keys benchmark,second,third]
 *   [--shares 0,0.01,0.05,0.12,0.2]
 */
const ROUND = 40;
const ROUNDS = [1, 2];
const ANALYSTS: Readonly<Record<string, Analyst>> = {
  'all right': RIGHT,
  'a tenth wrong': { wrong: 0.1, missing: 0 },
  'a fifth wrong': { wrong: 0.2, missing: 0 },
  'a tenth wrong, the largest honest groups': { wrong: 0, missing: 0, wrongGroups: 0.1 },
  'a third missing': { wrong: 0, missing: 1 / 3 },
};
const SHARES = [0, 0.01, 0.05, 0.12, 0.2];
/** Share of attackers in the past from which on verdicts are measured too. */
const STRONG = 0.05;

function option(name: string, otherwise: string): string[] {
  const at = process.argv.indexOf(name);
  return ((at < 0 ? undefined : process.argv[at + 1]) ?? otherwise).split(',');
}

const out = (line: string): boolean => process.stdout.write(`${line}\n`);
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

interface Bench {
  readonly folder: string;
  readonly work: string;
}

async function main({ folder, work }: Bench): Promise<void> {
  const wanted = option('--only', 'keys,verdicts,poison');
  const keys = option('--keys', 'benchmark,second,third');
  const first = await recorded(folder, work, keys[0] as string);
  if (wanted.includes('keys')) await underKeys(first, keys.slice(1), { folder, work });
  if (wanted.includes('verdicts')) await withVerdicts(first, work);
  if (wanted.includes('poison')) await underPoison(first, work);
}

async function underKeys(first: Recorded, more: readonly string[], bench: Bench): Promise<void> {
  const calibration = join(bench.work, 'calibration.json');
  const recalls: number[] = [];
  for (const key of [first.key[1], ...more]) {
    const of = key === first.key[1] ? first : await recorded(bench.folder, bench.work, key);
    const learnt = await learn(of, calibration);
    const found = await judge(of, calibration);
    print(`key ${key}, no verdicts`, learnt, found);
    if (found.accounts !== undefined)
      recalls.push(found.accounts.extractionFlagged / found.accounts.extraction);
  }
  const mean = recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length;
  out(
    `\n${recalls.length} keys: recall ${percent(mean)} on average, ${percent(Math.min(...recalls))} to ${percent(Math.max(...recalls))}`,
  );
}

async function withVerdicts(of: Recorded, work: string): Promise<void> {
  const { head, rows } = await labelRows(of.labels);
  for (const [name, analyst] of Object.entries(ANALYSTS))
    await teach(of, new Verdicts(head, byAnyName(rows, of), analyst), { work, rounds: ROUNDS, name });
}

interface Lesson {
  readonly work: string;
  /** rounds of the review after which is measured */
  readonly rounds: readonly number[];
  readonly name: string;
}

/** Answers the review a round at a time, and learns anew with all that was said. */
async function teach(of: Recorded, verdicts: Verdicts, { work, rounds, name }: Lesson): Promise<void> {
  const calibration = join(work, 'verdicts.json');
  for (let round = 0; round <= Math.max(...rounds); round++) {
    const said = await verdicts.write(join(work, 'verdicts.csv'));
    const learnt = await learn(of, calibration, [...said, '--review', String(ROUND)]);
    if (rounds.includes(round))
      print(
        `${round * ROUND} entries of the review (${verdicts.size} accounts), ${name}`,
        learnt,
        await judge(of, calibration),
      );
    verdicts.answer(learnt.review);
  }
}

async function underPoison(of: Recorded, work: string): Promise<void> {
  const past = join(work, 'poisoned.ndjson');
  const { head, rows } = await labelRows(of.labels);
  const named = byAnyName(rows, of);
  const extraction = new Set(
    [...named].flatMap(([account, row]) => (row.split(',')[1] === 'extraction' ? [account] : [])),
  );
  for (const share of option('--shares', SHARES.join()).map(Number)) {
    const { hidden, copies } = await poisoned(of, { share, extraction }, past);
    const known = new Map(named);
    for (const [copy, source] of copies)
      known.set(copy, [copy, ...(named.get(source) ?? '').split(',').slice(1)].join(','));
    await teach({ ...of, past }, new Verdicts(head, known, RIGHT), {
      work,
      rounds: share >= STRONG ? [0, ...ROUNDS] : [0],
      name: `${hidden} attackers in the past (${percent(share)})`,
    });
  }
}

/** Rows by account and by pseudonym: a review names accounts as the labels do where it has any. */
function byAnyName(rows: ReadonlyMap<string, string>, { key }: Recorded): ReadonlyMap<string, string> {
  const { pseudonym } = createRecorder({ keys: developmentKeyring(key[1]) });
  return new Map(
    [...rows].flatMap(([account, row]) => [[account, row] as const, [pseudonym(account), row] as const]),
  );
}

function print(what: string, { accounts: past, levels }: Learnt, found: BacktestResult): void {
  const { accounts, byKind = {}, campaigns = [] } = found;
  if (accounts === undefined) return;
  const [low, high] = accounts.fprInterval;
  out(
    `\n${what}; ${past} accounts of the past, suspect at ${((levels.suspect ?? 0) * 100).toFixed(2)} % a month, ${levels.groups === undefined ? 'nobody through groups' : `through groups at most ${(levels.groups * 100).toFixed(2)} %`}`,
  );
  out(
    `benign flagged ${accounts.benignFlagged} of ${accounts.benign} (95 %: ${percent(low)} to ${percent(high)})`,
  );
  const [least, most] = binomialInterval(accounts.extractionFlagged, accounts.extraction);
  out(
    `extraction flagged ${accounts.extractionFlagged} of ${accounts.extraction} (${percent(least)} to ${percent(most)})`,
  );
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

const data = process.argv.includes('--data') ? option('--data', '')[0] : undefined;
if (data === undefined)
  process.stderr.write('bench:strangers: skipped, it needs labelled traffic: --data DIR\n');
else {
  const work = await mkdtemp(join(tmpdir(), 'siphonwatch-strangers-'));
  try {
    await main({ folder: join(data, 'strangers'), work });
  } finally {
    await rm(work, { recursive: true });
  }
}
