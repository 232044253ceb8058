import type { Frame, Resumable } from '../../profile/resumable.ts';
import { bucketOf } from '../../telemetry/record.ts';
import type { UsageEvent } from '../../telemetry/usage-event.ts';
import { timeOf } from '../../telemetry/utc-time.ts';
import { Arrivals, type ArrivalsState, isLinkDue, type LinkTimes } from '../arrivals.ts';
import { SAMPLE_EVERY } from '../backtest-run.ts';
import type { Arrival, FlushPart } from './messages.ts';

/** What of a divided replay rests on all its events. */
export interface Division {
  /** events read, and those of them whose clocks were absurd */
  readonly read: number;
  readonly quarantined: number;
  /** arrival time of the last event, ms */
  readonly now: number;
}

/**
 * Divides a replay among shards by account. What rests on all traffic is decided here, once and in the order of the
 * files: arrival times, where flushes end, the numbers of events, when campaigns are looked for, and which items are
 * measured. A shard that is told so much replays its accounts as if it saw the others.
 */
export class ReplayDivider implements Resumable {
  readonly #shards: number;
  readonly #send: (shard: number, part: FlushPart) => void;
  readonly #cut = new Arrivals();
  #links: LinkTimes = { linkAt: undefined };
  #pending: Arrival[][];
  /** accounts of the flush, in the order in which they are stepped, with their shards */
  #accounts = new Map<string, number>();
  #flushes = 0;
  #steps = 0;
  #read = 0;
  #quarantined = 0;

  /** @param send is handed each part of a flush, of one shard after the other, flushes in their order */
  constructor(shards: number, send: (shard: number, part: FlushPart) => void) {
    if (!Number.isInteger(shards) || shards < 1)
      throw new RangeError(`shards must be a whole number of at least 1 (got ${shards})`);
    this.#shards = shards;
    this.#send = send;
    this.#pending = this.#none();
  }

  /** Takes the next event in order of arrival. */
  push(event: UsageEvent): void {
    this.#read++;
    const arrived = this.#cut.arrive(timeOf(event.time));
    if (arrived === undefined) {
      this.#quarantined++;
      return;
    }
    if (this.#cut.isFull(arrived)) this.#flush();
    this.#cut.add(arrived);
    let shard = this.#accounts.get(event.account);
    if (shard === undefined) {
      shard = bucketOf(event.account, this.#shards);
      this.#accounts.set(event.account, shard);
    }
    this.#pending[shard]?.push([this.#read, arrived, event]);
  }

  /** Flushes what waits, and lets campaigns be looked for a last time. */
  finish(): Division {
    if (this.#accounts.size > 0) this.#flush();
    this.#sendAll(true, new Map());
    return this.division;
  }

  get division(): Division {
    return { read: this.#read, quarantined: this.#quarantined, now: this.#cut.now };
  }

  *frames(): Generator<Frame> {
    const state: DividerState = {
      arrivals: this.#cut.state(),
      links: this.#links,
      pending: this.#pending,
      accounts: this.#accounts,
      flushes: this.#flushes,
      steps: this.#steps,
      read: this.#read,
      quarantined: this.#quarantined,
    };
    yield ['divider', state];
  }

  restore(_: string, value: unknown): void {
    const state = value as DividerState;
    this.#cut.restore(state.arrivals);
    this.#links = state.links;
    this.#pending = state.pending;
    this.#accounts = state.accounts;
    this.#flushes = state.flushes;
    this.#steps = state.steps;
    this.#read = state.read;
    this.#quarantined = state.quarantined;
  }

  #flush(): void {
    const sampled = new Map<number, string[]>();
    for (const [account, shard] of this.#accounts) {
      // every step writes: a replay's positions only grow
      this.#steps++;
      if (this.#steps % SAMPLE_EVERY === 0) sampled.set(shard, [...(sampled.get(shard) ?? []), account]);
    }
    this.#sendAll(isLinkDue(this.#links, this.#cut.now), sampled);
    this.#cut.flushed();
    this.#accounts.clear();
  }

  #sendAll(link: boolean, sampled: ReadonlyMap<number, readonly string[]>): void {
    this.#flushes++;
    for (const [shard, arrivals] of this.#pending.entries())
      if (link || arrivals.length > 0)
        this.#send(shard, {
          flush: this.#flushes,
          at: this.#cut.now,
          link,
          sampled: sampled.get(shard) ?? [],
          arrivals,
        });
    this.#pending = this.#none();
  }

  #none(): Arrival[][] {
    return Array.from({ length: this.#shards }, () => []);
  }
}

/** All of a divider: what waits is one flush at most. */
interface DividerState {
  readonly arrivals: ArrivalsState;
  readonly links: LinkTimes;
  readonly pending: Arrival[][];
  readonly accounts: Map<string, number>;
  readonly flushes: number;
  readonly steps: number;
  readonly read: number;
  readonly quarantined: number;
}
