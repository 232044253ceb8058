import type { CustomerFacts } from '../profile/profile.ts';
import { SLICE_MS, type Slice } from '../profile/slice.ts';
import { type Window, windowMs } from '../profile/window.ts';
import { WindowMemo } from '../profile/window-memo.ts';

/**
 * When an account is looked at. One look for each slice in which it was active, once the slice is over: its windows then
 * end with that slice. Slices are what is stored, so the past is looked at exactly as often, and at the same moments, as
 * the present: that is what makes the running maximum over an account's looks exchangeable between them.
 */
export interface Look {
  /** start of the slice that was over, ms of event time */
  readonly slice: number;
  readonly hours: number;
  readonly window: Window;
}

/** One account's recorded slices. */
export interface PastAccount {
  readonly account: string;
  readonly customer: CustomerFacts;
  /** ascending, distinct starts */
  readonly slices: readonly Slice[];
}

/** All looks at an account's windows, in order of time. */
export function* looksAt(held: Pick<PastAccount, 'slices'>, windows: readonly number[]): Generator<Look> {
  const memo = new WindowMemo();
  for (const [at, { start }] of held.slices.entries()) {
    const known = held.slices.slice(0, at + 1);
    for (const hours of windows)
      yield { slice: start, hours, window: memo.ending(known, start, windowMs(hours)) };
  }
}

/**
 * Slices that are over at event time `at` and were not looked at yet: their starts, ascending.
 * @param seen start of the newest slice that was looked at, ms
 */
export function dueSlices(slices: readonly Slice[], seen: number, at: number): number[] {
  const due: number[] = [];
  for (let i = slices.length - 1; i >= 0; i--) {
    const { start } = slices[i] as Slice;
    if (start <= seen) break;
    if (start + SLICE_MS <= at) due.push(start);
  }
  return due.reverse();
}
