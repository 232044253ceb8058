import { shardsFor } from './bill.ts';
import type { CostFigures } from './figures.ts';
import { type Load, loadOf, type Workload } from './load.ts';

/** Fewest buckets for each lane, on average: accounts of a bucket stay together, and a lane without one is idle. */
const BUCKETS_OF_LANE = 4;
/** Share of its lanes that `score` may be busy in. */
const MOST_BUSY = 0.7;

/** Whether `score` would fall behind with so many lanes. */
export function isBehind(load: Load, { shards, parallelizationFactor }: Workload): boolean {
  return load.busySeconds > shards * parallelizationFactor * MOST_BUSY;
}

/** Buckets that fill the lanes of so many shards. */
export function bucketsFor(shards: number, { parallelizationFactor }: Workload): number {
  return shards * parallelizationFactor * BUCKETS_OF_LANE;
}

/**
 * Least shards that do for the traffic, no fewer than it has, and the buckets that fill them: a plan with these asks for no more of either. What
 * is needed rests on both (more buckets make smaller records, more shards smaller batches), so one number after the other is tried.
 *
 * @returns undefined where `most` of them do not do
 */
export function advisedFor(
  workload: Workload,
  figures: CostFigures,
  most: Pick<Workload, 'shards' | 'buckets'>,
): Pick<Workload, 'shards' | 'buckets'> | undefined {
  for (let { shards } = workload; shards <= most.shards; shards++) {
    const buckets = Math.max(workload.buckets, bucketsFor(shards, workload));
    if (buckets > most.buckets) return undefined;
    const tried = { ...workload, shards, buckets };
    const load = loadOf(tried, figures);
    if (shardsFor(load) <= shards && !isBehind(load, tried)) return { shards, buckets };
  }
  return undefined;
}
