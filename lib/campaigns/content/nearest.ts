import { BINS } from '../../scoring/group-ranks.ts';
import { got, type Procedure } from '../eventual.ts';
import { type Blocks, startsOf } from './blocks.ts';
import { type Content, type ContentVectors, featureAt } from './contents.ts';

/** Nearest neighbours by what accounts ask. */

/** Neighbours looked for. */
export const NEIGHBOURS = 6;
/** Accounts whose similarity is worked out exactly, those that share most rare features first. */
const CANDIDATES = 12;
/** Accounts up to which candidates are looked for by all bins of a sketch; of more accounts fewer bins are enough. */
const ALL_BINS_UP_TO = 2000;
/** Fewest bins: 64 prompts still give 128 features. */
const FEWEST_BINS = 2;
/** A feature of more accounts than this brings no candidates. */
export const COMMON = 200;

export interface Neighbour {
  /** number of the account among all that are compared */
  readonly index: number;
  /** similarity relative to the two accounts' own (see ContentVectors.relative) */
  readonly similarity: number;
}

/** Bins of a sketch by which candidates are looked for, of so many accounts. */
export function binsFor(accounts: number): number {
  return Math.max(FEWEST_BINS, Math.min(BINS, Math.floor((BINS * ALL_BINS_UP_TO) / accounts)));
}

/** Features that one account shows, or more than COMMON, bring nobody. */
function bringsSomebody(shown: number): boolean {
  return shown > 1 && shown <= COMMON;
}

/** Which features of a block bring somebody, and how alike the prompts of each of its accounts are; plain data. */
export interface BlockPostings {
  readonly features: Uint32Array;
  /** who shows each, by place in the block; ascending */
  readonly places: Uint32Array;
  readonly own: Float64Array;
}

/**
 * @param shown how many accounts of all blocks show each feature
 * @param accounts of all blocks
 */
export function postingsOf(
  vectors: Pick<ContentVectors, 'contents' | 'own'>,
  shown: Uint32Array,
  accounts: number,
): BlockPostings {
  const bins = binsFor(accounts);
  const features: number[] = [];
  const places: number[] = [];
  for (const [i, held] of vectors.contents.entries())
    for (const feature of featuresOf(held, bins))
      if (bringsSomebody(shown[feature] as number)) {
        features.push(feature);
        places.push(i);
      }
  return { features: Uint32Array.from(features), places: Uint32Array.from(places), own: vectors.own };
}

/** Distinct features of an account in the bins that are looked at, ascending. */
function featuresOf({ sketches }: Content, bins: number): Uint32Array {
  const all = new Uint32Array((sketches.length / BINS) * bins);
  let size = 0;
  for (let at = 0; at < sketches.length; at++) if (at % BINS < bins) all[size++] = featureAt(sketches, at);
  all.sort();
  let distinct = 0;
  for (let at = 0; at < size; at++)
    if (at === 0 || all[at] !== all[at - 1]) all[distinct++] = all[at] as number;
  return all.subarray(0, distinct);
}

/**
 * For each account of a block its nearest others of all blocks, most similar first, equals in the order of accounts. Takes the blocks
 * one after the other, for how alike candidates are.
 */
export function* nearestNeighbours(
  block: number,
  blocks: Blocks,
  index: FeatureIndex,
): Procedure<readonly (readonly Neighbour[])[]> {
  const from = startsOf(blocks.sizes)[block] as number;
  const vectors = yield* got(blocks.load(block));
  const candidates = vectors.contents.map((_, i) => index.sharing(i, from + i, vectors));
  const found = yield* similarities(vectors, from, candidates, { blocks, own: index.own });
  return found.map((list) =>
    list.sort((a, b) => b.similarity - a.similarity || a.index - b.index).slice(0, NEIGHBOURS),
  );
}

