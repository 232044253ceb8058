import {
  acknowledge,
  advanceTime,
  IDLE_THROTTLE,
  type PendingMessage,
  type ThrottleState,
  throttleState,
  tryAcquire,
} from '../../lib/findings/notification-throttle.ts';
import {
  FindingError,
  type FindingStore,
  type FindingStoreOptions,
  parse,
} from '../../lib/stores/finding-store.ts';

/** Two brakes: a storm of accounts must not silence a campaign. */
export const THROTTLES = ['account', 'campaign'] as const;
export type ThrottleName = (typeof THROTTLES)[number];

/** For so long a storm that was just read is taken as still on, ms: a storm then costs no reads. */
const REMEMBERED = 5000;
/** How late the stored time of the last held opening may be, ms; small against the half hour that ends a storm. */
const STALE = 60_000;

/** The storm brake over its stored state: one conditional write for each change, one at a time in this process. */
export class NotificationThrottle {
  readonly #store: FindingStore;
  readonly #name: ThrottleName;
  readonly #options: FindingStoreOptions;
  #queue: Promise<unknown> = Promise.resolve();
  #storm: { readAt: number; state: ThrottleState; list: string } | undefined;

  constructor(store: FindingStore, name: ThrottleName, options: FindingStoreOptions = {}) {
    this.#store = store;
    this.#name = name;
    this.#options = options;
  }

  /** undefined: tell this opening by itself; else the list that it goes into. */
  admit(now: number): Promise<string | undefined> {
    return this.#alone(async () => {
      const known = this.#storm;
      if (
        known !== undefined &&
        now - known.readAt < REMEMBERED &&
        known.state.storm !== undefined &&
        now - known.state.storm.lastHeld < STALE
      )
        return known.list;
      let list: string | undefined;
      const state = await this.#change((held) => {
        const admission = tryAcquire(held, now);
        list = admission.list;
        return admission.state;
      });
      this.#storm = list === undefined ? undefined : { readAt: now, state, list };
      return list;
    });
  }

  /** Lets time advanceTime; returns the messages that are due. */
  async pass(now: number): Promise<readonly PendingMessage[]> {
    return this.#alone(async () => (await this.#change((held) => advanceTime(held, now))).owed);
  }

  async owed(): Promise<readonly PendingMessage[]> {
    return (await this.#read()).state.owed;
  }

  async settle(told: PendingMessage): Promise<void> {
    await this.#alone(() => this.#change((held) => acknowledge(held, told)));
  }

  #alone<T>(run: () => Promise<T>): Promise<T> {
    const next = this.#queue.then(run);
    // A failure is its caller's; the next one in line starts afresh.
    this.#queue = next.catch(() => undefined);
    return next;
  }

  async #read(): Promise<{ state: ThrottleState; version: number | undefined }> {
    const held = await this.#store.state(`storm#${this.#name}`);
    if (held === undefined) return { state: IDLE_THROTTLE, version: undefined };
    return { state: this.#readable(held.body), version: held.version };
  }

  /** A state that this code cannot read (damaged, or of a newer version) begins anew: findings matter more than the limit. */
  #readable(body: string): ThrottleState {
    try {
      return parse(`notification limit of ${this.#name}`, throttleState, body);
    } catch (error) {
      if (!(error instanceof FindingError)) throw error;
      this.#options.onUnreadable?.(error);
      return IDLE_THROTTLE;
    }
  }

  async #change(change: (state: ThrottleState) => ThrottleState): Promise<ThrottleState> {
    for (;;) {
      const { state, version } = await this.#read();
      const next = change(state);
      if (next === state) return state;
      if (await this.#store.writeState(`storm#${this.#name}`, JSON.stringify(next), version)) return next;
    }
  }
}
