import { looksRandom } from './sealed.ts';

/**
 * What the words of a prompt look like, whatever they say: one pass over its beginning, in any language. Redaction leaves text of
 * which the words that matter are stars, one letter, tags such as `<PERSON>` and `[REDACTED]`, digests or initials; encryption and
 * shuffling leave words whose letters follow one another as by chance.
 *
 * Sources of the forms: Presidio's operators `replace`, `mask`, `hash` (https://microsoft.github.io/presidio/anonymizer/); Google's
 * Sensitive Data Protection, character masking and info type tags (https://cloud.google.com/sensitive-data-protection/docs/transformations-reference);
 * OpenTelemetry Collector's redaction processor, `****` (https://github.com/open-telemetry/opentelemetry-collector-contrib processor/redactionprocessor).
 */
export interface WordForms {
  /** much of it was covered, word by word or letter by letter */
  readonly masked: boolean;
  /** pairs of neighbouring letters within words, 32 * first + second; of one prompt in four */
  readonly pairs: Uint16Array | undefined;
  /** of its letters: equal for texts that differ in numbers and punctuation alone */
  readonly letters: number;
  /** of its first two words: equal for the texts of one template */
  readonly head: number;
}

/** UTF-16 units that are looked at. */
const LOOKED = 400;
/** Share of words, or of characters, that are covered: redaction of names alone leaves more. */
const COVERED = 0.3;
/** Share of letters that are one letter, and of words that are one. */
const ONE_LETTER = 0.7;
const FEWEST_WORDS = 3;
const FEWEST_INITIALS = 6;
const FEWEST_LETTERS = 20;
/** Letters a word where only small words are left, and how many words say so; of other characters there are hardly any. */
const SMALL_WORD = 2.75;
const FEWEST_SMALL = 8;
const MOSTLY_LETTERS = 0.85;
/** Words without a vowel, as a filter that drops vowels leaves nearly all; of people's words hardly one in ten has none. */
const VOWELLESS = 0.6;
const FEWEST_VOWELLESS = 4;
/** a, e, i, o, u, y by their places in the alphabet; of letters beyond ASCII each may be one. */
const VOWELS = [1, 5, 9, 15, 21, 25].reduce((bits, place) => bits | (1 << place), 0);
/** As many words as one of them may be three tenths of by chance. */
const FEWEST_EQUAL = 4;
/** Shortest digest in the place of a word. */
const SHORTEST_DIGEST = 8;
const SHORTEST_OPAQUE = 20;
/** Words of which letters are paired; longer ones are no words. */
const LONGEST_PAIRED = 20;
const MOST_PAIRS = 160;
/** Latin, Greek, Cyrillic, Armenian, Hebrew, Arabic: letters below, of which words are made. */
const ALPHABETS = 0x700;

/** Stars, bullets, blocks, question marks and what stands for a character that could not be written. */
const SIGNS = new Set([...'*•●█▇■?\ufffd'].map((sign) => sign.charCodeAt(0)));
/** What a UTF-16 unit is: a letter from 1 to 31, the same for its capital in Latin, Greek and Cyrillic, or one of these. */
const SIGN = 32;
const SPACE = 64;
const BRACKET = 128;
const kinds = Uint8Array.from({ length: ALPHABETS }, (_, unit) => kindOf(unit));

function kindOf(unit: number): number {
  if (unit <= 32 || unit === 0xa0 || unit === 0x3000) return SPACE;
  if (unit === 60 || unit === 91 || unit === 123) return BRACKET;
  if (SIGNS.has(unit)) return SIGN;
  if (unit < 128) {
    const small = unit | 32;
    return small >= 97 && small <= 122 ? small - 96 : 0;
  }
  if (unit < 0xc0 || (unit >= 0x2000 && unit < 0x2e80) || (unit >= 0x3000 && unit < 0x3040)) return 0;
  return 1 + ((unit & 31) % 31);
}

