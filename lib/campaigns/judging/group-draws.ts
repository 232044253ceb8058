import { hash48 } from '../../profile/hashes.ts';
import { shuffle, type Uniform } from '../../statistics/random.ts';
import { novelShares } from './group-window.ts';
import type { MemberWindow } from './member-window.ts';

/** A benign group to learn from, as indices of accounts, and the half of the base that it was drawn from. */
export interface Draw {
  readonly product: string;
  readonly members: readonly number[];
  readonly half: 0 | 1;
}

/** Numbers of members that are drawn, in turn: a group passes through all smaller sizes while its members come. */
const SIZES = [3, 6, 10, 15, 21, 29, 41, 56] as const;

/** Half of an account for cross-fitting: always the same one. */
export function halfOf(account: string): 0 | 1 {
  return (hash48(account) % 2) as 0 | 1;
}

/** Accounts of one product in one half, by their number. */
export interface Pool {
  readonly product: string;
  readonly half: 0 | 1;
  readonly accounts: readonly number[];
}

/**
 * Resampled groups of one product: of every two one drawn at random, and one that is a random account with those that
 * behave most like it. The second stands for owners whose accounts all do the same (a company's ten copies of one
 * program), which independent draws would never show: pooling must not make a program that asks many tasks look
 * guiltier merely because it has ten accounts.
 * @param features per account, what likeness is measured by
 */
export function drawGroups(
  { product, half, accounts: pool }: Pool,
  features: readonly (readonly number[])[],
  count: number,
  uniform: Uniform,
): Draw[] {
  const sizes = SIZES.filter((size) => size * 2 <= pool.length);
  if (sizes.length === 0) return [];
  return Array.from({ length: count }, (_, r) => {
    const size = sizes[(r >> 1) % sizes.length] as number;
    const members =
      r % 2 === 0 ? shuffle([...pool], uniform).slice(0, size) : alike(pool, features, size, uniform);
    return { product, members, half };
  });
}

function alike(
  pool: readonly number[],
  features: readonly (readonly number[])[],
  size: number,
  uniform: Uniform,
): number[] {
  const centre = features[pool[Math.floor(uniform() * pool.length)] as number] as readonly number[];
  return pool
    .map((i) => ({ i, far: distance(features[i] as readonly number[], centre) + 1e-3 * uniform() }))
    .sort((a, b) => a.far - b.far)
    .slice(0, size)
    .map(({ i }) => i);
}

function distance(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] as number) - (b[i] as number)) ** 2;
  return sum;
}

/** What likeness of accounts is measured by: shares of novel tasks, of reasoning and of grading. */
export function featuresOf(window: MemberWindow): readonly number[] {
  const events = Math.max(1, window.counts.events);
  return [novelShares([window])[0] ?? 0, window.counts.reasoning / events, window.counts.grading / events];
}
