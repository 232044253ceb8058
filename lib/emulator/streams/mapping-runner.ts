import { setTimeout as sleep } from 'node:timers/promises';
import type { Invocation } from '../functions/function.ts';
import type { MappingSpec } from '../template/resource-shapes.ts';
import { type Batch, type DiscardReason, isIdle, next, settle } from './event-source-mapping.ts';
import { compileFilters } from './filter-pattern.ts';
import type { GivenUp } from './invocation-record.ts';
import { PolledShard } from './polled-shard.ts';
import { type Arrival, renderEvent, type SourceRecord } from './source-record.ts';
import type { ShardReader, StreamSource } from './stream-source.ts';

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

/** Reading stops while a shard holds this many batches a lane. */
const BATCHES_AHEAD = 2;
const MIN_READ = 100;
/**
 * Wait between polls of a shard: short after records came, longer while none do, and longest when none have come for a
 * while: an embedded cloud that is kept open should cost next to nothing. AWS polls Kinesis once and table streams four
 * times a second.
 */
const POLL_MS = { shortest: 20, urgent: 80, longer: 250, longest: 1000 } as const;
const IDLE_AFTER_MS = 10_000;
const THOROUGH_EVERY_MS = 1000;
const QUIET_MS = 200;

/** Drives the state machine of event-source-mapping.ts with a stream, a function and the clock. */
export class MappingRunner {
  readonly spec: MappingSpec;
  readonly #statistics: MappingStatistics = {
    read: 0,
    filteredOut: 0,
    invocations: 0,
    failures: 0,
    discarded: { RetryAttemptsExhausted: 0, RecordAgeExceeded: 0 },
    iteratorAgeMs: 0,
  };
  readonly #dependencies: MappingDependencies;
  readonly #passes: ReturnType<typeof compileFilters>;
  readonly #shards = new Map<string, PolledShard>();
  readonly #running = new Set<Promise<void>>();
  #stopped = false;
  #discovered = false;

  private constructor(spec: MappingSpec, dependencies: MappingDependencies) {
    this.spec = spec;
    this.#dependencies = dependencies;
    this.#passes = compileFilters(spec.filters);
  }

  /** Starts to poll at once. */
  static start(spec: MappingSpec, dependencies: MappingDependencies): MappingRunner {
    const runner = new MappingRunner(spec, dependencies);
    runner.#track(runner.#discover());
    return runner;
  }

  get statistics(): Readonly<MappingStatistics> {
    return this.#statistics;
  }

  /** True if every shard was read to its tip after `since` (epoch milliseconds) and nothing waits or runs. */
  isCaughtUp(since: number): boolean {
    return (
      this.#discovered &&
      [...this.#shards.values()].every(
        (shard) =>
          (shard.closed || shard.emptyReadAt >= since) && shard.idle && (!shard.closed || shard.followed),
      )
    );
  }

  /** Records read that are not yet done with. */
  get backlog(): number {
    return [...this.#shards.values()].reduce((sum, shard) => sum + shard.held, 0);
  }

  /** Stops polling and waits for the invocations in flight; what waits is not processed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const shard of this.#shards.values()) shard.wakeAll();
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #track(work: Promise<void>): void {
    const tracked = work.catch(this.#dependencies.onProblem).finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  /** Starts every shard whose parents are done; children of a split wait for the parent's last record. */
  async #discover(): Promise<void> {
    const { source } = this.#dependencies;
    const { parallelizationFactor: lanes } = this.spec.settings;
    const listed = await source.shards();
    const known = new Set(listed.map(({ id }) => id));
    for (const { id, parents } of listed) {
      if (this.#shards.has(id)) continue;
      const ready = parents.every((parent) => {
        const shard = this.#shards.get(parent);
        // a parent may itself still wait for its own; one beyond the retention is not listed any more
        return shard ? shard.done : !known.has(parent);
      });
      if (!ready) continue;
      const shard = new PolledShard(id, lanes);
      this.#shards.set(id, shard);
      // what a child holds came after the mapping began, wherever the mapping started
      const child = parents.some((parent) => this.#shards.has(parent));
      const reader = await source.open(id, child ? { kind: 'TRIM_HORIZON' } : this.spec.start);
      this.#track(this.#poll(shard, reader));
      for (let lane = 0; lane < lanes; lane++) this.#track(this.#process(shard, lane));
    }
    this.#discovered = true;
  }

  async #poll(shard: PolledShard, reader: ShardReader): Promise<void> {
    const { batchSize, parallelizationFactor: lanes } = this.spec.settings;
    const most = Math.max(MIN_READ, batchSize) * BATCHES_AHEAD * lanes;
    let pause: number = POLL_MS.shortest;
    let thoroughAt = 0;
    let cameAt = Date.now();
    while (!this.#stopped && !shard.closed) {
      const room = most - shard.held;
      if (room <= 0) {
        await sleep(POLL_MS.urgent);
        continue;
      }
      const urgent = this.#dependencies.urgent?.() ?? false;
      const began = Date.now();
      // with work at hand nobody waits for the tip
      const busy = shard.held > 0;
      const thorough = !busy && (urgent || began - thoroughAt >= THOROUGH_EVERY_MS);
      if (thorough) thoroughAt = began;
      const { arrivals, closed } = await reader.read(room, thorough);
      this.#take(shard, arrivals);
      if (arrivals.length > 0) {
        cameAt = began;
        pause = POLL_MS.shortest;
        if (arrivals.length < room) await sleep(pause);
        continue;
      }
      if (closed) {
        shard.closed = true;
        shard.wakeAll();
        this.#track(this.#startChildren(shard));
        return;
      }
      if (thorough) shard.emptyReadAt = began;
      await sleep(pause);
      const idle = began - cameAt >= IDLE_AFTER_MS ? POLL_MS.longest : POLL_MS.longer;
      pause = Math.min(2 * pause, urgent && !busy ? POLL_MS.urgent : idle);
    }
  }

  #take(shard: PolledShard, arrivals: readonly Arrival[]): void {
    const kept = arrivals.filter(({ filterable }) => this.#passes(filterable)).map(({ record }) => record);
    this.#statistics.read += arrivals.length;
    this.#statistics.filteredOut += arrivals.length - kept.length;
    shard.offer(kept, Date.now());
  }

  async #startChildren(shard: PolledShard): Promise<void> {
    while (!this.#stopped && !shard.done) await sleep(POLL_MS.shortest);
    if (this.#stopped) return;
    await this.#discover();
    shard.followed = true;
  }

  /** Runs one lane until the mapping stops or the shard ends. */
  async #process(shard: PolledShard, lane: number): Promise<void> {
    while (!this.#stopped) {
      const state = shard.lane(lane);
      const { lane: after, step } = next(state, this.#settingsOf(shard), Date.now());
      if (step.kind === 'wait') {
        if (shard.closed && isIdle(state)) return;
        await shard.pause(lane, step.until);
        continue;
      }
      shard.set(lane, after);
      if (step.kind === 'discard') await this.#discard(shard, step.batch, step.reason);
      else await this.#invoke(shard, lane, step.batch);
    }
  }

  async #invoke(shard: PolledShard, lane: number, { records }: Batch<SourceRecord>): Promise<void> {
    const statistics = this.#statistics;
    statistics.invocations++;
    const newest = records.at(-1);
    if (newest) statistics.iteratorAgeMs = Math.max(statistics.iteratorAgeMs, Date.now() - newest.arrivedAt);
    const invocation = await this.#dependencies.invoke(renderEvent(records));
    if (!invocation.ok) statistics.failures++;
    const outcome = invocation.ok
      ? ({ kind: 'returned', response: invocation.response } as const)
      : ({ kind: 'failed' } as const);
    shard.set(lane, settle(shard.lane(lane), this.spec.settings, outcome, Date.now()));
  }

  async #discard(shard: PolledShard, batch: Batch<SourceRecord>, reason: DiscardReason): Promise<void> {
    const { source, functionArn, giveUp } = this.#dependencies;
    this.#statistics.discarded[reason] += batch.records.length;
    await giveUp({
      source: source.kind,
      streamArn: source.arn,
      shardId: shard.id,
      functionArn,
      requestId: crypto.randomUUID(),
      batch,
      reason,
      at: Date.now(),
    });
  }

  /**
   * In a hurry the batching window is over when the shard has been quiet: while records come, they are still gathered,
   * and only what will not come is not waited for.
   */
  #settingsOf(shard: PolledShard): MappingSpec['settings'] {
    const { settings } = this.spec;
    const quiet = Date.now() - shard.arrivedAt > QUIET_MS;
    return quiet && this.#dependencies.hurry?.() ? { ...settings, maximumBatchingWindowMs: 0 } : settings;
  }
}
