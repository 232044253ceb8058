import { BLOCKS, dealt } from './blocks.ts';
import { type Corpus, type Doc, PHRASE_BUCKETS } from './corpus.ts';
import { dot, Grid } from './grid.ts';
import type { Pair } from './pair-effects.ts';
import {
  centredCosine,
  openingGram,
  orderGram,
  profileGram,
  profileScales,
  sparseGram,
  wordSet,
} from './text-grams.ts';

/**
 * Views of what is said at each prompt: what two models' answers have in common beyond what everybody says there.
 * What is generic to a prompt is taken out by centring over the models, what is generic to a model by the pair model.
 */

/** The views, in order; each weighs the same. */
export const VIEW_NAMES = ['words', 'phrases', 'order', 'markers', 'layout', 'length', 'openings'] as const;
export type ViewName = (typeof VIEW_NAMES)[number];

/** Views that are sums over items; the others are profiles over the whole. */
const ITEM_VIEWS = ['words', 'order', 'markers', 'layout', 'length', 'openings'] as const;
type ItemView = (typeof ITEM_VIEWS)[number];
/** Item views whose sums are inner products, to be divided by the norms. */
const NORMED: ReadonlySet<ViewName> = new Set(['markers', 'layout', 'length']);
/** Phrases kept: the most used ones, by the mean over models. */
const PHRASES_KEPT = 2000;
/** Fewest models at an item for its centre to mean anything. */
const LEAST_PRESENT = 4;
/** Rows of a text's layout that make it formatted: numbers, bullets, bold, headings. */
const FORMATTED = [1, 2, 3, 4] as const;

/** Sums of one block of items. */
interface BlockSums {
  readonly items: Readonly<Record<ItemView, Grid>>;
  /** Items on which both of two members have a text. */
  readonly common: Grid;
  /** In how many answers each kept phrase occurs, members by phrases. */
  readonly phrases: Grid;
}

/** Sums from which any subset of blocks gives every view of every pair. */
export interface TextSums {
  readonly corpus: Corpus;
  /** Models taking part, as indices into the corpus. */
  readonly members: readonly number[];
  readonly blocks: readonly BlockSums[];
  /** Per member: mean log length, and share of answers with list, bold or heading. */
  readonly meanLength: Float64Array;
  readonly formatting: Float64Array;
}

/** Likeness of the answers to one item in every view that is a sum over items. */
function itemGrams(
  docs: readonly Doc[],
  present: readonly number[],
  scales: ReturnType<typeof profileScales>,
): Record<ItemView, Grid> {
  const words = centredCosine(sparseGram(docs.map((d) => wordSet(d.words, 1))));
  const two = centredCosine(sparseGram(docs.map((d) => wordSet(d.words, 2))));
  for (let x = 0; x < docs.length; x++)
    for (let y = 0; y < docs.length; y++) words.set(x, y, (words.at(x, y) + two.at(x, y)) / 2);
  const profile = (pick: (d: Doc) => ArrayLike<number>, of: 'markers' | 'layout' | 'length') =>
    profileGram(docs.map(pick), scales[of], present);
  return {
    words,
    order: orderGram(docs),
    markers: profile((d) => d.markers, 'markers'),
    layout: profile((d) => d.layout, 'layout'),
    length: profile((d) => [d.length], 'length'),
    openings: openingGram(docs),
  };
}

/**
 * Measures all pairs of the members. Centring is over the members alone, so a study of a reference, a suspect and its
 * controls sees nobody else.
 */
export function measureText(corpus: Corpus, members: readonly number[]): TextSums {
  const m = members.length;
  const kept = popularPhrases(corpus, members);
  const blocks = Array.from(
    { length: BLOCKS },
    (): BlockSums => ({
      items: Object.fromEntries(ITEM_VIEWS.map((v) => [v, Grid.square(m)])) as Record<ItemView, Grid>,
      common: Grid.square(m),
      phrases: new Grid(m, Math.max(1, kept.count)),
    }),
  );
  const scales = profileScales(corpus, members);
  const deal = dealt(corpus.items, BLOCKS);
  corpus.items.forEach((_, i) => {
    const block = blocks[deal[i] ?? 0];
    const here = members.flatMap((member, a): { a: number; doc: Doc }[] => {
      const doc = corpus.docs[member]?.[i];
      return doc === undefined ? [] : [{ a, doc }];
    });
    if (block === undefined) return;
    for (const { a, doc } of here)
      for (const bucket of doc.phrases) {
        const at = kept.index[bucket] ?? -1;
        if (at >= 0) block.phrases.add(a, at, 1);
      }
    if (here.length < LEAST_PRESENT) return;
    const present = here.map(({ a }) => a);
    const grams = itemGrams(
      here.map(({ doc }) => doc),
      present,
      scales,
    );
    present.forEach((a, x) => {
      present.forEach((b, y) => {
        block.common.add(a, b, 1);
        for (const view of ITEM_VIEWS) block.items[view].add(a, b, grams[view].at(x, y));
      });
    });
  });
  return { corpus, members, blocks, ...formats(corpus, members) };
}

