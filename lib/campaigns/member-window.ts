import { LRUCache } from 'lru-cache';
import { type BottomK, mergeInto } from '../profile/bottom-k.ts';
import { type CellMark, emptySample, SLICE_MS, type Slice, sliceStart } from '../profile/slice.ts';

/** Marks that judge a group. */
export const MARKS = ['active', 'reasoning', 'grading'] as const satisfies readonly CellMark[];
/** Words of cells in a slice, over the marks. */
export const WORDS = MARKS.length * 3;

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
  /** cells of all its slices but the newest: per slice from `cellsFrom` (ms) on, per mark, three words of 24 cells */
  readonly cells: Int32Array;
  readonly cellsFrom: number;
  readonly newest: Slice | undefined;
  readonly opening: BottomK;
  readonly closing: BottomK;
  readonly prompt: BottomK;
}

/** Counters and samples of a run of slices. */
interface Sum {
  readonly counts: MemberCounts;
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
  return new MemberWindows().at('', slices, latest, length, from);
}

/** The key epoch that was seen in most events; the first seen of several. */
function epochOf(slices: readonly Slice[]): string | undefined {
  let only: string | undefined;
  let several = false;
  for (const { samples } of slices)
    for (const epoch of samples.keys()) {
      several ||= only !== undefined && only !== epoch;
      only ??= epoch;
    }
  if (!several) return only;
  const seen = new Map<string, number>();
  for (const slice of slices)
    for (const epoch of slice.samples.keys()) seen.set(epoch, (seen.get(epoch) ?? 0) + slice.counts.events);
  let most: string | undefined;
  for (const [name, count] of seen) if (most === undefined || count > (seen.get(most) ?? 0)) most = name;
  return most;
}

function sumOf(slices: readonly Slice[], epoch: string | undefined): Sum {
  const sum: Sum = {
    counts: { events: 0, outputTokens: 0, reasoning: 0, grading: 0, headSum: 0, headSquares: 0 },
    opening: emptySample('opening'),
    closing: emptySample('closing'),
    prompt: emptySample('prompt'),
  };
  for (const slice of slices) addTo(sum, slice, epoch);
  return sum;
}

/** The same sum, to be added to; samples share their lists until something is merged into them. */
function copyOf({ counts, opening, closing, prompt }: Sum): Sum {
  return { counts: { ...counts }, opening: { ...opening }, closing: { ...closing }, prompt: { ...prompt } };
}

function addTo(sum: Sum, slice: Slice, epoch: string | undefined): void {
  addCounts(sum.counts, slice.counts);
  const samples = epoch === undefined ? undefined : slice.samples.get(epoch);
  if (samples === undefined) return;
  mergeInto(sum.opening, samples.opening);
  mergeInto(sum.closing, samples.closing);
  mergeInto(sum.prompt, samples.prompt);
}

export function addCounts(into: MemberCounts, from: Readonly<MemberCounts>): void {
  into.events += from.events;
  into.outputTokens += from.outputTokens;
  into.reasoning += from.reasoning;
  into.grading += from.grading;
  into.headSum += from.headSum;
  into.headSquares += from.headSquares;
}

/** What is remembered of a member: the newest window, and of what it was made. */
interface Held {
  readonly slices: readonly Slice[];
  readonly epoch: string | undefined;
  /** sum of all slices but the newest */
  readonly base: Sum;
  readonly window: MemberWindow;
}

/** Accounts whose windows are remembered; about those whose states a store keeps at hand. */
const REMEMBERED = 2048;

/**
 * Members' windows, remembered from look to look: between two looks at a group most members did nothing, and the others
 * only changed their newest slice. Slices are never changed in place once they are in a state, so the same objects
 * mean the same content; what is remembered is a saving and never part of the state.
 */
export class MemberWindows {
  readonly #held = new LRUCache<string, Map<number, Held>>({ max: REMEMBERED });

  /** The same as memberWindow. */
  at(account: string, slices: readonly Slice[], latest: number, length: number, from: number): MemberWindow {
    const start = sliceStart(latest) + SLICE_MS - length;
    const since = Math.max(start, sliceStart(from));
    let end = slices.length;
    while (end > 0 && (slices[end - 1] as Slice).start >= start + length) end--;
    let begin = end;
    while (begin > 0 && (slices[begin - 1] as Slice).start >= since) begin--;
    let known = this.#held.get(account);
    if (known === undefined) {
      known = new Map();
      this.#held.set(account, known);
    }
    const held = known.get(length);
    if (held !== undefined && isRun(slices, begin, end, held.slices)) return held.window;
    const next = look(slices.slice(begin, end), held);
    known.set(length, next);
    return next.window;
  }
}

/** Works a window out, on what is remembered where that still stands. */
function look(inside: readonly Slice[], held: Held | undefined): Held {
  const epoch = epochOf(inside);
  const older = inside.slice(0, -1);
  const known = held?.slices.slice(0, -1) ?? [];
  let base: Sum;
  if (held !== undefined && held.epoch === epoch && beginsWith(older, known)) {
    base = known.length === older.length ? held.base : copyOf(held.base);
    for (const slice of older.slice(known.length)) addTo(base, slice, epoch);
  } else base = sumOf(older, epoch);
  const { cells, cellsFrom } = held !== undefined && base === held.base ? held.window : cellsOf(older);
  const sum = copyOf(base);
  const newest = inside[inside.length - 1];
  if (newest !== undefined) addTo(sum, newest, epoch);
  return { slices: inside, epoch, base, window: { ...sum, cells, cellsFrom, newest } };
}

function cellsOf(slices: readonly Slice[]): Pick<MemberWindow, 'cells' | 'cellsFrom'> {
  const cellsFrom = slices[0]?.start ?? 0;
  const last = slices[slices.length - 1];
  const cells = new Int32Array(last === undefined ? 0 : ((last.start - cellsFrom) / SLICE_MS + 1) * WORDS);
  for (const slice of slices) orCells(cells, slice, cellsFrom);
  return { cells, cellsFrom };
}

/** Adds a slice's cells to those of a window that begins at `start`. */
export function orCells(cells: Int32Array, slice: Slice, start: number): void {
  let at = ((slice.start - start) / SLICE_MS) * WORDS;
  for (const mark of MARKS) {
    const words = slice.cells[mark];
    for (let w = 0; w < 3; w++, at++) cells[at] = (cells[at] as number) | (words[w] as number);
  }
}

/** True where the slices from `begin` to before `end` are exactly these objects. */
function isRun(slices: readonly Slice[], begin: number, end: number, held: readonly Slice[]): boolean {
  if (end - begin !== held.length) return false;
  for (let i = 0; i < held.length; i++) if (slices[begin + i] !== held[i]) return false;
  return true;
}

/** True where `slices` begins with exactly these objects. */
function beginsWith(slices: readonly Slice[], first: readonly Slice[]): boolean {
  return first.length <= slices.length && first.every((slice, i) => slice === slices[i]);
}
