import { STEP_TYPES, sentencesOf, stepTypeOf } from './step-types.ts';

/** Counts of features in one text. */
export interface Counts {
  readonly ids: Int32Array;
  readonly counts: Float32Array;
}

/** Habits of writing that are counted, with what each is. */
export const STYLE_KINDS = [
  { kind: 'steps', means: 'types of sentences and their order, one to three in a row', features: 400 },
  { kind: 'openers', means: 'the first two and three words of sentences', features: 1500 },
  { kind: 'pairs', means: 'pairs of neighbouring words', features: 2500 },
  { kind: 'layout', means: 'line breaks, lists, bold, headings, code, punctuation', features: 64 },
] as const;
export type StyleKind = (typeof STYLE_KINDS)[number]['kind'];

/** What is counted of a text's layout. */
const LAYOUT: readonly (readonly [string, RegExp])[] = [
  ['paragraphs', /\n\n/g],
  ['bullets', /^\s*[-*] /gm],
  ['numbers', /^\s*\d+[.)] /gm],
  ['bold', /\*\*/g],
  ['headings', /^#+ /gm],
  ['code blocks', /```/g],
  ['brackets', /\(/g],
  ['questions', /\?/g],
  ['exclamations', /!/g],
  ['dashes', /[—–]/g],
  ['straight quotes', /"/g],
  ['curly quotes', /[“’]/g],
  ['colons', /:/g],
  ['arrows', /->|→/g],
  ['semicolons', /;/g],
  ['backticks', /`/g],
  ['ellipses', /\.\.\./g],
  ['commas', /,/g],
  ['formulas', /\$|\\\(/g],
];

/** One text, counted once. */
export interface StyleDoc {
  /** Characters. */
  readonly length: number;
  readonly counts: Readonly<Record<StyleKind, Counts>>;
  /** Distinct runs of four words, hashed. */
  readonly phrases: Int32Array;
}

/** Texts shorter than this have no style to speak of; what the prompt forces is mostly short. */
export const LEAST_LENGTH = 80;
/** Longest text looked at, in characters: a guard against megabytes in one line. */
const MAX_LENGTH = 40_000;
/** Characters in which rare phrases are sought. */
const PHRASE_SPAN = 8000;
const WORD = /[\p{L}\p{M}']+/gu;
const PHRASE_WORD = /[\p{L}\p{M}']+|\d+/gu;
const OPENER_TOKEN = /[\p{L}\p{M}']+|[,:.?]/gu;
const TYPES = STEP_TYPES.length + 1;

/** Gives every feature a number, over all texts of a corpus. */
export class Features {
  readonly #ids = new Map<string, number>();

  id(feature: string): number {
    const known = this.#ids.get(feature);
    if (known !== undefined) return known;
    const id = this.#ids.size;
    this.#ids.set(feature, id);
    return id;
  }

  get size(): number {
    return this.#ids.size;
  }
}

function countsOf(ids: Iterable<number>): Counts {
  const times = new Map<number, number>();
  for (const id of ids) times.set(id, (times.get(id) ?? 0) + 1);
  return { ids: Int32Array.from(times.keys()), counts: Float32Array.from(times.values()) };
}

function stepIds(types: readonly number[]): number[] {
  const out: number[] = [];
  types.forEach((a, i) => {
    out.push(a);
    const b = types[i + 1];
    if (b === undefined) return;
    out.push(TYPES + a * TYPES + b);
    const c = types[i + 2];
    if (c !== undefined) out.push(TYPES + TYPES ** 2 + (a * TYPES + b) * TYPES + c);
  });
  return out;
}

function openerIds(sentences: readonly string[], features: Features): number[] {
  return sentences.flatMap((sentence) => {
    const words = sentence.slice(0, 120).toLowerCase().match(OPENER_TOKEN) ?? [];
    if (words.length < 2) return [];
    return [features.id(words.slice(0, 2).join(' ')), features.id(words.slice(0, 3).join(' '))];
  });
}

const BLANK = 0x20;

/** FNV-1a of the words from `from` to `to`, with blanks between them. */
function hashOf(words: readonly string[], from: number, to: number): number {
  let h = 0x811c9dc5;
  for (let w = from; w < to; w++) {
    const word = words[w] as string;
    if (w > from) h = Math.imul(h ^ BLANK, 0x01000193);
    for (let i = 0; i < word.length; i++) h = Math.imul(h ^ word.charCodeAt(i), 0x01000193);
  }
  return h | 0;
}

function phraseHashes(text: string): Int32Array {
  const words = text.slice(0, PHRASE_SPAN).toLowerCase().match(PHRASE_WORD) ?? [];
  const out = new Set<number>();
  for (let i = 0; i + 3 < words.length; i++) out.add(hashOf(words, i, i + 4));
  return Int32Array.from(out);
}

/** Numbers of the features of one kind each. */
export interface StyleVocabulary {
  readonly openers: Features;
  readonly pairs: Features;
}

/** How many features a kind has in a vocabulary. */
export function sizeOf(kind: StyleKind, vocabulary: StyleVocabulary): number {
  if (kind === 'steps') return TYPES + TYPES ** 2 + TYPES ** 3;
  if (kind === 'layout') return LAYOUT.length;
  return vocabulary[kind].size;
}

/** Counts a text's habits; undefined where it is too short to have any. */
export function styleDoc(whole: string, vocabulary: StyleVocabulary): StyleDoc | undefined {
  const text = whole.length > MAX_LENGTH ? whole.slice(0, MAX_LENGTH) : whole;
  if (text.length <= LEAST_LENGTH) return undefined;
  const sentences = sentencesOf(text);
  const words = text.toLowerCase().match(WORD) ?? [];
  const pairs: number[] = [];
  for (let i = 0; i + 1 < words.length; i++) pairs.push(vocabulary.pairs.id(`${words[i]} ${words[i + 1]}`));
  const layout = LAYOUT.map(([, pattern]) => text.match(pattern)?.length ?? 0);
  return {
    length: text.length,
    counts: {
      steps: countsOf(stepIds(sentences.map(stepTypeOf))),
      openers: countsOf(openerIds(sentences, vocabulary.openers)),
      pairs: countsOf(pairs),
      layout: { ids: Int32Array.from(LAYOUT.keys()), counts: Float32Array.from(layout) },
    },
    phrases: phraseHashes(text),
  };
}