function kindAt(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return unit < ALPHABETS ? (kinds[unit] as number) : kindOf(unit);
}
/** Signs of which lines and rulers are made too. */
const LINES = new Set([...'#_-=~'].map((sign) => sign.charCodeAt(0)));
const SHORTEST_LINE = 3;
const TAG = /[<[{]{1,2}[A-Z][A-Z0-9_ -]{1,40}[>\]}]{1,2}/y;

const letterCounts = new Uint16Array(32);
const wordCounts = new Uint16Array(256);
const pairBuffer = new Uint16Array(MOST_PAIRS);

/** Counts over one text; one is used again and again, as what counts is synchronous. */
class Scan {
  words = 0;
  covered = 0;
  initials = 0;
  /** words of two Latin letters and more, and those of them without a vowel */
  latin = 0;
  vowelless = 0;
  /** words of scripts in which one character may be a word */
  syllables = 0;
  signs = 0;
  characters = 0;
  letters = 0;
  pairs = 0;
  hash = 0;
  head = 0;
  /** the commonest word, and how often it stands there */
  most = 0;
  mostWord = 0;

  begin(): void {
    this.words = this.covered = this.initials = this.syllables = this.signs = 0;
    this.latin = this.vowelless = 0;
    this.characters = this.letters = this.pairs = 0;
    this.hash = 0x811c9dc5;
    this.head = this.most = this.mostWord = 0;
    letterCounts.fill(0);
    wordCounts.fill(0);
  }

  /** A word without white space: from `start` to `end`. */
  word(text: string, start: number, end: number): void {
    this.words++;
    this.characters += end - start;
    let signs = 0;
    let letters = 0;
    let hash = 0;
    let last = 0;
    const paired = this.pairs;
    let seen = 0;
    for (let at = start; at < end; at++) {
      const letter = kindAt(text, at);
      if (letter === 0 || letter > 31) {
        last = 0;
        if (letter === SIGN) signs++;
        continue;
      }
      letters++;
      seen |= text.charCodeAt(at) < 128 ? 1 << letter : VOWELS;
      letterCounts[letter] = (letterCounts[letter] as number) + 1;
      hash = added(hash, letter);
      if (last !== 0 && this.pairs < MOST_PAIRS) pairBuffer[this.pairs++] = 32 * last + letter;
      last = text.charCodeAt(at) < ALPHABETS ? letter : 0;
    }
    if (letters > LONGEST_PAIRED || letters < 3) this.pairs = paired;
    if (letters > 1 && letters === end - start - signs) {
      this.latin++;
      if ((seen & VOWELS) === 0) this.vowelless++;
    }
    this.letters += letters;
    this.signs += signs;
    if (letters > 0) this.hash = Math.imul(this.hash ^ hash, 0x01000193);
    if (this.words === 2) this.head = this.hash;
    if (last === 0 && letters > 0 && text.charCodeAt(start) >= ALPHABETS) this.syllables++;
    else if (letters === 1 && signs === 0) this.initials++;
    if (letters > 1) this.#count(hash);
    // a comma or a full stop may follow
    if (signs > 1 && signs >= end - start - 1) this.covered++;
    else if (letters === 0 && isLine(text, start, end)) this.covered++;
    else if (end - start >= SHORTEST_DIGEST && isDigest(text, start, end)) this.covered++;
  }

  #count(hash: number): void {
    const slot = (hash ^ (hash >>> 8)) & 255;
    const count = (wordCounts[slot] as number) + 1;
    wordCounts[slot] = count;
    if (count <= this.most) return;
    this.most = count;
    this.mostWord = hash;
  }

  get isMasked(): boolean {
    const { words, covered, letters, signs, characters, initials, syllables } = this;
    if (words < FEWEST_WORDS) return false;
    if (covered > 1 && covered >= COVERED * words) return true;
    if (signs >= SHORTEST_DIGEST && signs >= COVERED * characters) return true;
    if (words >= FEWEST_INITIALS && initials >= ONE_LETTER * words) return true;
    const isSmall = letters < SMALL_WORD * words && letters > MOSTLY_LETTERS * characters;
    if (words >= FEWEST_SMALL && isSmall && syllables === 0) return true;
    if (this.vowelless >= FEWEST_VOWELLESS && this.vowelless >= VOWELLESS * this.latin) return true;
    if (letters >= FEWEST_LETTERS && hasFewLetters(letters)) return true;
    // what masks wrote for all the others
    return this.most >= FEWEST_EQUAL && this.most >= COVERED * words && !VALUES.has(this.mostWord);
  }
}

