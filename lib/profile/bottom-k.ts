/**
 * A bottom-k sample of distinct keyed values, with how often each was seen.
 *
 * Keeps the k smallest 32-bit hashes. A value among the k smallest of a union is among the k smallest of
 * every part in which it occurs, so its count is exact and merging is exact, associative and commutative
 * (Cohen and Kaplan, "Summarizing data using bottom-k sketches", PODC 2007). The sample is uniform over
 * distinct values, and the number of distinct values follows from the k-th smallest hash
 * (Bar-Yossef et al. 2002; relative standard error about 1/sqrt(k-2)).
 */
export interface BottomK {
  /** most values kept */
  readonly k: number;
  /** ascending, distinct, unsigned 32 bit */
  hashes: number[];
  /** how often each kept value was seen */
  counts: number[];
  /** bitwise OR of the flags that came with each kept value */
  flags: number[];
}

const SPACE = 2 ** 32;

export function bottomK(k: number): BottomK {
  return { k, hashes: [], counts: [], flags: [] };
}

/** Adds `count` sightings of a value (unsigned 32-bit hash). */
export function addTo(sample: BottomK, hash: number, flags = 0, count = 1): void {
  const { hashes } = sample;
  const size = hashes.length;
  if (size === sample.k && hash > (hashes[size - 1] as number)) return;
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((hashes[middle] as number) < hash) low = middle + 1;
    else high = middle;
  }
  if (low < size && hashes[low] === hash) {
    sample.counts[low] = (sample.counts[low] as number) + count;
    sample.flags[low] = (sample.flags[low] as number) | flags;
    return;
  }
  hashes.splice(low, 0, hash);
  sample.counts.splice(low, 0, count);
  sample.flags.splice(low, 0, flags);
  if (hashes.length > sample.k) {
    hashes.pop();
    sample.counts.pop();
    sample.flags.pop();
  }
}

/** Adds all of `other` to `sample`. Both must keep equally many values. */
export function mergeInto(sample: BottomK, other: BottomK): void {
  if (other.hashes.length === 0) return;
  if (sample.hashes.length === 0) {
    sample.hashes = other.hashes.slice(0, sample.k);
    sample.counts = other.counts.slice(0, sample.k);
    sample.flags = other.flags.slice(0, sample.k);
    return;
  }
  const hashes: number[] = [];
  const counts: number[] = [];
  const flags: number[] = [];
  let i = 0;
  let j = 0;
  while (hashes.length < sample.k && (i < sample.hashes.length || j < other.hashes.length)) {
    const a = i < sample.hashes.length ? (sample.hashes[i] as number) : SPACE;
    const b = j < other.hashes.length ? (other.hashes[j] as number) : SPACE;
    hashes.push(Math.min(a, b));
    counts.push((a <= b ? (sample.counts[i] as number) : 0) + (b <= a ? (other.counts[j] as number) : 0));
    flags.push((a <= b ? (sample.flags[i] as number) : 0) | (b <= a ? (other.flags[j] as number) : 0));
    if (a <= b) i++;
    if (b <= a) j++;
  }
  sample.hashes = hashes;
  sample.counts = counts;
  sample.flags = flags;
}

/** Estimated number of distinct values: exact below k, else (k - 1) / (k-th smallest hash as a share of the space). */
export function distinct(sample: BottomK): number {
  const size = sample.hashes.length;
  if (size < sample.k || size === 0) return size;
  return (sample.k - 1) / (((sample.hashes[size - 1] as number) + 1) / SPACE);
}

/**
 * Estimated number of sightings whose value satisfies `keep(count, flags)`, from the sample scaled to all
 * distinct values.
 */
export function sightings(sample: BottomK, keep: (count: number, flags: number) => boolean): number {
  const size = sample.hashes.length;
  if (size === 0) return 0;
  let kept = 0;
  for (let i = 0; i < size; i++) {
    const count = sample.counts[i] as number;
    if (keep(count, sample.flags[i] as number)) kept += count;
  }
  return (kept * distinct(sample)) / size;
}
