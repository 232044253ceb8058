import { seeded } from '../../lib/statistics/random.ts';
import type { Target } from './target.ts';
import { TARGETS } from './targets.ts';

export interface Fuzzed {
  readonly inputs: number;
  /** target, number of the input, what happened */
  readonly failures: readonly string[];
  readonly slowestMs: number;
  readonly slowest: string;
  /** growth of the live heap, MB */
  readonly grownMb: number;
}

/** ms of processor time that one input may take */
const LIMIT_MS = 1000;
const FAILURES_KEPT = 20;

const ROUNDS = 10;
/** Targets in the order in which they get their inputs: dear ones once in ten rounds. */
const TURNS: readonly Target[] = Array.from({ length: ROUNDS }, (_, round) =>
  TARGETS.filter(({ every = 1 }) => round % every === 0),
).flat();

/** Inputs after which other work gets its turn, as between the batches of a function: Node lets go of what failed in zlib only then. */
const BATCH = 1000;

/** Gives `inputs` inputs to the targets in turn. The same seed gives the same inputs. */
export async function fuzz(inputs: number, seed: number): Promise<Fuzzed> {
  const uniform = seeded(seed);
  const failures: string[] = [];
  const failed = new Map<string, number>();
  let slowestMs = 0;
  let slowest = '';
  const before = await liveMb();
  for (let i = 0; i < inputs; i++) {
    if (i % BATCH === 0) await othersTurn();
    const target = TURNS[i % TURNS.length];
    if (target === undefined) break;
    const read = target.input(uniform);
    const began = process.cpuUsage();
    try {
      const answer = read();
      if (answer instanceof Promise) await answer;
    } catch (error) {
      const refused = target.refuses.some((kind) => error instanceof kind);
      const often = failed.get(target.name) ?? 0;
      failed.set(target.name, often + 1);
      if ((!refused || error instanceof RangeError || error instanceof TypeError) && often < 3)
        failures.push(`${target.name}, input ${i}: ${String(error).slice(0, 200)}`);
    }
    const { user, system } = process.cpuUsage(began);
    const ms = (user + system) / 1000;
    if (ms > slowestMs) {
      slowestMs = ms;
      slowest = `${target.name}, input ${i}`;
    }
    if (ms > LIMIT_MS) failures.push(`${target.name}, input ${i}: took ${ms.toFixed(0)} ms`);
    if (failures.length >= FAILURES_KEPT) break;
  }
  return { inputs, failures, slowestMs, slowest, grownMb: Math.max(0, (await liveMb()) - before) };
}

const othersTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function liveMb(): Promise<number> {
  await othersTurn();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1e6;
}
