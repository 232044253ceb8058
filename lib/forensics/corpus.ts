/** Words that steer a text rather than say something about its subject. */
export const MARKERS =
  `first firstly second secondly third next then finally lastly however therefore thus hence overall additionally
   furthermore moreover also because since although while but so instead meanwhile similarly conversely specifically
   generally ultimately consequently sure certainly absolutely note remember please sorry unfortunately wait actually
   alternatively now given we let i you your important conclusion summary example step answer`.split(/\s+/);
const MARKER_INDEX = new Map(MARKERS.map((m, i) => [m, i]));

/** What of the layout is counted; items 1 to 4 are what makes a text formatted. */
export const LAYOUT_PATTERNS: readonly RegExp[] = [
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
const WORD = /[\p{L}\p{M}\p{N}'’]+/gu;
/** Longest text looked at, in characters: a guard against megabytes in one line. */
const MAX_LENGTH = 20_000;
/** Texts of about the longest length from which they were evidently cut off there, and what trimming may take off. */
const LEAST_AT_CAP = 5;
const TRIMMED_AT_CAP = 0.002;
/** The end of a text that does not end a sentence. */
export const MID_SENTENCE = /[\p{L}\p{N},]\s*$/u;
/** Hash buckets for phrases (word 2- and 3-grams). */
export const PHRASE_BUCKETS = 1 << 18;

/** A text, taken apart once. */
export interface Doc {
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

function phrasesOf(words: Int32Array): Int32Array {
  const phrases = new Set<number>();
  for (let i = 0; i + 1 < words.length; i++) {
    const two = hash2(words[i] ?? 0, words[i + 1] ?? 0);
    phrases.add(two % PHRASE_BUCKETS);
    if (i + 2 < words.length) phrases.add(hash2(two, words[i + 2] ?? 0) % PHRASE_BUCKETS);
  }
  return Int32Array.from(phrases);
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
    const known = ids.get(w);
    if (known !== undefined) return known;
    const id = ids.size;
    ids.set(w, id);
    return id;
  };
  const cap = commonCap(texts);
  const read = (whole: string): Doc => {
    const text = whole.length > MAX_LENGTH ? whole.slice(0, MAX_LENGTH) : whole;
    const list = text.toLowerCase().match(WORD) ?? [];
    const words = Int32Array.from(list, idOf);
    const markers = new Float32Array(MARKERS.length);
    for (const w of list) {
      const m = MARKER_INDEX.get(w);
      if (m !== undefined) markers[m] = (markers[m] ?? 0) + 1;
    }
    return {
      words,
      phrases: phrasesOf(words),
      markers: markers.map((x) => Math.log1p(x)),
      layout: Float32Array.from(LAYOUT_PATTERNS, (p) => Math.log1p(text.match(p)?.length ?? 0)),
      length: Math.log1p(text.length),
      opening: [1, 2, 4].map((k) => list.slice(0, k).join(' ')),
      closing: whole.length >= cap ? undefined : list.slice(-4).join(' '),
    };
  };
  const docs = texts.map((byItem) =>
    items.map((item): Doc | undefined => {
      const whole = byItem.get(item);
      return whole === undefined || whole.trim() === '' ? undefined : read(whole);
    }),
  );
  return { models, items, docs, vocabulary: ids.size };
}

/**
 * Length at which texts were evidently cut off, else Infinity: several different ones end there, in the middle of a
 * sentence, or just below it, as white space at the cut is taken off.
 */
export function commonCap(texts: readonly ReadonlyMap<string, string>[]): number {
  let longest = 0;
  for (const byItem of texts)
    for (const text of byItem.values()) if (text.length > longest) longest = text.length;
  const cap = Math.floor(longest * (1 - TRIMMED_AT_CAP));
  const atCap = new Set<string>();
  for (const byItem of texts) for (const text of byItem.values()) if (text.length >= cap) atCap.add(text);
  const cut = [...atCap].filter((text) => MID_SENTENCE.test(text)).length;
  return atCap.size >= LEAST_AT_CAP && cut >= atCap.size / 2 ? cap : Number.POSITIVE_INFINITY;
}
