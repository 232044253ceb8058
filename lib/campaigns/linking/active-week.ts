import { bits } from '../../profile/binary.ts';
import { CELL_MS, SLICE_MS, type Slice, sliceStart } from '../../profile/slice.ts';

/** Slices of a day, and of the week that is compared. */
const SLICES_PER_DAY = 4;
const SLICES = 7 * SLICES_PER_DAY;
/** Words of 24 cells in a slice, in a day, in the week. */
const WORDS_PER_SLICE = 3;
export const CELLS_PER_WORD = 24;
export const CELLS_PER_DAY = SLICES_PER_DAY * WORDS_PER_SLICE * CELLS_PER_WORD;
export const WORDS = SLICES * WORDS_PER_SLICE;
export const WORD_MS = CELLS_PER_WORD * CELL_MS;
/** Fewest active cells of an account. */
const MIN_CELLS = 16;

/** In which five minutes of a week an account was active. */
export interface ActiveWeek {
  readonly account: string;
  /** start of the week, ms: a whole number of slices */
  readonly from: number;
  /** per slice of the week three words of 24 five-minute cells */
  readonly words: Int32Array;
  readonly cells: number;
}

/**
 * Activity of the seven days that end with the slice of `latest` (event time, ms); undefined where it is too little.
 * @param slices ascending
 */
export function activeWeek(
  account: string,
  slices: readonly Slice[],
  latest: number,
): ActiveWeek | undefined {
  return enough(weekOf(account, slices, latest));
}

/** An account that was active enough to be compared. */
export function enough(week: ActiveWeek): ActiveWeek | undefined {
  return week.cells < MIN_CELLS ? undefined : week;
}

/**
 * The week that ends with the slice of `latest`, however little it holds.
 * @param before an earlier week of the account: only slices from `changed` on (ms) are read anew
 */
export function weekOf(
  account: string,
  slices: readonly Slice[],
  latest: number,
  before?: ActiveWeek,
  changed = Number.NEGATIVE_INFINITY,
): ActiveWeek {
  const from = sliceStart(latest) + SLICE_MS - SLICES * SLICE_MS;
  const words = new Int32Array(WORDS);
  if (before !== undefined) {
    const gone = Math.min(WORDS, ((from - before.from) / SLICE_MS) * WORDS_PER_SLICE);
    words.set(before.words.subarray(gone));
  }
  for (let i = slices.length - 1; i >= 0; i--) {
    const slice = slices[i] as Slice;
    const at = (slice.start - from) / SLICE_MS;
    if (at < 0 || slice.start < changed) break;
    if (at >= SLICES) continue;
    const { active } = slice.cells;
    for (let w = 0; w < WORDS_PER_SLICE; w++) words[at * WORDS_PER_SLICE + w] = active[w] as number;
  }
  let cells = 0;
  for (let w = 0; w < WORDS; w++) if (words[w] !== 0) cells += bits(words[w] as number);
  return { account, from, words, cells };
}

/** The week moved by less than a word's cells. */
function moved(words: Int32Array, cells: number): Int32Array {
  const next = new Int32Array(WORDS);
  for (let i = 0; i < WORDS; i++) {
    const own = words[i] as number;
    next[i] =
      cells > 0
        ? ((own << cells) & 0xffffff) | ((words[i - 1] ?? 0) >>> (CELLS_PER_WORD - cells))
        : (own >>> -cells) | (((words[i + 1] ?? 0) << (CELLS_PER_WORD + cells)) & 0xffffff);
  }
  return next;
}

/**
 * Several weeks added up cell by cell, as bit planes: how many of them are active in a cell is the sum of its bits, each
 * worth twice the one before. One comparison with them counts the common cells with all the weeks.
 */
export type Planes = readonly Int32Array[];

/** In how many of the week's copies, each moved by some cells, each cell is active. @param moves at most 15 of them */
export function movedCopies({ words }: ActiveWeek, moves: readonly number[]): Planes {
  const sums = Array.from({ length: 4 }, () => new Int32Array(WORDS));
  for (const cells of moves) {
    const copy = moved(words, cells);
    for (let w = 0; w < WORDS; w++) {
      let carry = copy[w] as number;
      for (let p = 0; p < sums.length && carry !== 0; p++) {
        const plane = sums[p] as Int32Array;
        const held = plane[w] as number;
        plane[w] = held ^ carry;
        carry &= held;
      }
    }
  }
  return sums;
}

/** Common cells of a week with several, all of them counted. */
export function commonCells(words: Int32Array, several: Planes): number {
  let count = 0;
  for (let w = 0; w < words.length; w++) {
    const word = words[w] as number;
    if (word === 0) continue;
    for (let p = 0; p < several.length; p++) {
      const both = word & ((several[p] as Int32Array)[w] as number);
      if (both !== 0) count += bits(both) << p;
    }
  }
  return count;
}
