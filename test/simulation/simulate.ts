import { USUAL } from './faults.ts';
import type { Violation } from './properties.ts';
import { violations } from './properties.ts';
import { live, randomFor } from './run.ts';
import { recut, traffic } from './traffic.ts';
import type { Tally } from './world.ts';

/** What one seed came to. */
export interface SeedResult {
  readonly violations: readonly (Violation & { readonly seed: number })[];
  readonly tally: Tally;
}

/** One history without faults and one with them, of the same traffic; the seed alone decides both. */
export async function simulate(seed: number): Promise<SeedResult> {
  const stream = traffic(randomFor(seed, 'traffic'));
  const must = await live(stream, seed, undefined);
  const rates = { ...USUAL, rate: seed % 3 === 0 ? 0.1 : USUAL.rate };
  const is = await live(recut(stream, randomFor(seed, 'batches')), seed, rates);
  return {
    violations: violations(must.end, is.end, stream).map((found) => ({ seed, ...found })),
    tally: is.tally,
  };
}
