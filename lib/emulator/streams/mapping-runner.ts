import { setTimeout as sleep } from 'node:timers/promises';
import type { Invocation } from '../functions/function.ts';
import type { MappingSpec } from '../template/resource-shapes.ts';
import {
  backlog,
  type DiscardReason,
  emptyLane,
  isIdle,
  type Lane,
  laneOf,
  next,
  offer,
  settle,
} from './event-source-mapping.ts';
import { compileFilters } from './filter-pattern.ts';
import type { GivenUp } from './invocation-record.ts';
import { type Arrival, renderEvent, type SourceRecord } from './source-record.ts';
import type { ShardReader, StreamSource } from './stream-source.ts';

/** Drives the state machine of event-source-mapping.ts with a stream, a function and the clock. */
export interface MappingRunner {
  readonly spec: MappingSpec;
  readonly statistics: Readonly<MappingStatistics>;
  /** True if every shard was read to its tip after `since` (epoch milliseconds) and nothing waits or runs. */
  isCaughtUp(since: number): boolean;
  /** Records read that are not yet done with. */
  readonly backlog: number;
  /** Stops polling and waits for the invocations in flight; what waits is not processed. */
  stop(): Promise<void>;
}

export interface MappingStatistics {
  read: number;
  filteredOut: number;
  invocations: number;
  failures: number;
  /** records that were given up, by reason */
  discarded: Record<DiscardReason, number>;
  /** largest age of a batch's last record when the function got it, milliseconds */
  iteratorAgeMs: number;
}

export interface MappingDependencies {
  readonly source: StreamSource;
  readonly functionArn: string;
  readonly invoke: (payload: string) => Promise<Invocation>;
  /** takes what is given up; called also where the mapping has no destination */
  readonly giveUp: (given: GivenUp) => Promise<void>;
  /** something broke in the runner or its emulators, not in the function */
  readonly onProblem: (error: unknown) => void;
  /** somebody waits for the mapping to be caught up: it looks often, and at everything */
  readonly urgent?: () => boolean;
  /** batching windows are taken as over when this says so: for a demo's end, when nothing more will come */
  readonly hurry?: () => boolean;
}

interface ShardState {
  readonly id: string;
  readonly parents: readonly string[];
  lanes: Lane<SourceRecord>[];
  readonly wake: (() => void)[];
  closed: boolean;
  /** what follows a closed shard, if anything, was looked for after its last record */
  followed: boolean;
  /** when the last read that found nothing began */
  emptyReadAt: number;
  /** when the last record that passed the filters was read */
  arrivedAt: number;
}

/** Reading stops while a shard holds this many batches a lane. */
const BATCHES_AHEAD = 2;
const MIN_READ = 100;
/**
 * Wait between polls of a shard: short after records came, longer while none do. AWS polls Kinesis once and table
 * streams four times a second.
 */
const POLL_MS = { shortest: 20, urgent: 80, longest: 250 } as const;
const THOROUGH_EVERY_MS = 1000;
const QUIET_MS = 200;

