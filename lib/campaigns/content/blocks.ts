import { hash48 } from '../../profile/hashes.ts';
import { FEATURES } from '../../scoring/group-ranks.ts';
import type { Eventual } from '../eventual.ts';
import { type Content, type ContentVectors, featureAt } from './contents.ts';

/**
 * What accounts ask, in blocks: an invocation holds one block of accounts and takes the others one after the other, so that
 * what is compared may be more than it can hold. Accounts are numbered by bucket and pseudonym, whoever holds which block.
 */

/** Buckets of accounts whose contents are compared; a block is some that follow each other. */
export const CONTENT_BUCKETS = 64;

export function contentBucket(account: string): number {
  return hash48(account) % CONTENT_BUCKETS;
}

/** The buckets of block `block` of `blocks`: all of them in one of the blocks. */
export function bucketsOf(block: number, blocks: number): number[] {
  const from = Math.floor((block * CONTENT_BUCKETS) / blocks);
  const to = Math.floor(((block + 1) * CONTENT_BUCKETS) / blocks);
  return Array.from({ length: to - from }, (_, i) => from + i);
}

/** In the order in which accounts are numbered. */
export function inOrder(contents: readonly Content[]): Content[] {
  const placed = contents.map((held) => ({ held, bucket: contentBucket(held.account) }));
  placed.sort((a, b) => a.bucket - b.bucket || (a.held.account < b.held.account ? -1 : 1));
  return placed.map(({ held }) => held);
}

/** Blocks of contents in order. */
export interface Blocks {
  /** accounts of each */
  readonly sizes: readonly number[];
  load(block: number): Eventual<ContentVectors>;
}

/** Number of the first account of each block, and of all accounts at the end. */
export function startsOf(sizes: readonly number[]): number[] {
  const starts = [0];
  for (const size of sizes) starts.push((starts.at(-1) ?? 0) + size);
  return starts;
}

/** Contents in one array: what takes a quarter of the time to hand on. */
export interface PackedContents {
  readonly accounts: readonly string[];
  readonly sketches: Uint16Array;
  /** where each account's sketches end */
  readonly ends: Uint32Array;
}

export function packedContents(contents: readonly Content[]): PackedContents {
  const ends = new Uint32Array(contents.length);
  let size = 0;
  for (const [i, held] of contents.entries()) {
    size += held.sketches.length;
    ends[i] = size;
  }
  const sketches = new Uint16Array(size);
  for (const [i, held] of contents.entries())
    sketches.set(held.sketches, (ends[i] as number) - held.sketches.length);
  return { accounts: contents.map(({ account }) => account), sketches, ends };
}

/** The same contents: views of the one array. */
export function unpackedContents({ accounts, sketches, ends }: PackedContents): Content[] {
  return accounts.map((account, i) => ({ account, sketches: sketches.subarray(ends[i - 1] ?? 0, ends[i]) }));
}

/** How many accounts show each feature: sums over blocks are those of all. */
export function featuresShown(contents: readonly Content[]): Uint32Array {
  const shown = new Uint32Array(FEATURES);
  const last = new Uint32Array(FEATURES);
  contents.forEach(({ sketches }, i) => {
    for (let at = 0; at < sketches.length; at++) {
      const feature = featureAt(sketches, at);
      if (last[feature] === i + 1) continue;
      last[feature] = i + 1;
      shown[feature] = (shown[feature] as number) + 1;
    }
  });
  return shown;
}
