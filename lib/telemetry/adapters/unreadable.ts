import { isMeasure } from './placeholders.ts';
import { looksRandom } from './sealed.ts';

/**
 * Texts that say nothing of what was asked, though one of them may be a person's: an address, an id, a digest, base64, a list
 * of token ids, a mask, the beginning that a logger left. Such an event is kept; where most events of many accounts are so,
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
/** Fewer numbers are a person's. */
const FEWEST_IDS = 8;
/** What loggers write where they cut: `[truncated, 1032 bytes]` */
const CUT = /[[(<{]\s?(?:\.{3}|…)?\s?(?:truncated|cut|clipped|shortened|trimmed)\b[^\])>}\n]{0,60}[\])>}]$/i;
/** The words before it that are left say what was asked from so many on. */
const TELLING_WORDS = 8;

/** Whether nothing of what was asked can be read in a text. */
export function isUnreadable(text: string): boolean {
  const head = text.slice(0, LOOKED).trim();
  // most texts have an ordinary word at once
  const first = /^\S{1,2000}/.exec(head)?.[0];
  if (first === undefined) return false;
  if (text.length < 400 && (isCutShort(head) || isMeasure(head))) return true;
  if (isNumber(first)) {
    const numbers = head.split(/[\s,;[\]()]+/).filter((word) => word !== '');
    return numbers.length >= FEWEST_IDS && numbers.every((word) => /^\d{1,7}$/.test(word));
  }
  if (!first.startsWith('-----') && !isOpaque(first)) return false;
  const words = head.replace(ARMOUR, ' ').split(/\s+/);
  // the last one may be half
  if (text.length > LOOKED && words.length > 1) words.pop();
  return words.every((word) => word === '' || isOpaque(word));
}

function isNumber(word: string): boolean {
  return /^[[(]?\d{1,7}(?:[,;\])]|$)/.test(word) || word === '[';
}

function isCutShort(text: string): boolean {
  const at = text.slice(-120).search(CUT);
  if (at < 0) return false;
  return text.slice(0, Math.max(0, text.length - 120) + at).split(/\s+/).length < TELLING_WORDS;
}

/** Whether a word is no word: a reference, a digest, a ciphertext, a mask. */
function isOpaque(word: string): boolean {
  const bare = word.replace(/^["'<([{@|]+|["'>)\]}@|,;.]+$/g, '');
  if (MASK.test(bare) || ADDRESS.test(bare) || UUID.test(bare) || HEX.test(bare)) return true;
  return bare.split(/[:.|,$]/).some(looksRandom);
}
