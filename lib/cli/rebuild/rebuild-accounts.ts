import { applyBatch, type BesideProfiles } from '../../../lambdas/score/apply-batch.ts';
import { type DecodeRules, decodeBatch, type KinesisRecord } from '../../../lambdas/score/decode-batch.ts';
import { placeOf } from '../../aws/applied-places.ts';
import type { StoredRecord } from '../../aws/archive-frames.ts';
import type { ArchiveReader, ReadSoFar } from '../../aws/archive-reader.ts';
import type { RebuiltTable } from '../../aws/rebuilt-table.ts';
import type { AccountState } from '../../detection/account-state.ts';
import type { Rules } from '../../detection/judge.ts';
import type { Seal } from '../../detection/seal.ts';
import type { Notice } from '../../findings/finding.ts';
import { padSequence } from '../../profile/position.ts';
import type { IngestedEvent } from '../../profile/profile.ts';
import type { ProfileStore } from '../../stores/profile-store.ts';

/** What a rebuild works with. */
export interface RebuildPorts {
  readonly archive: ArchiveReader;
  readonly table: Pick<RebuiltTable, 'progress' | 'keepProgress'>;
  readonly profiles: ProfileStore;
  readonly beside: BesideProfiles;
  readonly rules: Rules;
  readonly decode: DecodeRules;
  /**
   * Where events stood that are in quarantine (QuarantineBucket.places): those that were put back are taken from there; those that
   * may be put back yet are remembered like them, so that a redrive after the rebuild counts nothing twice.
   */
  readonly quarantined: { readonly putBack: ReadonlySet<string>; readonly waiting: ReadonlySet<string> };
  /** whether people and machines know of a notice already */
  settled(notice: Notice): Promise<boolean>;
  /** only records of this stream; undefined: of the one that there is */
  readonly stream: string | undefined;
}

/** What a rebuild did. */
export interface Rebuilt {
  groups: number;
  objects: number;
  records: number;
  /** events that changed slices */
  used: number;
  late: number;
  repeated: number;
  /** applied by an earlier run that stopped before it noted so */
  replayed: number;
  /** taken where they were put back, not where they stood first */
  putBack: number;
  /** places of archived objects that are damaged: what was there is missing */
  unreadable: number;
  /** events that even alone cannot be applied */
  unusable: number;
  /** notices that wait in the rebuilt items, because no finding has them */
  owed: number;
}

/** Records that one step applies at most. */
const RECORDS_PER_STEP = 400;
/** Steps that are tried again where the table is throttled; each waits inside of applyBatch. */
const ATTEMPTS = 20;

export class TwoStreams extends Error {
  override readonly name = 'TwoStreams';
}

export const NOTHING_REBUILT: Readonly<Rebuilt> = {
  groups: 0,
  objects: 0,
  records: 0,
  used: 0,
  late: 0,
  repeated: 0,
  replayed: 0,
  putBack: 0,
  unreadable: 0,
  unusable: 0,
  owed: 0,
};

/**
 * Applies everything that the archive has of one group of buckets, in the order of the stream, with the code that `score`
 * runs. Notes after each step how far it came; a second run goes on from there, and so follows a stream that goes on.
 * @throws TwoStreams where records of two streams lie there: their positions have no common order
 */
export async function rebuildGroup(
  group: string,
  days: readonly string[],
  ports: RebuildPorts,
  sum: Rebuilt,
  progress: () => void = () => undefined,
): Promise<void> {
  const { archive, table } = ports;
  let read: ReadSoFar = await table.progress(group);
  const keys = await archive.keysOf(group, days, read);
  let step: StoredRecord[] = [];
  let { stream } = ports;
  const apply = async (): Promise<void> => {
    if (step.length === 0) return;
    await applyRecords(step, ports, sum);
    for (const { frame } of step) read = { ...read, [frame.shard]: padSequence(frame.sequence) };
    await table.keepProgress(group, read);
    sum.records += step.length;
    step = [];
    progress();
  };
  const damaged = (places: number): void => {
    sum.unreadable += places;
  };
  for await (const held of archive.records(keys, read, damaged)) {
    stream ??= held.frame.stream;
    if (held.frame.stream !== stream) {
      if (ports.stream !== undefined) continue;
      throw new TwoStreams(
        `the archive holds records of ${stream} and of ${held.frame.stream}, which have no common order: rebuild from one after the other with --stream, the older one first`,
      );
    }
    step.push(held);
    if (step.length === RECORDS_PER_STEP) await apply();
  }
  await apply();
  sum.objects += keys.length;
  sum.groups++;
}

