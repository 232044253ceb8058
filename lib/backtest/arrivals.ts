import { HOUR_MS } from '../time.ts';
import { type ClockState, replayClock } from './replay-clock.ts';

/** Events wait at most so long, in arrival time, as they would for a batching window under light traffic. */
const FLUSH_MS = 15 * 60_000;
/** ... and at most so many of them, as a batch under heavy traffic. */
const FLUSH_EVENTS = 5000;

/** Where cutting stands. Times in ms of arrival. */
export interface ArrivalsState {
  readonly clock: ClockState;
  readonly waiting: number;
  readonly flushAt: number;
  readonly now: number;
}

/**
 * What of a replay rests on all traffic: when each event arrives, and where flushes end. Whoever divides a replay among
 * shards asks it once, and each shard is told.
 */
export class Arrivals {
  #clock = replayClock();
  #waiting = 0;
  #flushAt = 0;
  #now = 0;

  /** arrival of the newest event that waits or was flushed, ms */
  get now(): number {
    return this.#now;
  }

  /** When an event of this time (ms) arrives; undefined where its clock is absurd. */
  arrive(time: number): number | undefined {
    return this.#clock.arrive(time);
  }

  /** Whether what waits is flushed before an event that arrives then (ms) is taken. */
  isFull(arrived: number): boolean {
    return this.#waiting > 0 && (arrived >= this.#flushAt || this.#waiting >= FLUSH_EVENTS);
  }

  /** @param arrived ms */
  add(arrived: number): void {
    this.#now = arrived;
    this.#waiting++;
  }

  flushed(): void {
    this.#waiting = 0;
    this.#flushAt = this.#now + FLUSH_MS;
  }

  state(): ArrivalsState {
    return {
      clock: this.#clock.state(),
      waiting: this.#waiting,
      flushAt: this.#flushAt,
      now: this.#now,
    };
  }

  restore(state: ArrivalsState): void {
    this.#clock = replayClock(state.clock);
    this.#waiting = state.waiting;
    this.#flushAt = state.flushAt;
    this.#now = state.now;
  }
}

/** Campaigns are looked for every hour of arrival time; production looks every fifteen minutes. */
const LINK_EVERY_MS = HOUR_MS;

/** When campaigns are looked for next. */
export interface LinkTimes {
  /** ms of arrival; undefined before the first flush */
  linkAt: number | undefined;
}

/** Whether campaigns are looked for after a flush at `at` (ms of arrival); then not again for an hour. */
export function isLinkDue(times: LinkTimes, at: number): boolean {
  times.linkAt ??= at + LINK_EVERY_MS;
  if (at < times.linkAt) return false;
  times.linkAt = at + LINK_EVERY_MS;
  return true;
}
