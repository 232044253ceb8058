/** Blocks that questions are dealt to for the jackknife, the same in all views. */
export const BLOCKS = 20;

/** Between the question and the rank of a further sample of it, in the id of an item. */
export const SAMPLE_MARK = '\u0000';

/** The question of an item: samples of one question share what it asks and are not independent. */
export function questionOf(item: string): string {
  const at = item.indexOf(SAMPLE_MARK);
  return at < 0 ? item : item.slice(0, at);
}

/** How many different questions the items ask. */
export function questionsIn(items: Iterable<string>): number {
  const seen = new Set<string>();
  for (const item of items) seen.add(questionOf(item));
  return seen.size;
}

/** The part of each item when questions are dealt to `parts` in turn: all samples of a question go to one part. */
export function dealt(items: readonly string[], parts: number): Int32Array {
  const places = new Map<string, number>();
  return Int32Array.from(items, (item) => {
    const question = questionOf(item);
    const place = places.get(question) ?? places.size;
    places.set(question, place);
    return place % parts;
  });
}

/**
 * Values of items summed by question, so that their mean over the questions is the mean over the items: what is resampled
 * where questions were asked several times.
 */
export function byQuestion(items: readonly string[], values: Float64Array): Float64Array {
  const places = new Map<string, number>();
  const sums: number[] = [];
  items.forEach((item, i) => {
    const question = questionOf(item);
    const place = places.get(question) ?? places.size;
    places.set(question, place);
    sums[place] = (sums[place] ?? 0) + (values[i] ?? 0);
  });
  return Float64Array.from(sums, (sum) => (sum * sums.length) / items.length);
}
