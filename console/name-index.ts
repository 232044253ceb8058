/** All names as one text, in the order in which they are shown: one search of it is faster than a search of each name. */
export interface NameIndex {
  /** in lower case, each on a line of its own */
  readonly text: string;
  /** where each name begins, ascending */
  readonly starts: Uint32Array;
}

export function nameIndex(names: readonly string[], order: Uint32Array): NameIndex {
  const starts = new Uint32Array(order.length);
  const lines: string[] = [];
  let at = 0;
  order.forEach((i, k) => {
    // no name reaches over its line
    const line = (names[i] ?? '').toLowerCase().replaceAll('\n', ' ');
    starts[k] = at;
    at += line.length + 1;
    lines.push(line);
  });
  return { text: lines.join('\n'), starts };
}

/** Place in the order of the first name from `from` on that holds `wanted` (lower case, no line break); their number where none does. */
export function nextNamed({ text, starts }: NameIndex, wanted: string, from: number): number {
  const begin = starts[from];
  const found = begin === undefined ? -1 : text.indexOf(wanted, begin);
  if (found < 0) return starts.length;
  let low = from;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] as number) <= found) low = middle;
    else high = middle - 1;
  }
  return low;
}
