import { bits } from '../../profile/binary.ts';
import { SLICE_MS } from '../../profile/slice.ts';
import { type Fact, part } from './fact.ts';

/** Chance that two of so many things, spread as the parts say, fall together; 1 where there is one place. */
function concentration(squares: number, whole: number): number {
  return whole === 0 ? 1 : squares / (whole * whole);
}

/** How much, how dense, how steadily. */
export const PACE: readonly Fact[] = [
  {
    id: 'requests',
    family: 'pace',
    title: 'requests',
    unit: 'log',
    value: ({ window: { counts } }) => Math.log2(1 + counts.events),
  },
  {
    id: 'stretches',
    family: 'pace',
    title: 'five-minute stretches with a request',
    unit: 'log',
    value: ({ window: { cells } }) => Math.log2(1 + cells.active),
  },
  {
    id: 'density',
    family: 'pace',
    title: 'requests in a stretch of five minutes',
    unit: 'log',
    value: ({ window: { counts, cells } }) => Math.log2(1 + part(counts.events, cells.active)),
  },
  {
    id: 'hours',
    family: 'pace',
    title: 'hours of the day with a request',
    unit: 'ratio',
    value: ({ window }) => bits(window.hours),
  },
  {
    id: 'slices',
    family: 'pace',
    title: 'six-hour slices with a request, as a share of the window',
    unit: 'share',
    value: ({ window }) => part(window.slices, (window.to - window.from) / SLICE_MS),
  },
  {
    id: 'slice-load',
    family: 'pace',
    title: 'requests in an active slice of six hours',
    unit: 'log',
    value: ({ window }) => Math.log2(1 + part(window.counts.events, window.slices)),
  },
  {
    id: 'days',
    family: 'pace',
    title: 'days with a request',
    unit: 'ratio',
    value: ({ window }) => window.rhythm.days,
  },
  {
    id: 'days-held',
    family: 'pace',
    title: 'days with a request, as a share of the days from the first to the last',
    unit: 'share',
    value: ({ window: { rhythm } }) => part(rhythm.days, rhythm.span),
  },
  {
    id: 'day-load',
    family: 'pace',
    title: 'requests on an active day',
    unit: 'log',
    value: ({ window }) => Math.log2(1 + part(window.counts.events, window.rhythm.days)),
  },
  {
    id: 'day-unevenness',
    family: 'pace',
    title: 'unevenness of requests over the active days (1 is even)',
    unit: 'ratio',
    value: ({ window: { rhythm, counts } }) => rhythm.days * concentration(rhythm.daySquares, counts.events),
  },
  {
    id: 'weekend',
    family: 'pace',
    title: 'requests on Saturdays and Sundays',
    unit: 'share',
    value: ({ window: { rhythm, counts } }) => part(rhythm.weekend, counts.events),
  },
  {
    id: 'hour-concentration',
    family: 'pace',
    title: 'concentration on few hours of the day',
    unit: 'share',
    value: ({ window: { rhythm, cells } }) =>
      concentration(
        rhythm.hourCells.reduce((sum, count) => sum + count * count, 0),
        cells.active,
      ),
  },
  {
    id: 'sitting',
    family: 'pace',
    title: 'five-minute stretches in a row without a pause',
    unit: 'log',
    value: ({ window: { rhythm, cells } }) => Math.log2(1 + part(cells.active, rhythm.runs)),
  },
];
