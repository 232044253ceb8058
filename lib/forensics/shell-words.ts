/** What a POSIX shell takes as it is. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** A command as a line that a POSIX shell reads as these words: a file name with a space, a quote or a `$` in it too. */
export function shellWords(words: readonly string[]): string {
  return words.map((w) => (PLAIN.test(w) ? w : `'${w.replaceAll("'", `'\\''`)}'`)).join(' ');
}
