/**
 * What stands around the texts of a file at question after question and was written by no model: the command line of a harness,
 * a template's notice. Two strangers that one harness asked would share it.
 */

/** Length from which a line is looked at, and share and number of a file's texts in which it must stand, letter for letter. */
const LEAST_LENGTH = 80;
const LEAST_SHARE = 0.5;
const LEAST_TEXTS = 20;

const linesOf = (text: string) => text.split('\n').map((line) => line.trim());

/** The long lines that at least half of the texts have; none where they are all that most texts have. */
export function frameLines(texts: readonly string[]): ReadonlySet<string> {
  if (texts.length < LEAST_TEXTS) return new Set();
  const times = new Map<string, number>();
  for (const text of texts)
    for (const line of new Set(linesOf(text)))
      if (line.length >= LEAST_LENGTH) times.set(line, (times.get(line) ?? 0) + 1);
  const frame = new Set([...times].flatMap(([line, n]) => (n >= LEAST_SHARE * texts.length ? [line] : [])));
  const left = texts.filter((text) => withoutLines(text, frame) !== undefined);
  return left.length >= LEAST_SHARE * texts.length ? frame : new Set();
}

/** A text without these lines; undefined where nothing is left. */
export function withoutLines(text: string, frame: ReadonlySet<string>): string | undefined {
  if (frame.size === 0) return text;
  const left = text
    .split('\n')
    .filter((line) => !frame.has(line.trim()))
    .join('\n')
    .trim();
  return left === '' ? undefined : left;
}
