import { SLICE_MS } from '../profile/slice.ts';
import { bits, type Window } from '../profile/window.ts';
import { lowerShare, type Signal } from './signal.ts';

function slicesIn(window: Window): number {
  return (window.to - window.from) / SLICE_MS;
}

export const tirelessness: Signal = {
  id: 'tirelessness',
  title: 'no night, no weekend',
  why: 'Use around the clock without idle periods is named by AA26-251A (CISA, NSA, FBI, 2026). Scheduled programs do the same, so it only adds to other evidence.',
  evasion: 'Sleep at night: a third of the time is lost, or a third more accounts are needed.',
  weight: 0.1,
  unit: 0.1,
  value: ({ window }) =>
    window.counts.events < 10
      ? undefined
      : (bits(window.hours) / 24) * lowerShare(window.slices, slicesIn(window)),
  evidence: ({ window }) =>
    `active in ${bits(window.hours)} of 24 hours of the day and ${window.slices} of ${slicesIn(window)} six-hour slices`,
};
