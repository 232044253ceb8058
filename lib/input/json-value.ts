import { fieldName } from '../telemetry/reason.ts';

/** JSON as a program wrote it: where that is not JSON by a word alone (RFC 8259), it is read all the same. */
export interface JsonValue {
  readonly value: unknown;
  /** fields whose number is none, one name each time: they count as absent */
  readonly odd?: readonly string[];
}

/** The value of a text; undefined where it is no JSON, whatever is done. */
export function jsonValue(text: string): JsonValue | undefined {
  const value = parsed(text);
  if (value !== undefined || !NO_NUMBER.test(text)) return value;
  const finite = withoutNaN(text);
  if (finite === undefined) return undefined;
  const read = parsed(finite.text);
  return read === undefined ? undefined : { ...read, odd: finite.odd };
}

function parsed(text: string): JsonValue | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return value === undefined ? undefined : { value };
  } catch {
    // Not JSON: whoever asked has other ways to read the text.
    return undefined;
  }
}

/** Python's json.dumps writes these where it is not told otherwise (https://docs.python.org/3/library/json.html#infinite-and-nan-number-values). */
const NO_NUMBER = /NaN|Infinity/;

/** A text with null for numbers that are none, outside of strings; undefined where there are none. */
function withoutNaN(text: string): { text: string; odd: string[] } | undefined {
  const odd: string[] = [];
  let made = '';
  let kept = 0;
  let key = '';
  // strings, and the words outside of them
  for (const { index, 0: found, 1: name } of text.matchAll(/"((?:[^"\\]|\\.)*)"|-?(?:NaN|Infinity)\b/g)) {
    if (name !== undefined) {
      if (/^\s*:/.test(text.slice(index + found.length, index + found.length + 8))) key = name;
      continue;
    }
    made += `${text.slice(kept, index)}null`;
    kept = index + found.length;
    odd.push(`${fieldName(key)} (no number)`);
  }
  return odd.length === 0 ? undefined : { text: made + text.slice(kept), odd };
}
