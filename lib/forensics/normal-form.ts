/** Longest normal form that is kept, in characters; more is cut. */
const MAX_FORM = 400;

/** Wrappings and spellings of LaTeX and code that say nothing: taken out or rewritten before forms are compared. */
const REWRITES: readonly (readonly [RegExp, string])[] = [
  [/\\(?:left|right|displaystyle|limits|!|,|;|:|quad|qquad)(?![a-z])/g, ''],
  [/\\[dt]frac/g, '\\frac'],
  [/\\(?:text|mathrm|mathbf|textbf|operatorname)\{([^{}]*)\}/g, '$1'],
  [/\\frac\{([^{}]+)\}\{([^{}]+)\}/g, '$1/$2'],
  [/\\sqrt\{([^{}]+)\}/g, 'sqrt($1)'],
  [/\\(?:cdot|times)/g, '*'],
  [/\\pi(?![a-z])/g, 'pi'],
  [/\\(?:%|\$)/g, ''],
  [/\^\{?\\circ\}?|°|(?<=\d)\s*degrees?\b/g, ''],
  [/[“”„"]/g, "'"],
  [/[‘’]/g, "'"],
  [/[−–]/g, '-'],
];

const NUMBER = /^[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:e[-+]?\d+)?$/i;
const FRACTION = /^([-+]?\d+)\/(\d+)$/;

function unwrapped(text: string): string {
  let out = text.trim();
  out = out.replace(/^```[a-z]*\s*|\s*```$/g, '').trim();
  for (let last = ''; last !== out; ) {
    last = out;
    out = out
      .replace(/^\\boxed\{([\s\S]*)\}$/, '$1')
      .replace(/^\$+([\s\S]*?)\$+$/, '$1')
      .replace(/^\\[([]([\s\S]*)\\[)\]]$/, '$1')
      .replace(/^`([\s\S]*)`$/, '$1')
      .replace(/^<answer>([\s\S]*)<\/answer>$/i, '$1')
      .replace(/^(?:the )?(?:final )?answer(?: is)?\s*[:=]\s*/i, '')
      .trim();
  }
  return out;
}

/** Full-width forms of ASCII, as East Asian keyboards give them, and how far they lie from it (Unicode, FF01 to FF5E). */
const FULL_WIDTH = /[\uFF01-\uFF5E]/g;
const FULL_WIDTH_BY = 0xfee0;

/** Decimal digits of other scripts than Latin, and the signs that Arabic and Persian numbers have between them. */
const OTHER_DIGIT = /(?![0-9])\p{Nd}/gu;
const DIGIT = /\p{Nd}/u;
const OTHER_SIGNS: readonly (readonly [RegExp, string])[] = [
  [/\u066B/g, '.'],
  [/\u066C/g, ','],
  [/\u066A/g, '%'],
  [/\u2044/g, '/'],
];

const BEYOND_ASCII = /[\u0080-\u{10FFFF}]/u;

/** The value of a digit: digits of one script stand in order, in whole runs of ten (Unicode, section 4.6). */
function latinDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? 0;
  let from = code;
  while (DIGIT.test(String.fromCodePoint(from - 1))) from--;
  return String((code - from) % 10);
}

/** Numbers in digits of any script as in Latin ones: how a language writes a number is no error, and must not be a shared one. */
function inLatinDigits(text: string): string {
  if (!BEYOND_ASCII.test(text)) return text;
  return OTHER_SIGNS.reduce((t, [sign, by]) => t.replace(sign, by), text.normalize('NFC')).replace(
    OTHER_DIGIT,
    latinDigit,
  );
}

/** The form of the empty string, which is an answer. */
const EMPTY = "''";

/**
 * A string literal that is the whole answer, without its quotes: some models print what code returns, some what it prints,
 * and some escape the quotes or lose one of them. Such habits are no errors, and must not be shared ones.
 */
function unquoted(text: string): string {
  const plain = text.replace(/\\(["'])/g, '$1').replace(/\\+$/, '');
  const inner = /^(["'])([\s\S]*?)\1?$/.exec(plain);
  if (inner === null || inner[2] === undefined || inner[2].includes(inner[1] ?? '')) return plain;
  return inner[2] === '' ? EMPTY : inner[2];
}

/** Parts of a list at its top level: commas inside brackets or quotes do not part. */
function topLevelParts(inner: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let from = 0;
  for (let i = 0; i < inner.length; i++) {
    const c = inner[i] as string;
    if (c === "'") quoted = !quoted;
    else if (quoted) continue;
    else if ('([{'.includes(c)) depth++;
    else if (')]}'.includes(c)) depth--;
    else if (c === ',' && depth === 0) {
      parts.push(inner.slice(from, i));
      from = i + 1;
    }
  }
  parts.push(inner.slice(from));
  return parts.filter((p) => p !== '');
}

function numberForm(text: string): string | undefined {
  if (text === '' || text === '.' || !/\d/.test(text)) return undefined;
  if (NUMBER.test(text)) {
    const value = Number(text.replace(/,/g, ''));
    return Number.isFinite(value)
      ? String(Object.is(value, -0) ? 0 : Number(value.toPrecision(12)))
      : undefined;
  }
  const fraction = FRACTION.exec(text);
  if (fraction === null || Number(fraction[2]) === 0) return undefined;
  return String(Number((Number(fraction[1]) / Number(fraction[2])).toPrecision(12)));
}

function form(text: string): string {
  const number = numberForm(text);
  if (number !== undefined) return number;
  const inner = /^\{([\s\S]*)\}$/.exec(text)?.[1];
  // A set without order: its parts sorted. A dictionary is one too. Lists and tuples keep theirs.
  if (inner !== undefined) return `{${topLevelParts(inner).map(form).sort().join(',')}}`;
  const list = /^([[(])([\s\S]*)[\])]$/.exec(text);
  if (list !== null && list[2] !== undefined) {
    const parts = topLevelParts(list[2]).map(form);
    return `${list[1]}${parts.join(',')}${list[1] === '[' ? ']' : ')'}`;
  }
  return text.replace(/\.$/, '');
}

/**
 * The normal form of a free-form final answer: numbers by value, fractions as numbers, sets and dictionaries without
 * order, code output without white space outside quotes, LaTeX and quotation marks in one spelling, letters in lower
 * case. Two answers are the same if their forms are.
 *
 * @returns undefined where nothing is left
 */
export function normalForm(answer: string): string | undefined {
  let text = unwrapped(answer.slice(0, 4 * MAX_FORM));
  text = unquoted(text).replace(FULL_WIDTH, (c) => String.fromCharCode(c.charCodeAt(0) - FULL_WIDTH_BY));
  text = inLatinDigits(text);
  for (const [pattern, by] of REWRITES) text = text.replace(pattern, by);
  text = text.replace(/\s+/g, '').toLowerCase();
  const out = form(text).slice(0, MAX_FORM);
  return out === '' ? undefined : out;
}
