/**
 * Texts of which a logger kept only the beginning, and said so at the place where it cut. What is left is no whole prompt: two that
 * begin alike look the same, and how they end is the mark, alike for all. So the mark is no part of what was asked, and the health
 * of telemetry says how many prompts are cut.
 *
 * Sources of the forms: Node's `maxStringLength`, `... 57 more characters` (https://nodejs.org/api/util.html); the Datadog Agent,
 * `...TRUNCATED...` (https://github.com/DataDog/datadog-agent pkg/logs/internal/decoder); LiteLLM's spend logs, `... (litellm_truncated
 * skipped 57 chars) ...` in the middle (https://github.com/BerriAI/litellm spend_tracking_utils.py); News-API-like previews,
 * `… [+57 chars]` (https://newsapi.org/docs/endpoints/everything); .NET and Java loggers, `...(truncated 57 characters)`.
 */

/** So much of a text's end is looked at, and so much of its beginning and its end where a logger cuts in the middle. */
const END = 120;
const MIDDLE = 20_000;
const UNITS = 'chars?|characters?|bytes?|words?|tokens?|lines?|[km]i?b';
/** An amount that is left out: `+57 chars`, `57 more characters`; behind dots also `57 bytes`. */
const MORE = new RegExp(
  `^\\+ ?\\d[\\d,.]*(?: (?:more )?(?:${UNITS}))?$|^\\d[\\d,.]* more (?:${UNITS})$|^\\d[\\d,.]* (?:${UNITS}) (?:more|left|remaining)$`,
  'i',
);
const AMOUNT = new RegExp(`^\\d[\\d,.]* ?(?:${UNITS})$`, 'i');
/** What is said to have been done with the text. */
const DONE = /\b(?:truncated|cut|clipped|shortened|trimmed|omitted|elided|snipped|skipped)\b/i;
/** What else is said of it; a word of another kind is somebody's. */
const OTHER_WORDS =
  /^(?:text|message|messages|content|prompt|input|body|value|string|field|payload|data|off|out|at|to|of|by|from|for|in|after|due|the|was|is|and|length|size|limit|max|maximum|log|logs|logger|logging|original|total|more|remaining|first|last|too|long|over|only|rest|chars?|characters?|bytes?|words?|tokens?|lines?|[km]i?b|\+?\d[\d,.]*(?:[km]i?b)?|litellm_truncated|truncated|cut|clipped|shortened|trimmed|omitted|elided|snipped|skipped)$/i;
const BRACKETED =
  /(?:\s|\.{3}|…)*[[(<{]\s?(?:\.{3}|…)?\s?([^\][(){}<>\n]{1,60}?)\s?(?:\.{3}|…)?[\])>}]\s{0,4}$/;
const BARE = /(?:\.{3}|…)\s?([^\][(){}<>\n.…]{1,60}?)\s?(?:\.{3}|…)?\s{0,4}$/;
/** In the middle, as LiteLLM does. */
const SKIPPED =
  /(?:\.{3}|…)\s?[[(<{][^\][(){}<>\n]{0,30}(?:truncated|skipped|omitted)[^\][(){}<>\n]{0,40}[\])>}]\s?(?:\.{3}|…)/i;
/** Half a character, which a logger that counts bytes leaves. */
const HALF = /[^\s]\ufffd$/;

/** What is left of a text that a logger cut, without what it wrote there; undefined for a text that is whole as far as it says. */
export function leftOf(text: string): string | undefined {
  const end = text.slice(-END);
  const hasDots = end.includes('...') || end.includes('…');
  for (const form of [
    /[\])>}]\s{0,4}$/.test(end.slice(-6)) ? BRACKETED : undefined,
    hasDots ? BARE : undefined,
  ]) {
    const found = form?.exec(end) ?? null;
    if (found !== null && saysCut(found[1] ?? '', /\.{3}|…/.test(found[0])))
      return text.slice(0, text.length - end.length + found.index);
  }
  if (HALF.test(end)) return text.slice(0, -1);
  if (text.length > MIDDLE) return undefined;
  // dots are found at once, words of any case are not
  const isDotted = text.includes('...') || text.includes('…');
  const middle = isDotted && /truncated|skipped|omitted/i.test(text) ? SKIPPED.exec(text) : null;
  return middle !== null && saysCut(middle[0].replace(/^[.…\s[(<{]+|[\])>}\s.…]+$/g, ''), true)
    ? `${text.slice(0, middle.index)}\n${text.slice(middle.index + middle[0].length)}`
    : undefined;
}

function saysCut(words: string, hasDots: boolean): boolean {
  if (MORE.test(words) || (hasDots && AMOUNT.test(words))) return true;
  if (!DONE.test(words) && !/litellm_truncated/.test(words)) return false;
  return words.split(/[\s,:;=]+/).every((word) => word === '' || OTHER_WORDS.test(word));
}

/** Whether a text ends in the dots that a preview ends in, with half a sentence before. */
export function endsInDots(text: string): boolean {
  return /[\p{L}\p{N},;]\s?(?:\.{3}|…)$/u.test(text.slice(-8));
}
