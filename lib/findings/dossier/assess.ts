import { groupCertainty, lookAtGroup, scoreGroup } from '../../campaigns/group-score.ts';
import { customerOf } from '../../campaigns/judge-campaign.ts';
import { timeRules } from '../../detection/advance.ts';
import { type Rules, scoreRules, writeNotice } from '../../detection/judge.ts';
import { type Arrival, fold, newProfile, type Profile } from '../../profile/profile.ts';
import { type Slice, sliceStart } from '../../profile/slice.ts';
import { joinSlices, windowEnding, windowMs } from '../../profile/window.ts';
import { tailAmong } from '../../scoring/calibration.ts';
import { asCertainty, certainty, type Evidence } from '../../scoring/evidence.ts';
import { peerGroups } from '../../scoring/peer-group.ts';
import { scoreAt, type WindowScore } from '../../scoring/score.ts';
import type { Notice } from '../finding.ts';
import type { Evidences, ProfileSnapshot } from './bundle.ts';

/** One slice of the timeline, of the account or of all members together. */
export interface TimelineEntry {
  /** ISO */
  readonly start: string;
  readonly requests: number;
  readonly outputTokens: number;
  /** of the windows that end here, the highest; null for a campaign's sum */
  readonly score: number | null;
  /** chance that a benign peer shows as much within a month */
  readonly p: number | null;
}

/** One window scored, taken apart. */
export interface ScoredWindow {
  readonly hours: number;
  readonly from: string;
  readonly to: string;
  readonly events: number;
  readonly score: number;
  readonly signals: readonly {
    readonly signal: string;
    readonly value: number;
    readonly p: number | null;
    readonly weight: number;
    readonly points: number;
  }[];
}

