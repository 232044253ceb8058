import { BLOCKS, dealt } from './blocks.ts';
import { dot, Grid } from './grid.ts';
import type { Pair } from './pair-effects.ts';
import {
  STYLE_KINDS,
  type StyleDoc,
  type StyleKind,
  type StyleVocabulary,
  sizeOf,
  styleDoc,
} from './style-docs.ts';

/**
 * Views of how a text is written, whatever it says: rates of habits by length of text, so that a few long texts count
 * as much as many short ones.
 */

/** Rates are per this many characters. */
const PER_CHARACTERS = 1e4;
/** A feature must occur with this share of the members, and at least with this many, to be a habit and not a topic. */
const LEAST_SHARE = 0.2;
const LEAST_MEMBERS = 3;
/** Standard deviations at which a habit stops to count more. */
const CLIP = 3;
/** A phrase is rare at a prompt if so many members at most use it there. */
const RARE_MEMBERS = 5;

/** Texts of one part (traces or replies) of all models, counted. */
export interface StyleCorpus {
  readonly models: readonly string[];
  readonly items: readonly string[];
  readonly docs: readonly (readonly (StyleDoc | undefined)[])[];
  readonly vocabulary: StyleVocabulary;
}

/** Counts the texts of all models once. */
export function styleCorpus(
  models: readonly string[],
  texts: readonly ReadonlyMap<string, string>[],
  items: readonly string[],
  vocabulary: StyleVocabulary,
): StyleCorpus {
  const docs = texts.map((byItem) =>
    items.map((item) => {
      const text = byItem.get(item);
      return text === undefined ? undefined : styleDoc(text, vocabulary);
    }),
  );
  return { models, items, docs, vocabulary };
}

/** Sums over blocks of items, from which any subset of blocks gives every view. */
export interface StyleSums {
  readonly members: readonly number[];
  /** Per kind and block: uses of each chosen feature, members by features. */
  readonly uses: Readonly<Record<StyleKind, readonly Grid[]>>;
  /** Per block: characters of each member, members by one. */
  readonly characters: readonly Grid[];
  /** Per block: rare phrases shared at a prompt, members by members. */
  readonly rare: readonly Grid[];
  /** Items on which both of two members have a text, members by members. */
  readonly common: Grid;
  /** Per member: mean log length. */
  readonly meanLogLength: Float64Array;
}

/** Features that enough members use, the most used first. */
function habits(corpus: StyleCorpus, members: readonly number[], kind: StyleKind, most: number): Int32Array {
  const size = sizeOf(kind, corpus.vocabulary);
  const total = new Float64Array(size);
  const holders = new Int32Array(size);
  const last = new Int32Array(size).fill(-1);
  members.forEach((member, m) => {
    for (const doc of corpus.docs[member] ?? []) {
      if (doc === undefined) continue;
      const { ids, counts } = doc.counts[kind];
      for (let k = 0; k < ids.length; k++) {
        const id = ids[k] ?? 0;
        total[id] = (total[id] ?? 0) + (counts[k] ?? 0);
        if (last[id] !== m) holders[id] = (holders[id] ?? 0) + 1;
        last[id] = m;
      }
    }
  });
  const least = Math.max(LEAST_MEMBERS, Math.ceil(LEAST_SHARE * members.length));
  const used: number[] = [];
  for (let id = 0; id < size; id++) if ((holders[id] ?? 0) >= least) used.push(id);
  used.sort((a, b) => (total[b] ?? 0) - (total[a] ?? 0) || a - b);
  return Int32Array.from(used.slice(0, most));
}

function usesOf(corpus: StyleCorpus, members: readonly number[], kind: StyleKind, most: number): Grid[] {
  const chosen = habits(corpus, members, kind, most);
  const place = new Int32Array(sizeOf(kind, corpus.vocabulary)).fill(-1);
  chosen.forEach((id, f) => {
    place[id] = f;
  });
  const blocks = Array.from({ length: BLOCKS }, () => new Grid(members.length, Math.max(1, chosen.length)));
  const deal = dealt(corpus.items, BLOCKS);
  members.forEach((member, m) => {
    corpus.docs[member]?.forEach((doc, i) => {
      if (doc === undefined) return;
      const row = blocks[deal[i] ?? 0]?.row(m);
      if (row === undefined) return;
      const { ids, counts } = doc.counts[kind];
      for (let k = 0; k < ids.length; k++) {
        const f = place[ids[k] ?? 0] ?? -1;
        if (f >= 0) row[f] = (row[f] ?? 0) + (counts[k] ?? 0);
      }
    });
  });
  return blocks;
}

