/**
 * What all free-form answers of one file begin or end with: `Result -> 4`, `4 is the answer.`. It is a habit of the prompt or
 * of the parser; left in, none of its answers would be anybody's, and every one an error.
 */
export interface Wrapper {
  readonly before: string;
  readonly after: string;
}

/** Fewest answers that show a habit. */
const LEAST_ANSWERS = 20;
/** Share of the keys that may begin (or end) so before it is part of the answers. */
const MOST_KEYS = 0.5;
/** Share of the answers of which something must be left: an empty answer may be wrapped too. */
const LEAST_WHOLE = 0.8;
/** What may stand between a wrapper and the answer; a shared beginning is cut back to the last of it. */
const PARTED_BEFORE = /[^\s:=>→⇒|,;*#]+$/u;
const PARTED_AFTER = /^[^\s:=<←|,;.!*#]+/u;
/** Without a key two letters are asked for: `[0,` may be what all answers are. */
const WORD = /\p{L}{2}/u;

function sharedStart(texts: readonly string[]): string {
  let shared = texts[0] ?? '';
  for (const text of texts) {
    let n = 0;
    while (n < shared.length && shared[n] === text[n]) n++;
    shared = shared.slice(0, n);
  }
  return shared;
}

const reversed = (text: string) => Array.from(text).reverse().join('');

function counts(part: string, keys: readonly string[], has: (key: string) => boolean): boolean {
  if (part.trim() === '') return false;
  return keys.length === 0 ? WORD.test(part) : keys.filter(has).length < MOST_KEYS * keys.length;
}

/**
 * The wrapper of a file's answers, or undefined.
 *
 * @param answers as given
 * @param keys of those whose key is known: what the right answers begin with too is part of the answer
 */
export function wrapperOf(answers: readonly string[], keys: readonly string[]): Wrapper | undefined {
  const trimmed = answers.map((a) => a.trim());
  if (trimmed.length < LEAST_ANSWERS || trimmed.every((a) => a === trimmed[0])) return undefined;
  const start = sharedStart(trimmed).replace(PARTED_BEFORE, '');
  const before = counts(start, keys, (k) => k.trim().startsWith(start.trim())) ? start : '';
  const end = reversed(sharedStart(trimmed.map(reversed))).replace(PARTED_AFTER, '');
  const after = counts(end, keys, (k) => k.trim().endsWith(end.trim())) ? end : '';
  if (before === '' && after === '') return undefined;
  const whole = trimmed.filter((a) => a.length > before.length + after.length).length;
  const enough = whole > LEAST_WHOLE * trimmed.length;
  return enough ? { before, after } : undefined;
}

/** The answer without its wrapper. */
export function withoutWrapper(answer: string, { before, after }: Wrapper): string {
  const text = answer.trim();
  return text.slice(before.length, Math.max(before.length, text.length - after.length));
}
