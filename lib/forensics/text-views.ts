import type { Pair } from './pair-effects.ts';

/**
 * Views of free text: what two models' answers to the same prompts have in common beyond what everybody says there.
 * Each view gives a similarity per pair of models; what is generic to a prompt is taken out by centring over the
 * models, what is generic to a model by the pair model (pair-effects.ts).
 */

/** The views, in order; each weighs the same. */
export const viewNames = ['words', 'phrases', 'order', 'markers', 'layout', 'length', 'openings'] as const;
export type ViewName = (typeof viewNames)[number];

/** Words that steer a text rather than say something about its subject. */
const markerList =
  `first firstly second secondly third next then finally lastly however therefore thus hence overall additionally
   furthermore moreover also because since although while but so instead meanwhile similarly conversely specifically
   generally ultimately consequently sure certainly absolutely note remember please sorry unfortunately wait actually
   alternatively now given we let i you your important conclusion summary example step answer`.split(/\s+/);
const markerIndex = new Map(markerList.map((m, i) => [m, i]));

const layoutPatterns: readonly RegExp[] = [
  /\n\n/g,
  /^\s*\d+[.)]/gm,
  /^\s*[-*•]\s/gm,
  /\*\*/g,
  /^#+\s/gm,
  /```/g,
  /:/g,
  /,/g,
  /!/g,
  /\?/g,
  /\(/g,
  /"/g,
  /;/g,
  /[.!?](?=\s|$)/g,
  /\\\(|\\\[|\$/g,
];

/** Letters with marks, digits and apostrophes, or a run of other-script characters; case is dropped. */
const wordPattern = /[\p{L}\p{M}\p{N}'’]+/gu;
/** Longest text looked at, in characters: a guard against megabytes in one line. */
const maxTextLength = 20_000;
/** Hash buckets for phrases (word 2- and 3-grams). */
const phraseBuckets = 1 << 18;
/** Phrases kept: the most used ones, by the mean over models. */
const phraseCount = 2000;
/** Items are dealt to this many blocks for the jackknife. */
export const textBlocks = 20;

/** A text, taken apart once. */
interface Doc {
  readonly words: Int32Array;
  /** Distinct buckets of word 2- and 3-grams. */
  readonly phrases: Int32Array;
  readonly markers: Float32Array;
  readonly layout: Float32Array;
  readonly length: number;
  readonly opening: readonly string[];
  readonly closing: string | undefined;
}

/** Texts of all models, tokenised. */
export interface Corpus {
  readonly models: readonly string[];
  readonly items: readonly string[];
  /** Per model and item; undefined where there is no text. */
  readonly docs: readonly (readonly (Doc | undefined)[])[];
  /** Wordings over one item are told apart by these ids. */
  readonly vocabulary: number;
}

function hash2(a: number, b: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x165667b1, 0xc2b2ae35);
  h ^= h >>> 15;
  h = Math.imul(h, 0x27d4eb2f);
  return (h ^ (h >>> 13)) >>> 0;
}

/**
 * Takes the texts apart.
 *
 * @param texts per model a map from item to text
 * @param items items to use, in the order that deals them to blocks
 */
export function readCorpus(
  models: readonly string[],
  texts: readonly ReadonlyMap<string, string>[],
  items: readonly string[],
): Corpus {
  const ids = new Map<string, number>();
  const idOf = (w: string) => {
    let id = ids.get(w);
    if (id === undefined) {
      id = ids.size;
      ids.set(w, id);
    }
    return id;
  };
  const cap = commonCap(texts);
  const docs = texts.map((byItem) =>
    items.map((item): Doc | undefined => {
      const whole = byItem.get(item);
      if (whole === undefined || whole.trim() === '') return undefined;
      const text = whole.length > maxTextLength ? whole.slice(0, maxTextLength) : whole;
      const list = text.toLowerCase().match(wordPattern) ?? [];
      const words = Int32Array.from(list, idOf);
      const phrases = new Set<number>();
      for (let i = 0; i + 1 < words.length; i++) {
        const two = hash2(words[i] as number, words[i + 1] as number);
        phrases.add(two % phraseBuckets);
        if (i + 2 < words.length) phrases.add(hash2(two, words[i + 2] as number) % phraseBuckets);
      }
      const markers = new Float32Array(markerList.length);
      for (const w of list) {
        const m = markerIndex.get(w);
        if (m !== undefined) markers[m] = (markers[m] as number) + 1;
      }
      const layout = Float32Array.from(layoutPatterns, (p) => Math.log1p(text.match(p)?.length ?? 0));
      const opening = [1, 2, 4].map((k) => list.slice(0, k).join(' '));
      return {
        words,
        phrases: Int32Array.from(phrases),
        markers: markers.map((x) => Math.log1p(x)),
        layout,
        length: Math.log1p(text.length),
        opening,
        closing: whole.length >= cap ? undefined : list.slice(-4).join(' '),
      };
    }),
  );
  return { models, items, docs, vocabulary: ids.size };
}

/** Length at which the texts were evidently cut off (several at exactly the maximum), else Infinity. */
function commonCap(texts: readonly ReadonlyMap<string, string>[]): number {
  let longest = 0;
  let times = 0;
  for (const byItem of texts)
    for (const text of byItem.values()) {
      if (text.length > longest) {
        longest = text.length;
        times = 1;
      } else if (text.length === longest) times++;
    }
  return times >= 5 ? longest : Number.POSITIVE_INFINITY;
}

/** Sums from which any subset of blocks gives every view of every pair. */
export interface TextSums {
  readonly corpus: Corpus;
  /** Models taking part, as indices into the corpus. */
  readonly members: readonly number[];
  /** Per block and per-item view: sum over items and count, members x members. */
  readonly itemSums: readonly (readonly Float64Array[])[];
  readonly itemCounts: readonly Float64Array[];
  /** Per block and member: in how many answers each kept phrase occurs, and the number of answers. */
  readonly phraseUse: readonly (readonly Float64Array[])[];
  readonly answers: readonly Float64Array[];
  /** Per member: mean log length, and share of answers with list, bold or heading. */
  readonly meanLength: Float64Array;
  readonly formatting: Float64Array;
}

const itemViews = ['words', 'order', 'markers', 'layout', 'length', 'openings'] as const;

/**
 * Measures all pairs of the members. Centring is over the members alone, so a study of a reference, a suspect and its
 * controls sees nobody else.
 */
export function measureText(corpus: Corpus, members: readonly number[]): TextSums {
  const m = members.length;
  const { items, docs } = corpus;
  const square = () => new Float64Array(m * m);
  const itemSums = Array.from({ length: textBlocks }, () => itemViews.map(square));
  const itemCounts = Array.from({ length: textBlocks }, square);
  const meanLength = new Float64Array(m);
  const formatting = new Float64Array(m);
  const answered = new Float64Array(m);

  const kept = popularPhrases(corpus, members);
  const phraseUse = Array.from({ length: textBlocks }, () =>
    members.map(() => new Float64Array(kept.list.length)),
  );
  const answers = Array.from({ length: textBlocks }, () => new Float64Array(m));

  members.forEach((member, a) => {
    for (const doc of docs[member] ?? []) {
      if (doc === undefined) continue;
      answered[a] = (answered[a] as number) + 1;
      meanLength[a] = (meanLength[a] as number) + doc.length;
      if (
        (doc.layout[1] as number) +
          (doc.layout[2] as number) +
          (doc.layout[3] as number) +
          (doc.layout[4] as number) >
        0
      )
        formatting[a] = (formatting[a] as number) + 1;
    }
    meanLength[a] = (meanLength[a] as number) / Math.max(1, answered[a] as number);
    formatting[a] = (formatting[a] as number) / Math.max(1, answered[a] as number);
  });

  const profileScale = profileScales(corpus, members);
  items.forEach((_, i) => {
    const block = i % textBlocks;
    const present: number[] = [];
    const here: Doc[] = [];
    members.forEach((member, a) => {
      const doc = docs[member]?.[i];
      if (doc === undefined) return;
      present.push(a);
      here.push(doc);
      const use = phraseUse[block]?.[a] as Float64Array;
      for (const bucket of doc.phrases) {
        const at = kept.index[bucket] as number;
        if (at >= 0) use[at] = (use[at] as number) + 1;
      }
      const row = answers[block] as Float64Array;
      row[a] = (row[a] as number) + 1;
    });
    if (present.length < 4) return;
    const add = (view: number, gram: Float64Array) => {
      const sums = itemSums[block]?.[view] as Float64Array;
      const k = present.length;
      for (let x = 0; x < k; x++)
        for (let y = 0; y < k; y++) {
          const at = (present[x] as number) * m + (present[y] as number);
          sums[at] = (sums[at] as number) + (gram[x * k + y] as number);
        }
    };
    const counts = itemCounts[block] as Float64Array;
    for (const x of present) for (const y of present) counts[x * m + y] = (counts[x * m + y] as number) + 1;
    const one = centredCosine(sparseGram(here.map((d) => wordSet(d.words, 1))), here.length);
    const two = centredCosine(sparseGram(here.map((d) => wordSet(d.words, 2))), here.length);
    for (let j = 0; j < one.length; j++) one[j] = ((one[j] as number) + (two[j] as number)) / 2;
    add(0, one);
    add(1, orderGram(here));
    add(
      2,
      profileGram(
        here.map((d) => d.markers),
        profileScale.markers,
        present,
      ),
    );
    add(
      3,
      profileGram(
        here.map((d) => d.layout),
        profileScale.layout,
        present,
      ),
    );
    add(
      4,
      profileGram(
        here.map((d) => Float32Array.of(d.length)),
        profileScale.length,
        present,
      ),
    );
    add(5, openingGram(here));
  });
  return { corpus, members, itemSums, itemCounts, phraseUse, answers, meanLength, formatting };
}

/**
 * Similarity of every pair in every view, from all blocks but `leaveOut` (for the jackknife).
 * Values are comparable within a view only.
 */
export function viewValues(
  sums: TextSums,
  pairs: readonly Pair[],
  leaveOut: number | undefined,
): { name: ViewName; values: Float64Array }[] {
  const m = sums.members.length;
  const blocks = Array.from({ length: textBlocks }, (_, b) => b).filter((b) => b !== leaveOut);
  const counts = new Float64Array(m * m);
  for (const b of blocks) addInto(counts, sums.itemCounts[b] as Float64Array);
  const perItem = itemViews.map((_, v) => {
    const total = new Float64Array(m * m);
    for (const b of blocks) addInto(total, sums.itemSums[b]?.[v] as Float64Array);
    return total;
  });
  const normalised = new Set<number>([2, 3, 4]);
  const byName = new Map<ViewName, Float64Array>();
  itemViews.forEach((name, v) => {
    const total = perItem[v] as Float64Array;
    byName.set(
      name,
      Float64Array.from(pairs, ([a, b]) => {
        const at = a * m + b;
        if (normalised.has(v)) {
          const norm = Math.sqrt((total[a * m + a] as number) * (total[b * m + b] as number));
          return norm > 0 ? (total[at] as number) / norm : 0;
        }
        const n = counts[at] as number;
        return n > 0 ? (total[at] as number) / n : 0;
      }),
    );
  });
  byName.set('phrases', phraseValues(sums, pairs, blocks));
  return viewNames.map((name) => ({ name, values: byName.get(name) as Float64Array }));
}

/** Items on which both of a pair have text. */
export function textItemsOf(sums: TextSums, [a, b]: Pair): number {
  let n = 0;
  for (const counts of sums.itemCounts) n += counts[a * sums.members.length + b] as number;
  return n;
}

/** Format and access mode differ between models and look like lineage: their distance is a covariate of every pair. */
export function formatCovariates(sums: TextSums, pairs: readonly Pair[]): number[][] {
  return pairs.map(([a, b]) => [
    Math.abs((sums.meanLength[a] as number) - (sums.meanLength[b] as number)),
    Math.abs((sums.formatting[a] as number) - (sums.formatting[b] as number)),
  ]);
}

function addInto(total: Float64Array, part: Float64Array): void {
  for (let i = 0; i < total.length; i++) total[i] = (total[i] as number) + (part[i] as number);
}

function wordSet(words: Int32Array, n: 1 | 2): Set<number> {
  if (n === 1) return new Set(words);
  const out = new Set<number>();
  for (let i = 0; i + 1 < words.length; i++)
    out.add((words[i] as number) * 4194304 + (words[i + 1] as number));
  return out;
}

/** Inner products of binary vectors scaled to length 1. */
function sparseGram(sets: readonly Set<number>[]): Float64Array {
  const k = sets.length;
  const gram = new Float64Array(k * k);
  const holders = new Map<number, number[]>();
  sets.forEach((set, x) => {
    for (const g of set) {
      const list = holders.get(g);
      if (list === undefined) holders.set(g, [x]);
      else list.push(x);
    }
  });
  for (const list of holders.values())
    for (let p = 0; p < list.length; p++) {
      const x = list[p] as number;
      for (let q = p; q < list.length; q++) {
        const at = x * k + (list[q] as number);
        gram[at] = (gram[at] as number) + 1;
      }
    }
  const size = sets.map((s) => Math.sqrt(Math.max(1, s.size)));
  for (let x = 0; x < k; x++)
    for (let y = x; y < k; y++) {
      const v = (gram[x * k + y] as number) / ((size[x] as number) * (size[y] as number));
      gram[x * k + y] = v;
      gram[y * k + x] = v;
    }
  return gram;
}

/** Cosines after subtracting the mean vector of the models: what is left when everybody's answer is taken out. */
function centredCosine(gram: Float64Array, k: number): Float64Array {
  const row = new Float64Array(k);
  let all = 0;
  for (let x = 0; x < k; x++) {
    let s = 0;
    for (let y = 0; y < k; y++) s += gram[x * k + y] as number;
    row[x] = s / k;
    all += s / k / k;
  }
  const out = new Float64Array(k * k);
  const norm = new Float64Array(k);
  for (let x = 0; x < k; x++)
    norm[x] = Math.sqrt(Math.max(1e-6, (gram[x * k + x] as number) - 2 * (row[x] as number) + all));
  for (let x = 0; x < k; x++)
    for (let y = 0; y < k; y++)
      out[x * k + y] =
        ((gram[x * k + y] as number) - (row[x] as number) - (row[y] as number) + all) /
        ((norm[x] as number) * (norm[y] as number));
  return out;
}

/** Spearman's correlation of the order in which shared longer words first appear; 0 with fewer than six of them. */
function orderGram(docs: readonly Doc[]): Float64Array {
  const k = docs.length;
  const first = docs.map((d) => {
    const at = new Map<number, number>();
    d.words.forEach((w, i) => {
      if (!at.has(w)) at.set(w, i);
    });
    return at;
  });
  const out = new Float64Array(k * k);
  for (let x = 0; x < k; x++) {
    out[x * k + x] = 1;
    for (let y = x + 1; y < k; y++) {
      // Map order is order of first appearance, so the position among the shared words is x's rank.
      const second: number[] = [];
      for (const w of (first[x] as Map<number, number>).keys()) {
        const at = (first[y] as Map<number, number>).get(w);
        if (at !== undefined) second.push(at);
      }
      const n = second.length;
      if (n < 6) continue;
      const rank = new Int32Array(n);
      second
        .map((at, i) => ({ at, i }))
        .sort((a, b) => a.at - b.at)
        .forEach(({ i }, r) => {
          rank[i] = r;
        });
      let d2 = 0;
      for (let i = 0; i < n; i++) d2 += (i - (rank[i] as number)) ** 2;
      const rho = 1 - (6 * d2) / (n * (n * n - 1));
      out[x * k + y] = rho;
      out[y * k + x] = rho;
    }
  }
  return out;
}

interface ProfileScale {
  /** Standard deviation of each feature within items, over models. */
  readonly scale: Float64Array;
  /** Per member and feature: the member's own mean after centring by item, taken out as its habit. */
  readonly habit: readonly Float64Array[];
}

function profileScales(corpus: Corpus, members: readonly number[]) {
  const of = (pick: (d: Doc) => ArrayLike<number>, width: number): ProfileScale => {
    const habit = members.map(() => new Float64Array(width));
    const seen = new Float64Array(members.length);
    const squares = new Float64Array(width);
    let n = 0;
    corpus.items.forEach((_, i) => {
      const here = members
        .map((member, a) => ({ a, doc: corpus.docs[member]?.[i] }))
        .filter((x): x is { a: number; doc: Doc } => x.doc !== undefined);
      if (here.length < 4) return;
      for (let f = 0; f < width; f++) {
        let mean = 0;
        for (const { doc } of here) mean += (pick(doc)[f] as number) / here.length;
        for (const { a, doc } of here) {
          const d = (pick(doc)[f] as number) - mean;
          const h = habit[a] as Float64Array;
          h[f] = (h[f] as number) + d;
          squares[f] = (squares[f] as number) + d * d;
        }
      }
      for (const { a } of here) seen[a] = (seen[a] as number) + 1;
      n += here.length;
    });
    habit.forEach((h, a) => {
      for (let f = 0; f < width; f++) h[f] = (h[f] as number) / Math.max(1, seen[a] as number);
    });
    return { scale: squares.map((s) => Math.sqrt(s / Math.max(1, n)) + 1e-3), habit };
  };
  return {
    markers: of((d) => d.markers, markerList.length),
    layout: of((d) => d.layout, layoutPatterns.length),
    length: of((d) => [d.length], 1),
  };
}

/** Inner products of feature profiles after taking out the item's mean and each model's habit. */
function profileGram(
  vectors: readonly Float32Array[],
  { scale, habit }: ProfileScale,
  present: readonly number[],
): Float64Array {
  const k = vectors.length;
  const width = scale.length;
  const centred = new Float64Array(k * width);
  for (let f = 0; f < width; f++) {
    let mean = 0;
    for (const v of vectors) mean += (v[f] as number) / k;
    for (let x = 0; x < k; x++)
      centred[x * width + f] =
        ((vectors[x]?.[f] as number) - mean - (habit[present[x] as number]?.[f] as number)) /
        (scale[f] as number);
  }
  const gram = new Float64Array(k * k);
  for (let x = 0; x < k; x++)
    for (let y = x; y < k; y++) {
      let s = 0;
      for (let f = 0; f < width; f++)
        s += (centred[x * width + f] as number) * (centred[y * width + f] as number);
      gram[x * k + y] = s;
      gram[y * k + x] = s;
    }
  return gram;
}

/** Same opening (one, two, four words) or closing (four words, where not cut off), weighed by its rarity at the item. */
function openingGram(docs: readonly Doc[]): Float64Array {
  const k = docs.length;
  const gram = new Float64Array(k * k);
  const addEqual = (values: readonly (string | undefined)[], weight: number) => {
    const groups = new Map<string, number[]>();
    values.forEach((v, x) => {
      if (v === undefined || v === '') return;
      const list = groups.get(v);
      if (list === undefined) groups.set(v, [x]);
      else list.push(x);
    });
    for (const list of groups.values()) {
      if (list.length < 2) continue;
      const w = weight * Math.log((k + 1) / (list.length - 1));
      for (const x of list)
        for (const y of list) if (x !== y) gram[x * k + y] = (gram[x * k + y] as number) + w;
    }
  };
  for (let n = 0; n < 3; n++)
    addEqual(
      docs.map((d) => d.opening[n]),
      1 / 3,
    );
  addEqual(
    docs.map((d) => d.closing),
    1 / 3,
  );
  return gram;
}

function popularPhrases(corpus: Corpus, members: readonly number[]) {
  const rate = new Float64Array(phraseBuckets);
  for (const member of members) {
    const docs = corpus.docs[member] ?? [];
    let total = 0;
    for (const doc of docs) total += doc?.phrases.length ?? 0;
    if (total === 0) continue;
    for (const doc of docs)
      if (doc !== undefined) for (const b of doc.phrases) rate[b] = (rate[b] as number) + 1 / total;
  }
  const used: number[] = [];
  for (let b = 0; b < phraseBuckets; b++) if ((rate[b] as number) > 0) used.push(b);
  used.sort((a, b) => (rate[b] as number) - (rate[a] as number));
  const list = used.slice(0, phraseCount);
  const index = new Int32Array(phraseBuckets).fill(-1);
  list.forEach((b, i) => {
    index[b] = i;
  });
  return { list, index };
}

/**
 * Habits of phrasing (Burrows' Delta in its cosine form, Smith and Aldridge 2011): use of the most frequent word 2- and
 * 3-grams, each standardised over the models, compared by cosine.
 */
function phraseValues(sums: TextSums, pairs: readonly Pair[], blocks: readonly number[]): Float64Array {
  const m = sums.members.length;
  const width = sums.phraseUse[0]?.[0]?.length ?? 0;
  const rows = sums.members.map((_, a) => {
    const use = new Float64Array(width);
    for (const b of blocks) addInto(use, sums.phraseUse[b]?.[a] as Float64Array);
    let total = 0;
    for (const x of use) total += x;
    return use.map((x) => Math.sqrt(x / Math.max(1, total)));
  });
  const deviations = new Float64Array(width);
  for (let f = 0; f < width; f++) {
    let mean = 0;
    let square = 0;
    for (const row of rows) mean += (row[f] as number) / m;
    for (const row of rows) {
      const d = (row[f] as number) - mean;
      row[f] = d;
      square += d * d;
    }
    deviations[f] = Math.sqrt(square / m);
  }
  let typical = 0;
  for (const d of deviations) typical += d / Math.max(1, width);
  const norms = rows.map((row) => {
    let s = 0;
    for (let f = 0; f < width; f++) {
      const v = (row[f] as number) / ((deviations[f] as number) + 0.3 * typical + 1e-12);
      row[f] = v;
      s += v * v;
    }
    return Math.sqrt(s);
  });
  return Float64Array.from(pairs, ([a, b]) => {
    const x = rows[a] as Float64Array;
    const y = rows[b] as Float64Array;
    let s = 0;
    for (let f = 0; f < width; f++) s += (x[f] as number) * (y[f] as number);
    const norm = (norms[a] as number) * (norms[b] as number);
    return norm > 0 ? s / norm : 0;
  });
}
