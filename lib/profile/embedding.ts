import { digit } from './base64url.ts';

/**
 * The sum of an account's prompts as points in a feature space, sketched: each prompt stands for its 16 keyed MinHash
 * bins (telemetry/sketch.ts), and the inner product of two prompts is the number of bins that agree, a kernel whose
 * mean is 16 times the Jaccard similarity of their word 2-grams. The sum over prompts, divided by their number, is the
 * kernel mean embedding of the account's query distribution (Gretton et al., "A kernel two-sample test", JMLR 2012);
 * its squared norm is the mean similarity of two of its prompts, which is small where they cover much.
 *
 * Sketched with one row of a count sketch (Charikar, Chen, Farach-Colton 2002): DIMENSIONS signed counters, additive, so
 * that it merges by adding; the squared norm comes out with a relative standard error of sqrt(2 / DIMENSIONS).
 */
export type Embedding = readonly number[];

export const DIMENSIONS = 16;
/** Features of one prompt. */
const BINS = 16;

export const NO_EMBEDDING: Embedding = Array.from({ length: DIMENSIONS }, () => 0);

/** With a prompt added, given as its sketch (base64url of 32 bytes). Bins are keyed hashes: their bits choose place and sign. */
export function withPrompt(embedding: Embedding, sketch: string): Embedding {
  const next = embedding.slice();
  for (let bin = 0; bin < BINS; bin++) {
    // low byte of the bin's 16 bits: it begins 16 * bin bits into the text, six bits a character
    const character = Math.floor((16 * bin) / 6);
    const offset = 16 * bin - 6 * character;
    const pair = (digit(sketch, character) << 6) | digit(sketch, character + 1);
    const low = pair >>> (4 - offset);
    next[low & 15] = (next[low & 15] as number) + ((low & 16) === 0 ? 1 : -1);
  }
  return next;
}

/** Sum of two; with `times` -1, what is left of the first without the second. */
export function addEmbedding(a: Embedding, b: Embedding, times: 1 | -1 = 1): Embedding {
  if (b === NO_EMBEDDING) return a;
  return a.map((value, i) => value + times * (b[i] as number));
}

/**
 * Mean similarity of two different prompts out of `prompts`, and the standard error that the sketch gives it; in units of
 * Jaccard similarity. An estimate may come out below zero.
 */
export function selfSimilarity(embedding: Embedding, prompts: number): { mean: number; error: number } {
  if (prompts < 2) return { mean: 1, error: 1 };
  let norm = 0;
  for (const value of embedding) norm += value * value;
  const pairs = prompts * (prompts - 1);
  return {
    mean: (norm / BINS - prompts) / pairs,
    error: (Math.sqrt(2 / DIMENSIONS) * norm) / BINS / pairs,
  };
}
