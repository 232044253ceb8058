import { DAY_MS } from '../time.ts';

/**
 * How exactly an event says when its account was opened: as exactly as detection can use it, which is a share of the account's
 * age. Plan, product and the hour of opening recognise 1,309 of 1,633 accounts of the example traffic for whoever has a list of
 * customers; this 114 (docs/telemetry.md).
 */
const PRECISION = [
  /** of new accounts the day counts: the tenure band ends at thirty days (scoring/peer-group.ts) */
  { youngerThanDays: 30, of: 'day' },
  { youngerThanDays: 180, of: 'week' },
  { youngerThanDays: Number.POSITIVE_INFINITY, of: 'month' },
] as const;

/** 1970-01-01 was a Thursday: the Monday before it is three days earlier. */
const MONDAY = -3;

/**
 * The day, the Monday of the week, or the first of the month (UTC) of an account's opening, by the account's age at the event.
 * @param opened ms since 1970
 * @param time event time, ms
 */
export function openingDate(opened: number, time: number): string {
  const age = Math.floor((time - opened) / DAY_MS);
  const { of } = PRECISION.find(({ youngerThanDays }) => age < youngerThanDays) ?? PRECISION[2];
  const day = Math.floor(opened / DAY_MS);
  if (of === 'day') return isoDay(day);
  if (of === 'week') return isoDay(Math.max(0, day - ((((day - MONDAY) % 7) + 7) % 7)));
  return `${isoDay(day).slice(0, -'01T00:00:00Z'.length)}01T00:00:00Z`;
}

/** Days that were written: accounts come again and again. */
const written = new Map<number, string>();
const MOST_WRITTEN = 4_096;

/** Midnight, UTC, of a day since 1970. */
function isoDay(day: number): string {
  let iso = written.get(day);
  if (iso === undefined) {
    iso = `${new Date(day * DAY_MS).toISOString().slice(0, 10)}T00:00:00Z`;
    if (written.size >= MOST_WRITTEN) written.clear();
    written.set(day, iso);
  }
  return iso;
}
