import { LIMITS } from '../limits.ts';

const NAMES = LIMITS.documentNames.most;
const VALUES = LIMITS.documentValues.most;
/** Texts of fewer characters have neither so many names nor so many values. */
const SMALL = 2 * NAMES;

/**
 * Why a text is not parsed as JSON, or undefined. What a parser and readers spend goes with values and names, of which two characters
 * may be one; a text of words alone is as cheap as it is long. Looks at each character once and keeps nothing.
 */
export function whyNotParsed(text: string): string | undefined {
  if (text.length < SMALL) return undefined;
  const names: number[] = [0];
  let depth = 0;
  let values = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) at = endOfString(text, at + 1);
    else if (unit === COLON) {
      const known = (names[depth] ?? 0) + 1;
      if (known > NAMES) return `more than ${NAMES} names in one object`;
      names[depth] = known;
    } else if (unit === COMMA) values++;
    else if (unit === BRACE || unit === BRACKET) {
      values++;
      names[++depth] = 0;
    } else if ((unit === BRACE_END || unit === BRACKET_END) && depth > 0) depth--;
    if (values > VALUES) return `more than ${VALUES} values in one document: send fewer at once`;
  }
  return undefined;
}

const [QUOTE, BACKSLASH, COLON, COMMA] = [34, 92, 58, 44];
const [BRACE, BRACE_END, BRACKET, BRACKET_END] = [123, 125, 91, 93];

function endOfString(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === BACKSLASH) at++;
    else if (unit === QUOTE) return at;
  }
  return text.length;
}

/**
 * What no reader looks at, and what an honest answer has most of: with the twenty likeliest of each token it has 150 values a token.
 * https://platform.openai.com/docs/api-reference/chat/object (choices, logprobs), https://ai.google.dev/api/generate-content
 * (logprobsResult), https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html (prompt_logprobs)
 */
export const PROBABILITIES: ReadonlySet<string> = new Set(['logprobs', 'logprobsResult', 'prompt_logprobs']);

/** Whether a value has more values in it than a reader looks at of one entry. */
export function isOverfull(value: unknown): boolean {
  const { most } = LIMITS.entryValues;
  let seen = 0;
  const open: unknown[] = [value];
  while (open.length > 0) {
    const held = open.pop();
    if (typeof held !== 'object' || held === null) continue;
    for (const name in held) {
      if (++seen > most) return true;
      if (PROBABILITIES.has(name)) continue;
      const inner = (held as Record<string, unknown>)[name];
      if (typeof inner === 'object' && inner !== null) open.push(inner);
    }
  }
  return false;
}
