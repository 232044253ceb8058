import type { Rules } from '../detection/judge.ts';
import type { Policy } from '../policy/policy.ts';
import { DAY_MS, HOUR_MS } from '../time.ts';
import { type Campaign, campaignId } from './campaign.ts';
import { carryIdentity, type Matching } from './identity.ts';
import type { Group } from './linking/find-groups.ts';

/** A campaign without group is passed over after so long, ms: a successor is recognised until then. */
const FORGET_MS = 90 * DAY_MS;
/** A month: groups judged within it share the budget. */
const MONTH_MS = 30 * DAY_MS;
/** Groups that the budget is shared by at least: a young base does not spend a month's budget on its first groups. */
const MIN_TESTED = 25;
/** A campaign with a finding that has gone quiet is looked at again after so long, so that it can calm and close, ms. */
const IDLE_LOOK_MS = 6 * HOUR_MS;

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
  // what is still stored under the id of a group goes on, however old: its notices are numbered
  const ids = new Set(groups.map(campaignId));
  const remembered = known
    .filter(({ id, seenAt }) => at - seenAt < FORGET_MS || ids.has(id))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
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

/**
 * Campaign by account, the one that was seen last where there are several; all campaigns with an open finding count as one,
 * so that kin may find together (see findGroups).
 */
export function heldNames(campaigns: Iterable<Campaign>): Map<string, string> {
  const held = new Map<string, string>();
  const ordered = [...campaigns].sort((a, b) => a.seenAt - b.seenAt || (a.id < b.id ? -1 : 1));
  for (const { id, members, accused } of ordered)
    for (const account of members) held.set(account, accused.size > 0 ? 'accused' : id);
  return held;
}
