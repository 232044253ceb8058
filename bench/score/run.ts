import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { LATENCY } from '../../lib/infra/latency.ts';
import { dataFolder } from '../traffic.ts';
import type { ItemStore } from './item-store.ts';
import { type Measured, measure } from './measure.ts';
import { PHASES, type Phase } from './phases.ts';
import { type EventLines, flushesOf, flushesWithin, readLines, trafficFiles } from './traffic.ts';

/**
 * How near the score function comes to the machine's limit: `npm run bench:score -- --data DIR [--json FILE]`.
 *
 * The limit is to decompress the records and to JSON.parse their lines, and nothing else. The work is everything that the
 * function does with them but waiting: decode, load, fold, judge, encode, over stores that keep encoded items in memory.
 * Both are timed on the same records, a flush of one and then of the other, in time of the processor over all threads of
 * the process, so that neither a busy machine nor a garbage collector on another core makes them look faster or slower.
 */

/** Batching window of the latency `seconds`, ms: the shortest, which has the fewest events in a batch. */
const NATURAL_MS = 1000 * LATENCY.seconds.batchWindowSeconds;

const PACES = {
  10000: (lines: EventLines) => flushesOf(lines, 10_000),
  1000: (lines: EventLines) => flushesOf(lines, 1000),
  natural: (lines: EventLines) => flushesWithin(lines, NATURAL_MS),
} as const;
type Pace = keyof typeof PACES;

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;

function sizes(store: ItemStore): Record<'median' | 'p99' | 'hotMedian' | 'hotP99', number> {
  const held = [...store.bytes()];
  const all = held.map((size) => size.all).sort((a, b) => a - b);
  const hot = held.map((size) => size.hot).sort((a, b) => a - b);
  return {
    median: quantile(all, 0.5),
    p99: quantile(all, 0.99),
    hotMedian: quantile(hot, 0.5),
    hotP99: quantile(hot, 0.99),
  };
}

interface Asked {
  readonly events: number;
  readonly rounds: number;
  readonly json: string | undefined;
}

async function run(folder: string, asked: Asked): Promise<void> {
  process.stderr.write('reading, and recording exchanges\n');
  const lines = await readLines(await trafficFiles(folder), asked.events);
  process.stdout.write(`${lines.count} usage events of ${lines.accounts} accounts\n`);
  const measured = {} as Record<Pace, Measured>;
  for (const pace of ['10000', '1000', 'natural'] as unknown as Pace[]) {
    measured[pace] = await measure(lines, PACES[pace](lines), asked.rounds);
    print(pace, measured[pace], lines.count);
  }
  const each = <T>(pick: (held: Measured) => T): Record<Pace, T> => ({
    10000: pick(measured[10000]),
    1000: pick(measured[1000]),
    natural: pick(measured.natural),
  });
  const result = {
    boundPerSecond: measured[10000].boundPerSecond,
    scorePerSecond: each((held) => held.scorePerSecond),
    ratio: each((held) => Number((held.scorePerSecond / held.boundPerSecond).toFixed(4))),
    bytesPerAccount: sizes(measured[10000].store),
    boundPerSecondOf: each((held) => held.boundPerSecond),
    flushes: each((held) => held.flushes),
    phases: each((held) => held.phases),
    digest: each((held) => held.digest),
    events: lines.count,
    accounts: lines.accounts,
  };
  const { median, p99, hotMedian, hotP99 } = result.bytesPerAccount;
  process.stdout.write(
    `bytes an account: median ${median}, p99 ${p99} (hot item: ${hotMedian}, ${hotP99})\n`,
  );
  if (asked.json !== undefined) await writeFile(asked.json, `${JSON.stringify(result, null, 2)}\n`);
}

function print(pace: Pace, held: Measured, events: number): void {
  const name = pace === 'natural' ? `natural (${NATURAL_MS / 1000} s)` : `flushes of ${pace}`;
  const share = (phase: Phase): string => `${phase} ${(100 * held.phases[phase]).toFixed(0)} %`;
  process.stdout.write(
    `${name.padEnd(18)} ${held.scorePerSecond} events a second, ${(held.scorePerSecond / held.boundPerSecond).toFixed(3)} of the bound of ${held.boundPerSecond}; ${(events / held.flushes).toFixed(1)} events a flush; ${PHASES.map(share).join(', ')}\n`,
  );
}

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    json: { type: 'string' },
    events: { type: 'string' },
    rounds: { type: 'string', default: '3' },
  },
});
const folder = dataFolder(process.argv, 'bench:score');
if (folder !== undefined)
  await run(folder, {
    events: Number(values.events ?? Number.POSITIVE_INFINITY),
    rounds: Number(values.rounds),
    json: values.json,
  });
