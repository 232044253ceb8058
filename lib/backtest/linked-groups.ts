import { UndirectedGraph } from 'graphology';
import { connectedComponents } from 'graphology-components';
import type { Campaign } from '../campaigns/campaign.ts';
import { learnGroupNull } from '../campaigns/judging/group-null.ts';
import { judgeCampaign } from '../campaigns/judging/judge-campaign.ts';
import type { Member } from '../campaigns/judging/member.ts';
import type { Group } from '../campaigns/linking/find-groups.ts';
import { kindOf } from '../campaigns/linking/link-facts.ts';
import { planRun } from '../campaigns/run-plan.ts';
import type { CampaignTracker } from '../campaigns/tracker.ts';
import { newJudgement } from '../detection/account-state.ts';
import { type Rules, scoreRules } from '../detection/judge.ts';
import { DAY_MS } from '../time.ts';
import type { LinkedGroups } from './tuning-rules.ts';

/**
 * The groups that a tracker linked in a replay, judged again under any weights and nulls: at the end of every day from the
 * slice in which the link stood, as production would, and never ahead of it.
 * @param tracker after its last run; it need not have judged
 * @param members accounts with their slices: all that may be in a group or among the benign
 */
export function linkedGroups(
  tracker: CampaignTracker,
  members: ReadonlyMap<string, Member>,
  rules: Rules,
): LinkedGroups {
  const found = tracker
    .campaigns()
    .map((campaign) => ({ campaign, group: groupOf(campaign, tracker) }))
    .map(({ campaign, group }) => ({
      campaign,
      group,
      members: group.members.flatMap((account) => members.get(account) ?? []),
    }))
    .filter((held) => held.members.length >= rules.policy.campaigns.smallest);
  const { tested } = planRun(
    tracker.campaigns(),
    found.map(({ group }) => group),
    Math.max(0, ...found.map(({ campaign }) => campaign.seenAt)),
    rules.policy,
  );
  return {
    groups: found.map((held) => held.members.map(({ account }) => account)),
    learn(benign, weights) {
      const accounts = [...members.values()].filter(({ account }) => benign.has(account));
      return accounts.length === 0
        ? undefined
        : learnGroupNull(accounts, scoreRules({ ...rules.policy, weights }));
    },
    budgets(nulls, weights, only) {
      const reached = new Map<string, number>();
      if (nulls === undefined) return reached;
      const judged: Rules = {
        ...rules,
        calibration: { ...rules.calibration, groupScore: nulls },
        // everybody is judged as if suspected: what is wanted is from which budget on
        policy: { ...rules.policy, weights, campaigns: { ...rules.policy.campaigns, budget: tested } },
      };
      for (const g of only) {
        const held = found[g];
        if (held === undefined) continue;
        const last = Math.max(...held.members.map(({ lastSeen }) => lastSeen));
        const bare: Campaign = {
          ...held.campaign,
          accused: new Map(),
          judgement: newJudgement(held.campaign.linkedAt),
        };
        for (let at = held.campaign.linkedAt + DAY_MS; at < last + DAY_MS; at += DAY_MS) {
          const verdict = judgeCampaign(bare, { ...held, at: Math.min(at, last), tested }, judged);
          const budget = verdict.p * tested;
          for (const account of verdict.campaign.accused.keys())
            reached.set(account, Math.min(budget, reached.get(account) ?? Number.POSITIVE_INFINITY));
        }
      }
      return reached;
    },
  };
}

/** A campaign's group as it was linked last, from the facts that it is remembered by. */
function groupOf(campaign: Campaign, { index }: CampaignTracker): Group {
  const own = new Set(campaign.members);
  const links = campaign.keys.map((key) => {
    const posting = index.posting(key);
    return {
      key,
      kind: kindOf(key),
      members: (posting?.members ?? []).filter((account) => own.has(account)),
      accounts: posting?.accounts ?? 0,
    };
  });
  return { members: campaign.members, links, bodies: bodiesOf(campaign.members, links) };
}

/** Members that share remembered facts, largest body first; clocks are no facts, and join no body. */
function bodiesOf(members: readonly string[], links: Group['links']): string[][] {
  const graph = new UndirectedGraph();
  for (const account of members) graph.addNode(account);
  for (const { members: sharing } of links)
    for (const account of sharing.slice(1)) graph.mergeUndirectedEdge(sharing[0], account);
  return connectedComponents(graph).sort((a, b) => b.length - a.length);
}
