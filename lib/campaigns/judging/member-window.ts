import type { BottomK } from '../../profile/bottom-k.ts';
import { type CellMark, emptySamples, SLICE_MS, type Slice, sliceStart } from '../../profile/slice.ts';
import { WindowMemo } from '../../profile/window-memo.ts';
import { recentlyUsed } from '../../recently-used.ts';
import { MemberScores } from './member-score.ts';

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
  return windowOf(nothingKnown(), slices, latest, length, from);
}

export function addCounts(into: MemberCounts, from: Readonly<MemberCounts>): void {
  into.events += from.events;
  into.outputTokens += from.outputTokens;
  into.reasoning += from.reasoning;
  into.grading += from.grading;
  into.headSum += from.headSum;
  into.headSquares += from.headSquares;
}

/** The newest window of a member, and the slices that it was made of. */
interface Held {
  readonly slices: readonly Slice[];
  readonly window: MemberWindow;
}

interface Remembered {
  readonly memo: WindowMemo;
  /** by length of the window, ms */
  readonly held: Map<number, Held>;
}

/** Accounts whose windows are remembered; about those whose states a store keeps at hand. */
const REMEMBERED = 2048;

/**
 * Members' windows, remembered from look to look: between two looks at a group most members did nothing, and the others
 * only changed their newest slice. What is remembered is a saving and never part of the state (see WindowMemo).
 */
export class MemberWindows {
  /** members' own scores, remembered in the same way */
  readonly scores = new MemberScores();
  readonly #remembered = recentlyUsed<string, Remembered>(REMEMBERED);

  /** The same as memberWindow. */
  at(account: string, slices: readonly Slice[], latest: number, length: number, from: number): MemberWindow {
    let known = this.#remembered.get(account);
    if (known === undefined) {
      known = nothingKnown();
      this.#remembered.set(account, known);
    }
    return windowOf(known, slices, latest, length, from);
  }
}

const nothingKnown = (): Remembered => ({ memo: new WindowMemo(), held: new Map() });

function windowOf(
  known: Remembered,
  slices: readonly Slice[],
  latest: number,
  length: number,
  from: number,
): MemberWindow {
  const start = sliceStart(latest) + SLICE_MS - length;
  const since = Math.max(start, sliceStart(from));
  let end = slices.length;
  while (end > 0 && (slices[end - 1] as Slice).start >= start + length) end--;
  let begin = end;
  while (begin > 0 && (slices[begin - 1] as Slice).start >= since) begin--;
  const held = known.held.get(length);
  if (held !== undefined && isRun(slices, begin, end, held.slices)) return held.window;
  const inside = slices.slice(begin, end);
  const { counts, samples = emptySamples() } = known.memo.ending(slices, latest, length, from);
  // samples are read before the memo moves on
  const { opening, closing, prompt } = samples;
  const window = {
    counts,
    ...cellsOfOlder(inside, held),
    newest: inside[inside.length - 1],
    opening,
    closing,
    prompt,
  };
  known.held.set(length, { slices: inside, window });
  return window;
}

/** Cells of all slices but the newest: those that are held, where the older slices are the same. */
function cellsOfOlder(
  inside: readonly Slice[],
  held: Held | undefined,
): Pick<MemberWindow, 'cells' | 'cellsFrom'> {
  const older = inside.length - 1;
  if (held !== undefined && held.slices.length === inside.length) {
    let same = true;
    for (let i = 0; i < older && same; i++) same = inside[i] === held.slices[i];
    if (same) return { cells: held.window.cells, cellsFrom: held.window.cellsFrom };
  }
  return cellsOf(inside.slice(0, -1));
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
