import { digit } from '../../profile/base64url.ts';
import type { SampledPrompt } from '../../profile/prompt-sample.ts';
import { BINS } from '../../scoring/group-ranks.ts';

/** Fewest sampled prompts of an account that is compared: with fewer its own spread is not known. */
export const FEWEST_PROMPTS = 24;
/** Most; two generations give no more (see promptsAt). */
export const MOST_PROMPTS = 64;

/** What an account asks, ready to be compared: 2 KB. */
export interface Content {
  readonly account: string;
  /** 16 values a prompt */
  readonly sketches: Uint16Array;
}

/** An account's content; undefined where too few prompts are known. */
export function contentOf(account: string, prompts: readonly SampledPrompt[]): Content | undefined {
  if (prompts.length < FEWEST_PROMPTS) return undefined;
  const sketches = new Uint16Array(Math.min(prompts.length, MOST_PROMPTS) * BINS);
  for (let at = 0; at < sketches.length; at += BINS)
    readSketch((prompts[at / BINS] as SampledPrompt).sketch, sketches, at);
  return { account, sketches };
}

/** Values of a sketch's bins (base64url of 16 little-endian numbers of 16 bits) into `into` from `at` on. */
function readSketch(sketch: string, into: Uint16Array, at: number): void {
  for (let bin = 0; bin < BINS; bin++)
    into[at + bin] = byteOf(sketch, 2 * bin) | (byteOf(sketch, 2 * bin + 1) << 8);
}

function byteOf(text: string, index: number): number {
  const bit = index * 8;
  const character = Math.floor(bit / 6);
  const pair = (digit(text, character) << 6) | digit(text, character + 1);
  return (pair >>> (4 - (bit - 6 * character))) & 255;
}

/** The vector that was spread, of all vectors: four megabytes, which no block needs for itself. */
let dense = new Float32Array();
/** a bit for each of its features: most are not there, and this much stays in a processor's cache */
let there = new Uint32Array();
let spreading: ContentVectors | undefined;

/** Rows of features with weights: each prompt is a vector of length one, an account their sum. */
export class ContentVectors {
  readonly contents: readonly Content[];
  readonly weights: Float32Array;
  readonly #scales: Float32Array[] = [];
  #own: Float64Array | undefined;

  constructor(contents: readonly Content[], weights: Float32Array) {
    this.contents = contents;
    this.weights = weights;
  }

  /** Of account `i`, 1 / length of each prompt's vector; 0 where a prompt weighs nothing. Made when it is asked for. */
  #scalesOf(i: number): Float32Array {
    this.#scales[i] ??= scalesOf(this.contents[i] as Content, this.weights);
    return this.#scales[i] as Float32Array;
  }

  /**
   * Per account: mean similarity of two of its prompts, without a prompt's similarity to itself, which would make it grow
   * with how few there are; not below LEAST_OWN.
   */
  get own(): Float64Array {
    this.#own ??= Float64Array.from(this.contents, (held, i) => {
      const n = held.sketches.length / BINS;
      const scales = this.#scalesOf(i);
      const same = scales.reduce((sum, scale) => sum + (scale > 0 ? 1 : 0), 0);
      this.spread(i);
      const square = this.dot(this, i);
      this.clear(i);
      return Math.max(LEAST_OWN, (square - same) / (n * (n - 1)));
    });
    return this.#own;
  }

  /** Adds the vector of account `i` to the dense one. @throws RangeError where another is there, which was not cleared */
  spread(i: number): void {
    if (spreading !== undefined) throw new RangeError('one account at a time is spread');
    spreading = this;
    if (dense.length < this.weights.length) {
      dense = new Float32Array(this.weights.length);
      there = new Uint32Array(Math.ceil(dense.length / 32));
    }
    const { weights } = this;
    const { sketches } = this.contents[i] as Content;
    const scales = this.#scalesOf(i);
    for (let at = 0; at < sketches.length; at++) {
      const feature = featureAt(sketches, at);
      const weight = (weights[feature] as number) * (scales[at >>> 4] as number);
      dense[feature] = (dense[feature] as number) + weight;
      const word = feature >>> 5;
      there[word] = (there[word] as number) | (1 << (feature & 31));
    }
  }

  clear(i: number): void {
    const { sketches } = this.contents[i] as Content;
    for (let at = 0; at < sketches.length; at++) {
      const feature = featureAt(sketches, at);
      dense[feature] = 0;
      there[feature >>> 5] = 0;
    }
    spreading = undefined;
  }

  /** Inner product of account `j` of a block with what was spread here. */
  dot(block: ContentVectors, j: number): number {
    const { weights } = this;
    const { sketches } = block.contents[j] as Content;
    const scales = block.#scalesOf(j);
    let sum = 0;
    for (let at = 0; at < sketches.length; at++) {
      const feature = featureAt(sketches, at);
      if (((there[feature >>> 5] as number) & (1 << (feature & 31))) === 0) continue;
      const held = dense[feature] as number;
      if (held !== 0) sum += held * (weights[feature] as number) * (scales[at >>> 4] as number);
    }
    return sum;
  }

  /**
   * Similarity of account `i`, which was spread, to account `j` of a block, relative to their own: 1 where prompts of the two are
   * as alike as prompts of one.
   * @param own of both: see `own`
   */
  relative(i: number, block: ContentVectors, j: number, own: readonly [number, number]): number {
    const pairs = (lengthOf(this.contents[i]) * lengthOf(block.contents[j])) / BINS ** 2;
    return this.dot(block, j) / pairs / Math.sqrt(own[0] * own[1]);
  }
}

/** Similarity of an account's prompts that nothing goes below: with 64 prompts less cannot be told from nothing. */
const LEAST_OWN = 2e-4;

export function featureAt(sketches: Uint16Array, at: number): number {
  return ((at & 15) << 16) | (sketches[at] as number);
}

function lengthOf(held: Content | undefined): number {
  return held?.sketches.length ?? 0;
}

function scalesOf({ sketches }: Content, weights: Float32Array): Float32Array {
  const scales = new Float32Array(sketches.length / BINS);
  for (let prompt = 0; prompt < scales.length; prompt++) {
    let square = 0;
    for (let at = prompt * BINS; at < (prompt + 1) * BINS; at++)
      square += (weights[featureAt(sketches, at)] as number) ** 2;
    scales[prompt] = square > 0 ? 1 / Math.sqrt(square) : 0;
  }
  return scales;
}
