import { distinct, sightings } from '../profile/bottom-k.ts';
import { FLAG } from '../profile/slice.ts';
import type { SignalInput } from './signal.ts';

const BROAD = FLAG.single | FLAG.instruction;

/** An opening is hardly ever repeated when it begins no more than this share of the requests. */
const RARE_SHARE = 0.02;

/**
 * Share of requests, 0 to 1, that are self-contained tasks whose opening the account hardly ever repeats. An application
 * repeats its openings, a person asks questions and comes back to them; a training set is thousands of different tasks.
 */
export function novelShare(sight: SignalInput): number {
  sight.novel ??= measured(sight);
  return sight.novel;
}

function measured({ window, samples }: SignalInput): number {
  const { events, instruction } = window.counts;
  // no task, no new one: and the samples need not be merged
  if (samples === undefined || events === 0 || instruction === 0) return 0;
  const hits = sightings(samples.opening, Math.max(1, Math.floor(events * RARE_SHARE)), BROAD);
  if (hits === 0) return 0;
  // an opening that repeats with the same ending is a template whose slot comes first
  const slots = distinct(samples.closing) / Math.max(1, distinct(samples.opening));
  return Math.min(1, hits / events) * Math.min(1, slots);
}