/** Phrases that few members use at a prompt: each pair that shares one gets its share of one. */
function rarePhrases(docs: readonly (readonly [number, StyleDoc])[], shared: Grid): void {
  const users = new Map<number, number[]>();
  for (const [m, doc] of docs)
    for (const phrase of doc.phrases) {
      const list = users.get(phrase);
      if (list === undefined) users.set(phrase, [m]);
      else list.push(m);
    }
  for (const list of users.values()) {
    if (list.length < 2 || list.length > RARE_MEMBERS) continue;
    for (const a of list) for (const b of list) if (a !== b) shared.add(a, b, 1 / list.length);
  }
}

/** Measures the members alone: a study of a reference, a suspect and its controls sees nobody else. */
export function measureStyle(corpus: StyleCorpus, members: readonly number[]): StyleSums {
  const n = members.length;
  const uses = Object.fromEntries(
    STYLE_KINDS.map(({ kind, features }) => [kind, usesOf(corpus, members, kind, features)]),
  ) as Record<StyleKind, Grid[]>;
  const characters = Array.from({ length: BLOCKS }, () => new Grid(n, 1));
  const rare = Array.from({ length: BLOCKS }, () => Grid.square(n));
  const common = Grid.square(n);
  const meanLogLength = new Float64Array(n);
  const texts = new Float64Array(n);
  const deal = dealt(corpus.items, BLOCKS);
  corpus.items.forEach((_, i) => {
    const here = members.flatMap((member, m): (readonly [number, StyleDoc])[] => {
      const doc = corpus.docs[member]?.[i];
      return doc === undefined ? [] : [[m, doc]];
    });
    const block = deal[i] ?? 0;
    for (const [m, doc] of here) {
      characters[block]?.add(m, 0, doc.length);
      meanLogLength[m] = (meanLogLength[m] ?? 0) + Math.log(doc.length);
      texts[m] = (texts[m] ?? 0) + 1;
      for (const [other] of here) common.add(m, other, 1);
    }
    const shared = rare[block];
    if (shared !== undefined) rarePhrases(here, shared);
  });
  for (let m = 0; m < n; m++) meanLogLength[m] = (meanLogLength[m] ?? 0) / Math.max(1, texts[m] ?? 0);
  return { members, uses, characters, rare, common, meanLogLength };
}

function summed(blocks: readonly Grid[], leaveOut: number | undefined): Grid {
  const first = blocks[0] ?? new Grid(1, 1);
  const total = new Grid(first.rows, first.columns);
  blocks.forEach((block, b) => {
    if (b !== leaveOut) total.addAll(block);
  });
  return total;
}

/** Rates per length, logarithmic, standardised over the members and clipped: one row a member. */
function standardisedRates(uses: Grid, characters: Grid): Grid {
  const { rows, columns } = uses;
  const out = new Grid(rows, columns);
  for (let f = 0; f < columns; f++) {
    let mean = 0;
    let square = 0;
    for (let m = 0; m < rows; m++) {
      const rate = Math.log1p((uses.at(m, f) * PER_CHARACTERS) / Math.max(1, characters.at(m, 0)));
      out.set(m, f, rate);
      mean += rate / rows;
      square += rate ** 2 / rows;
    }
    const spread = Math.sqrt(Math.max(0, square - mean ** 2)) + 1e-9;
    for (let m = 0; m < rows; m++)
      out.set(m, f, Math.max(-CLIP, Math.min(CLIP, (out.at(m, f) - mean) / spread)));
  }
  return out;
}

function cosines(rows: Grid, pairs: readonly Pair[]): Float64Array {
  const norms = Array.from({ length: rows.rows }, (_, m) => Math.sqrt(dot(rows.row(m), rows.row(m))));
  return Float64Array.from(pairs, ([a, b]) => {
    const norm = (norms[a] ?? 0) * (norms[b] ?? 0);
    return norm > 0 ? dot(rows.row(a), rows.row(b)) / norm : 0;
  });
}

export type StyleViewName = StyleKind | 'rare phrases';

/**
 * Similarity of every pair in every view, from all blocks but `leaveOut` (for the jackknife). Values are comparable
 * within a view only.
 */
export function styleValues(
  sums: StyleSums,
  pairs: readonly Pair[],
  leaveOut?: number,
): { name: StyleViewName; values: Float64Array }[] {
  const characters = summed(sums.characters, leaveOut);
  const out: { name: StyleViewName; values: Float64Array }[] = STYLE_KINDS.map(({ kind }) => ({
    name: kind,
    values: cosines(standardisedRates(summed(sums.uses[kind], leaveOut), characters), pairs),
  }));
  const rare = summed(sums.rare, leaveOut);
  out.push({ name: 'rare phrases', values: Float64Array.from(pairs, ([a, b]) => Math.log1p(rare.at(a, b))) });
  return out;
}

/** Distance in length: a covariate of every pair, because long texts are alike for other reasons. */
export function lengthCovariates(sums: StyleSums, pairs: readonly Pair[]): number[][] {
  return pairs.map(([a, b]) => [Math.abs((sums.meanLogLength[a] ?? 0) - (sums.meanLogLength[b] ?? 0))]);
}
