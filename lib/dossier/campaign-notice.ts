import {
  buildGroupInput,
  groupSignificance,
  scoreGroup,
  UNCOMMON,
} from '../campaigns/judging/group-score.ts';
import { fullWindow } from '../campaigns/judging/group-window.ts';
import { learnedReasons } from '../campaigns/judging/judge-learned.ts';
import { groupChance } from '../campaigns/judging/learned-group.ts';
import { customerOf, type Member } from '../campaigns/judging/member.ts';
import { MemberScores } from '../campaigns/judging/member-score.ts';
import { robustLook, UNRANKED, unrankedReasons } from '../campaigns/judging/second-look.ts';
import { type Rules, reasonsOf } from '../detection/judge.ts';
import { timeRules } from '../detection/process-batch.ts';
import { explain } from '../findings/explanations.ts';
import type { Notice, Reason } from '../findings/finding.ts';
import { fold, type IngestedEvent, newProfile } from '../profile/profile.ts';
import { sliceStart } from '../profile/slice.ts';
import { windowMs } from '../profile/window.ts';
import { learnedGroupScore } from '../scoring/group-mean.ts';
import { scoringOf } from '../scoring/group-ranks.ts';
import type { WindowScore } from '../scoring/score.ts';
import { signalInput } from '../signals/signal.ts';
import { iso } from '../time.ts';
import type { Reproduction } from './account-notice.ts';
import type { CampaignSnapshot, Evidences } from './bundle.ts';
import { differences } from './differences.ts';

/** The members as the notice saw them, and their group's windows scored, the highest first. */
export interface GroupAtNotice {
  readonly members: readonly Member[];
  /** events that their slices were rebuilt from; 0: the stored slices stand for them */
  readonly events: number;
  /** event time from which slices count, ms */
  readonly from: number;
  readonly scores: readonly WindowScore[];
}

const round = (value: number): number => Number(value.toPrecision(4));

/**
 * The group whose events add up to the notice's: all members that are stored, else those that the finding had named by
 * then, else those that the notice lists. Of several, the one of as many accounts as the notice counts; the first where none
 * add up. Members' slices are rebuilt from the events up to the
 * notice, because stored ones went on growing.
 */
export function groupAtNotice(held: Evidences, rules: Rules): GroupAtNotice {
  const { notice } = held.finding;
  const at = Date.parse(notice.at);
  // learned scores are of all that members did, behaviours of merged members only of what came after the link
  const linked = rules.calibration.groups === undefined ? held.campaign?.linkedAt : undefined;
  const from = sliceStart(linked ?? Date.parse(notice.since));
  const byAccount = new Map<string, IngestedEvent[]>();
  for (const arrival of held.events) {
    if (arrival.time > at) continue;
    const list = byAccount.get(arrival.event.account);
    if (list === undefined) byAccount.set(arrival.event.account, [arrival]);
    else list.push(arrival);
  }
  const time = timeRules(rules.policy);
  const all = held.profiles
    .filter((profile) => profile.firstSeen <= at)
    .map((profile): Member => {
      const arrivals = byAccount.get(profile.account);
      if (arrivals === undefined) return held.events.length === 0 ? profile : { ...profile, slices: [] };
      return { ...profile, slices: fold(newProfile(profile.account), arrivals, time).profile.slices };
    });
  const listed = new Set((notice.subject.members ?? []).map(({ account }) => account));
  const named = namedBy(held.campaign, at);
  const candidates = [
    all,
    all.filter(({ account }) => named.has(account)),
    all.filter(({ account }) => listed.has(account)),
  ];
  const { memberCount, bystanders = 0 } = notice.subject;
  let first: GroupAtNotice | undefined;
  let second: GroupAtNotice | undefined;
  for (const members of candidates) {
    if (members.length === 0) continue;
    let events = 0;
    for (const { account } of members) events += byAccount.get(account)?.length ?? 0;
    const group = { members, events, from, scores: scoresOf(members, at, from, rules) };
    first ??= group;
    if (group.scores[0]?.events !== notice.window.events) continue;
    if (members.length === (memberCount ?? 0) + bystanders) return group;
    // who sent nothing adds no event, but a silent account more makes another group
    second ??= group;
  }
  return second ?? first ?? { members: [], events: 0, from, scores: [] };
}

function namedBy(campaign: CampaignSnapshot | undefined, at: number): ReadonlySet<string> {
  return new Set((campaign?.named ?? []).filter(({ since }) => since <= at).map(({ account }) => account));
}

/** Members' own scores, as lib/campaigns/judging/judge-learned.ts has them. */
function ownScores(
  members: readonly Member[],
  at: number,
  { policy, calibration }: Rules,
): (WindowScore | undefined)[] {
  const scores = new MemberScores();
  return members.map((member) => scores.at(member, at, calibration, policy.windows));
}

/** As lib/campaigns/judging/judge-learned.ts scores a group: over the longest window, taken apart elsewhere. */
function learnedScore(members: readonly Member[], at: number, from: number, rules: Rules): WindowScore {
  const hours = Math.max(...rules.policy.windows);
  const window = fullWindow(
    members.map(({ slices }) => slices),
    at,
    windowMs(hours),
    from,
  );
  const own = ownScores(members, at, rules).map((held) => held?.score);
  const score = learnedGroupScore(own, scoringOf(rules.calibration.groups).prior) ?? 0;
  return {
    hours,
    from: window.from,
    to: window.to,
    events: window.counts.events,
    score,
    contributions: () => [],
  };
}

