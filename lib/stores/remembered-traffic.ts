import type { Traffic } from '../findings/traffic.ts';
import { trafficOf } from './finding-queries.ts';
import type { FindingStore } from './finding-store.ts';

/** For so long a week's traffic is good, ms; it is summed up once a day. */
const GOOD_MS = 3_600_000;

/** The week of all traffic, read once an hour in an environment. */
export class RememberedTraffic {
  readonly #store: FindingStore;
  readonly #now: () => number;
  #known: { readonly at: number; readonly week: Promise<Traffic | undefined> } | undefined;

  /** @param now processing time, ms */
  constructor(store: FindingStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** Who waits for a read that fails sees the failure; the next one reads again. @throws what the store throws */
  week(): Promise<Traffic | undefined> {
    const now = this.#now();
    if (this.#known === undefined || now - this.#known.at > GOOD_MS) {
      const week = trafficOf(this.#store);
      this.#known = { at: now, week };
      week.catch(() => {
        this.#known = undefined;
      });
    }
    return this.#known.week;
  }
}
