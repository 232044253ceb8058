import { LIMITS } from '../limits.ts';

const NAMES = LIMITS.documentNames.most;
/** Texts of fewer characters have neither so many names nor so many values. */
const SMALL = 2 * NAMES;

/**
 * Why a text is not parsed as JSON, or undefined. What a parser and readers spend goes with values and names, of which two characters
 * may be one; a text of words alone is as cheap as it is long. Looks at each character once and keeps nothing.
 * @param most values, LIMITS.documentValues for what holds many entries
 */
export function whyNotParsed(text: string, most: number = LIMITS.documentValues.most): string | undefined {
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
    if (values > most) return `more than ${most} values in one document: send fewer at once`;
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
const PROBABILITIES: ReadonlySet<string> = new Set(['logprobs', 'logprobsResult', 'prompt_logprobs']);

/** Whether a value has more values in it than a reader looks at of one entry. */
export function isOverfull(value: unknown, most: number = LIMITS.entryValues.most): boolean {
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

/**
 * A copy that holds no more values than a reader looks at of one entry. What is small comes first, then what bodies ask by, then the
 * rest, each of which leaves half of the room to those behind it; of a list its end. Nobody gets out of sight by what it adds.
 * @param asks whether bodies ask by a field's name
 */
export function slimmed(value: unknown, asks: (name: string) => boolean): unknown {
  let left: number = LIMITS.entryValues.most;
  /** @param rest room that is left to others */
  const copied = (held: unknown, depth: number, rest: number): unknown => {
    if (typeof held !== 'object' || held === null) return held;
    if (depth > LIMITS.nesting.most) return undefined;
    if (Array.isArray(held)) {
      const kept: unknown[] = [];
      for (let at = held.length - 1; at >= 0 && left > rest; at--) {
        left--;
        kept.push(copied(held[at], depth + 1, rest));
      }
      return kept.reverse().filter((one) => one !== undefined);
    }
    const fields = Object.entries(held);
    const rank = ([name, inner]: readonly [string, unknown]) =>
      typeof inner !== 'object' || inner === null ? 0 : asks(name) ? 1 : 2;
    const kept = new Map<string, unknown>();
    for (const wanted of [0, 1, 2])
      for (const field of fields) {
        if (rank(field) !== wanted || left <= rest) continue;
        left--;
        const behind = wanted === 2 ? rest + (left - rest) / 2 : rest;
        kept.set(field[0], copied(field[1], depth + 1, behind));
      }
    return Object.fromEntries(fields.flatMap(([name]) => (kept.has(name) ? [[name, kept.get(name)]] : [])));
  };
  return copied(value, 0, 0);
}
