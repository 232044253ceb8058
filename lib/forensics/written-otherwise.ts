import type { AnswerSheet } from './answers.ts';

/**
 * Wrong answers that are the key and only written in another way: `[1, 2]` for `(1, 2)`, `null` for `None`, `abc (text)` for
 * `abc`, and in files that a limit of length cut, `[(4, 1` for `[(4, 1), (2, 3)]`. Two models that one prompt, parser or limit
 * has write so share hundreds of errors, and none of them is knowledge.
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

/** Quotes and white space, which a cut value lacks at one end. */
const QUOTED = /["'`\s]/g;

/** Whether an answer is the key cut off: its beginning, as a limit of length leaves it, or its end. */
function cutFrom(key: string, form: string): boolean {
  const [whole, part] = [key.replace(QUOTED, ''), form.replace(QUOTED, '')];
  return part.length > 0 && part.length < whole.length && (whole.startsWith(part) || whole.endsWith(part));
}

/** A file is cut off where its answers at the longest tenth of the keys have less of their length than this, at the median. */
const LEAST_LENGTH = 0.8;

/** Whether a limit of length cut a file's answers: who merely errs is as long as the key, by and large. */
function cutOff(sheet: AnswerSheet, items: readonly string[]): boolean {
  const keyed = items.flatMap((item) => {
    const { form, keyForm } = sheet.answers.get(item) ?? {};
    return form === undefined || keyForm === undefined
      ? []
      : [{ key: keyForm.length, part: form.length / keyForm.length }];
  });
  const lengths = keyed.map(({ key }) => key).sort((a, b) => b - a);
  const least = lengths[Math.ceil(lengths.length / 10) - 1] ?? 0;
  const longest = keyed.filter(({ key }) => key >= least);
  const parts = longest.map(({ part }) => part).sort((a, b) => a - b);
  const median = parts[Math.floor(parts.length / 2)];
  return median !== undefined && median < LEAST_LENGTH;
}

/** How many of the wrong answers that two models share are the key, written in another way. */
export function writtenOtherwise(a: AnswerSheet, b: AnswerSheet, items: readonly string[]): number {
  let same = 0;
  const cut = cutOff(a, items) && cutOff(b, items);
  const added = new Map<string, number>();
  for (const item of items) {
    const [x, y] = [a.answers.get(item), b.answers.get(item)];
    if (x?.form === undefined || x.form !== y?.form || x.right !== false || y.right !== false) continue;
    const key = x.keyForm ?? y.keyForm;
    if (key === undefined) continue;
    if (bare(x.form) === bare(key) || (cut && cutFrom(key, x.form))) {
      same++;
      continue;
    }
    const addition = additionTo(key, x.form);
    if (addition !== undefined) added.set(addition, (added.get(addition) ?? 0) + 1);
  }
  for (const times of added.values()) if (times >= LEAST_ADDED) same += times;
  return same;
}
