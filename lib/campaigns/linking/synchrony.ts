import { type ActiveWeek, commonCells, movedCopies, type Planes } from './active-week.ts';
import { ClockOverlaps } from './clock-overlaps.ts';
import type { LinkIndex } from './link-index.ts';

/**
 * Accounts that are active in the same five minutes again and again, as the workers of one dispatcher are. Read from the
 * activity bitmaps that profiles keep anyway.
 */

/** Whole days by which one of two weeks can be turned for comparison. */
const TURNS = 6;
/** Cells by which one of two weeks is moved for comparison: ten minutes to an hour. */
const MOVES = [-11, -7, -4, -2, 2, 4, 7, 11] as const;
/** Fewest common active cells of two accounts. */
const MIN_COMMON = 8;
/** Expected common cells that no comparison goes below: with fewer than this nothing could be said. */
const MIN_EXPECTED = 0.5;
/** Nats beyond what chance over all pairs asks for: activity comes in bursts, which a Poisson count does not know. */
const MARGIN = 8;

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
 * @param overlaps those of the last comparison, which are brought up to date: the same pairs, sooner
 */
export function synchronousPairs(
  weeks: readonly ActiveWeek[],
  overlaps = new ClockOverlaps(),
): SynchronousPair[] {
  overlaps.update(weeks);
  const pairs: SynchronousPair[] = [];
  const needed = Math.log(Math.max(2, weeks.length * (weeks.length - 1))) + MARGIN;
  let least = MIN_COMMON;
  while (surpriseOf(least, MIN_EXPECTED) < needed) least++;
  const rows = weeks.map(({ account }) => overlaps.row(account));
  const copies = new Map<number, Planes>();
  for (let i = 0; i < weeks.length; i++) {
    const a = weeks[i] as ActiveWeek;
    for (let j = i + 1; j < weeks.length; j++) {
      const shared = overlaps.common(rows[i] as number, rows[j] as number);
      if (shared < least) continue;
      const daily = (overlaps.turned(rows[i] as number, rows[j] as number) + 1) / TURNS;
      if (surpriseOf(shared, daily) < needed) continue;
      const b = weeks[j] as ActiveWeek;
      const near = copies.get(j) ?? movedCopies(b, MOVES);
      copies.set(j, near);
      const beside = commonCells(a.words, near);
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
const MAX_COMPARED = 1500;

/**
 * Whose clocks are compared: accounts that are watched for themselves, and those that share an owner. All others are not:
 * their pairs are too many, and a synchronous account that shows nothing harvests nothing.
 * @param watched those that matter most first: no more than MAX_COMPARED are compared
 */
export function accountsToCompare(watched: Iterable<string>, index: LinkIndex): ReadonlySet<string> {
  const chosen = new Set<string>();
  for (const account of watched) if (chosen.size < MAX_COMPARED) chosen.add(account);
  for (const [, members] of index.sharedOwners())
    for (const member of members) if (chosen.size < MAX_COMPARED) chosen.add(member);
  return chosen;
}