async function applyRecords(
  step: readonly StoredRecord[],
  { profiles, beside, rules, decode, quarantined, settled }: RebuildPorts,
  sum: Rebuilt,
): Promise<void> {
  const store = new Told(profiles, settled, sum);
  let arrivals: Map<string, readonly IngestedEvent[]> = decodeBatch(step.map(recordOf), decode).arrivals;
  for (const [account, run] of arrivals) {
    const left = run.filter(
      ({ position, event, redriven }) =>
        redriven === true || !quarantined.putBack.has(placeOf(position.sequence, event)),
    );
    sum.putBack += run.length - left.length;
    arrivals.set(
      account,
      left.map((arrival) =>
        quarantined.waiting.has(placeOf(arrival.position.sequence, arrival.event))
          ? { ...arrival, redriven: true }
          : arrival,
      ),
    );
  }
  for (let attempt = 0; arrivals.size > 0; attempt++) {
    const applied = await applyBatch(arrivals, store, rules, beside);
    const waiting = new Map<string, readonly IngestedEvent[]>();
    for (const { account, steps, unusable, deferred } of applied) {
      for (const { used, late, repeated, replayed } of steps) {
        sum.used += used;
        sum.late += late;
        sum.repeated += repeated;
        sum.replayed += replayed;
      }
      sum.unusable += unusable.reduce((n, { arrivals: events }) => n + events.length, 0);
      if (deferred === undefined) continue;
      if (attempt === ATTEMPTS) throw deferred.error;
      const run = arrivals.get(account) ?? [];
      waiting.set(account, run.slice(run.findIndex(({ position }) => position === deferred.from)));
    }
    arrivals = waiting;
  }
}

function recordOf({ frame, record }: StoredRecord): KinesisRecord {
  return {
    eventID: `${frame.shard}:${frame.sequence}`,
    eventSourceARN: `stream/${frame.stream}`,
    kinesis: {
      partitionKey: frame.partitionKey,
      sequenceNumber: frame.sequence,
      data: record.toString('base64'),
      approximateArrivalTimestamp: frame.arrived / 1000,
    },
  };
}

/** Profiles whose notices wait only where no finding has them: what was told is not told again. */
class Told implements ProfileStore {
  readonly #profiles: ProfileStore;
  readonly #settled: RebuildPorts['settled'];
  readonly #sum: Rebuilt;

  constructor(profiles: ProfileStore, settled: RebuildPorts['settled'], sum: Rebuilt) {
    this.#profiles = profiles;
    this.#settled = settled;
    this.#sum = sum;
  }

  load(...of: Parameters<ProfileStore['load']>): Promise<Map<string, AccountState>> {
    return this.#profiles.load(...of);
  }

  whole(state: AccountState): Promise<AccountState> {
    return this.#profiles.whole(state);
  }

  async save(
    stored: AccountState,
    next: AccountState,
    seal: Seal | undefined,
  ): Promise<'saved' | 'conflict'> {
    const notices: Notice[] = [];
    let owed = 0;
    for (const notice of next.judgement.notices) {
      const fresh = notice.number > stored.judgement.numbered;
      if (fresh && (await this.#settled(notice))) continue;
      if (fresh) owed++;
      notices.push(notice);
    }
    const answer = await this.#profiles.save(
      stored,
      { ...next, judgement: { ...next.judgement, notices } },
      seal,
    );
    if (answer === 'saved') this.#sum.owed += owed;
    return answer;
  }
}
