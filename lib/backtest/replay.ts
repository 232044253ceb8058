import type { AccountState } from '../detection/account-state.ts';
import type { Rules } from '../detection/judge.ts';
import { type BatchResult, processBatch } from '../detection/process-batch.ts';
import type { Seal } from '../detection/seal.ts';
import type { Notice } from '../findings/finding.ts';
import type { IngestedEvent } from '../profile/profile.ts';
import type { Resumable } from '../profile/resumable.ts';
import type { UsageEvent } from '../telemetry/usage-event.ts';
import { timeOf } from '../telemetry/utc-time.ts';
import { Arrivals, type ArrivalsState } from './arrivals.ts';

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

/** An event on its way into a profile. @param sequence its number among all events that were read; times in ms */
export function replayed(event: UsageEvent, time: number, arrived: number, sequence: number): IngestedEvent {
  return {
    event,
    time,
    arrived,
    position: { epoch: 'replay', sequence: String(sequence).padStart(SEQUENCE_DIGITS, '0'), index: 0 },
  };
}

/** Advances one account by what waits of it, and stores it: the production step. */
export function stepAccount(
  store: ReplayStore,
  rules: Rules,
  account: string,
  arrivals: readonly IngestedEvent[],
): BatchResult {
  const stored = store.one(account);
  const step = processBatch(stored, arrivals, rules);
  if (step.changed) store.saveNow(stored, delivered(step.state), step.seal);
  return step;
}

/**
 * Replays usage events through the production step (detection/processBatch.ts) in the order given, which is the order of
 * arrival. Memory is what the store holds plus one batch. Nothing looks ahead, nothing is sorted.
 */
export function startReplay(store: ReplayStore, rules: Rules, listener: ReplayListener = {}): Replay {
  const cut = new Arrivals();
  const counts: ReplayCounts = { read: 0, used: 0, late: 0, repeated: 0, quarantined: 0 };
  let pending = new Map<string, IngestedEvent[]>();

  function flush(): void {
    if (pending.size === 0) return;
    for (const [account, arrivals] of pending) {
      const step = stepAccount(store, rules, account, arrivals);
      counts.used += step.used;
      counts.late += step.late;
      counts.repeated += step.repeated;
      listener.onStep?.(account, step, cut.now);
      for (const notice of step.notices) listener.onNotice?.(notice, cut.now);
    }
    pending = new Map();
    cut.flushed();
    listener.onFlush?.(cut.now);
  }

  return {
    counts,
    push(event) {
      counts.read++;
      const time = timeOf(event.time);
      const arrived = cut.arrive(time);
      if (arrived === undefined) {
        counts.quarantined++;
        return;
      }
      if (cut.isFull(arrived)) flush();
      cut.add(arrived);
      listener.onArrival?.(event, time, arrived);
      const arrival = replayed(event, time, arrived, counts.read);
      const list = pending.get(event.account);
      if (list === undefined) pending.set(event.account, [arrival]);
      else list.push(arrival);
    },
    now: () => cut.now,
    *frames() {
      const state: ReplayState = { arrivals: cut.state(), counts, pending };
      yield ['replay', state];
    },
    restore(_, value) {
      const state = value as ReplayState;
      cut.restore(state.arrivals);
      Object.assign(counts, state.counts);
      ({ pending } = state);
    },
    finish() {
      flush();
      return counts;
    },
  };
}

/** Beside what the store holds. */
interface ReplayState {
  readonly arrivals: ArrivalsState;
  readonly counts: ReplayCounts;
  readonly pending: Map<string, IngestedEvent[]>;
}

/** In a replay a notice is delivered as it is made: the outbox stays empty. */
function delivered(state: AccountState): AccountState {
  return state.judgement.notices.length === 0
    ? state
    : { ...state, judgement: { ...state.judgement, notices: [] } };
}
