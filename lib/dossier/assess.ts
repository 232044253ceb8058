import type { Rules } from '../detection/judge.ts';
import { timeRules } from '../detection/process-batch.ts';
import type { Notice } from '../findings/finding.ts';
import { fold, type IngestedEvent, newProfile } from '../profile/profile.ts';
import { type Slice, sliceStart } from '../profile/slice.ts';
import { rankAmong } from '../scoring/calibration.ts';
import { peerGroups } from '../scoring/peer-group.ts';
import { scoreAt, type WindowScore } from '../scoring/score.ts';
import { significanceOf, toSignificance } from '../scoring/significance.ts';
import { iso } from '../time.ts';
import { accountNotice, type Reproduction } from './account-notice.ts';
import type { Evidences, ProfileSnapshot } from './bundle.ts';
import { campaignNotice, groupAtNotice } from './campaign-notice.ts';

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
    readonly points: number;
  }[];
}

/** All numbers of a dossier, worked out from its evidence by the production code. */
export interface Assessment {
  readonly v: 1;
  /** the finding's newest notice, written again */
  readonly notice: Reproduction;
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

/** Works all numbers out. Pure: the same evidence gives the same bits. */
export function assess(held: Evidences): Assessment {
  const { finding, policy, calibration } = held;
  const { notice } = finding;
  const rules: Rules = { policy, calibration, code: notice.versions.code, shadow: notice.shadow };
  const byAccount = new Map<string, IngestedEvent[]>();
  for (const arrival of held.events) {
    const list = byAccount.get(arrival.event.account);
    if (list === undefined) byAccount.set(arrival.event.account, [arrival]);
    else list.push(arrival);
  }
  const accounts = held.profiles.map((profile) =>
    accountOf(profile, byAccount.get(profile.account) ?? [], rules),
  );
  const common = { v: 1, accounts } as const;
  if (notice.subject.type === 'campaign') {
    const group = groupAtNotice(held, rules);
    return {
      ...common,
      notice: campaignNotice(held, group, rules),
      timeline: sumTimeline(held.profiles),
      windows: group.scores.map(scored),
    };
  }
  const [profile] = held.profiles;
  return {
    ...common,
    notice: accountNotice(notice, byAccount.get(notice.subject.id) ?? [], rules),
    timeline: profile === undefined ? [] : timelineOf(profile, profile.slices, rules),
    windows: profile === undefined ? [] : windowsAt(notice, profile, rules),
  };
}

function accountOf(
  profile: ProfileSnapshot,
  arrivals: readonly IngestedEvent[],
  rules: Rules,
): Assessment['accounts'][number] {
  const [top] = scoreAt(profile.slices, profile.lastSeen, profile, rules.calibration, rules.policy.windows);
  const sure = significanceOf(profile.evidence, profile.customer, rules.calibration);
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
function rebuilt(profile: ProfileSnapshot, arrivals: readonly IngestedEvent[], rules: Rules): boolean | null {
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

function scored(score: WindowScore): ScoredWindow {
  return {
    hours: score.hours,
    from: iso(score.from),
    to: iso(score.to),
    events: score.events,
    score: score.score,
    signals: score.contributions().map(({ signal, value, p, points }) => ({
      signal,
      value,
      p: p ?? null,
      points,
    })),
  };
}

function windowsAt(notice: Notice, profile: ProfileSnapshot, rules: Rules): ScoredWindow[] {
  return scoreAt(
    profile.slices,
    Date.parse(notice.window.to) - 1,
    profile,
    rules.calibration,
    rules.policy.windows,
  ).map(scored);
}

function timelineOf(profile: ProfileSnapshot, slices: readonly Slice[], rules: Rules): TimelineEntry[] {
  const { policy, calibration } = rules;
  return slices.map((slice) => {
    const [top] = scoreAt(slices, slice.start, profile, calibration, policy.windows);
    const place =
      top === undefined
        ? undefined
        : rankAmong(calibration.score, peerGroups(profile.customer, slice.start), top.score);
    return {
      start: iso(slice.start),
      requests: slice.counts.events,
      outputTokens: slice.counts.outputTokens,
      score: top?.score ?? null,
      p: place === undefined ? null : toSignificance(place, calibration.days).p,
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
