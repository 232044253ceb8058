import type { Rules } from '../detection/judge.ts';
import type { Policy } from '../policy/policy.ts';
import type { Campaign } from './campaign.ts';
import { carryIdentity, type Matching } from './identity.ts';
import type { Group } from './linking/find-groups.ts';

/** A campaign without group is forgotten after so long, ms: a successor is recognised until then. */
const FORGET_MS = 90 * 86_400_000;
/** A month: groups judged within it share the budget. */
const MONTH_MS = 30 * 86_400_000;
/** Groups that the budget is shared by at least: a young base does not spend a month's budget on its first groups. */
const MIN_TESTED = 25;
/** A campaign with a finding that has gone quiet is looked at again after so long, so that it can calm and close, ms. */
const IDLE_LOOK_MS = 6 * 3_600_000;

/** What one run has to do. */
export interface RunPlan extends Matching {
  /** campaigns that nobody carries on now, kept for their successors */
  readonly resting: readonly Campaign[];
  /** groups that share the month's error budget */
  readonly tested: number;
}

/** Plans a run at arrival time `at` (ms): which groups carry which campaigns on, and how the budget is shared. */
export function planRun(
  known: readonly Campaign[],
  groups: readonly Group[],
  at: number,
  policy: Policy,
): RunPlan {
  const remembered = known.filter((campaign) => at - campaign.seenAt < FORGET_MS);
  const matching = carryIdentity(remembered, groups, at);
  const busy = new Set([
    ...matching.carried.map(({ campaign }) => campaign.id),
    ...matching.merged.map(({ campaign }) => campaign.id),
  ]);
  const large = groups.filter((group) => group.members.length >= policy.campaigns.smallest).length;
  const judged = remembered.filter((campaign) => at - campaign.judgedAt < MONTH_MS).length;
  return {
    ...matching,
    resting: remembered.filter((campaign) => !busy.has(campaign.id)),
    tested: Math.max(MIN_TESTED, large, judged),
  };
}

/** Whether the active policy or a candidate has a finding on it, calmed ones too: it must still calm and close. */
function isOpen({ judgement, shadow }: Campaign): boolean {
  return judgement.finding !== undefined || shadow?.finding !== undefined;
}

/** Whether a campaign is to be judged in this run. @param active a member had traffic since it was judged */
export function isDue(
  campaign: Campaign,
  group: Group,
  active: boolean,
  at: number,
  { policy, candidate }: Pick<Rules, 'policy' | 'candidate'>,
): boolean {
  const open = isOpen(campaign);
  const smallest = Math.min(
    policy.campaigns.smallest,
    candidate?.policy.campaigns.smallest ?? Number.POSITIVE_INFINITY,
  );
  if (group.members.length < smallest && !open) return false;
  return active || (open && at - campaign.judgedAt >= IDLE_LOOK_MS);
}

/**
 * Campaigns with a finding that nothing links any more, each with its last members for a group: accounts were closed, or
 * forgotten. They are still looked at, so that the finding can calm and close.
 */
export function unlinked(resting: readonly Campaign[]): { campaign: Campaign; group: Group }[] {
  return resting.filter(isOpen).map((campaign) => ({
    campaign,
    group: { members: campaign.members, links: [], bodies: [campaign.members] },
  }));
}

/** Campaign by account; all campaigns with an open finding count as one, so that kin may find together (see findGroups). */
export function heldNames(campaigns: Iterable<Campaign>): Map<string, string> {
  const held = new Map<string, string>();
  for (const { id, members, accused } of campaigns)
    for (const account of members) held.set(account, accused.size > 0 ? 'accused' : id);
  return held;
}
