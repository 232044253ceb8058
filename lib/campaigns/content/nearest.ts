import { BINS } from '../../scoring/group-ranks.ts';
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
const COMMON = 200;

export interface Neighbour {
  readonly index: number;
  /** similarity relative to the two accounts' own (see ContentVectors.relative) */
  readonly similarity: number;
}

/** For each account its nearest others, most similar first, equals in the order of accounts. */
export function nearestNeighbours(vectors: ContentVectors): readonly (readonly Neighbour[])[] {
  const { contents } = vectors;
  const index = new FeatureIndex(contents);
  const shared = new Float32Array(contents.length);
  return contents.map((_, i) => {
    const candidates = index.sharing(i, vectors, shared);
    vectors.spread(i);
    const found = candidates.map((j) => ({ index: j, similarity: vectors.relative(i, j, vectors.dot(j)) }));
    vectors.clear(i);
    return found.sort((a, b) => b.similarity - a.similarity || a.index - b.index).slice(0, NEIGHBOURS);
  });
}

/** Feature -> accounts that show it, by counting sort: two arrays, however many accounts. */
class FeatureIndex {
  readonly #bins: number;
  readonly #starts: Uint32Array;
  readonly #accounts: Uint32Array;
  readonly #contents: readonly Content[];

  constructor(contents: readonly Content[]) {
    this.#contents = contents;
    this.#bins = Math.max(FEWEST_BINS, Math.min(BINS, Math.floor((BINS * ALL_BINS_UP_TO) / contents.length)));
    const starts = new Uint32Array(this.#bins * 65_536 + 1);
    for (let i = 0; i < contents.length; i++)
      for (const feature of this.featuresOf(i)) starts[feature + 1] = (starts[feature + 1] as number) + 1;
    for (let feature = 1; feature < starts.length; feature++)
      starts[feature] = (starts[feature] as number) + (starts[feature - 1] as number);
    const accounts = new Uint32Array(starts[starts.length - 1] as number);
    const next = starts.slice();
    for (let i = 0; i < contents.length; i++)
      for (const feature of this.featuresOf(i)) {
        const at = next[feature] as number;
        next[feature] = at + 1;
        accounts[at] = i;
      }
    this.#starts = starts;
    this.#accounts = accounts;
  }

  /** Distinct features of an account in the bins that are looked at, ascending. */
  featuresOf(i: number): Uint32Array {
    const { sketches } = this.#contents[i] as Content;
    const all = new Uint32Array((sketches.length / BINS) * this.#bins);
    let size = 0;
    for (let at = 0; at < sketches.length; at++)
      if (at % BINS < this.#bins) all[size++] = featureAt(sketches, at);
    all.sort();
    let distinct = 0;
    for (let at = 0; at < size; at++)
      if (at === 0 || all[at] !== all[at - 1]) all[distinct++] = all[at] as number;
    return all.subarray(0, distinct);
  }

  /** Accounts that share most with account `i`, by weight of common features and relative to their own similarity. */
  sharing(i: number, { weights, own }: ContentVectors, shared: Float32Array): number[] {
    const touched: number[] = [];
    for (const feature of this.featuresOf(i)) {
      const from = this.#starts[feature] as number;
      const to = this.#starts[feature + 1] as number;
      if (to - from > COMMON) continue;
      const weight = (weights[feature] as number) ** 2;
      for (let at = from; at < to; at++) {
        const j = this.#accounts[at] as number;
        if (j === i || weight === 0) continue;
        if (shared[j] === 0) touched.push(j);
        shared[j] = (shared[j] as number) + weight;
      }
    }
    const best = new Largest(CANDIDATES);
    const plain = new Largest(CANDIDATES);
    for (const j of touched) {
      const value = shared[j] as number;
      best.offer(j, value / Math.sqrt(own[j] as number));
      // those that share most, whatever their own similarity
      plain.offer(j, value);
    }
    const candidates = new Set([...best.items(), ...plain.items()]);
    for (const j of touched) shared[j] = 0;
    return [...candidates];
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
    const before = (at: number): boolean =>
      (values[at] as number) > value || (values[at] === value && (items[at] as number) < item);
    if (items.length === this.#most && before(items.length - 1)) return;
    let at = items.length;
    while (at > 0 && !before(at - 1)) at--;
    items.splice(at, 0, item);
    values.splice(at, 0, value);
    if (items.length > this.#most) {
      items.pop();
      values.pop();
    }
  }

  items(): readonly number[] {
    return this.#items;
  }
}
