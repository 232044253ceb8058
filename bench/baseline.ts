import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

/**
 * What was measured when the code was last known to be as fast as it should be, in numbers that mean the same on another
 * machine: ratios of two measurements of one run, and bytes. `npm run bench -- --data DIR` compares with it.
 */
const FILE = fileURLToPath(new URL('baseline.json', import.meta.url));

const baseline = z.record(z.string(), z.number().positive());
export type Baseline = z.infer<typeof baseline>;

/** One number of a benchmark's JSON that is kept to a baseline. */
interface Measure {
  readonly bench: string;
  readonly name: string;
  /** how to find it in the JSON of the benchmark */
  readonly of: (json: unknown) => number | undefined;
  readonly better: 'more' | 'less';
  /** change that is noise on a busy machine, as a share of the baseline */
  readonly noise: number;
}

const scoreJson = z.object({
  ratio: z.record(z.string(), z.number()),
  bytesPerAccount: z.object({ median: z.number(), p99: z.number() }),
});

const backtestJson = z.object({
  growthOverEvents: z.number().optional(),
  storedBytesPerAccount: z.number().optional(),
  phases: z.record(z.string(), z.object({ eventsPerSecond: z.number(), processorSeconds: z.number() })),
});

const ofScore =
  (pick: (held: z.infer<typeof scoreJson>) => number | undefined) =>
  (json: unknown): number | undefined =>
    pick(scoreJson.parse(json));

const ofBacktest =
  (pick: (held: z.infer<typeof backtestJson>) => number | undefined) =>
  (json: unknown): number | undefined =>
    pick(backtestJson.parse(json));

/** Processor time of reading events as a share of that of replaying them. */
function replayed({ phases }: z.infer<typeof backtestJson>): number | undefined {
  const { read, events } = phases;
  return read === undefined || events === undefined
    ? undefined
    : read.processorSeconds / events.processorSeconds;
}

const ratio = (pace: string, name: string): Measure => ({
  bench: 'score',
  name,
  of: ofScore((held) => held.ratio[pace]),
  better: 'more',
  noise: 0.3,
});

export const MEASURES: readonly Measure[] = [
  ratio('10000', 'score: flushes of 10,000, of the bound'),
  ratio('1000', 'score: flushes of 1,000, of the bound'),
  ratio('natural', 'score: natural pace, of the bound'),
  {
    bench: 'score',
    name: 'score: bytes an account, median',
    of: ofScore((held) => held.bytesPerAccount.median),
    better: 'less',
    noise: 0.05,
  },
  {
    bench: 'score',
    name: 'score: bytes an account, p99',
    of: ofScore((held) => held.bytesPerAccount.p99),
    better: 'less',
    noise: 0.1,
  },
  {
    bench: 'backtest',
    name: 'backtest: reading, of the whole replay',
    of: ofBacktest(replayed),
    better: 'more',
    noise: 0.3,
  },
  {
    bench: 'backtest',
    name: 'backtest: memory after four times the events',
    of: ofBacktest((held) => held.growthOverEvents),
    better: 'less',
    noise: 0.15,
  },
  {
    bench: 'backtest',
    name: 'backtest: stored bytes an account',
    of: ofBacktest((held) => held.storedBytesPerAccount),
    better: 'less',
    noise: 0.1,
  },
];

export interface Comparison {
  readonly name: string;
  readonly baseline: number | undefined;
  readonly now: number;
  readonly verdict: 'regression' | 'as before' | 'better' | 'new';
}

/** @param measured JSON of each benchmark that ran, by its name */
export function compare(measured: ReadonlyMap<string, unknown>, known: Baseline): Comparison[] {
  return MEASURES.flatMap((measure): Comparison[] => {
    const json = measured.get(measure.bench);
    const now = json === undefined ? undefined : measure.of(json);
    if (now === undefined) return [];
    const before = known[measure.name];
    return [{ name: measure.name, baseline: before, now, verdict: verdictOf(measure, before, now) }];
  });
}

function verdictOf(
  { better, noise }: Measure,
  before: number | undefined,
  now: number,
): Comparison['verdict'] {
  if (before === undefined) return 'new';
  const gain = better === 'more' ? now / before : before / now;
  if (gain < 1 - noise) return 'regression';
  return gain > 1 + noise ? 'better' : 'as before';
}

/** @throws Error where the file is damaged */
export function readBaseline(): Baseline {
  return baseline.parse(JSON.parse(readFileSync(FILE, 'utf8')));
}

/** Replaces the numbers that were measured, and keeps the others. */
export function writeBaseline(known: Baseline, compared: readonly Comparison[]): void {
  const next = { ...known, ...Object.fromEntries(compared.map(({ name, now }) => [name, now])) };
  writeFileSync(FILE, `${JSON.stringify(next, null, 2)}\n`);
}
