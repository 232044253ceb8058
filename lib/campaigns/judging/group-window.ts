import { bits } from '../../profile/binary.ts';
import { type BottomK, distinct, mergeInto } from '../../profile/bottom-k.ts';
import {
  copySlice,
  emptySample,
  emptySamples,
  FLAG,
  mergeSlice,
  SLICE_MS,
  type Slice,
  sliceStart,
} from '../../profile/slice.ts';
import { type Window, windowOf } from '../../profile/window.ts';
import { upperShare } from '../../statistics/upper-share.ts';
import { addCounts, MARKS, type MemberWindow, orCells, WORDS } from './member-window.ts';

/**
 * The members' windows merged: counters add, cells are OR-ed (five minutes in which ten members are active are one
 * active stretch), prompt samples unite; exact, in any order. What judges nothing in a group (places, models, hours of
 * the day) is left out: see fullWindow.
 */
export function mergedWindow(
  members: readonly MemberWindow[],
  latest: number,
  length: number,
): { window: Window; prompts: BottomK } {
  const to = sliceStart(latest) + SLICE_MS;
  const window = windowOf([], to - length, to);
  const prompts = emptySample('prompt');
  const cells = new Int32Array((length / SLICE_MS) * WORDS);
  for (const member of members) {
    addCounts(window.counts, member.counts);
    const own = member.cells;
    const at = ((member.cellsFrom - window.from) / SLICE_MS) * WORDS;
    for (let i = 0; i < own.length; i++) cells[at + i] = (cells[at + i] as number) | (own[i] as number);
    if (member.newest !== undefined) orCells(cells, member.newest, window.from);
    mergeInto(prompts, member.prompt);
  }
  for (let slot = 0; slot < cells.length; slot += WORDS) {
    let any = 0;
    MARKS.forEach((mark, m) => {
      for (let w = 0; w < 3; w++) {
        const word = cells[slot + m * 3 + w] as number;
        any |= word;
        window.cells[mark] += bits(word);
      }
    });
    if (any !== 0) window.slices++;
  }
  return { window, prompts };
}

/** The same window with everything in it, for people: models, hours of the day, samples of places. */
export function fullWindow(
  slicesOf: readonly (readonly Slice[])[],
  latest: number,
  length: number,
  from: number,
): Window {
  const to = sliceStart(latest) + SLICE_MS;
  const since = Math.max(to - length, sliceStart(from));
  const byStart = new Map<number, Slice>();
  for (const slices of slicesOf)
    for (const slice of slices) {
      if (slice.start < since || slice.start >= to) continue;
      const held = byStart.get(slice.start);
      if (held === undefined) byStart.set(slice.start, copySlice(slice));
      else mergeSlice(held, slice);
    }
  return windowOf([...byStart.values()], to - length, to);
}

/** Samples in which only the prompts are filled: what the signals of a group may look at. */
export function promptsOnly(prompt: BottomK) {
  return { ...emptySamples(), prompt };
}

const BROAD = FLAG.single | FLAG.instruction;
/** Share of the members that may show an opening before it counts as the group's own template. */
const SHARED_BY = 0.05;

/** Where people work at least so much of the other openings is shown by a second member too. */
const COMMON_WORDS = 0.05;
/** One-sided normal quantile for 5 %. */
const Z = 1.645;

/**
 * How far it says anything that tasks do not recur among the members, [0, 1]. Where people work, their other requests
 * (questions above all) begin alike from account to account, more or less; where surely not even those do, the group's
 * words are simply rare ones, and tasks that nobody repeats are nothing special. The other openings are the control; a
 * group of hardly anything but tasks has none and is not excused.
 * @param shown per member, per opening of its sample, how many members show it
 */
function told(members: readonly MemberWindow[], shown: readonly (readonly number[])[]): number {
  if (members.length < 2) return 1;
  let tasks = 0;
  let others = 0;
  let common = 0;
  members.forEach(({ opening: { flags } }, m) => {
    const by = shown[m] as readonly number[];
    for (let i = 0; i < flags.length; i++) {
      const flag = flags[i] as number;
      if ((flag & BROAD) === BROAD) tasks++;
      else if ((flag & FLAG.single) !== 0) {
        others++;
        if ((by[i] as number) > 1) common++;
      }
    }
  });
  if (others === 0 || tasks === 0) return 1;
  const excused = Math.max(0, 1 - upperShare(common / others, others, Z) / COMMON_WORDS);
  return 1 - Math.min(1, others / tasks) * excused;
}

/**
 * For each member the share of its requests that are self-contained tasks whose opening neither it nor the group
 * repeats. A class repeats its exercises and a company its templates, from account to account; the shares of one query
 * set repeat nothing. Openings are sampled by the same hash in every member, so what two members share stands in both
 * samples wherever both reach so far.
 */
export function novelShares(members: readonly MemberWindow[]): number[] {
  const shownBy = new Map<number, number>();
  for (const { opening } of members)
    for (const hash of opening.hashes) shownBy.set(hash, (shownBy.get(hash) ?? 0) + 1);
  const most = Math.max(1, Math.floor(members.length * SHARED_BY));
  const shown = members.map(({ opening }) => opening.hashes.map((hash) => shownBy.get(hash) as number));
  const part = told(members, shown);
  return members.map(({ opening, closing, counts: { events } }, m) => {
    const size = opening.hashes.length;
    if (size === 0 || events === 0) return 0;
    const rare = Math.max(1, Math.floor(events * 0.02));
    const by = shown[m] as readonly number[];
    let hits = 0;
    for (let i = 0; i < size; i++) {
      const count = opening.counts[i] as number;
      if (count > rare || ((opening.flags[i] as number) & BROAD) !== BROAD) continue;
      if ((by[i] as number) > most) continue;
      hits += count;
    }
    const openings = distinct(opening);
    const share = Math.min(1, (hits * openings) / size / events);
    // an opening that repeats with the same ending is a template whose slot comes first
    return part * share * Math.min(1, distinct(closing) / Math.max(1, openings));
  });
}