export function runMapping(spec: MappingSpec, dependencies: MappingDependencies): MappingRunner {
  const { source } = dependencies;
  const { settings } = spec;
  const passes = compileFilters(spec.filters);
  const shards = new Map<string, ShardState>();
  const running = new Set<Promise<void>>();
  const statistics: MappingStatistics = {
    read: 0,
    filteredOut: 0,
    invocations: 0,
    failures: 0,
    discarded: { RetryAttemptsExhausted: 0, RecordAgeExceeded: 0 },
    iteratorAgeMs: 0,
  };
  let stopped = false;
  let discovered = false;

  const track = (work: Promise<void>): void => {
    const tracked = work.catch(dependencies.onProblem).finally(() => running.delete(tracked));
    running.add(tracked);
  };

  const isDone = (shard: ShardState): boolean => shard.closed && shard.lanes.every(isIdle);
  const held = (shard: ShardState): number => shard.lanes.reduce((sum, lane) => sum + backlog(lane), 0);

  /** Starts every shard whose parents are done; children of a split wait for the parent's last record. */
  const discover = async (): Promise<void> => {
    const listed = await source.shards();
    const known = new Set(listed.map(({ id }) => id));
    for (const { id, parents } of listed) {
      if (shards.has(id)) continue;
      const ready = parents.every((parent) => {
        const state = shards.get(parent);
        // A parent may itself still wait for its own; one beyond the retention is not listed any more.
        return state ? isDone(state) : !known.has(parent);
      });
      if (!ready) continue;
      const shard: ShardState = {
        id,
        parents,
        lanes: Array.from({ length: settings.parallelizationFactor }, () => emptyLane<SourceRecord>()),
        wake: [],
        closed: false,
        followed: false,
        emptyReadAt: 0,
        arrivedAt: 0,
      };
      shards.set(id, shard);
      // What a child holds came after the mapping began, wherever the mapping started.
      const reader = await source.open(
        id,
        parents.some((parent) => shards.has(parent)) ? { kind: 'TRIM_HORIZON' } : spec.start,
      );
      track(poll(shard, reader));
      for (let lane = 0; lane < settings.parallelizationFactor; lane++) track(process(shard, lane));
    }
    discovered = true;
  };

  const poll = async (shard: ShardState, reader: ShardReader): Promise<void> => {
    const most = Math.max(MIN_READ, settings.batchSize) * BATCHES_AHEAD * settings.parallelizationFactor;
    let pause: number = POLL_MS.shortest;
    let thoroughAt = 0;
    while (!stopped && !shard.closed) {
      const room = most - held(shard);
      if (room <= 0) {
        await sleep(POLL_MS.urgent);
        continue;
      }
      const urgent = dependencies.urgent?.() ?? false;
      const began = Date.now();
      // With work at hand nobody waits for the tip.
      const busy = held(shard) > 0;
      const thorough = !busy && (urgent || began - thoroughAt >= THOROUGH_EVERY_MS);
      if (thorough) thoroughAt = began;
      const { arrivals, closed } = await reader.read(room, thorough);
      take(shard, arrivals);
      if (arrivals.length > 0) {
        pause = POLL_MS.shortest;
        if (arrivals.length < room) await sleep(pause);
        continue;
      }
      if (closed) {
        shard.closed = true;
        wakeAll(shard);
        track(startChildren(shard));
        return;
      }
      if (thorough) shard.emptyReadAt = began;
      await sleep(pause);
      pause = Math.min(2 * pause, urgent && !busy ? POLL_MS.urgent : POLL_MS.longest);
    }
  };

  const take = (shard: ShardState, arrivals: readonly Arrival[]): void => {
    statistics.read += arrivals.length;
    const kept = arrivals.filter(({ filterable }) => passes(filterable)).map(({ record }) => record);
    statistics.filteredOut += arrivals.length - kept.length;
    if (kept.length > 0) shard.arrivedAt = Date.now();
    const byLane: SourceRecord[][] = [];
    for (const record of kept) {
      const lane = laneOf(record.key, settings.parallelizationFactor);
      byLane[lane] ??= [];
      byLane[lane].push(record);
    }
    for (const [lane, records] of byLane.entries()) {
      if (records) change(shard, lane, (state) => offer(state, records, Date.now()));
    }
  };

  const startChildren = async (shard: ShardState): Promise<void> => {
    while (!stopped && !isDone(shard)) await sleep(POLL_MS.shortest);
    if (stopped) return;
    await discover();
    shard.followed = true;
  };

  const change = (
    shard: ShardState,
    lane: number,
    to: (state: Lane<SourceRecord>) => Lane<SourceRecord>,
  ): void => {
    shard.lanes[lane] = to(shard.lanes[lane] ?? emptyLane());
    shard.wake[lane]?.();
  };

  const wakeAll = (shard: ShardState): void => {
    for (const wake of shard.wake) wake?.();
  };

  /** Runs one lane until the mapping stops or the shard ends. */
  const process = async (shard: ShardState, lane: number): Promise<void> => {
    while (!stopped) {
      const state = shard.lanes[lane] ?? emptyLane<SourceRecord>();
      // While records come, a hurried mapping still gathers them: it only does not wait for what will not come.
      const hurried = dependencies.hurry?.()
        ? { ...settings, maximumBatchingWindowMs: windowOf(shard) }
        : settings;
      const { lane: after, step } = next(state, hurried, Date.now());
      if (step.kind === 'wait') {
        if (shard.closed && isIdle(state)) return;
        await pause(shard, lane, step.until);
        continue;
      }
      shard.lanes[lane] = after;
      const { batch } = step;
      if (step.kind === 'discard') {
        statistics.discarded[step.reason] += batch.records.length;
        await dependencies.giveUp({
          source: source.kind,
          streamArn: source.arn,
          shardId: shard.id,
          functionArn: dependencies.functionArn,
          requestId: crypto.randomUUID(),
          batch,
          reason: step.reason,
          at: Date.now(),
        });
        continue;
      }
      statistics.invocations++;
      const newest = batch.records.at(-1);
      if (newest)
        statistics.iteratorAgeMs = Math.max(statistics.iteratorAgeMs, Date.now() - newest.arrivedAt);
      const invocation = await dependencies.invoke(renderEvent(batch.records));
      if (!invocation.ok) statistics.failures++;
      shard.lanes[lane] = settle(
        shard.lanes[lane] ?? after,
        settings,
        invocation.ok ? { kind: 'returned', response: invocation.response } : { kind: 'failed' },
        Date.now(),
      );
    }
  };

  /** The batching window in a hurry: over when the shard has been quiet, its own length while it is not. */
  const windowOf = (shard: ShardState): number =>
    Date.now() - shard.arrivedAt > QUIET_MS ? 0 : settings.maximumBatchingWindowMs;

  /** Until the lane changes, or `until`; a hurried mapping looks again at once. */
  const pause = (shard: ShardState, lane: number, until: number | undefined): Promise<void> =>
    new Promise((resolve) => {
      const most = 100; // so that stopping and hurrying are seen
      const timer = setTimeout(done, Math.min(most, until === undefined ? most : until - Date.now()));
      function done(): void {
        clearTimeout(timer);
        delete shard.wake[lane];
        resolve();
      }
      shard.wake[lane] = done;
    });

  track(discover());

  return {
    spec,
    statistics,
    isCaughtUp: (since) =>
      discovered &&
      [...shards.values()].every(
        (shard) =>
          (shard.closed || shard.emptyReadAt >= since) &&
          shard.lanes.every(isIdle) &&
          (!shard.closed || shard.followed),
      ),
    get backlog() {
      return [...shards.values()].reduce((sum, shard) => sum + held(shard), 0);
    },
    async stop() {
      stopped = true;
      for (const shard of shards.values()) wakeAll(shard);
      while (running.size > 0) await Promise.all(running);
    },
  };
}
