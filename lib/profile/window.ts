import {
  addSlice,
  copySlice,
  emptyWindow,
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
export function joinSlices(lists: readonly (readonly Slice[])[]): Slice[] {
  const byStart = new Map<number, { slice: Slice; own: boolean }>();
  for (const list of lists) {
    for (const slice of list) {
      const held = byStart.get(slice.start);
      if (held === undefined) byStart.set(slice.start, { slice, own: false });
      else {
        if (!held.own) {
          held.slice = copySlice(held.slice);
          held.own = true;
        }
        mergeSlice(held.slice, slice);
      }
    }
  }
  return [...byStart.values()].map((held) => held.slice).sort((a, b) => a.start - b.start);
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
