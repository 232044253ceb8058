import type { AccountState } from '../detection/account-state.ts';
import type { Rules } from '../detection/judge.ts';
import { type BatchResult, processBatch } from '../detection/process-batch.ts';
import type { Seal } from '../detection/seal.ts';
import type { Notice } from '../findings/finding.ts';
import type { IngestedEvent } from '../profile/profile.ts';
import type { Resumable } from '../profile/resumable.ts';
import type { UsageEvent } from '../telemetry/usage-event.ts';
import { type ClockState, replayClock } from './replay-clock.ts';

/** What a replay needs of the profile store: the in-memory twin answers at once. */
export interface ReplayStore {
  one(account: string): AccountState;
  saveNow(stored: AccountState, next: AccountState, seal: Seal | undefined): 'saved' | 'conflict';
}

/** What the replay tells while it runs. */
export interface ReplayListener {
  onStep?(account: string, step: BatchResult, at: number): void;
  onNotice?(notice: Notice, at: number): void;
  /** before events are folded, in arrival order */
  onArrival?(event: UsageEvent, time: number, at: number): void;
  /** after a flush; `at` is arrival time */
  onFlush?(at: number): void;
}

export interface ReplayCounts {
  read: number;
  used: number;
  late: number;
  repeated: number;
  quarantined: number;
}

export interface Replay extends Resumable {
  push(event: UsageEvent): void;
  /** flushes what is left */
  finish(): ReplayCounts;
  /** arrival time, ms */
  now(): number;
  readonly counts: Readonly<ReplayCounts>;
}

/** Positions of a replay are compared as text, as those of a stream are. */
const SEQUENCE_DIGITS = 12;

/** Events wait at most so long, in arrival time, as they would for a batching window under light traffic. */
const FLUSH_MS = 15 * 60_000;
/** ... and at most so many of them, as a batch under heavy traffic. */
const FLUSH_EVENTS = 5000;

/**
 * Replays usage events through the production step (detection/processBatch.ts) in the order given, which is the order of
 * arrival. Memory is what the store holds plus one batch. Nothing looks ahead, nothing is sorted.
 */
export function startReplay(store: ReplayStore, rules: Rules, listener: ReplayListener = {}): Replay {
  let clock = replayClock();
  const counts: ReplayCounts = { read: 0, used: 0, late: 0, repeated: 0, quarantined: 0 };
  let pending = new Map<string, IngestedEvent[]>();
  let waiting = 0;
  let flushAt = 0;
  let now = 0;

  function flush(): void {
    if (waiting === 0) return;
    for (const [account, arrivals] of pending) {
      const stored = store.one(account);
      const step = processBatch(stored, arrivals, rules);
      counts.used += step.used;
      counts.late += step.late;
      counts.repeated += step.repeated;
      if (step.changed) store.saveNow(stored, delivered(step.state), step.seal);
      listener.onStep?.(account, step, now);
      for (const notice of step.notices) listener.onNotice?.(notice, now);
    }
    pending = new Map();
    waiting = 0;
    flushAt = now + FLUSH_MS;
    listener.onFlush?.(now);
  }

  return {
    counts,
    push(event) {
      counts.read++;
      const time = Date.parse(event.time);
      const arrived = clock.arrive(time);
      if (arrived === undefined) {
        counts.quarantined++;
        return;
      }
      if (arrived >= flushAt || waiting >= FLUSH_EVENTS) flush();
      now = arrived;
      listener.onArrival?.(event, time, arrived);
      const arrival: IngestedEvent = {
        event,
        time,
        arrived,
        position: { epoch: 'replay', sequence: String(counts.read).padStart(SEQUENCE_DIGITS, '0'), index: 0 },
      };
      const list = pending.get(event.account);
      if (list === undefined) pending.set(event.account, [arrival]);
      else list.push(arrival);
      waiting++;
    },
    now: () => now,
    *frames() {
      const state: ReplayState = { clock: clock.state(), counts, pending, waiting, flushAt, now };
      yield ['replay', state];
    },
    restore(_, value) {
      const state = value as ReplayState;
      clock = replayClock(state.clock);
      Object.assign(counts, state.counts);
      ({ pending, waiting, flushAt, now } = state);
    },
    finish() {
      flush();
      return counts;
    },
  };
}

/** Beside what the store holds. */
interface ReplayState {
  readonly clock: ClockState;
  readonly counts: ReplayCounts;
  readonly pending: Map<string, IngestedEvent[]>;
  readonly waiting: number;
  readonly flushAt: number;
  readonly now: number;
}

/** In a replay a notice is delivered as it is made: the outbox stays empty. */
function delivered(state: AccountState): AccountState {
  return state.judgement.notices.length === 0
    ? state
    : { ...state, judgement: { ...state.judgement, notices: [] } };
}
