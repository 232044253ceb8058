import type { Notice } from '../findings/finding.ts';
import type { Policy } from '../policy/policy.ts';
import { encodeSlices } from '../profile/codec.ts';
import { hash48 } from '../profile/hashes.ts';
import {
  fold,
  type IngestedEvent,
  type Profile,
  SAMPLE_IDS,
  sealable,
  type TimeRules,
} from '../profile/profile.ts';
import { SLICE_MS, type Slice } from '../profile/slice.ts';
import { joinSlices, windowMs } from '../profile/window.ts';
import { WindowMemo } from '../profile/window-memo.ts';
import type { WindowScore } from '../scoring/score.ts';
import type { Significance } from '../scoring/significance.ts';
import type { AccountState, Judgement } from './account-state.ts';
import { hotBytes, WRITE_UNIT_BYTES } from './hot-size.ts';
import { judgeAccount, type Rules } from './judge.ts';
import { judgeInShadow } from './shadow.ts';

const HOUR = 3_600_000;

/** Slices that leave the hot item, to be stored as part `number` before the hot item is written. */
export interface Seal {
  readonly number: number;
  /** by the content: whoever seals other slices under the same number writes another item */
  readonly name: string;
  /** name of the part before; empty for the first */
  readonly before: string;
  readonly slices: readonly Slice[];
}

function sealOf({ sealed, sealedName }: Profile, slices: readonly Slice[]): Seal {
  const bytes = encodeSlices(slices);
  const content = hash48(`${sealedName} ${Buffer.from(bytes).toString('latin1')}`);
  return { number: sealed + 1, name: content.toString(36), before: sealedName, slices };
}

/** What one flush makes of one account. Storing `seal` first and then `state` under the version read is all that is left to do. */
export interface BatchResult {
  readonly state: AccountState;
  readonly seal: Seal | undefined;
  readonly used: number;
  readonly late: number;
  readonly repeated: number;
  readonly replayed: number;
  /** of the last look; empty where none was due */
  readonly scores: readonly WindowScore[];
  readonly certainty: Significance | undefined;
  /** in the order in which they were made */
  readonly notices: readonly Notice[];
  /** of the candidate policy */
  readonly shadowNotices: readonly Notice[];
  /** false where every arrival had been applied before: nothing to store */
  readonly changed: boolean;
}

export function timeRules(policy: Policy): TimeRules {
  return {
    allowedLateness: policy.allowedLatenessHours * HOUR,
    permittedSkew: policy.permittedSkewSeconds * 1000,
  };
}

/** Fewest sealable slices that are worth a part of their own. */
const SEAL_AT_LEAST = 4;

/**
 * Slices leave the hot item so many bytes before it is full: the write that seals them is billed by the item as it was. A part of
 * its own costs one write, and one kilobyte more in the hot item costs one with every flush.
 */
const SEAL_EARLY_BYTES = 110;

/** All slices but the newest, where they have become too many bytes together; late events of them stay, and follow with the next. */
function outgrown(state: AccountState): readonly Slice[] {
  const { slices } = state.profile;
  if (slices.length < 2) return [];
  return hotBytes(state) > WRITE_UNIT_BYTES - SEAL_EARLY_BYTES ? slices.slice(0, -1) : [];
}

/** Slices that ended long ago, where they are worth a part of their own. */
function aged(profile: Profile, time: Durations): readonly Slice[] {
  if (profile.slices.length < SEAL_AT_LEAST) return [];
  const old = sealable(profile, time, time.sealAge);
  return old.length < SEAL_AT_LEAST ? [] : old;
}

/** What a policy says of time, in ms; worked out once a policy. */
interface Durations extends TimeRules {
  readonly sealAge: number;
  readonly longestWindow: number;
}

const durations = new WeakMap<Policy, Durations>();

function durationsOf(policy: Policy): Durations {
  let known = durations.get(policy);
  if (known === undefined) {
    known = {
      ...timeRules(policy),
      sealAge: policy.sealAfterHours * HOUR,
      longestWindow: Math.max(...policy.windows.map(windowMs)),
    };
    durations.set(policy, known);
  }
  return known;
}

