import { jsonIn } from './fields.ts';
import { isMeasure } from './placeholders.ts';
import { looksRandom } from './sealed.ts';

/**
 * Texts that say nothing of what was asked, though one of them may be a person's: an address, an id, a digest, base64, a list
 * of token ids, a mask, an envelope around a ciphertext, words of which each is a digest. Such an event is kept; where most events of many accounts are so,
 * prompts are stored elsewhere or in a form that nobody reads, and the health of telemetry says so.
 */

/** So much of a text is looked at. */
const LOOKED = 2_000;
const ADDRESS = /^[a-z][a-z0-9+.-]{1,20}:\/\/\S+$/i;
const MASK = /^([x*•#█▇■_-])\1+$/i;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i;
/** Twelve hexadecimal digits and more, with a digit among them. */
const HEX = /(?:^|[^0-9a-z]|0x)(?=[a-f]{0,64}\d)[0-9a-f]{12,}(?:$|[^0-9a-z])/i;
/** Armour of PEM and OpenPGP. */
const ARMOUR = /-----(?:BEGIN|END) [A-Z0-9 ]{1,40}-----/g;
/** An id of a token, and a coordinate of an embedding, which is of length 1. */
const TOKEN_ID = /^\d{1,7}$/;
const COORDINATE = /^-?[01]?\.\d{1,20}(?:e-?\d{1,3})?$/i;
/** Fewer numbers are a person's. */
const FEWEST_IDS = 8;
const FEWEST_COORDINATES = 32;
/** A longer text in JSON is not looked into. */
const LONGEST_JSON = 100_000;
/** A tag of XML, which may say how what it holds was encrypted. */
const TAGS = /<\/?[A-Za-z][^<>]{0,200}>|<!\[CDATA\[|\]\]>/g;
/** Shortest word that a hash may be, and fewest of them that are no list of somebody's numbers. */
const SHORTEST_HASH = 6;
const FEWEST_HASHES = 4;

/** Whether nothing of what was asked can be read in a text. */
export function isUnreadable(text: string): boolean {
  const head = text.slice(0, LOOKED).trim();
  // most texts have an ordinary word at once
  const first = /^\S{1,2000}/.exec(head)?.[0];
  if (first === undefined) return false;
  if (text.length < 400 && isMeasure(head)) return true;
  if (first.startsWith('{') || first.startsWith('[{')) return isSealedJson(text);
  if (first.startsWith('<')) return isUnreadableText(head.replace(TAGS, ' ').trim(), text.length > LOOKED);
  if (isNumber(first)) {
    const numbers = head.split(/[\s,;[\]()]+/).filter((word) => word !== '');
    if (numbers.length >= FEWEST_IDS && numbers.every((word) => TOKEN_ID.test(word))) return true;
    // the last one may be half
    const whole = numbers.slice(0, text.length > LOOKED ? -1 : undefined);
    if (whole.length >= FEWEST_COORDINATES && whole.every((word) => COORDINATE.test(word))) return true;
  }
  return isUnreadableText(head, text.length > LOOKED);
}

function isUnreadableText(head: string, isLonger: boolean): boolean {
  const first = /^\S{1,2000}/.exec(head)?.[0];
  if (first === undefined) return false;
  if (!first.startsWith('-----') && !isOpaque(first)) return isHashedWords(head, isLonger);
  const words = head.replace(ARMOUR, ' ').split(/\s+/);
  // the last one may be half
  if (isLonger && words.length > 1) words.pop();
  return words.every((word) => word === '' || isOpaque(word)) || isHashedWords(head, isLonger);
}

/**
 * Whether each word was hashed by itself: all of one length, of hexadecimal digits or of base64's letters as chance draws them, most of
 * them with digits among letters. No language has such words.
 */
function isHashedWords(head: string, isLonger: boolean): boolean {
  const first = bareWord(/^\S{1,200}/.exec(head)?.[0] ?? '');
  if (first.length < SHORTEST_HASH || !/^[\w+/=-]+$/.test(first)) return false;
  // most texts have words of another length at once
  const begins = head
    .slice(0, LOOKED / 4)
    .split(/\s+/, FEWEST_HASHES)
    .map(bareWord);
  if (begins.length < FEWEST_HASHES || begins.some((word) => word.length !== first.length)) return false;
  const words = head
    .split(/\s+/)
    .map(bareWord)
    .filter((word) => word !== '');
  if (isLonger && words.length > 1) words.pop();
  if (words.length < FEWEST_HASHES || words.some((word) => word.length !== first.length)) return false;
  const mixed = words.filter((word) => /\d/.test(word) && /[a-z]/i.test(word)).length;
  return 2 * mixed > words.length && words.every((word) => /^[\w+/=-]+$/.test(word));
}

/**
 * Whether JSON holds a ciphertext and nothing that somebody says: a text that is opaque, and beside it names, numbers and single
 * words (JWE's JSON form, RFC 7516 section 7.2; envelopes of AWS KMS and of libraries: ciphertext, iv, tag, kid, alg).
 */
function isSealedJson(text: string): boolean {
  if (text.length > LONGEST_JSON) return false;
  const held = jsonIn(text);
  if (typeof held === 'string') return false;
  const texts: string[] = [];
  const isPlain = addTexts(texts, held, 0);
  return isPlain && texts.some(isOpaque) && texts.every((word) => isOpaque(word) || LABEL.test(word));
}

/** A single word beside a ciphertext: `AES-256-GCM`, `k1`, a time. */
const LABEL = /^[\w.:+/=-]{0,40}$/;
const MOST_TEXTS = 64;

/** Collects the texts of a value; false where they are too many to be an envelope. */
function addTexts(texts: string[], value: unknown, depth: number): boolean {
  if (typeof value === 'string') texts.push(value.slice(0, LOOKED));
  if (depth > 6 || texts.length > MOST_TEXTS) return false;
  if (typeof value !== 'object' || value === null) return true;
  return Object.values(value).every((inner) => addTexts(texts, inner, depth + 1));
}

function isNumber(word: string): boolean {
  const bare = word.replace(/^[[(]/, '').split(/[,;\])]/, 1)[0] ?? '';
  return word === '[' || TOKEN_ID.test(bare) || COORDINATE.test(bare);
}

/** Whether a word is no word: a reference, a digest, a ciphertext, a mask. */
function isOpaque(word: string): boolean {
  const bare = bareWord(word);
  if (MASK.test(bare) || ADDRESS.test(bare) || UUID.test(bare) || HEX.test(bare)) return true;
  return bare.split(/[:.|,$]/).some(looksRandom);
}

/** A word without quotes, brackets and punctuation around it. */
function bareWord(word: string): string {
  return word.replace(/^["'<([{@|]{1,64}/, '').replace(/["'>)\]}@|,;.]{1,64}$/, '');
}
