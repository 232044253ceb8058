import { judgedWith, nextNumber, nextStep } from '../../detection/episode.ts';
import { type Rules, reasonsOf } from '../../detection/judge.ts';
import type { Notice } from '../../findings/finding.ts';
import type { Policy } from '../../policy/policy.ts';
import { sliceStart } from '../../profile/slice.ts';
import { windowMs } from '../../profile/window.ts';
import { type LevelRules, type LevelState, levelRank, nextLevel } from '../../scoring/level.ts';
import type { WindowScore } from '../../scoring/score.ts';
import { updateRunningMax } from '../../scoring/significance.ts';
import type { Campaign } from '../campaign.ts';
import type { Group } from '../linking/find-groups.ts';
import type { CampaignCase, CampaignVerdict } from './campaign-case.ts';
import { campaignNotice } from './campaign-notice.ts';
import { type GroupInput, groupInput, groupSignificance, scoreGroup, UNCOMMON } from './group-score.ts';
import { judgeLearned } from './judge-learned.ts';
import { customerOf, type JudgedMember, type Member } from './member.ts';
import { MemberWindows } from './member-window.ts';
import { fits, standsOutAt } from './membership.ts';

const SUSPECT = levelRank('suspect');

/**
 * Level rules of campaigns: the budget is the expected number of false campaigns a month over all customers, shared
 * by all groups that are judged in a month.
 */
export function campaignLevels(policy: Policy, tested: number): LevelRules {
  const each = policy.campaigns.budget / Math.max(1, tested);
  return {
    watch: Math.min(1, each * 10),
    suspect: each,
    critical: each / 5,
    calm: policy.calmHours * 3_600_000,
  };
}

/**
 * Judges a campaign: its members' merged slices from the slice in which the link first stood, scored
 * and compared with benign groups; evidence is the running maximum, as for accounts. Abstains without a group null in the
 * calibration: then nothing about the campaign changes.
 * @param windows what is remembered from earlier looks: the same verdict, sooner
 */
export function judgeCampaign(
  campaign: Campaign,
  judging: CampaignCase,
  rules: Rules,
  windows = new MemberWindows(),
): CampaignVerdict {
  const { group, members, at, tested } = judging;
  const { policy, calibration } = rules;
  if (calibration.groups !== undefined) return judgeLearned(campaign, judging, rules, windows.scores);
  const nulls = calibration.groupScore;
  const quiet: CampaignVerdict = { campaign, score: 0, p: 1, notice: undefined };
  if (nulls === undefined) return quiet;
  // what nothing links any more, or too few, can calm and close; no finding begins there
  const linked = group.links.length > 0 && group.members.length >= policy.campaigns.smallest;
  if (!linked && campaign.judgement.finding === undefined) return quiet;
  const customer = customerOf(members);
  const from = sliceStart(campaign.linkedAt);
  let best: WindowScore | undefined;
  let longest: GroupInput | undefined;
  for (const hours of policy.windows) {
    const length = windowMs(hours);
    const own = members.map(({ account, slices }) => windows.at(account, slices, at, length, from));
    const sight = groupInput(own, customer, at, hours);
    const score = scoreGroup(sight, nulls);
    if (best === undefined || score.score > best.score) best = score;
    if (longest === undefined || hours > longest.hours) longest = sight;
  }
  if (best === undefined || longest === undefined) return quiet;
  const before = campaign.judgement;
  const evidence = updateRunningMax(before.evidence, best.score, at);
  const kind = { product: customer.product, members: members.length };
  const { p } = groupSignificance(best.score, kind, calibration);
  const sure = groupSignificance(evidence.peak, kind, calibration);
  const level = nextLevel(before.level, p, at, campaignLevels(policy, tested));
  const judged =
    levelRank(level.level) >= SUSPECT
      ? judgeMembers(campaign, judging, { sight: longest, score: best }, rules)
      : [];
  const accused = accusedOf(campaign, level, judged, at);
  const open = before.finding;
  // nobody and nothing left is no growth
  const known = campaign.accused.size;
  const grown =
    open !== undefined &&
    (best.events >= Math.max(1, 2 * open.noticedEvents) ||
      (accused.size > known && accused.size >= 1.5 * known));
  const change = { at, evidence, level, events: best.events, grown };
  const step = nextStep('campaign', campaign.id, before, change, policy);
  if (step === undefined)
    return {
      campaign: { ...campaign, accused, judgement: { ...before, evidence, level } },
      score: best.score,
      p,
      notice: undefined,
    };
  const { transition, number, id } = step;
  const notice = campaignNotice({
    campaign,
    group,
    members,
    judged,
    customer,
    occasion: { transition, number, finding: id, level, previous: before.level.level, at },
    top: best,
    reasons: reasonsOf(best, UNCOMMON),
    sure,
    evidence,
    from,
    rules,
  });
  const judgement = judgedWith(before, change, step, notice);
  return { campaign: { ...campaign, accused, judgement }, score: best.score, p, notice };
}

