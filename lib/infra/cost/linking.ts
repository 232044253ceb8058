import { COMPARED_MS } from '../../campaigns/content/comparison.ts';
import { MOST_PROMPTS } from '../../campaigns/content/contents.ts';
import { COMMON } from '../../campaigns/content/nearest.ts';
import { MOST_LINK_SHARDS } from '../../contract/link-steps.ts';
import type { Settings } from '../settings.ts';
import { MONTH_SECONDS, PRICES } from './prices.ts';

/** What runs of `link` take, by what `npm run bench:fleet` measures of an account (docs/performance.md). */

/** To read it, to join it and to judge it where it is in a group, waiting for AWS included, ms. */
const RUN_MS = 0.55;
/** To read what it asks and to compare that, ms: once an hour at most. */
const COMPARE_MS = 1.5;
/** To take it from a part, ms, in each shard that compares, twice. */
const TAKE_MS = 0.043;
const BLOCKS_TAKEN = 2;

/** Accounts at which one invocation ends. */
export const LINKED_ALONE = 135_000;
/** Of a shard, so that a run ends within half an hour, and at which all shards end, as each takes what all others hold. */
const LINKED_IN_SHARD = 312_500;
export const MOST_LINKED = 16_000_000;

/**
 * Accounts up to which those who ask the same are found: each of 64 prompts shows one of a bin's 65,536 features, and one that more than
 * COMMON accounts show finds nobody. `npm run bench:fleet` looks on both sides of it.
 */
export const FOUND_BY_CONTENT = (COMMON * 65_536) / MOST_PROMPTS;

/** Least `linkShards` for so many accounts; undefined: no number of shards is enough. */
export function linkShardsFor(accounts: number): number | undefined {
  if (accounts <= LINKED_ALONE) return 1;
  return accounts > MOST_LINKED ? undefined : Math.max(2, Math.ceil(accounts / LINKED_IN_SHARD));
}

/** USD a month of the function's time, its memory as it is set; with fewer shards than are needed, of those that are. */
export function linkingUsd(
  accounts: number,
  { linkMinutes, linkShards, batchMemoryMb }: Pick<Settings, 'linkMinutes' | 'linkShards' | 'batchMemoryMb'>,
): number {
  const runs = MONTH_SECONDS / (60 * linkMinutes);
  const compared = Math.min(runs, MONTH_SECONDS / (COMPARED_MS / 1000));
  const shards = Math.max(linkShards, linkShardsFor(accounts) ?? MOST_LINK_SHARDS);
  const taken = shards === 1 ? 0 : BLOCKS_TAKEN * shards * TAKE_MS;
  const seconds = (accounts * (runs * RUN_MS + compared * (COMPARE_MS + taken))) / 1000;
  return seconds * (batchMemoryMb / 1024) * PRICES.lambda.gbSecond;
}
