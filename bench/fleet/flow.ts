/**
 * A fleet of lanes (shards times parallelization) that take batches off a stream, second by second. All lanes see the same
 * rate, so one is followed: an account that has a lane for itself is another question (see limits.ts).
 */

/** What was measured or is assumed of one invocation of `score`, ms. */
export interface Costs {
  /** first load of a batch: one round trip */
  readonly batch: number;
  /** write of one account, of which `concurrency` run at a time */
  readonly account: number;
  readonly concurrency: number;
  /** computing of one event */
  readonly event: number;
  /** accounts written for each event, in a batch of so many events: more events, fewer writes for each */
  readonly accountsPerEvent: (events: number) => number;
}

export interface Fleet {
  /** events a second, on average */
  readonly rate: number;
  readonly lanes: number;
  readonly shards: number;
  /** events a second that a shard takes at most */
  readonly shardIntake: number;
  /** time that a batch is gathered, s, and events that it has at most */
  readonly window: number;
  readonly batchEvents: number;
}

/** A burst: so many times the rate, for so many seconds. */
export interface Burst {
  readonly times: number;
  readonly seconds: number;
}

export interface Flow {
  /** events that came in and were scored, over the whole time */
  readonly sent: number;
  readonly scored: number;
  /** age of the oldest event that waits, s: at its highest, second by second */
  readonly peakLag: number;
  readonly lags: readonly number[];
  /** events that waited in producers, at most: shards took no more */
  readonly peakInProducers: number;
  /** from the end of the burst until the lag is that of a quiet day, s; undefined: not within the time simulated */
  readonly drained: number | undefined;
  /** share of a lane's time that it works on a quiet day */
  readonly busy: number;
}

/** Seconds of one invocation. */
export function batchSeconds(events: number, costs: Costs): number {
  const accounts = events * costs.accountsPerEvent(events);
  return (costs.batch + (accounts * costs.account) / costs.concurrency + events * costs.event) / 1000;
}

const QUIET_SECONDS = 600;

/**
 * @throws RangeError naming what is not a positive, finite number
 */
export function flowOf(fleet: Fleet, costs: Costs, burst: Burst, seconds = 4 * 3600): Flow {
  for (const [name, value] of Object.entries({ ...fleet, ...burst, seconds }))
    if (!(Number.isFinite(value) && value > 0))
      throw new RangeError(`${name}: ${value} is not a positive, finite number`);
  const rate = fleet.rate / fleet.lanes;
  const intake = (fleet.shards * fleet.shardIntake) / fleet.lanes;
  const lane = new Lane(fleet, costs);
  const lags: number[] = [];
  let inProducers = 0;
  let peakInProducers = 0;
  let sent = 0;
  let drained: number | undefined;
  const quietEnd = QUIET_SECONDS + burst.seconds;
  let quietLag = 0;
  for (let now = 0; now < seconds; now++) {
    const bursting = now >= QUIET_SECONDS && now < quietEnd;
    const arriving = rate * (bursting ? burst.times : 1);
    sent += arriving;
    const taken = Math.min(intake, inProducers + arriving);
    inProducers += arriving - taken;
    peakInProducers = Math.max(peakInProducers, inProducers);
    lane.second(now, taken);
    const lag = lane.lag(now) + inProducers / intake;
    lags.push(lag);
    if (now < QUIET_SECONDS) quietLag = Math.max(quietLag, lag);
    if (now >= quietEnd && drained === undefined && lag <= quietLag) drained = now - quietEnd;
  }
  return {
    sent: sent * fleet.lanes,
    scored: lane.scored * fleet.lanes,
    peakLag: Math.max(...lags),
    lags,
    peakInProducers: peakInProducers * fleet.lanes,
    drained,
    busy: lane.busyQuiet / QUIET_SECONDS,
  };
}

/** One lane: what waits, in order of arrival, and the batch that is worked on. */
class Lane {
  scored = 0;
  busyQuiet = 0;
  readonly #fleet: Fleet;
  readonly #costs: Costs;
  /** events that came in each second and wait */
  readonly #waiting: { readonly since: number; events: number }[] = [];
  #events = 0;
  /** when the batch under way ends, and when the window of the next began */
  #freeAt = 0;
  #gatheringSince: number | undefined;

  constructor(fleet: Fleet, costs: Costs) {
    this.#fleet = fleet;
    this.#costs = costs;
  }

  second(now: number, events: number): void {
    if (events > 0) this.#waiting.push({ since: now, events });
    this.#events += events;
    // several batches may end within a second
    for (let at = Math.max(now, this.#freeAt); at < now + 1; at = this.#freeAt) {
      if (this.#events < 1) return;
      this.#gatheringSince ??= at;
      const { window, batchEvents } = this.#fleet;
      if (this.#events < batchEvents && at - this.#gatheringSince < window) return;
      const taken = Math.min(this.#events, batchEvents);
      const took = batchSeconds(taken, this.#costs);
      this.#take(taken);
      if (now < QUIET_SECONDS) this.busyQuiet += took;
      this.#freeAt = at + took;
      this.#gatheringSince = undefined;
    }
  }

  #take(events: number): void {
    this.scored += events;
    this.#events -= events;
    let left = events;
    while (left > 0 && this.#waiting.length > 0) {
      const oldest = this.#waiting[0] as { events: number };
      const part = Math.min(left, oldest.events);
      oldest.events -= part;
      left -= part;
      if (oldest.events <= 1e-9) this.#waiting.shift();
    }
  }

  /** Age of the oldest that waits, s. */
  lag(now: number): number {
    return this.#waiting.length === 0 ? 0 : now - (this.#waiting[0] as { since: number }).since;
  }
}
