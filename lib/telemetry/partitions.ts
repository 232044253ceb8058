import { LIMITS } from '../limits.ts';
import { bucketOf, laneKey, laneOf } from './record.ts';
import { PSEUDONYM, type UsageEvent } from './usage-event.ts';

export interface StreamEntry {
  readonly partitionKey: string;
  readonly data: Uint8Array;
}

/**
 * Accounts whose events are put under several partition keys, lanes, because one shard does not take them: 1 MiB a second
 * (streams/latest/dev/service-sizes-and-limits.html). Which lane an event takes follows from its id, so that a repeat is found.
 */
export interface SplitAccounts {
  /** pseudonyms, as `accountPseudonym` makes them */
  readonly accounts: readonly string[];
  /** lanes of each, 2 to 16 */
  readonly into: number;
}

/** An event that waits to be put. */
export interface Line {
  readonly json: string;
  readonly bytes: number;
  /** replay clock when the event was taken, ms */
  readonly clock: number;
}

/** What goes under one partition key: a bucket, or a lane of one. */
export interface Bucket {
  readonly number: number;
  /** its place among all of them */
  readonly place: number;
  readonly key: string;
  pending: Line[];
  pendingBytes: number;
  /** to be sent without waiting for more */
  due: boolean;
  unacknowledged: Packed | undefined;
}

export interface Packed {
  readonly bucket: Bucket;
  readonly lines: readonly Line[];
  readonly lineBytes: number;
  readonly entry: StreamEntry;
}

/** What a producer holds for each partition key. */
export class Partitions {
  readonly #bucketing: string;
  readonly #count: number;
  readonly #places = new Map<string, Bucket>();
  /** those of the bucketing, then lanes */
  readonly #all: Bucket[];
  /** of accounts that are split */
  readonly #lanes: ReadonlyMap<string, readonly Bucket[]>;

  /**
   * @param lane of all events that are of no account that is split: events that are put back go where they stood
   * @throws RangeError where what is to be split is not as declared, or there is no such lane
   */
  constructor(bucketing: string, count: number, split: SplitAccounts | undefined, lane = 0) {
    if (!Number.isInteger(lane) || lane < 0 || lane >= LIMITS.accountLanes.most)
      throw new RangeError(`lane: a whole number from 0 to ${LIMITS.accountLanes.most - 1}, not ${lane}`);
    this.#bucketing = bucketing;
    this.#count = count;
    this.#all = Array.from({ length: count }, (_, number) => newBucket(number, number, bucketing, lane));
    for (const bucket of this.#all) this.#places.set(bucket.key, bucket);
    this.#lanes = this.#split(split);
  }

  get all(): readonly Bucket[] {
    return this.#all;
  }

  /** Where an event goes. */
  of({ account, id }: UsageEvent): Bucket {
    const lanes = this.#lanes.get(account);
    const bucket =
      lanes === undefined ? this.#all[bucketOf(account, this.#count)] : lanes[laneOf(id, lanes.length)];
    return bucket as Bucket;
  }

  #split(split: SplitAccounts | undefined): ReadonlyMap<string, readonly Bucket[]> {
    if (split === undefined) return new Map();
    if (split === null || typeof split !== 'object')
      throw new RangeError('split: accounts, and into how many lanes');
    const { accounts, into } = split;
    if (!Array.isArray(accounts)) throw new RangeError('split.accounts: a list of pseudonyms');
    if (!Number.isInteger(into) || into < 2 || into > LIMITS.accountLanes.most)
      throw new RangeError(`split.into: a whole number from 2 to ${LIMITS.accountLanes.most}, not ${into}`);
    return new Map(
      accounts.map((account) => {
        if (!PSEUDONYM.test(account))
          throw new RangeError('split.accounts: not a pseudonym, as accountPseudonym makes them');
        const bucket = bucketOf(account, this.#count);
        return [account, Array.from({ length: into }, (_, lane) => this.#laneOf(bucket, lane))];
      }),
    );
  }

  /** Accounts of one bucket share its lanes. */
  #laneOf(number: number, lane: number): Bucket {
    const key = laneKey(number, lane, this.#bucketing);
    const held = this.#places.get(key);
    if (held !== undefined) return held;
    const made = newBucket(number, this.#all.length, this.#bucketing, lane);
    this.#places.set(key, made);
    this.#all.push(made);
    return made;
  }
}

function newBucket(number: number, place: number, bucketing: string, lane = 0): Bucket {
  return {
    number,
    place,
    key: laneKey(number, lane, bucketing),
    pending: [],
    pendingBytes: 0,
    due: false,
    unacknowledged: undefined,
  };
}
