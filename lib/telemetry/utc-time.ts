/**
 * Times as events write them, `YYYY-MM-DDTHH:MM:SSZ` with or without milliseconds, read digit by digit: Date.parse takes
 * ten times as long, and every event has two.
 */

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether such a time stands at `from`; 29 February is left to others. @param length 20 or 24 */
export function isUtcTimeAt(text: string, from: number, length: number): boolean {
  if (
    text.charCodeAt(from + 4) !== 45 ||
    text.charCodeAt(from + 7) !== 45 ||
    text.charCodeAt(from + 10) !== 84 ||
    text.charCodeAt(from + 13) !== 58 ||
    text.charCodeAt(from + 16) !== 58 ||
    text.charCodeAt(from + length - 1) !== 90
  )
    return false;
  if (two(text, from) < 0 || two(text, from + 2) < 0) return false;
  const month = two(text, from + 5);
  const day = two(text, from + 8);
  if (month < 1 || month > 12 || day < 1 || day > (DAYS[month - 1] as number)) return false;
  const hour = two(text, from + 11);
  const minute = two(text, from + 14);
  const second = two(text, from + 17);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return false;
  return (
    length === 20 ||
    (text.charCodeAt(from + 19) === 46 && two(text, from + 20) >= 0 && digit(text, from + 22) >= 0)
  );
}

/** The same of the bytes of a text. */
export function isUtcTimeBytes(bytes: Uint8Array, from: number, length: number): boolean {
  for (let i = 0; i < length; i++) {
    const wanted = PATTERN[i === length - 1 ? 23 : i] as number;
    const unit = bytes[from + i] as number;
    if (wanted === DIGIT ? !(unit >= 48 && unit <= 57) : unit !== wanted) return false;
  }
  const month = pair(bytes, from + 5);
  const day = pair(bytes, from + 8);
  return (
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= (DAYS[month - 1] as number) &&
    pair(bytes, from + 11) <= 23 &&
    pair(bytes, from + 14) <= 59 &&
    pair(bytes, from + 17) <= 59
  );
}

const DIGIT = 48;
const PATTERN = Array.from('0000-00-00T00:00:00.000Z', (character) => character.charCodeAt(0));

function pair(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) - 48) * 10 + (bytes[at + 1] as number) - 48;
}

/** The same as Date.parse, ms since 1970. */
export function timeOf(text: string): number {
  if (text === lastText) return lastTime;
  lastTime = parsed(text);
  lastText = text;
  return lastTime;
}

/** An event's time is asked for several times in a row, and events of a moment lie side by side. */
let lastText = '';
let lastTime = Number.NaN;
let lastDay = '';
let lastMidnight = 0;

function parsed(text: string): number {
  const { length } = text;
  if ((length !== 24 && length !== 20) || !isUtcTimeAt(text, 0, length)) return Date.parse(text);
  const day = text.slice(0, 10);
  if (day !== lastDay) {
    lastMidnight = Date.parse(day);
    lastDay = day;
  }
  const seconds = two(text, 11) * 3600 + two(text, 14) * 60 + two(text, 17);
  return lastMidnight + seconds * 1000 + (length === 24 ? two(text, 20) * 10 + digit(text, 22) : 0);
}

/** Two decimal digits at a place, or a negative number. */
function two(text: string, at: number): number {
  const tens = digit(text, at);
  const ones = digit(text, at + 1);
  return tens < 0 || ones < 0 ? -1 : tens * 10 + ones;
}

function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - 48;
  return value >= 0 && value <= 9 ? value : -1;
}

/** Before it no model was sold: a clock that is wrong. ISO times compare as texts. */
export const FIRST_YEAR = '2015';
