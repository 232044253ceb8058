import type { Notice } from '../findings/finding.ts';
import type { Policy } from '../policy/policy.ts';
import { fold, type IngestedEvent, sealable, type TimeRules } from '../profile/profile.ts';
import { SLICE_MS, type Slice } from '../profile/slice.ts';
import { joinSlices, windowMs } from '../profile/window.ts';
import { WindowMemo } from '../profile/window-memo.ts';
import type { WindowScore } from '../scoring/score.ts';
import type { Significance } from '../scoring/significance.ts';
import type { AccountState } from './account-state.ts';
import { judgeAccount, type Rules } from './judge.ts';
import { judgeInShadow } from './shadow.ts';

const HOUR = 3_600_000;

/** Slices that leave the hot item, to be stored as part `number` before the hot item is written. */
export interface Seal {
  readonly number: number;
  readonly slices: readonly Slice[];
}

/** What one flush makes of one account. Storing `seal` first and then `state` under the version read is all that is left to do. */
export interface BatchResult {
  readonly state: AccountState;
  readonly seal: Seal | undefined;
  readonly used: number;
  readonly late: number;
  readonly repeated: number;
  readonly replayed: number;
  readonly scores: readonly WindowScore[];
  readonly certainty: Significance | undefined;
  readonly notice: Notice | undefined;
  /** of the candidate policy */
  readonly shadowNotice: Notice | undefined;
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

/**
 * Advances an account by a run of arrivals in stream order: seal what is old, fold, judge. Pure and deterministic;
 * the same stored state and arrivals give the same result bit for bit.
 */
export function processBatch(
  stored: AccountState,
  arrivals: readonly IngestedEvent[],
  rules: Rules,
): BatchResult {
  const { policy } = rules;
  const time = durationsOf(policy);
  const old =
    stored.profile.slices.length < SEAL_AT_LEAST ? [] : sealable(stored.profile, time, time.sealAge);
  const seal = old.length >= SEAL_AT_LEAST ? { number: stored.profile.sealed + 1, slices: old } : undefined;
  const base =
    seal === undefined
      ? stored.profile
      : {
          ...stored.profile,
          slices: stored.profile.slices.filter((slice) => !old.includes(slice)),
          sealed: seal.number,
        };
  const folded = fold(base, arrivals, time);
  const changed = folded.replayed < arrivals.length;
  // older parts stay stored until they expire; windows do not need them
  const longest =
    rules.candidate === undefined
      ? time.longestWindow
      : Math.max(time.longestWindow, durationsOf(rules.candidate.policy).longestWindow);
  // what was seen last before this batch has not been looked at yet
  const newest = stored.profile.totals.events === 0 ? folded.profile.lastSeen : stored.profile.lastSeen;
  const horizon = newest - longest - SLICE_MS;
  const sealed = seal === undefined ? stored.sealed : joinSlices([stored.sealed, seal.slices]);
  const kept =
    sealed.length > 0 && (sealed[0] as Slice).start < horizon
      ? sealed.filter((s) => s.start >= horizon)
      : sealed;
  const { profile, used, late, repeated, replayed, latest } = folded;
  // what fold returns is a copy of our own
  profile.version = stored.profile.version + 1;
  if (latest === undefined) {
    const state = { profile, judgement: stored.judgement, sealed: kept };
    return {
      state,
      seal,
      used,
      late,
      repeated,
      replayed,
      scores: [],
      certainty: undefined,
      notice: undefined,
      shadowNotice: undefined,
      changed,
    };
  }
  const memo = stored.memo ?? new WindowMemo();
  const subject = {
    account: profile.account,
    customer: profile.customer,
    firstSeen: profile.firstSeen,
    sampleEvents: profile.samples,
    slices: joinSlices([kept, profile.slices]),
    memo,
  };
  const before =
    stored.judgement.evidence.since === 0
      ? { ...stored.judgement, evidence: { ...stored.judgement.evidence, since: profile.firstSeen } }
      : stored.judgement;
  const verdict = judgeAccount(subject, before, profile.lastSeen, rules);
  const shadow = judgeInShadow(subject, verdict.judgement, profile.lastSeen, rules);
  return {
    state: { profile, judgement: shadow.judgement, sealed: kept, memo },
    seal,
    used,
    late,
    repeated,
    replayed,
    scores: verdict.scores,
    certainty: verdict.certainty,
    notice: verdict.notice,
    shadowNotice: shadow.notice,
    changed,
  };
}
