import { accountOf } from '../../lib/profile/lane.ts';
import { recentlyUsed } from '../../lib/recently-used.ts';
import { HOUR_MS } from '../../lib/time.ts';
import type { Applied } from './apply-batch.ts';

/**
 * What is not scored is a fact of its own: an account whose requests mostly repeat ids, come late, or are set aside is an
 * account that nobody watches. Counted by this environment of the function over the hour of arrival: an account's events are of one
 * shard, and so mostly of one environment.
 */
interface Hour {
  /** start of the hour of arrival, ms */
  readonly from: number;
  seen: number;
  unscored: number;
  told: boolean;
}

/** An account of which more than this share went unscored within an hour. */
export interface Unwatched {
  readonly account: string;
  readonly seen: number;
  readonly unscored: number;
}

/** Honest clients that retry repeat some per cent; a queue that was stuck is late once. */
export const UNSCORED_SHARE = 0.25;
/** Fewer events within the hour say nothing. */
export const UNSCORED_LEAST = 40;
const ACCOUNTS = 20_000;

export class UnscoredShares {
  readonly #hours = recentlyUsed<string, Hour>(ACCOUNTS);

  /** Accounts that went above the share with this batch, each once an hour. */
  add(
    applied: readonly Applied[],
    arrivals: ReadonlyMap<string, readonly { readonly arrived: number }[]>,
  ): Unwatched[] {
    const found: Unwatched[] = [];
    for (const { account: name, steps, unusable } of applied) {
      const arrived = arrivals.get(name)?.at(-1)?.arrived;
      if (arrived === undefined) continue;
      // of its lanes those that this environment sees
      const account = accountOf(name);
      const hour = this.#hourOf(account, Math.floor(arrived / HOUR_MS) * HOUR_MS);
      for (const step of steps) {
        hour.seen += step.used + step.late + step.repeated;
        hour.unscored += step.late + step.repeated;
      }
      const aside = unusable.reduce((sum, { arrivals: lost }) => sum + lost.length, 0);
      hour.seen += aside;
      hour.unscored += aside;
      if (hour.told || hour.seen < UNSCORED_LEAST || hour.unscored <= UNSCORED_SHARE * hour.seen) continue;
      hour.told = true;
      found.push({ account, seen: hour.seen, unscored: hour.unscored });
    }
    return found;
  }

  #hourOf(account: string, from: number): Hour {
    const held = this.#hours.get(account);
    if (held?.from === from) return held;
    const begun = { from, seen: 0, unscored: 0, told: false };
    this.#hours.set(account, begun);
    return begun;
  }
}
