/**
 * Arrival time in a replay: the running maximum of event time, in the order of the file. One event with an absurd
 * clock would drag it along and make everything after it late, so a jump far ahead is believed only when what follows
 * agrees.
 */
export interface ReplayClock {
  /** The event's arrival time, or undefined where its time lies absurdly far ahead of everything before it. */
  arrive(time: number): number | undefined;
}

/** No traffic pauses longer than this without saying so twice, ms. */
const JUMP_MS = 7 * 86_400_000;
/** So many events in a row beyond the jump, and the clock follows them. */
const AGREEING = 20;
/** The first events of a file set the clock, whatever they say. */
const SETTLED = 100;

export function replayClock(): ReplayClock {
  let now = 0;
  let seen = 0;
  let ahead = 0;
  return {
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
