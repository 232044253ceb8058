import { priced, type Rules } from '../../detection/judge.ts';
import { explain } from '../../findings/explanations.ts';
import type { Notice, NoticeMember, Reason, Transition } from '../../findings/finding.ts';
import { plural } from '../../findings/format.ts';
import type { Policy } from '../../policy/policy.ts';
import type { CustomerFacts } from '../../profile/profile.ts';
import { sliceStart } from '../../profile/slice.ts';
import { windowMs } from '../../profile/window.ts';
import type { Level, LevelState } from '../../scoring/level.ts';
import type { WindowScore } from '../../scoring/score.ts';
import type { RunningMax, Significance } from '../../scoring/significance.ts';
import { signalInput } from '../../signals/signal.ts';
import { smallest } from '../../statistics/extremes.ts';
import { DAY_MS, iso } from '../../time.ts';
import type { Campaign } from '../campaign.ts';
import type { Group } from '../linking/find-groups.ts';
import { LINK_KINDS, type LinkKind } from '../linking/link-facts.ts';
import { fullWindow } from './group-window.ts';
import { individualSignificance } from './individual-significance.ts';
import type { JudgedMember, Member } from './member.ts';

/** Most members that a notice lists. */
const MAX_LISTED = 50;
/** Sample event ids that a notice lists. */
const SAMPLES = 16;
/** Most models of a member. */
const MODELS_LISTED = 3;

export interface CampaignOccasion {
  readonly transition: Transition;
  readonly number: number;
  readonly finding: string;
  readonly level: LevelState;
  readonly previous: Level;
  /** event time, ms */
  readonly at: number;
}

export interface NoticeParts {
  readonly campaign: Campaign;
  readonly group: Group;
  readonly members: readonly Member[];
  readonly judged: readonly JudgedMember[];
  readonly customer: CustomerFacts;
  readonly occasion: CampaignOccasion;
  readonly top: WindowScore;
  readonly reasons: readonly Reason[];
  readonly sure: Significance | undefined;
  /** running maximum of the group's score */
  readonly evidence: RunningMax;
  /** event time from which slices count, ms */
  readonly from: number;
  readonly rules: Rules;
}

const round = (value: number): number => Number(value.toPrecision(4));

/** The notice of a campaign's transition: one for all its members. */
export function campaignNotice(parts: NoticeParts): Notice {
  const { campaign, group, members, judged, customer, occasion, top, sure, evidence, rules } = parts;
  const { policy, calibration } = rules;
  const window = fullWindow(
    members.map((member) => member.slices),
    occasion.at,
    windowMs(top.hours),
    parts.from,
  );
  const shown = judged.filter(({ fit }) => fit !== 'bystander');
  const requests = judged.reduce((sum, { events }) => sum + events, 0);
  const linksOf = linksByMember(group);
  const listed = [...shown]
    .sort((a, b) => b.events - a.events || (a.member.account < b.member.account ? -1 : 1))
    .slice(0, MAX_LISTED);
  // nobody may be left of a campaign that is closed
  const first = smallest(
    members.map((member) => member.firstSeen),
    occasion.at,
  );
  const models = [...window.models].sort((a, b) => b[1] - a[1]);
  // accounts' evidence is of the active policy, and says nothing under a candidate
  const alone = rules.shadow ? undefined : individualSignificance(judged, policy, calibration);
  return {
    v: 1,
    number: occasion.number,
    transition: occasion.transition,
    finding: occasion.finding,
    subject: {
      type: 'campaign',
      id: campaign.id,
      plan: customer.plan,
      product: customer.product,
      members: listed.map((held) => ({
        ...memberEntry(held, { requests, at: occasion.at, from: parts.from, policy }),
        links: linksOf.get(held.member.account) ?? [],
      })),
      memberCount: Math.max(1, shown.length || members.length),
      ...(judged.length === 0 ? {} : { bystanders: judged.length - shown.length }),
    },
    at: iso(occasion.at),
    since: iso(Math.max(first, parts.from)),
    level: occasion.level.level,
    previous: occasion.previous,
    score: round(top.score),
    log10E: round(sure?.log10E ?? 0),
    p: sure === undefined ? 1 : round(sure.p),
    peers: { group: sure?.group ?? 'none', accounts: sure?.accounts ?? 0 },
    promise: policy.campaigns.budget,
    window: { hours: top.hours, from: iso(window.from), to: iso(window.to), events: window.counts.events },
    reasons: [...parts.reasons],
    explanations: explain(signalInput(window, customer)),
    links: noticeLinks(campaign, group),
    stake: {
      requests: window.counts.events,
      inputTokens: window.counts.inputTokens,
      outputTokens: window.counts.outputTokens,
      models: models
        .slice(0, 5)
        .map(([model, events]) => ({ model, share: round(events / Math.max(1, window.counts.events)) })),
      ...priced(window, policy),
    },
    evidence: { since: iso(evidence.since), peak: evidence.peak, peakAt: iso(evidence.peakAt) },
    ...(alone === undefined ? {} : { oneByOne: alone }),
    sampleEvents: listed.flatMap(({ member }) => (member.sampleEvents ?? []).slice(-2)).slice(0, SAMPLES),
    versions: { policy: policy.id, calibration: calibration.id, code: rules.code },
    shadow: rules.shadow,
  };
}

