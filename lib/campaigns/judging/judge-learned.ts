import { judgedWith, nextStep } from '../../detection/episode.ts';
import { levelRules, type Rules } from '../../detection/judge.ts';
import type { Reason } from '../../findings/finding.ts';
import { sliceStart } from '../../profile/slice.ts';
import type { Calibration } from '../../scoring/calibration.ts';
import { learnedGroupScore } from '../../scoring/group-mean.ts';
import { mostUnranked } from '../../scoring/group-promise.ts';
import { scoringOf } from '../../scoring/group-ranks.ts';
import { cappedLevel, type LevelState, levelRank, nextLevel } from '../../scoring/level.ts';
import { countAtLeast } from '../../scoring/rank-null.ts';
import type { Contribution, WindowScore } from '../../scoring/score.ts';
import { updateRunningMax } from '../../scoring/significance.ts';
import { smallest } from '../../statistics/extremes.ts';
import type { Campaign } from '../campaign.ts';
import { LINK_KINDS } from '../linking/link-facts.ts';
import type { CampaignCase, CampaignVerdict } from './campaign-case.ts';
import { campaignNotice } from './campaign-notice.ts';
import { referenceOf } from './group-history.ts';
import { groupChance, memberChance, memberEvidence } from './learned-group.ts';
import { customerOf, type Fit, type JudgedMember, type Member } from './member.ts';
import { MemberScores } from './member-score.ts';
import {
  leastShown,
  type SecondLook,
  secondLook,
  showsIt,
  unrankedReasons,
  withUnranked,
} from './second-look.ts';

const SUSPECT = levelRank('suspect');
/** Members whose scores are taken apart for the reasons: more do not change a typical one. */
const EXPLAINED = 25;
/** Facts given as reasons beside the group's score. */
const FACTS_GIVEN = 2;

/**
 * Judges a campaign by its members' learned scores (see learned-group.ts), held against the groups of the past. Evidence is
 * the running maximum over all looks, as in the past. Who is named is decided member by member: the group brings an account
 * under suspicion, and its own score must not speak against it.
 * @param scores what is remembered from earlier looks: the same verdict, sooner
 */
