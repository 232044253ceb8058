import { createHash } from 'node:crypto';
import { LIMITS } from '../limits.ts';
import { Beside } from './beside.ts';
import { CHARACTERS, KIND, SCRIPT_BY_NUMBER, type Script } from './characters.ts';
import { saysInSymbols } from './symbols.ts';

/**
 * A text folded for fingerprints: NFKC, lower case, punctuation and white space to single spaces, and where each
 * word lies. Works on UTF-16 code units, so that broken surrogates and any other Unicode pass.
 * Buffers are reused: a folded text is valid until the next call of `fold` on the same folder.
 */
export interface FoldedText {
  readonly units: Uint16Array;
  /** units in use */
  length: number;
  /** units that a print is of: those in use, and behind them a hash of what folding left out and of what stands beside the text */
  printed: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  words: number;
  /** words on its first line that has any */
  head: number;
  /** words before the first colon or line break that has any before it */
  lead: number;
  script: Script;
  /** share of ASCII characters that program code is full of: braces, semicolons, equals signs, ... */
  symbolDensity: number;
  /** bits of the behaviours' patterns that a trigger word has called for (behaviours.ts) */
  triggers: number;
  /** whether all units are below 256 */
  narrow: boolean;
}

/** UTF-16 code units of a text that are looked at; see `bounded`. */
export const MAX_UNITS = LIMITS.promptUnits.most;
const HEAD = 8192;
const TAIL = 4096;
const SAMPLES = 16;
const SAMPLE = (MAX_UNITS - HEAD - TAIL) / SAMPLES;

/**
 * The text itself up to 16,384 code units; of a longer one its head, its tail, sixteen evenly spaced samples
 * between, and one number of its length and of a hash of its beginning: a fixed amount of work for megabytes, and equal texts stay
 * equal. Without the hash a question between two samples of a padding that stays the same would be no other prompt.
 */
export function bounded(text: string): string {
  return text.length <= MAX_UNITS ? text : `${sampled(text)} ${text.length}${digest(text)}`;
}

/** As much of a text as is read: itself, or of a longer one its head, samples and tail. */
export function sampled(text: string): string {
  if (text.length <= MAX_UNITS) return text;
  let read = text.slice(0, HEAD);
  const middle = text.length - HEAD - TAIL;
  for (let i = 0; i < SAMPLES; i++) {
    const at = HEAD + Math.floor(((middle - SAMPLE) * i) / (SAMPLES - 1));
    read += text.slice(at, at + SAMPLE);
  }
  return read + text.slice(text.length - TAIL);
}

/** The first 64 bits of SHA-256 over the beginning's code units in little-endian, in decimal: closings fold digits. */
function digest(text: string): bigint {
  const read = text.slice(0, LIMITS.digestUnits.most);
  return createHash('sha256').update(read, 'utf16le').digest().readBigUInt64BE();
}

/** What a trigger word is hashed with: FNV-1a over code units. Internal, no secret, never leaves the recorder. */
export function wordHash(word: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
  return hash | 0;
}

/** Words to listen for while folding, by `wordHash`, with the bits that each sets. */
export class Triggers {
  readonly #bits = new Map<number, number>();
  readonly #sieve = new Uint8Array(8192);
  add(word: string, bits: number): void {
    const hash = wordHash(word);
    this.#bits.set(hash, (this.#bits.get(hash) ?? 0) | bits);
    this.#sieve[(hash >>> 19) & 8191] = 1;
  }
  of(hash: number): number {
    return this.#sieve[(hash >>> 19) & 8191] === 0 ? 0 : (this.#bits.get(hash) ?? 0);
  }
}

const LOWER = new Uint8Array(128);
const SYMBOL = new Uint8Array(128);
for (let unit = 0; unit < 128; unit++) {
  LOWER[unit] = unit >= 65 && unit <= 90 ? unit + 32 : unit;
  SYMBOL[unit] = '{}();=<>[]#\\|&*$/_"'.includes(String.fromCharCode(unit)) ? 1 : 0;
}

// NFKC may lengthen a text (one ligature to eighteen letters at most); beyond the room it is cut.
const ROOM = 2 * MAX_UNITS;

/** Folded text that is as long as this was cut. */
const FULL = ROOM - 4;
const HASH_UNITS = 4;

/**
 * What NFKC puts into canonical order: marks, and the two Katakana signs that it makes marks of; and its longest phrase. Ordering
 * marks is quadratic in their run, so marks beyond thirty on one base are left out. Source: Unicode Standard Annex 15, section 13,
 * Stream-Safe Text Format (no language needs more than thirty).
 */
const DEAR_RUN = new RegExp(
  `([\\p{M}\\uff9e\\uff9f\\ufdfa]{${LIMITS.marks.most}})[\\p{M}\\uff9e\\uff9f\\ufdfa]+`,
  'gu',
);

