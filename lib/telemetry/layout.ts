import { CHARACTERS, KIND } from './characters.ts';

/**
 * The skeleton of a text: one mark a line for its form (plain, blank, bullet, number, option letter, heading, quote,
 * table, fence), the label before a colon where there is one, and nothing of the other words. Lines of one form in a
 * row count once, so that a template over shorter and longer material keeps one skeleton.
 */
export interface Layout {
  readonly units: Uint16Array;
  length: number;
  /** lines of text, at least 1 unless the text is empty */
  lines: number;
  /** an instruction, a blank line, and then more text */
  input: boolean;
}

const MAX_LINES = 256;
const MAX_LABEL = 40;
const MAX_LABEL_WORDS = 5;
const NEWLINE = 10;

const MARK = {
  blank: 1,
  plain: 2,
  bullet: 3,
  number: 4,
  option: 5,
  heading: 6,
  quote: 7,
  table: 8,
  fence: 9,
  label: 11,
} as const;

export class LayoutReader {
  readonly #layout: Layout = {
    units: new Uint16Array(MAX_LINES * (MAX_LABEL + 4)),
    length: 0,
    lines: 0,
    input: false,
  };

  /** Reads a text that is already bounded; the result is valid until the next call. */
  read(text: string): Layout {
    const layout = this.#layout;
    const units = layout.units;
    layout.length = 0;
    layout.lines = 0;
    layout.input = false;
    let last = 0;
    // Progress towards "text, blank line, text": 0 nothing yet, 1 text, 2 text and a blank line.
    let seen = 0;
    for (let at = 0; at < text.length; ) {
      let end = text.indexOf('\n', at);
      if (end < 0) end = text.length;
      layout.lines++;
      const first = firstInk(text, at, end);
      const blank = first === end;
      if (blank) seen = seen === 1 ? 2 : seen;
      else if (seen === 2) layout.input = true;
      else seen = 1;
      if (layout.lines <= MAX_LINES) {
        const mark = blank ? MARK.blank : markOf(text, first, end);
        const label = mark === MARK.fence || mark === MARK.blank ? 0 : labelEnd(text, first, end);
        if (label > 0) {
          units[layout.length++] = MARK.label;
          layout.length += copyLabel(text, first, label, units, layout.length);
          units[layout.length++] = NEWLINE;
          last = MARK.label;
        } else if (mark !== last && !(mark === MARK.blank && layout.length === 0)) {
          units[layout.length++] = mark;
          last = mark;
        }
      }
      at = end + 1;
    }
    if (text.endsWith('\n')) layout.lines++;
    if (last === MARK.blank) layout.length--;
    return layout;
  }
}

function firstInk(text: string, from: number, end: number): number {
  let at = from;
  while (at < end) {
    const unit = text.charCodeAt(at);
    if (unit !== 32 && unit !== 9 && unit !== 13 && unit !== 0x3000 && unit !== 0xa0) break;
    at++;
  }
  return at;
}

function markOf(text: string, at: number, end: number): number {
  const unit = text.charCodeAt(at);
  const next = at + 1 < end ? text.charCodeAt(at + 1) : 0;
  if (unit === 96 && next === 96) return MARK.fence;
  if (unit === 35) return MARK.heading;
  if (unit === 62) return MARK.quote;
  if (unit === 124) return MARK.table;
  if ((unit === 45 || unit === 42 || unit === 43) && (next === 32 || next === 9)) return MARK.bullet;
  if (unit === 0x2022 || unit === 0x25cf || unit === 0xb7 || unit === 0x2013) return MARK.bullet;
  const opened = unit === 40 ? 1 : 0;
  let after = at + opened;
  const start = after;
  while (after < end && after - start < 3 && isDigit(text.charCodeAt(after))) after++;
  if (after > start && after < end && closesNumber(text.charCodeAt(after))) return MARK.number;
  const letter = text.charCodeAt(start) | 32;
  if (letter >= 97 && letter <= 106 && start + 1 < end && closesNumber(text.charCodeAt(start + 1)))
    return MARK.option;
  return MARK.plain;
}

function isDigit(unit: number): boolean {
  return unit >= 48 && unit <= 57;
}

/** . ) : and their full-width forms after a number or an option's letter */
function closesNumber(unit: number): boolean {
  return unit === 46 || unit === 41 || unit === 0xff0e || unit === 0xff09 || unit === 0x3001;
}

/** Where the colon of a label stands, or 0: a few words without other punctuation, then a colon. */
function labelEnd(text: string, from: number, end: number): number {
  const limit = Math.min(end, from + MAX_LABEL);
  let spaces = 0;
  let ink = 0;
  for (let at = from; at < limit; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 58 || unit === 0xff1a) {
      // 12:30 and https://... are no labels.
      const next = at + 1 < end ? text.charCodeAt(at + 1) : 32;
      return ink > 0 && next !== 47 && !isDigit(next) ? at : 0;
    }
    if (unit === 32) {
      if (++spaces >= MAX_LABEL_WORDS) return 0;
    } else if (((CHARACTERS[unit] as number) & 7) >= KIND.letter) ink++;
    else if (
      unit !== 42 &&
      unit !== 35 &&
      unit !== 45 &&
      unit !== 95 &&
      unit !== 40 &&
      unit !== 41 &&
      unit !== 91 &&
      unit !== 93 &&
      !isDigit(unit)
    )
      return 0;
  }
  return 0;
}

/** The label's letters, ASCII lower case, digits as one zero; returns the units written. */
function copyLabel(text: string, from: number, to: number, target: Uint16Array, offset: number): number {
  let size = 0;
  let digits = false;
  for (let at = from; at < to; at++) {
    const unit = text.charCodeAt(at);
    if (isDigit(unit)) {
      if (!digits) target[offset + size++] = 48;
      digits = true;
      continue;
    }
    digits = false;
    if (unit === 32 || ((CHARACTERS[unit] as number) & 7) >= KIND.letter)
      target[offset + size++] = unit >= 65 && unit <= 90 ? unit + 32 : unit;
  }
  return size;
}
