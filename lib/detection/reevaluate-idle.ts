import { joinSlices } from '../profile/window.ts';
import type { AccountState } from './account-state.ts';
import { judgeIdle, type Rules } from './judge.ts';
import { wholeAccount } from './lanes.ts';
import { judgeInShadow } from './shadow.ts';

/** An account with an open finding is looked at again after so long without an event, ms. */
export const IDLE_MS = 24 * 3_600_000;

/** Whether an account has a finding that only traffic could calm or close, and no traffic. @param now newest arrival, ms */
export function isIdle(state: AccountState, now: number): boolean {
  const { profile, judgement } = wholeAccount(state);
  const open = judgement.finding !== undefined || judgement.shadow?.finding !== undefined;
  return open && now - profile.lastSeen >= IDLE_MS;
}

/**
 * Judges a silent account at `at` (ms) as any event would have: its last slice is looked at; then its windows empty, so its
 * finding calms and, two weeks later, closes. Undefined where there is nothing to tell. The state has its notices and wants
 * one conditional write, under the version that was read.
 */
export function reevaluateIdle(stored: AccountState, at: number, rules: Rules): AccountState | undefined {
  const { profile, judgement: before } = stored;
  const whole = wholeAccount(stored);
  const subject = {
    account: profile.account,
    customer: whole.profile.customer,
    firstSeen: whole.profile.firstSeen,
    sampleEvents: whole.profile.samples,
    slices: joinSlices([whole.sealed, whole.profile.slices]),
  };
  const own = judgeIdle(subject, before, at, rules);
  // Who has no candidate to ask leaves its judgement to the next event.
  const { judgement, notice } =
    rules.candidate === undefined
      ? { judgement: own.judgement, notice: undefined }
      : judgeInShadow(subject, { before, judged: own.judgement }, at, rules, judgeIdle);
  if (own.notice === undefined && notice === undefined) return undefined;
  const { sealed, asked, lanes } = stored;
  return {
    ...{ profile: { ...profile, version: profile.version + 1 }, judgement, sealed, asked },
    ...(lanes === undefined ? {} : { lanes }),
  };
}
