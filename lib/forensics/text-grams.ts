import { type Corpus, type Doc, LAYOUT_PATTERNS, MARKERS } from './corpus.ts';
import { dot, Grid } from './grid.ts';

/**
 * Likeness of the answers to one prompt, model by model: what is generic to the prompt is taken out by centring over
 * the models that answered.
 */

/** Fewest shared words of which an order is worth anything. */
const LEAST_SHARED = 6;
/** Numbers below this many ids are packed two to a key. */
const PACK = 4_194_304;

/** The distinct words, or pairs of neighbouring words, of a text. */
export function wordSet(words: Int32Array, n: 1 | 2): Set<number> {
  if (n === 1) return new Set(words);
  const out = new Set<number>();
  for (let i = 0; i + 1 < words.length; i++) out.add((words[i] ?? 0) * PACK + (words[i + 1] ?? 0));
  return out;
}

/** Inner products of binary vectors scaled to length 1. */
export function sparseGram(sets: readonly Set<number>[]): Grid {
  const gram = Grid.square(sets.length);
  const holders = new Map<number, number[]>();
  sets.forEach((set, x) => {
    for (const g of set) {
      const list = holders.get(g);
      if (list === undefined) holders.set(g, [x]);
      else list.push(x);
    }
  });
  for (const list of holders.values())
    list.forEach((x, p) => {
      for (let q = p; q < list.length; q++) gram.add(x, list[q] ?? x, 1);
    });
  const size = sets.map((s) => Math.sqrt(Math.max(1, s.size)));
  sets.forEach((_, x) => {
    for (let y = x; y < sets.length; y++)
      gram.setBoth(x, y, gram.at(x, y) / ((size[x] ?? 1) * (size[y] ?? 1)));
  });
  return gram;
}

/** Cosines after subtracting the mean vector of the models: what is left when everybody's answer is taken out. */
export function centredCosine(gram: Grid): Grid {
  const k = gram.rows;
  const row = new Float64Array(k);
  let all = 0;
  for (let x = 0; x < k; x++) {
    let s = 0;
    for (const v of gram.row(x)) s += v;
    row[x] = s / k;
    all += s / k / k;
  }
  const mean = (x: number) => row[x] ?? 0;
  const norm = Array.from({ length: k }, (_, x) =>
    Math.sqrt(Math.max(1e-6, gram.at(x, x) - 2 * mean(x) + all)),
  );
  const out = Grid.square(k);
  for (let x = 0; x < k; x++)
    for (let y = 0; y < k; y++)
      out.set(x, y, (gram.at(x, y) - mean(x) - mean(y) + all) / ((norm[x] ?? 1) * (norm[y] ?? 1)));
  return out;
}

function spearman(second: readonly number[]): number {
  const n = second.length;
  let d2 = 0;
  second
    .map((at, i) => ({ at, i }))
    .sort((a, b) => a.at - b.at)
    .forEach(({ i }, rank) => {
      d2 += (i - rank) ** 2;
    });
  return 1 - (6 * d2) / (n * (n * n - 1));
}

/** Spearman's correlation of the order in which shared words first appear; 0 with fewer than six of them. */
export function orderGram(docs: readonly Doc[]): Grid {
  const first = docs.map((d) => {
    const at = new Map<number, number>();
    d.words.forEach((w, i) => {
      if (!at.has(w)) at.set(w, i);
    });
    return at;
  });
  const out = Grid.square(docs.length);
  first.forEach((own, x) => {
    out.set(x, x, 1);
    for (let y = x + 1; y < first.length; y++) {
      const other = first[y];
      // Map order is order of first appearance, so the position among the shared words is x's rank.
      const second: number[] = [];
      for (const w of own.keys()) {
        const at = other?.get(w);
        if (at !== undefined) second.push(at);
      }
      if (second.length >= LEAST_SHARED) out.setBoth(x, y, spearman(second));
    }
  });
  return out;
}

/** How a feature varies, and what each member makes of it everywhere. */
export interface ProfileScale {
  /** Standard deviation of each feature within items, over models. */
  readonly scale: Float64Array;
  /** Per member and feature: the member's own mean after centring by item, taken out as its habit. */
  readonly habit: Grid;
}

function profileScale(
  corpus: Corpus,
  members: readonly number[],
  pick: (d: Doc) => ArrayLike<number>,
  width: number,
): ProfileScale {
  const habit = new Grid(members.length, width);
  const seen = new Float64Array(members.length);
  const squares = new Float64Array(width);
  let n = 0;
  corpus.items.forEach((_, i) => {
    const here = members.flatMap((member, a) => {
      const doc = corpus.docs[member]?.[i];
      return doc === undefined ? [] : [{ a, values: pick(doc) }];
    });
    if (here.length < 4) return;
    for (let f = 0; f < width; f++) {
      let mean = 0;
      for (const { values } of here) mean += (values[f] ?? 0) / here.length;
      for (const { a, values } of here) {
        const d = (values[f] ?? 0) - mean;
        habit.add(a, f, d);
        squares[f] = (squares[f] ?? 0) + d * d;
      }
    }
    for (const { a } of here) seen[a] = (seen[a] ?? 0) + 1;
    n += here.length;
  });
  for (let a = 0; a < members.length; a++)
    for (let f = 0; f < width; f++) habit.set(a, f, habit.at(a, f) / Math.max(1, seen[a] ?? 0));
  return { scale: squares.map((s) => Math.sqrt(s / Math.max(1, n)) + 1e-3), habit };
}

/** Scales of markers, layout and length over the members. */
export function profileScales(corpus: Corpus, members: readonly number[]) {
  return {
    markers: profileScale(corpus, members, (d) => d.markers, MARKERS.length),
    layout: profileScale(corpus, members, (d) => d.layout, LAYOUT_PATTERNS.length),
    length: profileScale(corpus, members, (d) => [d.length], 1),
  };
}

/**
 * Inner products of feature profiles after taking out the item's mean and each model's habit.
 * @param present the members whose vectors are given, in order
 */
export function profileGram(
  vectors: readonly ArrayLike<number>[],
  { scale, habit }: ProfileScale,
  present: readonly number[],
): Grid {
  const k = vectors.length;
  const centred = new Grid(k, scale.length);
  scale.forEach((unit, f) => {
    let mean = 0;
    for (const v of vectors) mean += (v[f] ?? 0) / k;
    vectors.forEach((v, x) => {
      centred.set(x, f, ((v[f] ?? 0) - mean - habit.at(present[x] ?? 0, f)) / unit);
    });
  });
  const gram = Grid.square(k);
  for (let x = 0; x < k; x++)
    for (let y = x; y < k; y++) gram.setBoth(x, y, dot(centred.row(x), centred.row(y)));
  return gram;
}

/** Same opening (one, two, four words) or closing (four words, where not cut off), weighed by its rarity at the item. */
export function openingGram(docs: readonly Doc[]): Grid {
  const k = docs.length;
  const gram = Grid.square(k);
  const addEqual = (values: readonly (string | undefined)[]) => {
    const groups = new Map<string, number[]>();
    values.forEach((v, x) => {
      if (v === undefined || v === '') return;
      const list = groups.get(v);
      if (list === undefined) groups.set(v, [x]);
      else list.push(x);
    });
    for (const list of groups.values()) {
      if (list.length < 2) continue;
      const w = Math.log((k + 1) / (list.length - 1)) / 3;
      for (const x of list) for (const y of list) if (x !== y) gram.add(x, y, w);
    }
  };
  for (let n = 0; n < 3; n++) addEqual(docs.map((d) => d.opening[n]));
  addEqual(docs.map((d) => d.closing));
  return gram;
}
