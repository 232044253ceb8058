import { EMPTY_LETTERS } from '../text/empty-letters.ts';

/**
 * Whether a text says something that folding leaves out: Morse code, Braille, flags that spell, Unicode's tags, digits in circles,
 * pictures. A model reads all of these, so that a thousand questions in symbols must not fold to one prompt. Punctuation as people
 * write it is not meant: folding leaves it out so that equal questions stay equal.
 */
export function saysInSymbols(text: string): boolean {
  let excess = 0;
  for (let at = 0; at < text.length; at++) {
    const kind = CLASSES[text.charCodeAt(at)];
    if (kind === CLASS.space) continue;
    if (kind === CLASS.word) {
      if (excess > 0) excess--;
    } else if (kind === CLASS.punctuation) {
      excess += WEIGHT;
      if (excess >= MOST) return true;
    } else if (kind === CLASS.symbol) return true;
    else if (kind === CLASS.high) {
      const point = text.codePointAt(at) ?? 0;
      // letters and ideographs stay; pictures, tags, private use and broken halves do not
      const isKept = point > 0xffff && (point < 0x1ec00 || (point >= 0x20000 && point <= 0x3ffff));
      if (!isKept) return true;
      at++;
      if (excess > 0) excess--;
    }
  }
  return false;
}

/** A stretch says something by its punctuation alone where so much more of it stands there than of letters and digits. */
const MOST = 24;
/** letters and digits that make up for one mark of punctuation */
const WEIGHT = 2;

const CLASS = { word: 0, space: 1, punctuation: 2, symbol: 3, high: 4 } as const;

/** With the one selector that writing adds by itself: https://www.unicode.org/reports/tr51/#Emoji_Variation_Sequences */
const SPACE = /\p{Z}|[\t\n\v\f\r\u0085]|\ufe0f/u;
/** Letters that nobody sees, and what nobody sees at all: a few of them stand in texts that were copied, many are a code. */
const UNSEEN = new RegExp(`[${EMPTY_LETTERS}\\p{Variation_Selector}\\p{Cf}\\p{Cc}]`, 'u');
const WORD = /[\p{L}\p{M}\p{Nd}\p{Nl}]/u;
const PUNCTUATION = /[\p{P}\p{ASCII}´]/u;

const CLASSES: Uint8Array = build();

function build(): Uint8Array {
  const table = new Uint8Array(0x10000);
  for (let unit = 0; unit < 0x10000; unit++) {
    // letters of Han and Hangul, in long runs
    if ((unit >= 0x4e00 && unit <= 0x9fff) || (unit >= 0xac00 && unit <= 0xd7a3)) continue;
    table[unit] = classOf(unit);
  }
  return table;
}

function classOf(unit: number): number {
  if (unit >= 0xd800 && unit <= 0xdfff) return CLASS.high;
  const text = String.fromCharCode(unit);
  if (SPACE.test(text)) return CLASS.space;
  if (UNSEEN.test(text)) return CLASS.punctuation;
  if (WORD.test(text)) return CLASS.word;
  return PUNCTUATION.test(text) ? CLASS.punctuation : CLASS.symbol;
}