/** How alike accounts of a block, whose first has the number `from`, and others of all blocks are. @param candidates of each account */
export function* similarities(
  vectors: ContentVectors,
  from: number,
  candidates: readonly Iterable<number>[],
  { blocks, own }: { readonly blocks: Blocks; readonly own: Float64Array },
): Procedure<Neighbour[][]> {
  const found: Neighbour[][] = candidates.map(() => []);
  let start = 0;
  for (const [at, size] of blocks.sizes.entries()) {
    const other = yield* got(blocks.load(at));
    for (const [i, list] of candidates.entries()) {
      let spread = false;
      for (const index of list) {
        const j = index - start;
        if (j < 0 || j >= size) continue;
        if (!spread) vectors.spread(i);
        spread = true;
        const both = [own[from + i] as number, own[index] as number] as const;
        const similarity = vectors.relative(i, other, j, both);
        (found[i] as Neighbour[]).push({ index, similarity });
      }
      if (spread) vectors.clear(i);
    }
    start += size;
  }
  return found;
}

/** Feature -> accounts that show it, in two arrays: whatever the number of accounts, no more than COMMON places a feature. */
export class FeatureIndex {
  /** per account its own similarity */
  readonly own: Float64Array;
  readonly #bins: number;
  readonly #starts: Uint32Array;
  readonly #accounts: Uint32Array;
  readonly #next: Uint32Array;
  readonly #shared: Float32Array;

  /** @param accounts of all blocks; these are then added in their order */
  constructor(shown: Uint32Array, accounts: number) {
    this.#bins = binsFor(accounts);
    const starts = new Uint32Array(this.#bins * 65_536 + 1);
    for (let feature = 0; feature + 1 < starts.length; feature++) {
      const count = shown[feature] as number;
      starts[feature + 1] = (starts[feature] as number) + (bringsSomebody(count) ? count : 0);
    }
    this.#starts = starts;
    this.#next = starts.slice();
    this.#accounts = new Uint32Array(starts[starts.length - 1] as number);
    this.#shared = new Float32Array(accounts);
    this.own = new Float64Array(accounts);
  }

  /** Takes a block whose first account has the number `from`. */
  add(from: number, { features, places, own }: BlockPostings): void {
    this.own.set(own, from);
    for (let n = 0; n < features.length; n++) {
      const feature = features[n] as number;
      const at = this.#next[feature] as number;
      this.#next[feature] = at + 1;
      this.#accounts[at] = from + (places[n] as number);
    }
  }

  /**
   * Accounts that share most with account `i` of a block, by weight of common features and relative to their own similarity.
   * @param self its number among all
   */
  sharing(i: number, self: number, { contents, weights }: ContentVectors): Uint32Array {
    const shared = this.#shared;
    const touched: number[] = [];
    for (const feature of featuresOf(contents[i] as Content, this.#bins)) {
      const from = this.#starts[feature] as number;
      const to = this.#starts[feature + 1] as number;
      const weight = (weights[feature] as number) ** 2;
      for (let at = from; at < to; at++) {
        const j = this.#accounts[at] as number;
        if (j === self || weight === 0) continue;
        if (shared[j] === 0) touched.push(j);
        shared[j] = (shared[j] as number) + weight;
      }
    }
    const best = new Largest(CANDIDATES);
    const plain = new Largest(CANDIDATES);
    for (const j of touched) {
      const value = shared[j] as number;
      best.offer(j, value / Math.sqrt(this.own[j] as number));
      // those that share most, whatever their own similarity
      plain.offer(j, value);
    }
    for (const j of touched) shared[j] = 0;
    return Uint32Array.from(new Set([...best.items(), ...plain.items()]));
  }
}

/** The items with the largest values out of many, without sorting all; equals in the order of items. */
class Largest {
  readonly #most: number;
  readonly #items: number[] = [];
  readonly #values: number[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  offer(item: number, value: number): void {
    const items = this.#items;
    const values = this.#values;
    let at = items.length;
    if (at === this.#most && this.#isBefore(at - 1, item, value)) return;
    if (at === this.#most) at--;
    else at = items.push(item) - 1;
    for (; at > 0 && !this.#isBefore(at - 1, item, value); at--) {
      items[at] = items[at - 1] as number;
      values[at] = values[at - 1] as number;
    }
    items[at] = item;
    values[at] = value;
  }

  #isBefore(at: number, item: number, value: number): boolean {
    const held = this.#values[at] as number;
    return held > value || (held === value && (this.#items[at] as number) < item);
  }

  items(): readonly number[] {
    return this.#items;
  }
}
