import type { Transition } from '../findings/finding.ts';
import { joinSlices } from '../profile/window.ts';
import type { AccountState } from './account-state.ts';
import { judgeAccount, judgeWindow, type Rules } from './judge.ts';
import { judgeInShadow } from './shadow.ts';

/** An account with an open finding is looked at again after so long without an event, ms. */
export const IDLE_MS = 24 * 3_600_000;

/** Whether an account has a finding that only traffic could calm or close, and no traffic. @param now newest arrival, ms */
export function isIdle({ profile, judgement }: AccountState, now: number): boolean {
  const open = judgement.finding !== undefined || judgement.shadow?.finding !== undefined;
  return open && now - profile.lastSeen >= IDLE_MS;
}

/**
 * Judges a silent account at `at` (ms) as any event would have: its windows have emptied, so its finding calms and, two
 * weeks later, closes. Undefined where neither happens; nothing rises without an event. The state has its notices and
 * wants one conditional write, under the version that was read.
 */
export function reevaluateIdle(stored: AccountState, at: number, rules: Rules): AccountState | undefined {
  const { profile, judgement: before, sealed } = stored;
  const subject = {
    account: profile.account,
    customer: profile.customer,
    firstSeen: profile.firstSeen,
    sampleEvents: profile.samples,
    slices: joinSlices([sealed, profile.slices]),
  };
  const looked = judgeAccount(subject, before, at, rules);
  // windows that end now have emptied: what only traffic could say has faded
  const faded = judgeWindow(subject, looked.judgement, at, at, rules);
  const own = { ...faded, notice: faded.notice ?? looked.notice };
  const falls = own.notice === undefined || isFall(own.notice.transition);
  const kept = falls ? own.judgement : before;
  // Who has no candidate to ask leaves its judgement to the next event.
  const { judgement, notice } =
    rules.candidate === undefined
      ? { judgement: kept, notice: undefined }
      : judgeInShadow(subject, kept, at, rules);
  const made = [falls ? own.notice : undefined, notice].filter((held) => held !== undefined);
  if (made.length === 0 || !made.every(({ transition }) => isFall(transition))) return undefined;
  return { profile: { ...profile, version: profile.version + 1 }, judgement, sealed };
}

function isFall(transition: Transition): boolean {
  return transition === 'calmed' || transition === 'closed';
}