/** Accounts are looked at with the first event of each such stretch of event time, ms: when a slice is over. */
export const LOOK_MS = SLICE_MS;

/**
 * Advances an account by a run of arrivals in stream order: seal what is old, fold, and judge at fixed points of event
 * time, wherever batches end. Pure and deterministic; the same stored state and arrivals give the same result bit for bit.
 */
export function processBatch(
  stored: AccountState,
  arrivals: readonly IngestedEvent[],
  rules: Rules,
): BatchResult {
  const time = durationsOf(rules.policy);
  // decided from what is stored alone, so that whoever reads the same version seals the same
  const grown = outgrown(stored);
  const old = grown.length > 0 ? grown : aged(stored.profile, time);
  const seal = old.length > 0 ? sealOf(stored.profile, old) : undefined;
  const base =
    seal === undefined
      ? stored.profile
      : {
          ...stored.profile,
          slices: stored.profile.slices.filter((slice) => !old.includes(slice)),
          sealed: seal.number,
          sealedName: seal.name,
        };
  const sealed = seal === undefined ? stored.sealed : joinSlices([stored.sealed, seal.slices]);
  const judge = new Looks(stored, sealed, rules);
  const { profile, used, late, repeated, replayed } = fold(base, arrivals, time, (next, before) => {
    const due = Math.floor(next.lastSeen / LOOK_MS) > Math.floor(before / LOOK_MS);
    if (due) judge.look(next);
    return due;
  });
  // what fold returns is a copy of our own
  profile.version = stored.profile.version + 1;
  const { judgement, scores, certainty } = judge;
  const fresh = judgement.notices.slice(stored.judgement.notices.length);
  return {
    state: {
      profile,
      judgement,
      sealed: within(sealed, profile.lastSeen - longestWindow(rules) - SLICE_MS),
      asked: stored.asked,
      ...(judge.memo === undefined ? {} : { memo: judge.memo }),
    },
    seal,
    used,
    late,
    repeated,
    replayed,
    scores,
    certainty,
    notices: fresh.filter(({ shadow }) => !shadow),
    shadowNotices: fresh.filter(({ shadow }) => shadow),
    changed: replayed < arrivals.length,
  };
}

function longestWindow({ policy, candidate }: Rules): number {
  const own = durationsOf(policy).longestWindow;
  return candidate === undefined ? own : Math.max(own, durationsOf(candidate.policy).longestWindow);
}

/** Slices that windows may still need; older parts stay stored until they expire. */
function within(slices: readonly Slice[], horizon: number): readonly Slice[] {
  return slices.length > 0 && (slices[0] as Slice).start < horizon
    ? slices.filter(({ start }) => start >= horizon)
    : slices;
}

/** The looks at one account in one batch. */
class Looks {
  judgement: Judgement;
  memo: WindowMemo | undefined;
  scores: readonly WindowScore[] = [];
  certainty: Significance | undefined;
  readonly #sealed: readonly Slice[];
  readonly #rules: Rules;

  constructor({ judgement, memo }: AccountState, sealed: readonly Slice[], rules: Rules) {
    this.judgement = judgement;
    this.memo = memo;
    this.#sealed = sealed;
    this.#rules = rules;
  }

  look({ account, customer, firstSeen, samples, slices, lastSeen }: Profile): void {
    this.memo ??= new WindowMemo();
    const subject = {
      account,
      customer: { ...customer },
      firstSeen,
      sampleEvents: samples.slice(-SAMPLE_IDS),
      slices: joinSlices([this.#sealed, slices.slice()]),
      memo: this.memo,
    };
    const { judgement } = this;
    const before =
      judgement.evidence.since === 0
        ? { ...judgement, evidence: { ...judgement.evidence, since: firstSeen } }
        : judgement;
    const verdict = judgeAccount(subject, before, lastSeen, this.#rules);
    this.judgement = judgeInShadow(subject, verdict.judgement, lastSeen, this.#rules).judgement;
    this.scores = verdict.scores;
    this.certainty = verdict.certainty;
  }
}
