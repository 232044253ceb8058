import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { applyBatch } from '../lambdas/score/apply-batch.ts';
import { decodeBatch, type KinesisRecord } from '../lambdas/score/decode-batch.ts';
import type { Rules } from '../lib/detection/judge.ts';
import { defaultPolicy } from '../lib/policy/policy.ts';
import { defaultCalibration } from '../lib/scoring/default-calibration.ts';
import { CODE_VERSION } from '../lib/version.ts';
import { FactStore, ItemStore, PromptStore } from './score/item-store.ts';
import { PHASES, type Phase, phasesOf } from './score/phases.ts';
import {
  type EventLines,
  type Flush,
  flushesOf,
  flushesWithin,
  readLines,
  recordsOf,
  trafficFiles,
} from './score/traffic.ts';
import { dataFolder } from './traffic.ts';

/**
 * How near the score function comes to the machine's limit: `npm run bench:score -- --data DIR [--json FILE]`.
 *
 * The limit is to decompress the records and to JSON.parse their lines, and nothing else. The work is everything that the
 * function does with them but waiting: decode, load, fold, judge, encode, over stores that keep encoded items in memory.
 * Both are timed on the same records, a flush of one and then of the other, in time of the processor over all threads of
 * the process, so that neither a busy machine nor a garbage collector on another core makes them look faster or slower.
 */

const WARM_UP_EVENTS = 20_000;

/** Batching window of the deployed function, ms (setting batchWindowSeconds). */
const NATURAL_MS = 5000;

const PACES = {
  10000: (lines: EventLines) => flushesOf(lines, 10_000),
  1000: (lines: EventLines) => flushesOf(lines, 1000),
  natural: (lines: EventLines) => flushesWithin(lines, NATURAL_MS),
} as const;
type Pace = keyof typeof PACES;

interface Measured {
  readonly flushes: number;
  readonly boundPerSecond: number;
  readonly scorePerSecond: number;
  readonly phases: Record<Phase, number>;
  readonly store: ItemStore;
  readonly digest: string;
}

const rules: Rules = {
  policy: defaultPolicy,
  calibration: defaultCalibration,
  code: CODE_VERSION,
  shadow: false,
};

/** Decompresses and parses: what no reader of such records can leave out. */
function bound(records: readonly KinesisRecord[]): number {
  let parsed = 0;
  for (const { kinesis } of records)
    for (const line of gunzipSync(Buffer.from(kinesis.data, 'base64')).toString('utf8').split('\n'))
      if (line !== '') parsed += JSON.parse(line) === null ? 0 : 1;
  return parsed;
}

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

class Work {
  readonly store = new ItemStore();
  readonly #beside = { links: new FactStore(), prompts: new PromptStore() };

  async score(records: readonly KinesisRecord[]): Promise<number> {
    const { arrivals, setAside } = decodeBatch(records, {
      permittedSkew: 300_000,
      trustReplayClock: false,
      developmentKeys: true,
    });
    if (setAside.length > 0) throw new Error(`set aside: ${setAside[0]?.reason.message}`);
    const applied = await applyBatch(arrivals, this.store, rules, this.#beside);
    let used = 0;
    for (const { steps } of applied) for (const step of steps) used += step.used + step.late + step.repeated;
    return used;
  }
}

/** A flush as the function gets it. */
interface Batch {
  readonly records: readonly KinesisRecord[];
  readonly events: number;
}

/**
 * Rounds over the same flushes, of which the fastest of each flush counts, for the bound and for the work: what else runs on
 * the machine slows some of them down, and never makes one faster.
 */
async function measure(lines: EventLines, flushes: Iterable<Flush>, rounds: number): Promise<Measured> {
  const batches: Batch[] = [];
  for (const flush of flushes)
    batches.push({ records: recordsOf(lines, flush), events: flush.to - flush.from });
  await warmUp(batches);
  const inBound = new Float64Array(batches.length).fill(Number.POSITIVE_INFINITY);
  const inWork = inBound.slice();
  let work = new Work();
  for (let round = 0; round < rounds; round++) {
    work = new Work();
    for (const [at, { records, events }] of batches.entries()) {
      let began = processorMs();
      bound(records);
      inBound[at] = Math.min(inBound[at] as number, processorMs() - began);
      began = processorMs();
      const scored = await work.score(records);
      inWork[at] = Math.min(inWork[at] as number, processorMs() - began);
      if (scored !== events) throw new Error(`${scored} of ${events} events were scored`);
    }
  }
  const again = new Work();
  const phases = await phasesOf(async () => {
    for (const { records } of batches) await again.score(records);
  });
  const perSecond = (times: Float64Array): number =>
    Math.round((1000 * lines.count) / times.reduce((sum, time) => sum + time, 0));
  return {
    flushes: batches.length,
    boundPerSecond: perSecond(inBound),
    scorePerSecond: perSecond(inWork),
    phases,
    store: work.store,
    digest: work.store.digest(),
  };
}

/** What compiles at first is not the machine's limit, nor the function's: both begin warm. */
async function warmUp(batches: readonly Batch[]): Promise<void> {
  const work = new Work();
  let warmed = 0;
  for (const { records, events } of batches) {
    bound(records);
    await work.score(records);
    warmed += events;
    if (warmed >= WARM_UP_EVENTS) break;
  }
}

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
