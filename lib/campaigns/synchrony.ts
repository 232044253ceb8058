import { SLICE_MS, type Slice, sliceStart } from '../profile/slice.ts';

/**
 * Accounts that are active in the same five minutes again and again, as the workers of one dispatcher are. Read from the
 * activity bitmaps that profiles keep anyway.
 */

/** Slices of a day, and of the week that is compared. */
const SLICES_PER_DAY = 4;
const SLICES = 7 * SLICES_PER_DAY;
/** Words of 24 cells in a slice, in a day, in the week. */
const WORDS_PER_SLICE = 3;
const DAY_WORDS = SLICES_PER_DAY * WORDS_PER_SLICE;
const WORDS = SLICES * WORDS_PER_SLICE;
/** Days by which one of two weeks is turned for comparison. */
const TURNS = [1, 2, 3, 4, 5, 6] as const;
/** Cells by which one of two weeks is moved for comparison: ten minutes to an hour. */
const MOVES = [-11, -7, -4, -2, 2, 4, 7, 11] as const;
/** Fewest active cells of an account, and fewest common ones of two. */
const FEWEST_CELLS = 16;
const FEWEST_COMMON = 8;
/** Nats beyond what chance over all pairs asks for: activity comes in bursts, which a Poisson count does not know. */
const MARGIN = 8;

export interface ActiveWeek {
  readonly account: string;
  /** per slice of the week three words of 24 five-minute cells */
  readonly words: Int32Array;
  readonly cells: number;
}

/** Activity of the seven days that end with the slice of `latest` (event time, ms); undefined where it is too little. */
export function activeWeek(
  account: string,
  slices: readonly Slice[],
  latest: number,
): ActiveWeek | undefined {
  const from = sliceStart(latest) + SLICE_MS - SLICES * SLICE_MS;
  const words = new Int32Array(WORDS);
  let cells = 0;
  for (const slice of slices) {
    const at = (slice.start - from) / SLICE_MS;
    if (at < 0 || at >= SLICES) continue;
    slice.cells.active.forEach((word, w) => {
      words[at * WORDS_PER_SLICE + w] = word;
      cells += bits(word);
    });
  }
  return cells < FEWEST_CELLS ? undefined : { account, words, cells };
}

function bits(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return (((v + (v >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

const CELLS_PER_WORD = 24;

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

/** Common active cells, with `b` turned by whole days. */
function common(a: Int32Array, b: Int32Array, turn: number): number {
  let count = 0;
  let at = turn * DAY_WORDS;
  for (let i = 0; i < WORDS; i++) {
    const both = (a[i] as number) & (b[at] as number);
    if (both !== 0) count += bits(both);
    if (++at === WORDS) at = 0;
  }
  return count;
}

export interface SynchronousPair {
  readonly a: string;
  readonly b: string;
  readonly common: number;
  /** common cells where one week is moved by whole days or by minutes, largest mean */
  readonly expected: number;
}

/**
 * Pairs that share more active cells than they do when one of them is moved, by whole days and by minutes. What recurs
 * daily (working hours, schedules on the hour) cancels against other days; what is merely busy at the same time (two bursts
 * of one evening) cancels against the minutes before and after. What is left is a common dispatcher, or a common
 * cause that neither repeats nor lasts. A pair is kept where its count is rarer, as a Poisson count, than one in twice the
 * number of pairs, and by MARGIN nats more. Quadratic in the number of accounts: the caller bounds it.
 */
export function synchronousPairs(weeks: readonly ActiveWeek[]): SynchronousPair[] {
  const pairs: SynchronousPair[] = [];
  const moves = weeks.map(({ words }) => MOVES.map((cells) => moved(words, cells)));
  const needed = Math.log(Math.max(2, weeks.length * (weeks.length - 1))) + MARGIN;
  for (let i = 0; i < weeks.length; i++) {
    const a = weeks[i] as ActiveWeek;
    for (let j = i + 1; j < weeks.length; j++) {
      const b = weeks[j] as ActiveWeek;
      if (Math.min(a.cells, b.cells) < FEWEST_COMMON) continue;
      const shared = common(a.words, b.words, 0);
      if (shared < FEWEST_COMMON) continue;
      // cheap test first: no turn can make fewer than half a cell of chance
      if (surpriseOf(shared, 0.5) < needed) continue;
      let turned = 0;
      for (const turn of TURNS) turned += common(a.words, b.words, turn);
      const daily = (turned + 1) / TURNS.length;
      if (surpriseOf(shared, daily) < needed) continue;
      let beside = 0;
      for (const near of moves[j] ?? []) beside += common(a.words, near, 0);
      const expected = Math.max(daily, (beside + 1) / MOVES.length);
      if (surpriseOf(shared, expected) >= needed)
        pairs.push({ a: a.account, b: b.account, common: shared, expected });
    }
  }
  return pairs;
}

/** -ln of the chance of a Poisson count of at least `count` where `expected` is expected (Chernoff's bound). */
function surpriseOf(count: number, expected: number): number {
  return count <= expected ? 0 : count * Math.log(count / expected) - (count - expected);
}

/**
 * Pairs that belong to a round of at least three: each of the two is synchronous with a third account too. Two schedules
 * may fall together by accident; three that all do have one dispatcher.
 */
export function rounds(pairs: readonly SynchronousPair[]): SynchronousPair[] {
  const partners = new Map<string, Set<string>>();
  const add = (from: string, to: string): void => {
    const set = partners.get(from);
    if (set === undefined) partners.set(from, new Set([to]));
    else set.add(to);
  };
  for (const { a, b } of pairs) {
    add(a, b);
    add(b, a);
  }
  return pairs.filter(({ a, b }) => {
    const ofB = partners.get(b);
    for (const third of partners.get(a) ?? []) if (third !== b && ofB?.has(third) === true) return true;
    return false;
  });
}

/** Accounts that are compared with each other at most: their pairs are quadratic. */
export const MOST_COMPARED = 1500;
