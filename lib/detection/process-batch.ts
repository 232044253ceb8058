import type { Notice } from '../findings/finding.ts';
import type { Policy } from '../policy/policy.ts';
import { laneNumber } from '../profile/lane.ts';
import { fold, type IngestedEvent, type Profile, SAMPLE_IDS, type TimeRules } from '../profile/profile.ts';
import { withEvents } from '../profile/prompt-sample.ts';
import { SLICE_MS, type Slice, sliceStart } from '../profile/slice.ts';
import { joinSlices, windowMs } from '../profile/window.ts';
import { WindowMemo } from '../profile/window-memo.ts';
import { dueSlices } from '../scoring/looks.ts';
import type { WindowScore } from '../scoring/score.ts';
import type { Significance } from '../scoring/significance.ts';
import type { AccountState, Judgement } from './account-state.ts';
import { judgeAccount, type Rules, type Subject } from './judge.ts';
import { foldedUntil, LANE_WAIT_MS, wholeAccount } from './lanes.ts';
import { type Seal, sealed } from './seal.ts';
import { judgeInShadow } from './shadow.ts';

const HOUR = 3_600_000;

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

/** So long after a stretch of event time has begun, ms, an account with lanes is looked at again: whoever is silent is not waited for then. */
const LOOK_AGAIN_MS = LANE_WAIT_MS + 5 * 60_000;

/**
 * Advances an account by a run of arrivals in stream order: fold, judge at fixed points of event time, wherever batches end, and
 * seal what the hot item has no room for. Pure and deterministic; the same stored state and arrivals give the same result bit
 * for bit.
 * @param sampling whether what is asked is sampled, too; a replay keeps all prompts elsewhere
 */
export function processBatch(
  stored: AccountState,
  arrivals: readonly IngestedEvent[],
  rules: Rules,
  sampling = false,
): BatchResult {
  const result = processHot(stored, arrivals, rules, sampling);
  if (result === undefined) throw new RangeError('an account is looked at whose sealed parts were not read');
  return result;
}

/**
 * The same of a state whose sealed parts may not have been read; undefined: they are to be read first, because the account is looked at, or
 * a part is sealed, which has to know the sample that it adds to. Most runs of events do neither.
 */
export function processHot(
  stored: AccountState,
  arrivals: readonly IngestedEvent[],
  rules: Rules,
  sampling = false,
): BatchResult | undefined {
  const { lanes } = stored;
  // a lane is judged with its account, and an account with lanes when all of them have come as far
  const looksAlone = lanes === undefined && laneNumber(stored.profile.account) === 0;
  if (stored.partsUnread && looksAlone && isLooked(stored, arrivals)) return undefined;
  const time = durationsOf(rules.policy);
  const judge = new Looks(stored, rules);
  const { profile, used, late, repeated, replayed } = fold(stored.profile, arrivals, time, (next, before) => {
    const due = looksAlone && isDue(next.lastSeen, before);
    if (due) judge.look(next);
    return due;
  });
  // what fold returns is a copy of our own
  profile.version = stored.profile.version + 1;
  if (lanes !== undefined && mayBeDue(stored, profile, arrivals)) {
    if (stored.partsUnread || lanes.states === undefined) return undefined;
    judge.lookAtAll({ ...stored, profile });
  }
  const { judgement, scores, certainty } = judge;
  const fresh = judgement.notices.slice(stored.judgement.notices.length);
  const open: { -readonly [Name in keyof AccountState]: AccountState[Name] } = {
    profile,
    judgement,
    sealed: within(stored.sealed, oldestNeeded(profile, judgement, rules)),
    asked: sampling ? withEvents(stored.asked, arrivals) : stored.asked,
  };
  if (stored.partsUnread) open.partsUnread = true;
  if (lanes !== undefined) open.lanes = { numbers: lanes.numbers };
  if (judge.memo !== undefined) open.memo = judge.memo;
  const { state, seal } = sealed(open, time);
  if (stored.partsUnread && seal !== undefined) return undefined;
  const shadows = fresh.length > 0 && fresh.some(({ shadow }) => shadow);
  return {
    state,
    seal,
    used,
    late,
    repeated,
    replayed,
    scores,
    certainty,
    notices: shadows ? fresh.filter(({ shadow }) => !shadow) : fresh,
    shadowNotices: shadows ? fresh.filter(({ shadow }) => shadow) : NO_NOTICES,
    changed: replayed < arrivals.length || judgement !== stored.judgement,
  };
}