const scan = new Scan();

/** The forms of a text's words. */
export function wordForms(text: string): WordForms {
  scan.begin();
  const length = Math.min(text.length, LOOKED);
  let tags = 0;
  for (let at = 0; at < length; ) {
    const kind = kindAt(text, at);
    if (kind === SPACE) {
      at++;
      continue;
    }
    const end = kind === BRACKET ? tagEnd(text, at) : at;
    const start = at++;
    if (end > start) at = end;
    while (at < length && kindAt(text, at) < SPACE) at++;
    if (end > start) {
      tags++;
      scan.words++;
    } else scan.word(text, start, at);
  }
  // what is opened and closed again is markup
  if (tags > 0 && !/<\/[A-Z]/.test(text)) scan.covered += tags;
  const isSampled = (scan.hash & 3) === 0 && scan.pairs > 0;
  return {
    masked: scan.isMasked,
    pairs: isSampled ? pairBuffer.slice(0, scan.pairs) : undefined,
    letters: text.length > LOOKED ? Math.imul(scan.hash ^ text.length, 0x01000193) : scan.hash,
    head: scan.head,
  };
}

/** Where a tag in capitals ends that begins here: `<PERSON>`, `[PHONE NUMBER]`, `{{NAME_1}}`. */
function tagEnd(text: string, at: number): number {
  TAG.lastIndex = at;
  return TAG.test(text) ? TAG.lastIndex : at;
}

/** Whether a word is one sign again and again: `####`, `____`. */
function isLine(text: string, start: number, end: number): boolean {
  const sign = text.charCodeAt(start);
  if (!LINES.has(sign) || end - start < SHORTEST_LINE) return false;
  for (let at = start + 1; at < end - 1; at++) if (text.charCodeAt(at) !== sign) return false;
  return true;
}

function added(hash: number, letter: number): number {
  return (Math.imul(hash, 31) + letter) | 0;
}

/** Words that tables and lists are full of. */
const VALUES = new Set(
  ['true', 'false', 'null', 'none', 'nil', 'nan', 'na', 'yes', 'no'].map((word) =>
    [...word].reduce((hash, letter) => added(hash, kindOf(letter.charCodeAt(0))), 0),
  ),
);

/** One letter for nearly all (`Xxx xx`), or two or three for classes of letters: DNA has four. */
function hasFewLetters(letters: number): boolean {
  let most = 0;
  let different = 0;
  for (const count of letterCounts) {
    if (count > most) most = count;
    if (count > 0) different++;
  }
  return most >= ONE_LETTER * letters || (different <= 3 && letters >= 2 * FEWEST_LETTERS);
}

/** Whether a word is a digest or a token: hexadecimal with digits among letters, or letters as chance draws them. */
function isDigest(text: string, start: number, end: number): boolean {
  let letters = 0;
  let digits = 0;
  let to = end;
  // without punctuation behind it
  while (to > start && !isWordUnit(text.charCodeAt(to - 1))) to--;
  for (let at = start; at < to; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 48 && unit <= 57) digits++;
    else if ((unit | 32) >= 97 && (unit | 32) <= 102) letters++;
    else return to - start >= SHORTEST_OPAQUE && looksRandom(text.slice(start, to));
  }
  return to - start >= SHORTEST_DIGEST && letters > 0 && digits > 0;
}

function isWordUnit(unit: number): boolean {
  return (unit >= 48 && unit <= 57) || ((unit | 32) >= 97 && (unit | 32) <= 122);
}
