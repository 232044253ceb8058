import * as z from 'zod';
import { SLICE_MS, type Slice } from '../profile/slice.ts';
import { DAY_MS, HOUR_MS, WEEK_MS } from '../time.ts';
import type { Notice } from './finding.ts';

/** All accounts' traffic of a week: what the share of a finding is taken of. */
export const traffic = z.strictObject({
  v: z.literal(1),
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  requests: z.number().int().min(0),
});
export type Traffic = z.infer<typeof traffic>;

/** A sum that is further away from a notice says nothing about it, ms; it is made daily. */
const STALE = 3 * DAY_MS;

/** Requests by slice while profiles pass by: the week that counts is known when all have. */
export class TrafficBySlice {
  readonly #requests = new Map<number, number>();

  add(slices: readonly Slice[]): void {
    for (const { start, counts } of slices)
      this.#requests.set(start, (this.#requests.get(start) ?? 0) + counts.events);
  }

  /** What was summed up of a part of the accounts. */
  part(): ReadonlyMap<number, number> {
    return this.#requests;
  }

  merge(part: ReadonlyMap<number, number>): void {
    for (const [start, events] of part) this.#requests.set(start, (this.#requests.get(start) ?? 0) + events);
  }

  /** The week that ends with the slice of `now` (newest arrival, ms). */
  week(now: number): Traffic {
    const to = Math.floor(now / SLICE_MS) * SLICE_MS + SLICE_MS;
    let requests = 0;
    for (const [start, events] of this.#requests) if (start >= to - WEEK_MS && start < to) requests += events;
    return { v: 1, from: new Date(to - WEEK_MS).toISOString(), to: new Date(to).toISOString(), requests };
  }
}

/** A notice with its window's share of all requests, where a recent week of traffic is known; an estimate. */
export function withTrafficShare(notice: Notice, week: Traffic | undefined): Notice {
  if (week === undefined || Math.abs(Date.parse(notice.at) - Date.parse(week.to)) > STALE) return notice;
  const hours = (Date.parse(week.to) - Date.parse(week.from)) / HOUR_MS;
  const all = (week.requests * notice.window.hours) / hours;
  if (!(all > 0)) return notice;
  const trafficShare = Number(Math.min(1, notice.stake.requests / all).toPrecision(2));
  return { ...notice, stake: { ...notice.stake, trafficShare } };
}
