import {
  addSlice,
  copySlice,
  emptyWindow,
  extendWindow,
  mergeSlice,
  SLICE_MS,
  type Slice,
  sliceStart,
  type Window,
} from './slice.ts';

const HOUR = 3_600_000;

/** Window lengths that a policy may name, in hours; each is a whole number of slices. */
export function windowMs(hours: number): number {
  const ms = hours * HOUR;
  if (!(hours > 0) || ms % SLICE_MS !== 0)
    throw new RangeError(
      `window of ${hours} hours is not a multiple of the slice (${SLICE_MS / HOUR} hours)`,
    );
  return ms;
}

/**
 * Slices with equal starts merged, ascending: parts of one slice may stand in the hot item and in sealed ones.
 * Slices that stand alone are shared, not copied; merged ones are new.
 */
export function joinSlices(lists: readonly (readonly Slice[])[]): readonly Slice[] {
  const [older = [], newer = []] = lists;
  if (lists.length === 2) {
    // the ordinary case: sealed slices, then open ones
    if (older.length === 0) return newer;
    const last = older[older.length - 1] as Slice;
    if (newer.length === 0) return older;
    if (last.start < (newer[0] as Slice).start) return older.concat(newer);
  }
  const all = lists.flat();
  let ordered = true;
  for (let i = 1; i < all.length && ordered; i++)
    ordered = (all[i - 1] as Slice).start < (all[i] as Slice).start;
  if (ordered) return all;
  all.sort((a, b) => a.start - b.start);
  const joined: Slice[] = [];
  let own = false;
  for (const slice of all) {
    const last = joined[joined.length - 1];
    if (last === undefined || last.start !== slice.start) {
      joined.push(slice);
      own = false;
      continue;
    }
    const merged = own ? last : copySlice(last);
    mergeSlice(merged, slice);
    joined[joined.length - 1] = merged;
    own = true;
  }
  return joined;
}

/**
 * The window of `length` ms that ends with the slice in which `latest` (event time, ms) lies: `[to - length, to)`.
 * @param slices ascending, distinct starts (see joinSlices)
 */
export function windowEnding(slices: readonly Slice[], latest: number, length: number): Window {
  const to = sliceStart(latest) + SLICE_MS;
  const window = emptyWindow(to - length, to);
  for (const slice of slices) if (slice.start >= window.from && slice.start < to) addSlice(window, slice);
  return window;
}

/**
 * Windows of one account, remembered between flushes: all slices of a window but its newest hardly ever change, so their
 * merge is kept and only the newest is added. Slices are never changed in place once they are in a state, so the same
 * objects mean the same content; what is remembered is only ever a saving, never part of the state.
 */
export class WindowMemo {
  private readonly held = new Map<number, { to: number; parts: readonly Slice[]; base: Window }>();

  /** The same as windowEnding. */
  ending(slices: readonly Slice[], latest: number, length: number): Window {
    const to = sliceStart(latest) + SLICE_MS;
    const from = to - length;
    let end = slices.length;
    while (end > 0 && (slices[end - 1] as Slice).start >= to) end--;
    let begin = end;
    while (begin > 0 && (slices[begin - 1] as Slice).start >= from) begin--;
    if (begin === end) return emptyWindow(from, to);
    const newest = slices[end - 1] as Slice;
    const held = this.held.get(length);
    let base: Window;
    const known = held === undefined ? 0 : held.parts.length;
    if (held !== undefined && known <= end - 1 - begin && sameParts(held.parts, slices, begin)) {
      base = held.base;
      if (held.to !== to || known < end - 1 - begin) {
        // nothing has left the window: what is new since is added
        base = { ...extendWindow(base), from, to };
        for (let i = begin + known; i < end - 1; i++) addSlice(base, slices[i] as Slice);
        this.held.set(length, { to, parts: slices.slice(begin, end - 1), base });
      }
    } else {
      const parts = slices.slice(begin, end - 1);
      base = emptyWindow(from, to);
      for (const slice of parts) addSlice(base, slice);
      this.held.set(length, { to, parts, base });
    }
    const window = extendWindow(base);
    addSlice(window, newest);
    return window;
  }
}

/** True where `slices`, from `begin` on, starts with exactly these objects. */
function sameParts(parts: readonly Slice[], slices: readonly Slice[], begin: number): boolean {
  for (let i = 0; i < parts.length; i++) if (parts[i] !== slices[begin + i]) return false;
  return true;
}
