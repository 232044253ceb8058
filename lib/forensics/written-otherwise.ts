import type { AnswerSheet } from './answers.ts';

/**
 * Wrong answers that are the key and only written in another way: `[1, 2]` for `(1, 2)`, `null` for `None`, `abc (text)` for
 * `abc`. Two models that one prompt or parser has write so share hundreds of errors, and none of them is knowledge.
 */

/** Spellings of one value in different languages. */
const SPELLINGS: readonly (readonly [RegExp, string])[] = [[/\b(?:none|nil|undefined)\b/g, 'null']];
/** What may tell two values apart; brackets, quotes and other signs are writing. */
const WRITING = /[^\p{L}\p{N}.+-]/gu;
/** Times that the same addition to the key must be shared to be a habit. */
const LEAST_ADDED = 5;

function bare(form: string): string {
  return SPELLINGS.reduce((text, [pattern, by]) => text.replace(pattern, by), form).replace(WRITING, '');
}

/** What stands around the key in an answer that holds it. */
function additionTo(key: string, form: string): string | undefined {
  const at = form.indexOf(key);
  return at < 0 ? undefined : `${form.slice(0, at)}\n${form.slice(at + key.length)}`;
}

/** How many of the wrong answers that two models share are the key, written in another way. */
export function writtenOtherwise(a: AnswerSheet, b: AnswerSheet, items: readonly string[]): number {
  let same = 0;
  const added = new Map<string, number>();
  for (const item of items) {
    const [x, y] = [a.answers.get(item), b.answers.get(item)];
    if (x?.form === undefined || x.form !== y?.form || x.right !== false || y.right !== false) continue;
    const key = x.keyForm ?? y.keyForm;
    if (key === undefined) continue;
    if (bare(x.form) === bare(key)) {
      same++;
      continue;
    }
    const addition = additionTo(key, x.form);
    if (addition !== undefined) added.set(addition, (added.get(addition) ?? 0) + 1);
  }
  for (const times of added.values()) if (times >= LEAST_ADDED) same += times;
  return same;
}
