/**
 * For how long the accounts of the past were observed: what the chances of a calibration are for. From the first to the last day, but
 * for stretches in which (nearly) nobody was there: weeks between two recordings, an outage of the gateway, and an account
 * whose clock is a year ahead are no time in which anybody could have shown anything. A period taken for longer than
 * it was would make every chance too small.
 */

const DAY = 86_400_000;
/** A day counts where more accounts were active than this part of the busiest day's. */
const QUIET = 1 / 20;
/** So many days in a row may be quiet, and count: weekends and holidays. */
const LONGEST_PAUSE = 3;

/** Accounts active on each day (UTC, days since 1970): plain data, in order of days. */
export type ActiveDays = readonly (readonly [day: number, accounts: number])[];

export interface ObservedPeriod {
  /** ms: start of the first slice and end of the last, as far as they were observed */
  readonly from: number;
  readonly to: number;
  /** length without the pauses, at least a day */
  readonly days: number;
}

export class ObservedDays {
  readonly #accounts = new Map<number, number>();

  /** One account, once. @param starts of its slices, ms, in any order */
  see(starts: Iterable<number>): void {
    const own = new Set<number>();
    for (const start of starts) own.add(Math.floor(start / DAY));
    for (const day of own) this.#add(day, 1);
  }

  merge(part: ActiveDays): void {
    for (const [day, accounts] of part) this.#add(day, accounts);
  }

  #add(day: number, accounts: number): void {
    this.#accounts.set(day, (this.#accounts.get(day) ?? 0) + accounts);
  }

  part(): ActiveDays {
    return [...this.#accounts].sort(([a], [b]) => a - b);
  }

  /**
   * @param seen start of the first slice of all accounts and end of the last, ms
   * @param most days that an account is kept in view at most: what it showed before is not in what was learnt
   */
  period({ from, to }: { readonly from: number; readonly to: number }, most: number): ObservedPeriod {
    const part = this.part();
    const busiest = part.reduce((highest, [, accounts]) => Math.max(highest, accounts), 0);
    const days = part.flatMap(([day, accounts]) => (accounts > busiest * QUIET ? [day] : []));
    const first = Math.max(from, (days[0] ?? 0) * DAY);
    const last = Math.min(to, ((days.at(-1) ?? 0) + 1) * DAY);
    let paused = 0;
    for (const [i, day] of days.entries()) {
      const quiet = day - (days[i - 1] ?? day) - 1;
      if (quiet > LONGEST_PAUSE) paused += quiet;
    }
    const length = (last - first) / DAY - paused;
    return { from: first, to: last, days: Math.max(1, Math.min(length, most)) };
  }
}