export function judgeLearned(
  campaign: Campaign,
  judging: CampaignCase,
  rules: Rules,
  scores = new MemberScores(),
): CampaignVerdict {
  const { group, members, at, tested } = judging;
  const { policy, calibration } = rules;
  const linked = group.links.length > 0 && group.members.length >= policy.campaigns.smallest;
  const quiet: CampaignVerdict = { campaign, score: 0, p: 1, notice: undefined };
  if (!linked && campaign.judgement.finding === undefined) return quiet;
  const own = members.map((member) => scores.at(member, at, calibration, policy.windows));
  const score =
    (linked
      ? learnedGroupScore(
          own.map((held) => held?.score),
          scoringOf(calibration.groups).prior,
        )
      : undefined) ?? 0;
  const before = campaign.judgement;
  const evidence = updateRunningMax(before.evidence, score, at);
  const levels = levelRules(policy, calibration);
  const { chances, byRanks, second } = chancesOf(campaign, judging, { own, score, linked }, rules, scores);
  const p = Math.min(1, ...chances);
  const level = nextLevel(before.level, p, at, levels);
  // while a finding calms, whoever has joined since is not named by it
  const supported = new Set(
    members.flatMap(({ account }, i) => ((chances[i] as number) <= levels.suspect ? [account] : [])),
  );
  const judged =
    levelRank(level.level) >= SUSPECT
      ? judgeMembers(campaign, group, members, { own, supported, byRanks })
      : [];
  const accused = accusedOf(campaign, level, judged, at);
  const open = before.finding;
  const known = campaign.accused.size;
  const events = own.reduce((sum, held) => sum + (held?.events ?? 0), 0);
  const grown =
    open !== undefined &&
    (events >= Math.max(1, 2 * open.noticedEvents) || (accused.size > known && accused.size >= 1.5 * known));
  const change = { at, evidence, level, events, grown };
  const step = nextStep('campaign', campaign.id, before, change, policy);
  const so = withUnranked(campaign, accused, second?.named, judging.allowance?.at ?? 0);
  const judgedSo: Campaign = { ...so, accused, judgement: { ...before, evidence, level } };
  if (step === undefined) return { campaign: judgedSo, score, p, notice: undefined };
  const { transition, number, id } = step;
  const sure = groupChance(evidence.peak, calibration);
  const least = groupChance(Number.POSITIVE_INFINITY, calibration)?.p ?? 1;
  const highestLevel = cappedLevel(levels);
  const notice = {
    ...campaignNotice({
      campaign,
      group,
      members,
      judged: judged.map((held) =>
        accused.has(held.member.account) ? held : { ...held, fit: 'bystander' as const },
      ),
      customer: customerOf(members),
      occasion: { transition, number, finding: id, level, previous: before.level.level, at },
      top: {
        hours: Math.max(...policy.windows),
        from: campaign.linkedAt,
        to: at,
        events,
        score,
        contributions: () => [],
      },
      reasons: [
        ...learnedReasons(own, score, evidence.peak, calibration),
        ...(so.unranked === undefined ? [] : unrankedReasons(second?.score, rules)),
      ],
      sure,
      evidence,
      from: sinceOf(campaign, members),
      rules,
    }),
    ...(highestLevel === undefined ? {} : { highestLevel }),
    ...(sure === undefined || sure.p > least ? {} : { pIsBound: true as const }),
    // ranks support no smaller number of false campaigns a month, whatever the policy asks for
    promise:
      Math.max(policy.campaigns.budget, Number((least * tested).toPrecision(3))) +
      // each false campaign names one account at least
      (so.unranked === undefined ? 0 : mostUnranked(calibration, levels.suspect)),
  };
  return {
    campaign: { ...judgedSo, judgement: judgedWith(before, change, step, notice) },
    score,
    p,
    notice,
  };
}

/** Start of the slice in which the campaign was linked, or a member was first seen, ms. */
function sinceOf({ linkedAt }: Campaign, members: readonly { readonly firstSeen: number }[]): number {
  return sliceStart(
    smallest(
      members.map(({ firstSeen }) => firstSeen),
      linkedAt,
    ),
  );
}

/** What a group shows at a look. */
interface GroupShown {
  readonly own: readonly (WindowScore | undefined)[];
  readonly score: number;
  readonly linked: boolean;
}

/** Chances by which members are judged: by the ranks of the past, and where those name them not, by the second look. */
function chancesOf(
  campaign: Campaign,
  judging: CampaignCase,
  { own, score, linked }: GroupShown,
  rules: Rules,
  scores: MemberScores,
): { chances: readonly number[]; byRanks: ReadonlySet<string>; second: SecondLook | undefined } {
  const { group, members } = judging;
  const { calibration } = rules;
  const { suspect } = levelRules(rules.policy, calibration);
  const reference = referenceOf(group.members, calibration.groups);
  const ranked = own.map((held) =>
    memberChance({ evidence: memberEvidence(score, held?.score), reference }, calibration, suspect),
  );
  const isNew = linked && reference === 0;
  const second = isNew ? secondLook(campaign, judging, { own, ranked }, rules, scores) : undefined;
  return {
    chances: members.map(({ account }, i) => {
      const p = ranked[i] as number;
      return second?.named.has(account) === true ? Math.min(p, suspect) : p;
    }),
    byRanks: new Set(
      members.flatMap(({ account }, i) => ((ranked[i] as number) <= suspect ? [account] : [])),
    ),
    second,
  };
}

/** What the members of a case show. */
interface Shown {
  readonly own: readonly (WindowScore | undefined)[];
  /** members whose evidence reaches the level by itself */
  readonly supported: ReadonlySet<string>;
  /** those of them that ranks support: whom only the allowance names speaks for nobody else */
  readonly byRanks: ReadonlySet<string>;
}