interface MemberView {
  /** of the whole group in the longest window */
  readonly requests: number;
  readonly at: number;
  readonly from: number;
  readonly policy: Policy;
}

/** A member as a finding lists it, over the longest window: what it did, and which ordinary work acting on it would cost. */
function memberEntry(
  { member, fit, share }: JudgedMember,
  { requests, at, from, policy }: MemberView,
): Omit<NoticeMember, 'links'> {
  const { account, customer, firstSeen, lastSeen } = member;
  const own = fullWindow([member.slices], at, windowMs(Math.max(...policy.windows)), from);
  const { events, outputTokens } = own.counts;
  // the window counts from the link and from the account's first event, whichever was later
  const days = Math.max(1, (at - Math.max(own.from, sliceStart(from), firstSeen)) / DAY_MS);
  const ordinary = 1 - share;
  const price = priced(own, policy);
  const models = [...own.models].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return {
    account,
    role: fit,
    plan: customer.plan,
    ageDays: Math.max(0, Math.floor((at - customer.createdAt) / DAY_MS)),
    firstSeen: iso(firstSeen),
    lastSeen: iso(lastSeen),
    events,
    outputTokens,
    requestsPerDay: round(events / days),
    trafficShare: round(events / Math.max(1, requests)),
    models: models
      .slice(0, MODELS_LISTED)
      .map(([model, used]) => ({ model, share: round(used / Math.max(1, events)) })),
    atRisk: {
      share: round(ordinary),
      requestsPerDay: round((ordinary * events) / days),
      outputTokensPerDay: Math.round((ordinary * outputTokens) / days),
      ...(price === undefined
        ? {}
        : { listPriceUsdPerDay: Number(((ordinary * price.listPriceUsd) / days).toFixed(2)) }),
    },
  };
}

function linksByMember(group: Group): Map<string, string[]> {
  const links = new Map<string, string[]>();
  for (const { kind, members } of group.links)
    for (const account of members) {
      const list = links.get(account);
      if (list === undefined) links.set(account, [kind]);
      else if (!list.includes(kind)) list.push(kind);
    }
  return links;
}

/** One line a kind of link: how many members share how many values, and how many others show them. */
function noticeLinks(campaign: Campaign, group: Group): Notice['links'] {
  const byKind = new Map<
    LinkKind,
    { members: Set<string>; values: number; others: number; largest: number }
  >();
  for (const { kind, members, accounts } of group.links) {
    const held = byKind.get(kind) ?? { members: new Set(), values: 0, others: 0, largest: 0 };
    for (const account of members) held.members.add(account);
    held.values++;
    held.others += Math.max(0, Math.round(accounts) - members.length);
    held.largest = Math.max(held.largest, members.length);
    byKind.set(kind, held);
  }
  const lines: Notice['links'] = [...byKind].map(([kind, { members, values, others, largest }]) => ({
    kind,
    members: members.size,
    others,
    evidence: `${members.size} of ${group.members.length} accounts share ${plural(values, 'value')} (${LINK_KINDS[kind].title}), up to ${largest} accounts each; ${others} accounts outside show them too`,
  }));
  if (campaign.predecessor !== undefined)
    lines.push({
      kind: 'successor',
      members: group.members.length,
      others: 0,
      evidence: `on the infrastructure of campaign ${campaign.predecessor}`,
    });
  return lines;
}
