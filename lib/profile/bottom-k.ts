/**
 * A bottom-k sample of distinct keyed values, with how often each was seen where that is asked for.
 *
 * Keeps the k smallest hashes. A value among the k smallest of a union is among the k smallest of every part in which
 * it occurs, so its count is exact and merging is exact, associative and commutative (Cohen and Kaplan, "Summarizing
 * data using bottom-k sketches", PODC 2007). The sample is uniform over distinct values, and the number of distinct
 * values follows from the k-th smallest hash (Bar-Yossef et al. 2002; relative standard error about 1/sqrt(k-2)).
 *
 * Samples may share their lists, and a copy costs nothing: lists that may be shared are never changed, only replaced.
 */
export interface BottomK {
  /** most values kept */
  readonly k: number;
  /** false: only which values were seen, not how often nor with which flags; both lists stay empty */
  readonly counted: boolean;
  /** ascending, distinct, unsigned, below the space (see distinct) */
  hashes: readonly number[];
  /** how often each kept value was seen */
  counts: readonly number[];
  /** bitwise OR of the flags that came with each kept value */
  flags: readonly number[];
  /** the lists are this sample's alone: nobody else holds them, and adding may change them where they are */
  own: boolean;
}

/** Number of possible hashes of a sample in a profile. */
export const SPACE = 2 ** 24;

const NONE: readonly number[] = [];

export function bottomK(k: number, counted = true): BottomK {
  return { k, counted, hashes: NONE, counts: NONE, flags: NONE, own: false };
}

/** A sample that can be added to while the given one stays as it is. */
export function copyOf(sample: BottomK): BottomK {
  const { k, counted, hashes, counts, flags } = sample;
  sample.own = false;
  return { k, counted, hashes, counts, flags, own: false };
}

/** Puts `value` at `at`, and drops the last beyond `k`. */
function insert(list: number[], at: number, value: number, k: number): void {
  const size = list.length < k ? list.length + 1 : k;
  for (let i = size - 1; i > at; i--) list[i] = list[i - 1] as number;
  list[at] = value;
}

/** A sample whose lists are its own, and may be changed in place. */
type OwnSample = BottomK & { hashes: number[]; counts: number[]; flags: number[] };

function isOwn(sample: BottomK): sample is OwnSample {
  return sample.own;
}

function owned(sample: BottomK): OwnSample {
  if (isOwn(sample)) return sample;
  const lists = {
    hashes: sample.hashes.slice(),
    counts: sample.counted ? sample.counts.slice() : [],
    flags: sample.counted ? sample.flags.slice() : [],
  };
  return Object.assign(sample, lists, { own: true });
}

/** Adds `count` sightings of a value (unsigned hash below the space). */
export function addTo(sample: BottomK, hash: number, flags = 0, count = 1): void {
  const { hashes, k } = sample;
  const size = hashes.length;
  if (size === k && hash > (hashes[size - 1] as number)) return;
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((hashes[middle] as number) < hash) low = middle + 1;
    else high = middle;
  }
  if (low < size && hashes[low] === hash) {
    if (!sample.counted) return;
    const own = owned(sample);
    own.counts[low] = (own.counts[low] as number) + count;
    own.flags[low] = (own.flags[low] as number) | flags;
    return;
  }
  const own = owned(sample);
  insert(own.hashes, low, hash, k);
  if (!sample.counted) return;
  insert(own.counts, low, count, k);
  insert(own.flags, low, flags, k);
}

/** True where a list has nothing that the sample would take in. */
function addsNothing(sample: BottomK, more: readonly number[]): boolean {
  const { hashes, k } = sample;
  const size = hashes.length;
  const limit = size < k ? Number.POSITIVE_INFINITY : (hashes[size - 1] as number);
  let i = 0;
  for (const hash of more) {
    if (hash > limit) return true;
    while (i < size && (hashes[i] as number) < hash) i++;
    if (i === size || hashes[i] !== hash) return false;
  }
  return true;
}

/** Adds all of `other` to `sample`. Both must keep equally many values, and both or neither their counts. */
export function mergeInto(sample: BottomK, other: BottomK): void {
  const b = other.hashes;
  if (b.length === 0) return;
  const a = sample.hashes;
  if (a.length === 0) {
    sample.hashes = b;
    sample.counts = other.counts;
    sample.flags = other.flags;
    sample.own = false;
    other.own = false;
    return;
  }
  const { k, counted } = sample;
  if (!counted && addsNothing(sample, b)) return;
  // a full sample that lies below all of the other takes in nothing
  if (a.length === k && (a[k - 1] as number) < (b[0] as number)) return;
  const room = scratchOf(k);
  let i = 0;
  let j = 0;
  let size = 0;
  while (size < k && (i < a.length || j < b.length)) {
    const left = i < a.length ? (a[i] as number) : Number.POSITIVE_INFINITY;
    const right = j < b.length ? (b[j] as number) : Number.POSITIVE_INFINITY;
    room.hashes[size] = left <= right ? left : right;
    if (counted) {
      room.counts[size] =
        (left <= right ? (sample.counts[i] as number) : 0) +
        (right <= left ? (other.counts[j] as number) : 0);
      room.flags[size] =
        (left <= right ? (sample.flags[i] as number) : 0) | (right <= left ? (other.flags[j] as number) : 0);
    }
    if (left <= right) i++;
    if (right <= left) j++;
    size++;
  }
  sample.hashes = room.hashes.slice(0, size);
  if (counted) {
    sample.counts = room.counts.slice(0, size);
    sample.flags = room.flags.slice(0, size);
  }
  sample.own = true;
}

/** The merge of two samples, neither of which is to be changed: where one says all, it is that one. */
export function merged(a: BottomK, b: BottomK): BottomK {
  if (b.hashes.length === 0 || (!a.counted && addsNothing(a, b.hashes))) return a;
  if (a.hashes.length === 0) return b;
  const sample = copyOf(a);
  mergeInto(sample, b);
  return sample;
}

/** Where merges are written before they are cut to their size: lists that grow by pushing are copied several times. */
const scratch = { hashes: [0], counts: [0], flags: [0] };

function scratchOf(k: number): typeof scratch {
  for (const list of [scratch.hashes, scratch.counts, scratch.flags]) while (list.length < k) list.push(0);
  return scratch;
}

/**
 * Estimated number of distinct values: exact below k, else (k - 1) / (k-th smallest hash as a share of the space).
 * @param space number of possible hashes
 */
export function distinct(sample: BottomK, space: number = SPACE): number {
  const size = sample.hashes.length;
  if (size < sample.k || size === 0) return size;
  return (sample.k - 1) / (((sample.hashes[size - 1] as number) + 1) / space);
}

/**
 * Estimated number of sightings of values that were seen at most `most` times and carry all of `flags`: those in the
 * sample, scaled to all distinct values.
 */
export function sightings(sample: BottomK, most: number, flags: number): number {
  const size = sample.hashes.length;
  if (size === 0) return 0;
  let kept = 0;
  for (let i = 0; i < size; i++) {
    const count = sample.counts[i] as number;
    if (count <= most && ((sample.flags[i] as number) & flags) === flags) kept += count;
  }
  return (kept * distinct(sample)) / size;
}

/** Sightings of all kept values together. */
export function seen(sample: BottomK): number {
  let sum = 0;
  for (const count of sample.counts) sum += count;
  return sum;
}
