import { EMPTY_LETTERS } from '../text/empty-letters.ts';
import { UNSAFE_RUN } from '../text/unsafe.ts';

/**
 * Strings from outside made inert. Names, models, event ids come from the adversary; what they contain must not
 * become a header, a link, markup, a mention, a formula, a terminal escape or a second line of a log.
 */

/** Combining marks beyond two on one letter draw over their neighbours. */
const STACKED = /(\p{M}{2})\p{M}+/gu;
/** Blank glyphs that are letters by category, and spaces other than the ordinary one. */
const BLANKS = new RegExp(`[${EMPTY_LETTERS}\\u2800\\p{Zs}]+`, 'gu');

/** Text of which the rules below only touch the blanks: most of what is shown. */
const ASCII_LINE = /^[\x20-\x7e]*$/;

/**
 * One line of text, at most `max` characters: nothing invisible, no line break, no run of blanks.
 * Composed (NFC), so that what looks the same mostly is the same.
 */
export function plain(value: string, max = 200): string {
  // Cut first: normalising a megabyte to show eighty characters is a gift to whoever sent it.
  const cut = value.slice(0, max * 8);
  if (ASCII_LINE.test(cut)) {
    const line = cut.replace(/ {2,}/g, ' ').trim();
    return line.length <= max ? line : `${line.slice(0, max - 1)}…`;
  }
  const text = cut
    .normalize('NFC')
    .replace(UNSAFE_RUN, ' ')
    .replace(BLANKS, ' ')
    .replace(STACKED, '$1')
    .trim();
  const letters = [...text];
  return letters.length <= max ? text : `${letters.slice(0, max - 1).join('')}…`;
}

/**
 * As `plain`, for text that mail and chat programs turn into links by themselves: addresses are broken the way
 * security people break them (`hxxp`, `[.]`, `[at]`). A point before a digit stays, so versions read as they are.
 */
export function defanged(value: string, max = 200): string {
  return plain(
    plain(value, max)
      .replace(/([\p{L}\p{N}+.-]):(?=[^\s\p{N}])/gu, '$1[:]')
      .replace(/:\/\//g, '[:]//')
      .replace(/[.\u3002\uff0e\uff61](?=[\p{L}\p{M}])/gu, '[.]')
      .replace(/(www)\./gi, '$1[.]')
      .replace(/[@\uff20\ufe6b]/gu, '[at]'),
    max + 40,
  );
}

/** As `defanged`, without any character that means something in Markdown, Slack's or Teams' dialect, or HTML. */
export function unmarked(value: string, max = 200): string {
  return (
    defanged(value, max)
      .replaceAll('[.]', '(.)')
      .replaceAll('[at]', '(at)')
      .replaceAll('[:]', '(:)')
      .replace(/[<>]/g, (bracket) => (bracket === '<' ? '‹' : '›'))
      .replace(/[[\]]/g, (bracket) => (bracket === '[' ? '(' : ')'))
      .replace(/[*~`|\\#!&{}^]/g, '·')
      // between two ASCII letters or digits an underscore is no markup, and pseudonyms have one
      .replace(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, '·')
      .replace(/:(?=[\p{L}\p{N}_+-]+:)/gu, '·')
  );
}

/** Seven-bit text for subjects and SMS: what is not ASCII becomes a question mark. */
export function ascii(value: string, max: number): string {
  const text = plain(value, max)
    .replaceAll('…', '...')
    .replace(/[^\x20-\x7e]/gu, '?');
  return text.length <= max ? text : `${text.slice(0, max - 3)}...`;
}

/** An id, never empty: what threads, filters and lookups go by. */
export function identifier(value: string): string {
  return plain(value, 200) || 'unknown';
}

const WORD = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/** A word that may stand in a command that people paste into a shell; undefined for anything else. */
export function shellWord(value: string): string | undefined {
  return WORD.test(value) ? value : undefined;
}

/** A cell of a CSV file: quoted, and never a formula. */
export function csvCell(value: string, max = 1000): string {
  const text = plain(value, max);
  const safe = /^[=+\-@\t\r|%＝＋－＠]/u.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}
