import { type BottomK, distinct, mergeInto } from '../profile/bottom-k.ts';
import {
  type CellMark,
  copySlice,
  emptySample,
  emptySamples,
  FLAG,
  mergeSlice,
  SLICE_MS,
  type Slice,
  sliceStart,
} from '../profile/slice.ts';
import { bits, type Window, windowOf } from '../profile/window.ts';

/** Marks that judge a group. */
const MARKS = ['active', 'reasoning', 'grading'] as const satisfies readonly CellMark[];
const WORDS = MARKS.length * 3;
/** Counters that judge a group. */
export interface MemberCounts {
  events: number;
  outputTokens: number;
  reasoning: number;
  grading: number;
  headSum: number;
  headSquares: number;
}

/** What a member brings to its group's window: counters, cells, and samples of its openings, closings and prompts. */
export interface MemberWindow {
  readonly counts: Readonly<MemberCounts>;
  /** per slice of the window, per mark, three words of 24 cells */
  readonly cells: Int32Array;
  readonly opening: BottomK;
  readonly closing: BottomK;
  readonly prompt: BottomK;
}

/**
 * A member's part of a window `[to - length, to)`, with `to` the end of the slice in which `latest` lies, from the slice
 * of `from` on. Samples are those of the key epoch that was seen in most events.
 */
export function memberWindow(
  slices: readonly Slice[],
  latest: number,
  length: number,
  from: number,
): MemberWindow {
  const to = sliceStart(latest) + SLICE_MS;
  const start = to - length;
  const since = Math.max(start, sliceStart(from));
  const counts = { events: 0, outputTokens: 0, reasoning: 0, grading: 0, headSum: 0, headSquares: 0 };
  const cells = new Int32Array((length / SLICE_MS) * WORDS);
  const inside: Slice[] = [];
  const seen = new Map<string, number>();
  for (const slice of slices) {
    if (slice.start < since || slice.start >= to) continue;
    inside.push(slice);
    addCounts(counts, slice.counts);
    let at = ((slice.start - start) / SLICE_MS) * WORDS;
    for (const mark of MARKS) for (const word of slice.cells[mark]) cells[at++] = word;
    for (const epoch of slice.samples.keys()) seen.set(epoch, (seen.get(epoch) ?? 0) + slice.counts.events);
  }
  let epoch: string | undefined;
  for (const [name, count] of seen) if (epoch === undefined || count > (seen.get(epoch) ?? 0)) epoch = name;
  const opening = emptySample('opening');
  const closing = emptySample('closing');
  const prompt = emptySample('prompt');
  if (epoch !== undefined)
    for (const slice of inside) {
      const samples = slice.samples.get(epoch);
      if (samples === undefined) continue;
      mergeInto(opening, samples.opening);
      mergeInto(closing, samples.closing);
      mergeInto(prompt, samples.prompt);
    }
  return { counts, cells, opening, closing, prompt };
}

function addCounts(into: MemberCounts, from: Readonly<MemberCounts>): void {
  into.events += from.events;
  into.outputTokens += from.outputTokens;
  into.reasoning += from.reasoning;
  into.grading += from.grading;
  into.headSum += from.headSum;
  into.headSquares += from.headSquares;
}

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
    for (let i = 0; i < cells.length; i++) cells[i] = (cells[i] as number) | (member.cells[i] as number);
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
  return members.map(({ opening, closing, counts: { events } }) => {
    const size = opening.hashes.length;
    if (size === 0 || events === 0) return 0;
    const rare = Math.max(1, Math.floor(events * 0.02));
    let hits = 0;
    for (let i = 0; i < size; i++) {
      const count = opening.counts[i] as number;
      if (count > rare || ((opening.flags[i] as number) & BROAD) !== BROAD) continue;
      if ((shownBy.get(opening.hashes[i] as number) ?? 0) > most) continue;
      hits += count;
    }
    const openings = distinct(opening);
    const share = Math.min(1, (hits * openings) / size / events);
    // an opening that repeats with the same ending is a template whose slot comes first
    return share * Math.min(1, distinct(closing) / Math.max(1, openings));
  });
}