/**
 * Core: its own score is no less than half of the mean, and with the group's it is beyond the past (or was, when it was
 * named). Edge: too few requests to be scored, of one owner with a core member.
 */
function judgeMembers(
  campaign: Campaign,
  { links }: CampaignCase['group'],
  members: CampaignCase['members'],
  { own, supported, byRanks }: Shown,
): readonly JudgedMember[] {
  const least = leastShown(own);
  const core = new Set(
    members.flatMap(({ account }, i) => {
      return showsIt(own[i]?.score ?? 0, least) && (supported.has(account) || campaign.accused.has(account))
        ? [account]
        : [];
    }),
  );
  const owned = new Set(
    links
      .filter(
        ({ kind, members: sharing }) =>
          LINK_KINDS[kind].hard && sharing.some((account) => byRanks.has(account) && core.has(account)),
      )
      .flatMap(({ members: sharing }) => sharing),
  );
  return members.map((member, i) => {
    const { account } = member;
    let fit: Fit = 'bystander';
    if (core.has(account)) fit = 'core';
    else if (own[i] === undefined && (owned.has(account) || campaign.accused.has(account))) fit = 'edge';
    return { member, fit, share: 0, events: own[i]?.events ?? eventsOf(member), outputTokens: 0 };
  });
}

function eventsOf({ slices }: Member): number {
  return slices.reduce((sum, { counts }) => sum + counts.events, 0);
}

/** @param at when whoever is new among them is named */
function accusedOf(
  campaign: Campaign,
  level: LevelState,
  judged: readonly JudgedMember[],
  at: number,
): ReadonlyMap<string, number> {
  if (levelRank(level.level) < SUSPECT) return new Map();
  return new Map(
    judged.flatMap(({ member: { account }, fit, events }) => {
      const since = campaign.accused.get(account) ?? at;
      return fit === 'bystander' || events === 0 ? [] : [[account, since]];
    }),
  );
}

/** The group's place among those of the past, and what a typical member's score is made of. @param peak highest score of the group so far */
export function learnedReasons(
  own: readonly (WindowScore | undefined)[],
  score: number,
  peak: number,
  calibration: Calibration,
): Reason[] {
  const ranks = calibration.groups?.groups;
  const among = {
    p: groupChance(peak, calibration)?.p ?? 1,
    groups: ranks?.accounts ?? 0,
    above: ranks === undefined ? 0 : countAtLeast(ranks, score),
  };
  const scored = own.flatMap((held) => (held === undefined ? [] : [held])).sort((a, b) => b.score - a.score);
  const middle = scored.slice(Math.max(0, (scored.length - EXPLAINED) >> 1)).slice(0, EXPLAINED);
  const parts = new Map<string, Contribution[]>();
  for (const held of middle)
    for (const part of held.contributions()) {
      const list = parts.get(part.signal);
      if (list === undefined) parts.set(part.signal, [part]);
      else list.push(part);
    }
  const mean = (list: readonly Contribution[]): number =>
    list.reduce((sum, { points }) => sum + points, 0) / Math.max(1, middle.length);
  const round = (value: number): number => Number(value.toPrecision(4));
  const facts = [...parts.values()]
    .sort((a, b) => mean(b) - mean(a))
    .slice(0, FACTS_GIVEN)
    .flatMap((list): Reason[] => {
      const typical = list.toSorted((a, b) => a.value - b.value)[list.length >> 1];
      if (typical === undefined || mean(list) <= 0) return [];
      return [
        {
          signal: typical.signal,
          title: typical.title,
          value: round(typical.value),
          p: round(typical.p ?? 1),
          points: round(mean(list)),
          evidence: `a typical member, ${typical.evidence}`,
        },
      ];
    });
  return [
    {
      signal: 'group-score',
      title: 'its accounts, taken together, look like the library of attacks',
      value: round(score),
      p: round(among.p),
      points: round(score),
      evidence: `${scored.length} accounts that could be scored come to ${score.toFixed(2)} together; ${among.above} of ${among.groups} linked groups of the past came to as much`,
    },
    ...facts,
  ];
}
