import { type Cells, SLICE_MS, type Slice } from './slice.ts';

const DAY = 86_400_000;
const HOUR_CELLS = 12;

/** How activity is laid out over the days and hours of a window. */
export interface Rhythm {
  /** days (UTC) with an event, and days from the first to the last of them */
  readonly days: number;
  readonly span: number;
  /** sum over days of the squared number of events: how uneven days are */
  readonly daySquares: number;
  /** events on Saturdays and Sundays (UTC) */
  readonly weekend: number;
  /** active five-minute cells by hour of the day (UTC) */
  readonly hourCells: readonly number[];
  /** runs of active cells without a pause, ended by a slice's end too: sittings */
  readonly runs: number;
}

export function rhythmOf(slices: readonly Slice[], begin: number, end: number): Rhythm {
  const hourCells = new Array<number>(24).fill(0);
  let days = 0;
  let daySquares = 0;
  let weekend = 0;
  let runs = 0;
  let day = -1;
  let onDay = 0;
  for (let i = begin; i < end; i++) {
    const { start, counts, cells } = slices[i] as Slice;
    const own = Math.floor(start / DAY);
    if (own !== day) {
      daySquares += onDay * onDay;
      onDay = 0;
      days++;
      day = own;
    }
    onDay += counts.events;
    // 1 January 1970 was a Thursday
    const weekday = (own + 4) % 7;
    if (weekday === 0 || weekday === 6) weekend += counts.events;
    runs += addCells(cells.active, (start % DAY) / (SLICE_MS / 6), hourCells);
  }
  daySquares += onDay * onDay;
  const first = slices[begin]?.start ?? 0;
  const span = days === 0 ? 0 : day - Math.floor(first / DAY) + 1;
  return { days, span, daySquares, weekend, hourCells, runs };
}

/** Adds a slice's active cells to their hours of the day; returns the runs among them. */
function addCells(words: Cells, firstHour: number, hourCells: number[]): number {
  let runs = 0;
  let before = 0;
  for (let cell = 0; cell < 72; cell++) {
    const active = ((words[Math.floor(cell / 24) as 0 | 1 | 2] >>> (cell % 24)) & 1) === 1;
    if (active) {
      const hour = (firstHour + Math.floor(cell / HOUR_CELLS)) % 24;
      hourCells[hour] = (hourCells[hour] as number) + 1;
      if (before === 0) runs++;
    }
    before = active ? 1 : 0;
  }
  return runs;
}
