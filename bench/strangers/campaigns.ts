import { execFile } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGunzip } from 'node:zlib';
import { binomialInterval } from '../../lib/statistics/binomial-interval.ts';
import type { Exchange } from '../../lib/telemetry/exchange.ts';
import { parseExchange } from '../../lib/telemetry/parse-exchange.ts';
import { dataFolder } from '../traffic.ts';
import { plant, SLOW_CAMPAIGN } from './slow-campaign.ts';

/**
 * Campaigns on the traffic of strangers: `npm run bench:strangers-campaigns -- --data DIR [--slow [--days N]]`. DIR holds `strangers/`. Learns on the first
 * fortnight without labels, tests on the second, with the commands that anybody runs: record, calibrate, backtest. With --slow a
 * campaign of 300 slow accounts is planted into the first days of the second fortnight, four or so many.
 */

const run = promisify(execFile);
const CLI = join(import.meta.dirname, '../../bin/siphonwatch.mjs');
const KEY = ['--key-seed', 'benchmark'];

interface Outcome {
  readonly accounts: {
    readonly benign: number;
    readonly extraction: number;
    readonly benignFlagged: number;
    readonly extractionFlagged: number;
  };
  readonly byKind: Readonly<Record<string, { label: string; accounts: number; flagged: number }>>;
  readonly campaigns: readonly {
    campaign: string;
    kind: string;
    accounts: number;
    memberRecall: number;
    hoursToFlag: number | null;
    foreignMembers: number;
  }[];
  readonly flags: readonly { account: string; via: string }[];
}

async function siphonwatch(...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [CLI, ...args], { maxBuffer: 1 << 28 });
  return stdout;
}

async function* exchangesIn(files: readonly string[]): AsyncGenerator<Exchange> {
  for (const file of files) {
    const lines = createInterface({ input: createReadStream(file).pipe(createGunzip()) });
    for await (const line of lines) {
      const parsed = parseExchange(JSON.parse(line));
      if (parsed.ok) yield parsed.exchange;
    }
  }
}

async function filesOf(folder: string, period: string): Promise<string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => name.startsWith(`${period}-`))
    .sort()
    .map((name) => join(folder, name));
}

async function write(file: string, lines: readonly string[]): Promise<void> {
  await pipeline(Readable.from(lines.map((line) => `${line}\n`)), createWriteStream(file));
}

/** The second fortnight's exchanges with those of the planted campaign, in order of time; and the labels of both. */
async function withSlowCampaign(
  folder: string,
  files: readonly string[],
  { work: to, days }: { readonly work: string; readonly days: number },
): Promise<string> {
  const labels = await readFile(join(folder, 'labels.csv'), 'utf8');
  const extraction = new Set(
    labels
      .split('\n')
      .flatMap((line) => (line.includes(',extraction,') ? [line.split(',')[0] as string] : [])),
  );
  const all: Exchange[] = [];
  for await (const exchange of exchangesIn(files)) all.push(exchange);
  const [first] = all;
  if (first === undefined) throw new Error('the second fortnight is empty');
  const asked = all.filter(({ account }) => extraction.has(account));
  const planted = plant(asked, { ...SLOW_CAMPAIGN, days, from: Date.parse(first.time) });
  const last = planted[planted.length - 1]?.time ?? first.time;
  // the planted days and one more are enough to see who is found, and when
  const until = new Date(Date.parse(last) + 86_400_000).toISOString();
  const merged = [...all.filter(({ time }) => time <= until), ...planted].sort((a, b) =>
    a.time < b.time ? -1 : 1,
  );
  const file = join(to, 'p2.exchanges.ndjson');
  await write(
    file,
    merged.map((exchange) => JSON.stringify(exchange)),
  );
  const more = new Set(planted.map(({ account }) => `${account},extraction,slow,slow`));
  await write(join(to, 'labels.csv'), [labels.trimEnd(), ...more]);
  return file;
}

/** @param days that a slow campaign lasts; undefined: there is none */
async function measure(data: string, days: number | undefined): Promise<Outcome> {
  const folder = join(data, 'strangers');
  const work = await mkdtemp(join(tmpdir(), 'siphonwatch-bench-'));
  try {
    const past = join(work, 'p1.ndjson');
    const test = join(work, 'p2.ndjson');
    const calibration = join(work, 'calibration.json');
    await siphonwatch('record', ...(await filesOf(folder, 'p1')), ...KEY, '--out', past);
    let second = await filesOf(folder, 'p2');
    let labels = join(folder, 'labels.csv');
    if (days !== undefined) {
      second = [await withSlowCampaign(folder, second, { work, days })];
      labels = join(work, 'labels.csv');
    }
    await siphonwatch('record', ...second, ...KEY, '--out', test);
    await siphonwatch('calibrate', past, ...KEY, '--out', calibration);
    const args = ['--labels', labels, '--calibration', calibration, '--json'];
    return JSON.parse(await siphonwatch('backtest', test, ...KEY, ...args)) as Outcome;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function print({ accounts, campaigns, byKind, flags }: Outcome): void {
  const [low, high] = binomialInterval(accounts.benignFlagged, accounts.benign);
  const put = (line: string): boolean => process.stdout.write(`${line}\n`);
  put(
    `benign accounts named: ${accounts.benignFlagged} of ${accounts.benign} (95 % interval ${percent(low)} to ${percent(high)})`,
  );
  put(`extraction accounts named: ${accounts.extractionFlagged} of ${accounts.extraction}`);
  const via = (path: string): number => flags.filter((flag) => flag.via === path).length;
  put(`first named by a campaign: ${via('campaign')}, by the account's own finding: ${via('account')}`);
  put('| campaign | kind | accounts | named | hours to the first |\n|---|---|---|---|---|');
  for (const { campaign, kind, accounts: size, memberRecall, hoursToFlag } of campaigns)
    put(
      `| ${campaign} | ${kind} | ${size} | ${Math.round(memberRecall * size)} | ${hoursToFlag === null ? '-' : hoursToFlag.toFixed(1)} |`,
    );
  const wronged = Object.entries(byKind).filter(([, held]) => held.label === 'benign' && held.flagged > 0);
  for (const [kind, held] of wronged) put(`benign kind ${kind}: ${held.flagged} of ${held.accounts}`);
}

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;

const data = dataFolder(process.argv, 'bench:strangers-campaigns');
if (data !== undefined) {
  const at = process.argv.indexOf('--days');
  const days = at < 0 ? SLOW_CAMPAIGN.days : Number(process.argv[at + 1]);
  print(await measure(data, process.argv.includes('--slow') ? days : undefined));
}
