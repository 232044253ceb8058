import type { SCRIPTS } from './usage-event.ts';

/** What the recorder knows of each UTF-16 code unit: whether it parts words, and its script. Built once. */

export type Script = (typeof SCRIPTS)[number];

export const KIND = {
  separator: 0,
  /** joins what stands around it: apostrophes, zero-width and format characters, variation selectors */
  ignored: 1,
  digit: 2,
  letter: 3,
  /** a word by itself: scripts written without spaces */
  single: 4,
  surrogate: 5,
} as const;

/** Scripts by the number kept in the table; `none` is 0. */
export const SCRIPT_BY_NUMBER: readonly Script[] = [
  'none',
  'latin',
  'han',
  'kana',
  'hangul',
  'cyrillic',
  'arabic',
  'devanagari',
  'other',
];

const SCRIPT_PATTERNS: readonly [number, RegExp][] = [
  [1, /\p{Script=Latin}/u],
  [2, /\p{Script=Han}/u],
  [3, /[\p{Script=Hiragana}\p{Script=Katakana}ー]/u],
  [4, /\p{Script=Hangul}/u],
  [5, /\p{Script=Cyrillic}/u],
  [6, /\p{Script=Arabic}/u],
  [7, /\p{Script=Devanagari}/u],
];
const SINGLES =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}ー]/u;
const IGNORED = /[\p{Cf}\p{Variation_Selector}'’‘ʼ`´]/u;
const LETTER = /[\p{L}\p{M}\p{Nl}]/u;
const DIGIT = /\p{Nd}/u;

/** kind | script << 3, by code unit. */
export const CHARACTERS: Uint8Array = build();

function build(): Uint8Array {
  const table = new Uint8Array(0x10000);
  for (let unit = 0; unit < 0x10000; unit++) {
    if (unit >= 0xd800 && unit <= 0xdfff) {
      table[unit] = KIND.surrogate;
      continue;
    }
    // Most of the plane in two long runs of one script each: no need to ask five patterns of each.
    if (unit >= 0x3400 && unit <= 0x9fff && (unit < 0x4dc0 || unit >= 0x4e00)) {
      table[unit] = KIND.single | (2 << 3);
      continue;
    }
    if (unit >= 0xac00 && unit <= 0xd7a3) {
      table[unit] = KIND.letter | (4 << 3);
      continue;
    }
    if (unit >= 0xe000 && unit <= 0xf8ff) continue;
    const text = String.fromCharCode(unit);
    if (IGNORED.test(text)) table[unit] = KIND.ignored;
    else if (DIGIT.test(text)) table[unit] = KIND.digit;
    else if (LETTER.test(text)) {
      const script = SCRIPT_PATTERNS.find(([, pattern]) => pattern.test(text))?.[0] ?? 8;
      table[unit] = (SINGLES.test(text) ? KIND.single : KIND.letter) | (script << 3);
    }
  }
  return table;
}
