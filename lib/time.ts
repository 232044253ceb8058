/** Lengths of time in milliseconds, the unit of every time in the core (event time and processing time alike). */
export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
export const WEEK_MS = 7 * DAY_MS;

/** A time (ms) as ISO 8601 with milliseconds, UTC. @throws RangeError where it is none */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