/** All numbers of a dossier, worked out from its evidence by the production code. */
export interface Assessment {
  readonly v: 1;
  /** the finding's newest notice, written again */
  readonly notice: {
    readonly reproduced: boolean;
    /** in words, where it was not */
    readonly why: string | null;
    /** fields that came out otherwise, with both values */
    readonly differing: readonly { readonly field: string; readonly noted: string; readonly now: string }[];
    readonly events: number;
  };
  readonly timeline: readonly TimelineEntry[];
  readonly accounts: readonly {
    readonly account: string;
    readonly events: number;
    /** slices rebuilt from the events are those that were stored; null where the events do not reach */
    readonly rebuilt: boolean | null;
    /** as of the account's last event, from the stored slices */
    readonly score: number;
    readonly p: number | null;
    readonly log10E: number | null;
    readonly requests: number;
    readonly outputTokens: number;
  }[];
  readonly windows: readonly ScoredWindow[];
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** Works all numbers out. Pure: the same evidence gives the same bits. */
export function assess(held: Evidences): Assessment {
  const { finding, policy, calibration } = held;
  const { notice } = finding;
  const rules: Rules = { policy, calibration, code: notice.versions.code, shadow: notice.shadow };
  const byAccount = new Map<string, Arrival[]>();
  for (const arrival of held.events) {
    const list = byAccount.get(arrival.event.account);
    if (list === undefined) byAccount.set(arrival.event.account, [arrival]);
    else list.push(arrival);
  }
  const accounts = held.profiles.map((profile) =>
    accountOf(profile, byAccount.get(profile.account) ?? [], rules),
  );
  const single = notice.subject.type === 'account' ? held.profiles[0] : undefined;
  return {
    v: 1,
    notice:
      notice.subject.type === 'account'
        ? accountNotice(notice, byAccount.get(notice.subject.id) ?? [], rules)
        : groupNotice(notice, held.profiles, rules),
    timeline: single === undefined ? sumTimeline(held.profiles) : timelineOf(single, single.slices, rules),
    accounts,
    windows:
      single === undefined ? groupWindows(notice, held.profiles, rules) : windowsAt(notice, single, rules),
  };
}

function accountOf(
  profile: ProfileSnapshot,
  arrivals: readonly Arrival[],
  rules: Rules,
): Assessment['accounts'][number] {
  const [top] = scoreAt(
    profile.slices,
    profile.lastSeen,
    profile.customer,
    scoreRules(rules.policy),
    rules.calibration,
  );
  const sure = certainty(profile.evidence, profile.customer, rules.calibration);
  let requests = 0;
  let outputTokens = 0;
  for (const { counts } of profile.slices) {
    requests += counts.events;
    outputTokens += counts.outputTokens;
  }
  return {
    account: profile.account,
    events: arrivals.length,
    rebuilt: rebuilt(profile, arrivals, rules),
    score: top?.score ?? 0,
    p: sure?.p ?? null,
    log10E: sure?.log10E ?? null,
    requests,
    outputTokens,
  };
}

/** Whether the slices that the events cover whole are, counter by counter, those that were stored. */
function rebuilt(profile: ProfileSnapshot, arrivals: readonly Arrival[], rules: Rules): boolean | null {
  const [first] = arrivals;
  if (first === undefined) return null;
  const made = fold(newProfile(profile.account), arrivals, timeRules(rules.policy)).profile;
  // The slice in which the events begin may have had others before them.
  const whole = first.time > profile.firstSeen ? sliceStart(first.time) + 1 : 0;
  const stored = new Map(profile.slices.map((slice) => [slice.start, slice]));
  let compared = 0;
  // The events may end in the middle of the last one, unless the account's did too.
  const ended = made.lastSeen === profile.lastSeen;
  for (const slice of ended ? made.slices : made.slices.slice(0, -1)) {
    const other = stored.get(slice.start);
    if (slice.start < whole || other === undefined) continue;
    compared++;
    if (
      slice.counts.events !== other.counts.events ||
      slice.counts.outputTokens !== other.counts.outputTokens
    )
      return false;
  }
  return compared === 0 ? null : true;
}

/**
 * Writes the notice again from the events: they are folded in their order up to where the notice was made, which its
 * time and its number of events fix, and then scored.
 */
function accountNotice(notice: Notice, arrivals: readonly Arrival[], rules: Rules): Assessment['notice'] {
  const not = (why: string, events = 0): Assessment['notice'] => ({
    reproduced: false,
    why,
    differing: [],
    events,
  });
  if (arrivals.length === 0) return not('no events of the account were left in the archive');
  const at = Date.parse(notice.at);
  const found = profileAt(notice, arrivals, at, rules);
  if (found === undefined)
    return not(
      `the events that are left do not add up to the ${notice.window.events} of the notice's window; some had expired`,
      arrivals.length,
    );
  const { profile, events } = found;
  const slices = joinSlices([profile.slices]);
  const scores = scoreAt(slices, at, profile.customer, scoreRules(rules.policy), rules.calibration);
  const [top] = scores;
  if (top === undefined) return not('the policy has no window', events);
  const evidence: Evidence =
    notice.evidence === undefined
      ? { since: at, peak: top.score, peakAt: at }
      : {
          since: Date.parse(notice.evidence.since),
          peak: notice.evidence.peak,
          peakAt: Date.parse(notice.evidence.peakAt),
        };
  const again = writeNotice(
    {
      account: profile.account,
      customer: profile.customer,
      firstSeen: Math.min(profile.firstSeen, Date.parse(notice.since)),
      sampleEvents: profile.samples,
      slices,
    },
    {
      transition: notice.transition,
      number: notice.number,
      id: notice.finding,
      level: notice.level,
      previous: notice.previous,
      at,
      top,
      sure: certainty(evidence, profile.customer, rules.calibration),
      evidence,
    },
    rules,
  );
  const differing = differences(notice, again);
  return {
    reproduced: differing.length === 0,
    why: differing.length === 0 ? null : `${differing.length} fields came out otherwise`,
    differing,
    events,
  };
}

/** The profile after the event at which the notice was made. */
function profileAt(
  notice: Notice,
  arrivals: readonly Arrival[],
  at: number,
  rules: Rules,
): { profile: Profile; events: number } | undefined {
  const time = timeRules(rules.policy);
  const from = arrivals.findIndex((arrival) => arrival.time === at);
  if (from < 0) return undefined;
  let { profile } = fold(newProfile(notice.subject.id), arrivals.slice(0, from + 1), time);
  const length = windowMs(notice.window.hours);
  for (let next = from + 1; ; next++) {
    if (
      profile.lastSeen === at &&
      windowEnding(profile.slices, at, length).counts.events === notice.window.events
    )
      return { profile, events: next };
    const arrival = arrivals[next];
    if (arrival === undefined || arrival.time > at) return undefined;
    profile = fold(profile, [arrival], time).profile;
  }
}

/** Paths at which two JSON values differ. */
function differences(
  noted: unknown,
  now: unknown,
  path = '',
): { field: string; noted: string; now: string }[] {
  if (typeof noted === 'object' && noted !== null && typeof now === 'object' && now !== null) {
    const names = new Set([...Object.keys(noted), ...Object.keys(now)]);
    return [...names].flatMap((name) =>
      differences(
        (noted as Record<string, unknown>)[name],
        (now as Record<string, unknown>)[name],
        path === '' ? name : `${path}.${name}`,
      ),
    );
  }
  return Object.is(noted, now) ? [] : [{ field: path, noted: String(noted), now: String(now) }];
}

function scored(score: WindowScore): ScoredWindow {
  return {
    hours: score.hours,
    from: iso(score.from),
    to: iso(score.to),
    events: score.events,
    score: score.score,
    signals: score.contributions().map(({ signal, value, p, weight, points }) => ({
      signal,
      value,
      p: p ?? null,
      weight,
      points,
    })),
  };
}

function windowsAt(notice: Notice, profile: ProfileSnapshot, rules: Rules): ScoredWindow[] {
  return scoreAt(
    profile.slices,
    Date.parse(notice.at),
    profile.customer,
    scoreRules(rules.policy),
    rules.calibration,
  ).map(scored);
}

function timelineOf(profile: ProfileSnapshot, slices: readonly Slice[], rules: Rules): TimelineEntry[] {
  const { policy, calibration } = rules;
  return slices.map((slice) => {
    const [top] = scoreAt(slices, slice.start, profile.customer, scoreRules(policy), calibration);
    const place =
      top === undefined
        ? undefined
        : tailAmong(calibration.score, peerGroups(profile.customer, slice.start), top.score);
    return {
      start: iso(slice.start),
      requests: slice.counts.events,
      outputTokens: slice.counts.outputTokens,
      score: top?.score ?? null,
      p: place === undefined ? null : asCertainty(place, calibration.days).p,
    };
  });
}

function sumTimeline(profiles: readonly ProfileSnapshot[]): TimelineEntry[] {
  const sums = new Map<number, { requests: number; outputTokens: number }>();
  for (const { slices } of profiles)
    for (const { start, counts } of slices) {
      const held = sums.get(start) ?? { requests: 0, outputTokens: 0 };
      held.requests += counts.events;
      held.outputTokens += counts.outputTokens;
      sums.set(start, held);
    }
  return [...sums]
    .sort(([a], [b]) => a - b)
    .map(([start, held]) => ({ start: iso(start), ...held, score: null, p: null }));
}

function groupScores(notice: Notice, profiles: readonly ProfileSnapshot[], rules: Rules): WindowScore[] {
  const nulls = rules.calibration.groupScore;
  if (nulls === undefined || profiles.length === 0) return [];
  const customer = customerOf(profiles);
  return rules.policy.windows
    .map((hours) =>
      scoreGroup(
        lookAtGroup(
          profiles.map((profile) => profile.slices),
          customer,
          Date.parse(notice.at),
          hours,
          sliceStart(Date.parse(notice.since)),
        ),
        scoreRules(rules.policy),
        nulls,
      ),
    )
    .sort((a, b) => b.score - a.score);
}

function groupWindows(notice: Notice, profiles: readonly ProfileSnapshot[], rules: Rules): ScoredWindow[] {
  return groupScores(notice, profiles, rules).map(scored);
}

/** A campaign's score from its named members' stored slices; slices that grew since then score otherwise. */
function groupNotice(
  notice: Notice,
  profiles: readonly ProfileSnapshot[],
  rules: Rules,
): Assessment['notice'] {
  const [top] = groupScores(notice, profiles, rules);
  if (top === undefined)
    return {
      reproduced: false,
      why: 'the calibration has no null of groups, or no member was stored any more',
      differing: [],
      events: 0,
    };
  const score = Number(top.score.toPrecision(4));
  const kind = { product: customerOf(profiles).product, members: profiles.length };
  const sure = groupCertainty(top.score, kind, scoreRules(rules.policy), rules.calibration);
  const p = Number(sure.p.toPrecision(4));
  const differing = differences({ score: notice.score, p: notice.p }, { score, p });
  const members = notice.subject.memberCount ?? profiles.length;
  return {
    reproduced: differing.length === 0,
    why:
      differing.length === 0
        ? null
        : members > profiles.length
          ? `${profiles.length} of ${members} members are named in the notice, and the score is of all`
          : 'members went on after the notice, and their stored slices with them',
    differing,
    events: top.events,
  };
}