/** As lib/campaigns/judging/judge-campaign.ts scores a group. */
function scoresOf(members: readonly Member[], at: number, from: number, rules: Rules): WindowScore[] {
  if (rules.calibration.groups !== undefined) return [learnedScore(members, at, from, rules)];
  const nulls = rules.calibration.groupScore;
  if (nulls === undefined) return [];
  const customer = customerOf(members);
  return rules.policy.windows
    .map((hours) =>
      scoreGroup(
        buildGroupInput(
          members.map(({ slices }) => slices),
          customer,
          at,
          hours,
          from,
        ),
        nulls,
      ),
    )
    .sort((a, b) => b.score - a.score);
}

/**
 * Writes a campaign's numbers again: score, certainty, window, reasons, explanations, what is at stake, and what each
 * listed member did. Not among them, and carried over: links, roles, and the accounts' evidence one by one. They rest on
 * facts of accounts that are not in the dossier, or on what an account's evidence was then.
 */
export function campaignNotice(held: Evidences, group: GroupAtNotice, rules: Rules): Reproduction {
  const { notice } = held.finding;
  const { members, events, scores, from } = group;
  const not = (why: string): Reproduction => ({ reproduced: false, why, differing: [], events });
  if (notice.transition === 'closed' && notice.window.events === 0)
    return not(`it went on in another campaign (${notice.quiet ?? 'joined'}), and says nothing new`);
  const [top] = scores;
  if (top === undefined)
    return not('the calibration has no null of groups, or no member was stored any more');
  const at = Date.parse(notice.at);
  const customer = customerOf(members);
  const peak = peakAt(held, at) ?? top.score;
  const sure =
    groupChance(peak, rules.calibration) ??
    groupSignificance(peak, { product: customer.product, members: members.length }, rules.calibration);
  const window = fullWindow(
    members.map(({ slices }) => slices),
    at,
    windowMs(top.hours),
    from,
  );
  const listed = (notice.subject.members ?? []).map(({ account }) => account);
  const again = {
    score: round(top.score),
    log10E: round(sure.log10E),
    p: round(sure.p),
    peers: { group: sure.group, accounts: sure.accounts },
    window: { hours: top.hours, from: iso(window.from), to: iso(window.to), events: window.counts.events },
    reasons:
      rules.calibration.groups === undefined
        ? reasonsOf(top, UNCOMMON)
        : [
            ...learnedReasons(ownScores(members, at, rules), top.score, peak, rules.calibration),
            ...unrankedAgain(notice, members, at, rules),
          ],
    explanations: explain(signalInput(window, customer)),
    requests: window.counts.events,
    inputTokens: window.counts.inputTokens,
    outputTokens: window.counts.outputTokens,
    models: [...window.models]
      .sort((a, b) => b[1] - a[1])
      .slice(0, 5)
      .map(([model, used]) => ({ model, share: round(used / Math.max(1, window.counts.events)) })),
    members: listed.map((account) => memberNumbers(account, members, at, from, rules)),
  };
  const { score, log10E, p, peers, reasons, explanations, stake } = notice;
  const noted = {
    score,
    log10E,
    p,
    peers,
    window: notice.window,
    reasons,
    explanations,
    requests: stake.requests,
    inputTokens: stake.inputTokens,
    outputTokens: stake.outputTokens,
    models: stake.models,
    members: (notice.subject.members ?? []).map(({ account, events: requests, outputTokens }) => ({
      account,
      events: requests,
      outputTokens,
    })),
  };
  const differing = differences(noted, again);
  return {
    reproduced: differing.length === 0,
    why: whyNot(held, group, differing.length),
    differing,
    events,
  };
}

/**
 * The running maximum at the notice: it travels in the notice. Notices of before that leave it to the stored campaign;
 * where it was overtaken since, the score itself can only have been the maximum.
 */
function peakAt({ finding, campaign }: Evidences, at: number): number | undefined {
  if (finding.notice.evidence !== undefined) return finding.notice.evidence.peak;
  const evidence = campaign?.evidence;
  return evidence !== undefined && evidence.peakAt <= at ? evidence.peak : undefined;
}

/** What a member did in the longest window, as a notice lists it. */
function memberNumbers(
  account: string,
  members: readonly Member[],
  at: number,
  from: number,
  rules: Rules,
): { account: string; events: number; outputTokens: number } {
  const slices = members.find((member) => member.account === account)?.slices ?? [];
  const { counts } = fullWindow([slices], at, windowMs(Math.max(...rules.policy.windows)), from);
  return { account, events: counts.events, outputTokens: counts.outputTokens };
}

function whyNot(held: Evidences, { events, scores }: GroupAtNotice, differing: number): string | null {
  if (differing === 0) return null;
  const { notice } = held.finding;
  if (held.campaign === undefined && (notice.subject.memberCount ?? 0) > held.profiles.length)
    return `${held.profiles.length} of ${notice.subject.memberCount} members are here, and the numbers are of all`;
  if (events === 0)
    return 'no events were left in the archive, and stored slices go on growing after a notice';
  if (scores[0]?.events !== notice.window.events)
    return `the members' events that are left add up to ${scores[0]?.events} in the window, the notice had ${notice.window.events}: some had expired, came late, or members were forgotten`;
  return `${differing} numbers came out otherwise`;
}

/** The reason that no rank supports, worked out again where the notice gives it. */
function unrankedAgain(notice: Notice, members: readonly Member[], at: number, rules: Rules): Reason[] {
  if (!notice.reasons.some(({ signal }) => signal === UNRANKED)) return [];
  const { policy, calibration } = rules;
  const look = robustLook(members, at, calibration, policy.windows, new MemberScores());
  return unrankedReasons(look?.score, rules);
}