const NO_NOTICES: readonly Notice[] = [];

/**
 * Whether slices of an account with lanes may be over that nobody has looked at: see asksForLook. Without any arrival, whoever asks has
 * seen another lane do so.
 */
function mayBeDue(
  { profile: { lastSeen: before }, judgement }: AccountState,
  { lastSeen }: Profile,
  arrivals: readonly IngestedEvent[],
): boolean {
  return arrivals.length === 0 || (isBehind(judgement, lastSeen) && asksForLook(lastSeen, before));
}

/** Whether an account may have a slice before event time `at` (ms) that is over and was not looked at. */
export function isBehind({ looked }: Judgement, at: number): boolean {
  return looked + SLICE_MS < sliceStart(at);
}

/**
 * Whether a lane's newest event asks for a look at its account: the first of a stretch of event time, by the last lane to come so far, and
 * the first of some minutes later, where one fell silent or a look was lost. Both ms.
 */
export function asksForLook(lastSeen: number, before: number): boolean {
  return isDue(lastSeen, before) || isDue(lastSeen - LOOK_AGAIN_MS, before - LOOK_AGAIN_MS);
}

/** Whether the newest event time is the first of its stretch. Both ms. */
function isDue(lastSeen: number, before: number): boolean {
  return Math.floor(lastSeen / LOOK_MS) > Math.floor(before / LOOK_MS);
}

/** Whether any of the events may be the first of a stretch: one that turns out to be none costs a read. */
function isLooked({ profile }: AccountState, arrivals: readonly IngestedEvent[]): boolean {
  return arrivals.some(({ time }) => isDue(time, profile.lastSeen));
}

function longestWindow({ policy, candidate }: Rules): number {
  const own = durationsOf(policy).longestWindow;
  return candidate === undefined ? own : Math.max(own, durationsOf(candidate.policy).longestWindow);
}

/** Start of the oldest slice that a look may still need, ms: events that come late begin slices that nobody has looked at. */
function oldestNeeded({ account, lastSeen }: Profile, { looked }: Judgement, rules: Rules): number {
  const judged = laneNumber(account) === 0 ? looked : lastSeen;
  return Math.min(lastSeen, judged) - longestWindow(rules) - SLICE_MS;
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

  constructor({ judgement, memo, sealed }: AccountState, rules: Rules) {
    this.judgement = judgement;
    this.memo = memo;
    this.#sealed = sealed;
    this.#rules = rules;
  }

  look(profile: Profile): void {
    this.memo ??= new WindowMemo();
    const slices = joinSlices([this.#sealed, profile.slices.slice()]);
    this.#judge(subjectOf(profile, slices, this.memo), profile.lastSeen);
  }

  /** One look at the end of each slice that is over in all lanes, as if they had ended at that moment: it is the same whichever was faster. */
  lookAtAll(state: AccountState): void {
    const { profile } = wholeAccount(state);
    const subject = subjectOf(profile, profile.slices, new WindowMemo());
    const { evidence, looked } = this.judgement;
    // until the first look the account began with whichever lane was first
    if (looked === 0)
      this.judgement = { ...this.judgement, evidence: { ...evidence, since: profile.firstSeen } };
    for (const slice of dueSlices(subject.slices, this.judgement.looked, foldedUntil(state)))
      this.#judge(subject, slice + SLICE_MS);
  }

  /** @param at event time, ms */
  #judge(subject: Subject, at: number): void {
    const { judgement } = this;
    const before =
      judgement.evidence.since === 0
        ? { ...judgement, evidence: { ...judgement.evidence, since: subject.firstSeen } }
        : judgement;
    const verdict = judgeAccount(subject, before, at, this.#rules);
    this.judgement = judgeInShadow(
      subject,
      { before: judgement, judged: verdict.judgement },
      at,
      this.#rules,
    ).judgement;
    this.scores = verdict.scores;
    this.certainty = verdict.certainty;
  }
}

function subjectOf(
  { account, customer, firstSeen, samples }: Profile,
  slices: readonly Slice[],
  memo: WindowMemo,
): Subject {
  return {
    account,
    customer: { ...customer },
    firstSeen,
    sampleEvents: samples.slice(-SAMPLE_IDS),
    slices,
    memo,
  };
}
