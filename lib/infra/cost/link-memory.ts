import { MOST_PROMPTS } from '../../campaigns/content/contents.ts';
import { binsFor, COMMON } from '../../campaigns/content/nearest.ts';

/** What a run of `link` holds of an account, bytes: in a part that is stored, and in memory. */
export interface HeldByLink {
  /** share of the accounts that are held for linking, and one of those */
  readonly kept: number;
  readonly keptBytes: number;
  readonly keptMemory: number;
  /** what an account asks */
  readonly askedBytes: number;
  readonly askedMemory: number;
}

/** As `npm run bench:fleet` measures it (docs/performance.md). */
const MEASURED: HeldByLink = {
  kept: 0.107,
  keptBytes: 133,
  keptMemory: 1087,
  askedBytes: 2055,
  askedMemory: 2240,
};

/** What a function needs before it holds anything. */
const BASE_BYTES = 250e6;
const FEATURES_OF_BIN = 65_536;
const POSTING_BYTES = 8;
/** Of every account, in each shard that compares: its own similarity, and what is shared with it. */
const KNOWN_OF_ALL = 12;

/** Bytes of the index over so many accounts, as it is stored and held: no more places than COMMON for each feature. */
export function postingBytes(accounts: number): number {
  const places = Math.min(FEATURES_OF_BIN * COMMON, accounts * MOST_PROMPTS);
  return binsFor(accounts) * places * POSTING_BYTES;
}

/** What is held of all that a shard, or one invocation, reads of so many accounts. */
function readBytes(accounts: number, { askedMemory, kept, keptMemory }: HeldByLink): number {
  return accounts * (askedMemory + kept * keptMemory);
}

/** Bytes that a run in one invocation holds. */
export function heldAlone(accounts: number, held: HeldByLink = MEASURED): number {
  return BASE_BYTES + readBytes(accounts, held) + postingBytes(accounts) + accounts * KNOWN_OF_ALL;
}

export const LINK_STEPS = ['read', 'index', 'compare', 'like', 'group', 'judge'] as const;
export type LinkStepName = (typeof LINK_STEPS)[number];

/** Bytes that each step of a run in so many shards holds in one invocation. */
export function heldInSteps(
  accounts: number,
  shards: number,
  held: HeldByLink = MEASURED,
): Record<LinkStepName, number> {
  const { askedBytes, askedMemory, kept, keptBytes, keptMemory } = held;
  const own = accounts / shards;
  // one in memory, and the bytes that it is made of
  const block = own * (askedMemory + 2 * askedBytes);
  const compared = BASE_BYTES + 2 * block + postingBytes(accounts) + accounts * KNOWN_OF_ALL;
  return {
    read: BASE_BYTES + readBytes(own, held) + 2 * own * (askedBytes + kept * keptBytes),
    index: BASE_BYTES + block,
    compare: compared,
    like: compared,
    // which is not divided
    group: BASE_BYTES + accounts * kept * (keptMemory + keptBytes / shards),
    judge: BASE_BYTES,
  };
}

/** Beyond what is reckoned: accounts are not all alike, and shards not all of one size. */
const RESERVE = 1.1;
/** Lambda takes any number of MB; a round one is kept in settings. */
const STEP_MB = 256;

/** Least `batchMemoryMb`, in steps of 256, by which a run of `link` in so many shards has its memory. */
export function linkMemoryMb(accounts: number, shards: number): number {
  const bytes =
    shards === 1 ? heldAlone(accounts) : Math.max(...Object.values(heldInSteps(accounts, shards)));
  return Math.ceil((RESERVE * bytes) / 1024 ** 2 / STEP_MB) * STEP_MB;
}
