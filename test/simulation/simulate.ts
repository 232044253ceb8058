import { USUAL } from './faults.ts';
import type { Violation } from './properties.ts';
import { violations } from './properties.ts';
import { type History, live, randomFor } from './run.ts';
import { recut, type Traffic, traffic } from './traffic.ts';
import type { Tally } from './world.ts';

/** What one seed came to. */
export interface SeedResult {
  readonly violations: readonly (Violation & { readonly seed: number })[];
  readonly tally: Tally;
}

/** Histories with faults for each traffic and its history without: the latter was half of the work. */
const HISTORIES_PER_TRAFFIC = 4;

let last: { readonly number: number; readonly stream: Traffic; readonly must: History } | undefined;

/** In one traffic of four, findings go to Security Hub too. */
const alsoIn = (number: number) => ({ securityHub: number % 4 === 1 });

/** A traffic, and what it comes to without faults; kept for the next seed. */
async function withoutFaults(number: number): Promise<{ readonly stream: Traffic; readonly must: History }> {
  if (last?.number === number) return last;
  const stream = traffic(randomFor(number, 'traffic'));
  last = { number, stream, must: await live(stream, number, undefined, alsoIn(number)) };
  return last;
}

/** One history with faults beside one of the same traffic without; the seed alone decides both. */
export async function simulate(seed: number): Promise<SeedResult> {
  const number = Math.floor(seed / HISTORIES_PER_TRAFFIC);
  const { stream, must } = await withoutFaults(number);
  const also = alsoIn(number);
  // Security Hub tells imports apart by the clocks of those that import
  const clock = also.securityHub ? 0 : USUAL.clock;
  const rates = { ...USUAL, clock, rate: seed % 3 === 0 ? 0.1 : USUAL.rate };
  const is = await live(recut(stream, randomFor(seed, 'batches')), seed, rates, also);
  return {
    violations: violations(must.end, is.end, stream).map((found) => ({ seed, ...found })),
    tally: is.tally,
  };
}
