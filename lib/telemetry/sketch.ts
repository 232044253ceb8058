import { LIMITS } from '../limits.ts';
import type { FoldedText } from './folded-text.ts';
import { digest, type HalfSipKey, halfSipHash24, halfSipHash24OfPair } from './siphash.ts';

/**
 * Keyed MinHash of word 2-grams by one-permutation hashing (Li, Owen, Zhang 2012) with optimal densification
 * (Shrivastava 2017): 16 bins, of each minimum the low 16 bits (b-bit MinHash, Li and König 2010).
 * The share of equal bins of two sketches estimates the Jaccard similarity of their sets of 2-grams,
 * with standard error sqrt(J(1-J)/16), at most 0.125.
 *
 * A pair's hash is HalfSipHash over the HalfSipHashes of its two words under an independent key: each word is read
 * once, and a guesser has to try both 64-bit keys together.
 */
export const SKETCH_BINS = 16;

/** Donors that an empty bin asks. */
export const DONOR_ATTEMPTS = 256;

const EMPTY = 0xffffffff;
const minima = new Uint32Array(SKETCH_BINS);
const bytes = Buffer.alloc(SKETCH_BINS * 2);

/** Bin to borrow from, for the empty bin's n-th attempt: a fixed public choice, the same for every text. */
export function donor(bin: number, attempt: number): number {
  let x = Math.imul((bin << 8) | attempt, 0x9e3779b1) ^ 0x85ebca6b;
  x = Math.imul(x ^ (x >>> 15), 0xc2b2ae35);
  return (x ^ (x >>> 13)) & (SKETCH_BINS - 1);
}

/**
 * The sketch of a text as base64url of 32 bytes (43 characters); undefined for a text without words. Of more words than
 * `LIMITS.sketchWords` the first count: where each character is a word, hashing all of them is most of what a record costs.
 */
export function sketchOf(folded: FoldedText, wordKey: HalfSipKey, pairKey: HalfSipKey): string | undefined {
  if (folded.words === 0) return undefined;
  minima.fill(EMPTY);
  const { units, starts, ends } = folded;
  const words = Math.min(folded.words, LIMITS.sketchWords.most);
  halfSipHash24(wordKey, units, starts[0] as number, ends[0] as number);
  let low = digest[0] as number;
  let high = digest[1] as number;
  if (words === 1) add(halfSipHash24OfPair(pairKey, low, high, 0, 0));
  for (let word = 1; word < words; word++) {
    halfSipHash24(wordKey, units, starts[word] as number, ends[word] as number);
    const nextLow = digest[0] as number;
    const nextHigh = digest[1] as number;
    add(halfSipHash24OfPair(pairKey, low, high, nextLow, nextHigh));
    low = nextLow;
    high = nextHigh;
  }
  for (let bin = 0; bin < SKETCH_BINS; bin++) {
    let minimum = minima[bin] as number;
    for (let attempt = 0; minimum === EMPTY && attempt < DONOR_ATTEMPTS; attempt++)
      minimum = minima[donor(bin, attempt)] as number;
    if (minimum === EMPTY) minimum = minima.find((other) => other !== EMPTY) ?? 0;
    bytes.writeUInt16LE(minimum & 0xffff, bin * 2);
  }
  return bytes.toString('base64url');
}

function add(hash: number): void {
  const bin = hash >>> 28;
  const rank = hash & 0x0fffffff;
  if (rank < (minima[bin] as number)) minima[bin] = rank;
}

/**
 * Share of equal bins of two sketches of one epoch, 0 to 1: estimates the Jaccard similarity of their word 2-grams
 * (Broder, On the resemblance and containment of documents, 1997).
 *
 * @example
 * import { sketchSimilarity } from '@siphonwatch/recorder';
 *
 * const sketch = 'joyOjNAC0AKOjNAC0AKOjI6MjozQAo6MjozQAtAC0AI';
 * sketchSimilarity(sketch, sketch); // => 1
 */
export function sketchSimilarity(a: string, b: string): number {
  const left = Buffer.from(a, 'base64url');
  const right = Buffer.from(b, 'base64url');
  if (left.length !== SKETCH_BINS * 2 || right.length !== SKETCH_BINS * 2) return 0;
  let equal = 0;
  for (let bin = 0; bin < SKETCH_BINS; bin++)
    if (left.readUInt16LE(bin * 2) === right.readUInt16LE(bin * 2)) equal++;
  return equal / SKETCH_BINS;
}