export class TextFolder {
  readonly #triggers: Triggers;
  readonly #out: FoldedText = {
    units: new Uint16Array(ROOM + HASH_UNITS),
    length: 0,
    printed: 0,
    starts: new Int32Array(ROOM),
    ends: new Int32Array(ROOM),
    words: 0,
    head: 0,
    lead: 0,
    script: 'none',
    symbolDensity: 0,
    triggers: 0,
    narrow: true,
  };
  readonly #scripts = new Int32Array(9);

  constructor(triggers: Triggers) {
    this.#triggers = triggers;
  }

  /** Folds a text that is already bounded. @param beside what its print is of as well */
  fold(text: string, beside = new Beside()): FoldedText {
    const out = this.#out;
    let isWhole = true;
    if (!this.#scan(text, true)) {
      const plain = text.replace(DEAR_RUN, '$1');
      const normal = plain.normalize('NFKC');
      isWhole = plain.length === text.length && normal.length <= ROOM;
      this.#scan(normal.slice(0, ROOM).toLowerCase(), false);
    }
    if (!isWhole || out.length >= FULL || saysInSymbols(text)) beside.add(text);
    const hash = beside.units();
    out.units.set(hash, out.length);
    out.printed = out.length + hash.length;
    return out;
  }

  /** False where the text turned out not to be ASCII and must come normalised. */
  #scan(text: string, ascii: boolean): boolean {
    const out = this.#out;
    const { units, starts, ends } = out;
    const scripts = this.#scripts.fill(0);
    const triggers = this.#triggers;
    const length = text.length;
    let size = 0;
    let words = 0;
    let head = -1;
    let lead = -1;
    let symbols = 0;
    let found = 0;
    let narrow = true;
    let inWord = false;
    let hash = 0x811c9dc5;
    const room = FULL;
    for (let i = 0; i < length && size < room; i++) {
      let unit = text.charCodeAt(i);
      if (unit < 128) {
        symbols += SYMBOL[unit] as number;
        unit = LOWER[unit] as number;
      } else if (ascii) {
        return false;
      }
      const character = CHARACTERS[unit] as number;
      let kind = character & 7;
      if (kind === KIND.ignored) continue;
      let second = 0;
      if (kind === KIND.surrogate) {
        const next = i + 1 < length ? text.charCodeAt(i + 1) : 0;
        if (unit <= 0xdbff && next >= 0xdc00 && next <= 0xdfff) {
          i++;
          second = next;
          // Planes 2 and 3 are ideographs, the low part of plane 1 letters, the rest of plane 1 pictures.
          kind =
            unit >= 0xd840 && unit <= 0xd8bf ? KIND.single : unit <= 0xd83a ? KIND.letter : KIND.separator;
          if (kind === KIND.single) scripts[2] = (scripts[2] as number) + 1;
          else if (kind === KIND.letter) scripts[8] = (scripts[8] as number) + 1;
        } else kind = KIND.separator;
      } else if (kind >= KIND.letter) {
        const script = character >> 3;
        scripts[script] = (scripts[script] as number) + 1;
      }
      if (inWord && kind !== KIND.letter && kind !== KIND.digit) {
        ends[words++] = size;
        found |= triggers.of(hash);
        inWord = false;
      }
      if (kind === KIND.separator) {
        if (words > 0) {
          if (lead < 0 && (unit === 10 || unit === 58 || unit === 0xff1a)) lead = words;
          if (head < 0 && unit === 10) head = words;
        }
        continue;
      }
      if (unit > 255) narrow = false;
      if (kind === KIND.single) {
        // Ideographs stand side by side; after a spaced word comes a space.
        if (words > 0 && ((CHARACTERS[units[size - 1] as number] as number) & 7) < KIND.single)
          units[size++] = 32;
        starts[words] = size;
        units[size++] = unit;
        if (second !== 0) units[size++] = second;
        ends[words++] = size;
        found |= triggers.of(Math.imul(0x811c9dc5 ^ unit, 0x01000193) | 0);
        continue;
      }
      if (!inWord) {
        if (words > 0) units[size++] = 32;
        starts[words] = size;
        inWord = true;
        hash = 0x811c9dc5;
      }
      units[size++] = unit;
      hash = Math.imul(hash ^ unit, 0x01000193) | 0;
      if (second !== 0) units[size++] = second;
      else if (unit >= 0xac00 && unit <= 0xd7a3 && size - (starts[words] as number) === 2)
        found |= triggers.of(hash);
    }
    if (inWord) {
      ends[words++] = size;
      found |= triggers.of(hash);
    }
    let best = 0;
    for (let script = 1; script < 9; script++)
      if ((scripts[script] as number) > (scripts[best] as number)) best = script;
    out.length = size;
    out.words = words;
    out.head = head < 0 ? words : head;
    out.lead = lead < 0 ? words : lead;
    out.script = (SCRIPT_BY_NUMBER[best] as Script | undefined) ?? 'none';
    out.symbolDensity = length === 0 ? 0 : symbols / length;
    out.triggers = found;
    out.narrow = narrow;
    return true;
  }
}

/** The folded words [from, to) with runs of digits as one zero, into `target`; returns the units written. */
export function withDigitsFolded(folded: FoldedText, from: number, to: number, target: Uint16Array): number {
  let size = 0;
  const start = folded.starts[from] as number;
  const end = folded.ends[to - 1] as number;
  let digits = false;
  for (let at = start; at < end && size < target.length; at++) {
    const unit = folded.units[at] as number;
    if (((CHARACTERS[unit] as number) & 7) === KIND.digit) {
      if (!digits) target[size++] = 48;
      digits = true;
    } else {
      target[size++] = unit;
      digits = false;
    }
  }
  return size;
}
