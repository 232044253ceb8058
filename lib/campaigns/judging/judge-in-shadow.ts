import type { Rules } from '../../detection/judge.ts';
import { asShadow, freshShadow } from '../../detection/shadow.ts';
import type { Campaign, CampaignShadow } from '../campaign.ts';
import type { CampaignCase, CampaignVerdict } from './campaign-case.ts';
import { closeMerged, judgeCampaign } from './judge-campaign.ts';
import { MemberWindows } from './member-window.ts';

/**
 * Judges the same group under the candidate policy, beside what the active one has just made of it: the same links and the
 * same members, its own windows, weights, budget, evidence and finding. Without a candidate, what an earlier one left is
 * dropped. No other part of the campaign changes.
 * @param judged the active policy's verdict
 */
export function judgeInShadow(
  judged: Campaign,
  judging: CampaignCase,
  rules: Rules,
  windows = new MemberWindows(),
): Campaign {
  const { candidate } = rules;
  const { shadow, ...own } = judged;
  if (candidate === undefined || !candidate.policy.campaigns.enabled)
    return shadow === undefined ? judged : own;
  const before =
    shadow?.policy === candidate.policy.id ? shadow : fresh(candidate.policy.id, shadow, judging.at);
  const { allowanceInShadow, allowance: _, ...rest } = judging;
  const inShadow = allowanceInShadow === undefined ? rest : { ...rest, allowance: allowanceInShadow };
  return kept(own, before, (as, own) => judgeCampaign(as, inShadow, own, windows), rules);
}

/** Ends the candidate's thread too where a campaign's members went on in another one; see closeMerged. */
export function closeInShadow(
  ended: Campaign,
  into: string,
  successor: Parameters<typeof closeMerged>[2],
  at: number,
  rules: Rules,
): Campaign {
  const { shadow, ...own } = ended;
  if (shadow === undefined) return ended;
  if (rules.candidate?.policy.id !== shadow.policy) return own;
  return kept(own, shadow, (as, own) => closeMerged(as, into, successor, at, own), rules);
}

/** Judges under the candidate's rules and with what it thought before, and puts the result beside the active judgement. */
function kept(
  own: Campaign,
  before: CampaignShadow,
  judge: (as: Campaign, rules: Rules) => CampaignVerdict,
  rules: Rules,
): Campaign {
  if (rules.candidate === undefined) return own;
  const { policy, evidence, level, episode, finding, accused, unranked = [] } = before;
  const as: Campaign = {
    ...own,
    accused,
    unranked,
    judgement: { ...own.judgement, evidence, level, episode, finding },
  };
  const { campaign } = judge(as, { ...rules.candidate, code: rules.code, shadow: true });
  const { judgement } = campaign;
  return {
    ...own,
    judgement: { ...own.judgement, numbered: judgement.numbered, notices: judgement.notices },
    shadow: {
      ...asShadow(policy, judgement),
      accused: campaign.accused,
      ...(campaign.unranked?.length ? { unranked: campaign.unranked } : {}),
    },
  };
}

function fresh(policy: string, before: CampaignShadow | undefined, at: number): CampaignShadow {
  return { ...freshShadow(policy, before, at), accused: new Map() };
}
