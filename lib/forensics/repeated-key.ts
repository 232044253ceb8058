/**
 * The first key that an object of a JSON text gives twice, or undefined. `JSON.parse` keeps the last of them and says nothing:
 * of a model listed twice with two dates, one would be believed without a word.
 *
 * @param text valid JSON
 */
export function repeatedKey(text: string): string | undefined {
  const open: Set<string>[] = [];
  const token = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}]/g;
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    const [whole, colon] = found;
    if (whole === '{') open.push(new Set());
    else if (whole === '}') open.pop();
    else if (colon !== undefined) {
      const key = JSON.parse(whole.slice(0, whole.length - colon.length)) as string;
      const keys = open.at(-1);
      if (keys?.has(key) === true) return key;
      keys?.add(key);
    }
  }
  return undefined;
}
