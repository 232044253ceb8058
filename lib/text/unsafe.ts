/**
 * The one list of characters that no view shows as they are: on a terminal, in a log line, in mail, chat or HTML they
 * move the cursor, reverse the reading order, hide or forge text. (Unicode Technical Report 36, "Unicode Security
 * Considerations", and Standard Annex 9 on bidirectional controls; CVE-2021-42574.)
 *
 * By general category: Cc control, Cf format (bidirectional controls, zero width, tags), Cs lone surrogates, Co private
 * use, Cn unassigned, Zl and Zp line and paragraph separators.
 */
const UNSAFE = '\\p{Cc}\\p{Cf}\\p{Cs}\\p{Co}\\p{Cn}\\p{Zl}\\p{Zp}';

const UNSAFE_CHARACTER = new RegExp(`[${UNSAFE}]`, 'gu');
const UNSAFE_BUT_NEWLINE = new RegExp(`(?!\\n)[${UNSAFE}]`, 'gu');
const UNSAFE_BUT_LAYOUT = new RegExp(`(?![\\t\\n\\r])[${UNSAFE}]`, 'gu');

/** One or more unsafe characters. */
export const UNSAFE_RUN = new RegExp(`[${UNSAFE}]+`, 'gu');

function escaped(character: string): string {
  return `\\u${(character.codePointAt(0) as number).toString(16).padStart(4, '0')}`;
}

/** One line of text with every unsafe character written out (`\u202e`), for people who must see what is there. */
export function escapeUnsafe(text: string): string {
  return text.replace(UNSAFE_CHARACTER, escaped);
}

/** As {@link escapeUnsafe} for text of several lines of our own: line feeds stay. */
export function escapeUnsafeLines(text: string): string {
  return text.replace(UNSAFE_BUT_NEWLINE, escaped);
}

/**
 * A JSON text with every unsafe character in JSON's own escapes (UTF-16, RFC 8259 section 7): it shows nothing, and whoever
 * parses it has the values as they were.
 */
export function escapeUnsafeJson(json: string): string {
  return json.replace(UNSAFE_BUT_NEWLINE, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** Text with every unsafe character but tab and line breaks replaced by U+FFFD, for documents. */
export function replaceUnsafe(text: string): string {
  return text.replace(UNSAFE_BUT_LAYOUT, '\ufffd');
}