/**
 * Ends the thread of a campaign whose members went on in another one. Says nothing where no finding was open.
 * @param successor group and members of the campaign `into`; without them nothing can be said
 */
export function closeMerged(
  campaign: Campaign,
  into: string,
  successor: { readonly group: Group; readonly members: readonly Member[] } | undefined,
  at: number,
  rules: Rules,
): CampaignVerdict {
  const { judgement } = campaign;
  const { finding } = judgement;
  const ended: Campaign = { ...campaign, members: [], accused: new Map() };
  if (finding === undefined || finding.calmed || successor === undefined)
    return { campaign: ended, score: 0, p: 1, notice: undefined };
  const number = nextNumber(judgement, at);
  const customer = customerOf(successor.members);
  const from = sliceStart(campaign.linkedAt);
  const notice: Notice = {
    ...campaignNotice({
      campaign,
      group: successor.group,
      members: successor.members,
      judged: [],
      customer,
      occasion: {
        transition: 'closed',
        number,
        finding: finding.id,
        level: judgement.level,
        previous: judgement.level.level,
        at,
      },
      top: {
        hours: Math.max(...rules.policy.windows),
        from,
        to: at,
        events: 0,
        score: judgement.evidence.peak,
        contributions: () => [],
      },
      reasons: [],
      sure: undefined,
      evidence: judgement.evidence,
      from,
      rules,
    }),
    quiet: `went on in campaign ${into}`,
  };
  return {
    campaign: {
      ...ended,
      judgement: {
        ...judgement,
        finding: undefined,
        numbered: number,
        notices: [...judgement.notices, notice],
      },
    },
    score: 0,
    p: 1,
    notice,
  };
}

function judgeMembers(
  campaign: Campaign,
  { group, members, at }: CampaignCase,
  { sight, score }: { readonly sight: GroupInput; readonly score: WindowScore },
  rules: Rules,
): readonly JudgedMember[] {
  const accounts = members.map((member) => member.account);
  const named = (account: string): boolean => campaign.accused.has(account);
  const found = fits(group, { sight, accounts, score }, named, standsOutAt(members, at, rules));
  return members.map((member, i) => {
    const { counts } = sight.members[i] as GroupInput['members'][number];
    return {
      member,
      fit: found[i]?.fit ?? 'bystander',
      share: found[i]?.share ?? 0,
      events: counts.events,
      outputTokens: counts.outputTokens,
    };
  });
}

/** Who the finding names: all members but bystanders. */
function accusedOf(
  campaign: Campaign,
  level: LevelState,
  judged: readonly JudgedMember[],
  at: number,
): ReadonlyMap<string, number> {
  if (levelRank(level.level) < SUSPECT) return new Map();
  const accused = new Map<string, number>();
  for (const { member, fit, events } of judged) {
    const since = campaign.accused.get(member.account);
    // nobody is named for the first time without having shown anything
    if (fit === 'bystander' || (events === 0 && since === undefined)) continue;
    accused.set(member.account, since ?? at);
  }
  return accused;
}