function formats(corpus: Corpus, members: readonly number[]) {
  const meanLength = new Float64Array(members.length);
  const formatting = new Float64Array(members.length);
  members.forEach((member, a) => {
    const docs = (corpus.docs[member] ?? []).filter((d): d is Doc => d !== undefined);
    const n = Math.max(1, docs.length);
    meanLength[a] = docs.reduce((s, d) => s + d.length, 0) / n;
    formatting[a] = docs.filter((d) => FORMATTED.some((f) => (d.layout[f] ?? 0) > 0)).length / n;
  });
  return { meanLength, formatting };
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
  const blocks = sums.blocks.filter((_, b) => b !== leaveOut);
  const summed = (pick: (b: BlockSums) => Grid) => {
    const total = Grid.square(m);
    for (const block of blocks) total.addAll(pick(block));
    return total;
  };
  const common = summed((b) => b.common);
  const values = new Map<ViewName, Float64Array>();
  for (const name of ITEM_VIEWS) {
    const total = summed((b) => b.items[name]);
    values.set(
      name,
      Float64Array.from(pairs, ([a, b]) => {
        const by = NORMED.has(name) ? Math.sqrt(total.at(a, a) * total.at(b, b)) : common.at(a, b);
        return by > 0 ? total.at(a, b) / by : 0;
      }),
    );
  }
  values.set('phrases', phraseValues(blocks, m, pairs));
  return VIEW_NAMES.map((name) => ({ name, values: values.get(name) ?? new Float64Array(pairs.length) }));
}

/** Items on which both of a pair have text. */
export function textItemsOf(sums: TextSums, [a, b]: Pair): number {
  return sums.blocks.reduce((n, block) => n + block.common.at(a, b), 0);
}

/** Format and access mode differ between models and look like lineage: their distance is a covariate of every pair. */
export function formatCovariates(sums: TextSums, pairs: readonly Pair[]): number[][] {
  const apart = (of: Float64Array, [a, b]: Pair) => Math.abs((of[a] ?? 0) - (of[b] ?? 0));
  return pairs.map((pair) => [apart(sums.meanLength, pair), apart(sums.formatting, pair)]);
}

function popularPhrases(corpus: Corpus, members: readonly number[]) {
  const rate = new Float64Array(PHRASE_BUCKETS);
  for (const member of members) {
    const docs = corpus.docs[member] ?? [];
    let total = 0;
    for (const doc of docs) total += doc?.phrases.length ?? 0;
    if (total === 0) continue;
    for (const doc of docs)
      if (doc !== undefined) for (const b of doc.phrases) rate[b] = (rate[b] ?? 0) + 1 / total;
  }
  const used: number[] = [];
  rate.forEach((r, b) => {
    if (r > 0) used.push(b);
  });
  used.sort((a, b) => (rate[b] ?? 0) - (rate[a] ?? 0));
  const list = used.slice(0, PHRASES_KEPT);
  const index = new Int32Array(PHRASE_BUCKETS).fill(-1);
  list.forEach((b, i) => {
    index[b] = i;
  });
  return { count: list.length, index };
}

/**
 * Habits of phrasing (Burrows' Delta in its cosine form, Smith and Aldridge 2011): use of the most frequent word 2- and
 * 3-grams, each standardised over the models, compared by cosine.
 */
function phraseValues(blocks: readonly BlockSums[], members: number, pairs: readonly Pair[]): Float64Array {
  const width = blocks[0]?.phrases.columns ?? 1;
  const rows = new Grid(members, width);
  for (const block of blocks) rows.addAll(block.phrases);
  for (let a = 0; a < members; a++) {
    const row = rows.row(a);
    const total = row.reduce((s, x) => s + x, 0);
    row.forEach((x, f) => {
      row[f] = Math.sqrt(x / Math.max(1, total));
    });
  }
  const deviations = new Float64Array(width);
  for (let f = 0; f < width; f++) {
    let mean = 0;
    for (let a = 0; a < members; a++) mean += rows.at(a, f) / members;
    let square = 0;
    for (let a = 0; a < members; a++) {
      rows.add(a, f, -mean);
      square += rows.at(a, f) ** 2;
    }
    deviations[f] = Math.sqrt(square / members);
  }
  const typical = deviations.reduce((s, d) => s + d / width, 0);
  for (let a = 0; a < members; a++) {
    const row = rows.row(a);
    row.forEach((x, f) => {
      row[f] = x / ((deviations[f] ?? 0) + 0.3 * typical + 1e-12);
    });
  }
  const norms = Array.from({ length: members }, (_, a) => Math.sqrt(dot(rows.row(a), rows.row(a))));
  return Float64Array.from(pairs, ([a, b]) => {
    const norm = (norms[a] ?? 0) * (norms[b] ?? 0);
    return norm > 0 ? dot(rows.row(a), rows.row(b)) / norm : 0;
  });
}
