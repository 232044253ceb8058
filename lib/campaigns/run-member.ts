import type { AccountState } from '../detection/account-state.ts';
import { wholeAccount } from '../detection/lanes.ts';
import { joinSlices } from '../profile/window.ts';
import type { Member } from './judging/member.ts';

/** A member as a run needs it. */
export interface RunMember extends Member {
  /** newest arrival of its events, ms */
  readonly arrived: number;
}

/**
 * An account as it is stored, for a run; undefined for one that is forgotten or never sent anything. Its slices are joined
 * when they are asked for: most members are read only to see that nothing has changed.
 */
export function memberOf(state: AccountState): RunMember | undefined {
  const { profile, sealed, judgement } = wholeAccount(state);
  if (profile.totals.events === 0) return undefined;
  let slices: RunMember['slices'] | undefined;
  return {
    account: profile.account,
    customer: profile.customer,
    firstSeen: profile.firstSeen,
    lastSeen: profile.lastSeen,
    arrived: profile.arrived,
    get slices() {
      slices ??= joinSlices([sealed, profile.slices]);
      return slices;
    },
    sampleEvents: profile.samples,
    evidence: judgement.evidence,
  };
}
