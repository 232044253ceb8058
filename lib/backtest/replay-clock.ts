import { DAY_MS } from '../time.ts';

/**
 * Arrival time in a replay: the running maximum of event time, in the order of the file. One event with an absurd
 * clock would drag it along and make everything after it late, so a jump far ahead is believed only when what follows
 * agrees.
 */
export interface ReplayClock {
  /** The event's arrival time, or undefined where its time lies absurdly far ahead of everything before it. */
  arrive(time: number): number | undefined;
  /** all that it remembers */
  state(): ClockState;
}

export interface ClockState {
  /** ms */
  readonly now: number;
  readonly seen: number;
  readonly ahead: number;
}

/** No traffic pauses longer than this without saying so twice, ms. */
const JUMP_MS = 7 * DAY_MS;
/** So many events in a row beyond the jump, and the clock follows them. */
const AGREEING = 20;
/** The first events of a file set the clock, whatever they say. */
const SETTLED = 100;

/** @param state where an earlier clock stood */
export function replayClock(state: ClockState = { now: 0, seen: 0, ahead: 0 }): ReplayClock {
  let { now, seen, ahead } = state;
  return {
    state: () => ({ now, seen, ahead }),
    arrive(time) {
      seen++;
      if (seen > SETTLED && time > now + JUMP_MS) {
        ahead++;
        if (ahead < AGREEING) return undefined;
      } else ahead = 0;
      if (time > now) now = time;
      return now;
    },
  };
}
