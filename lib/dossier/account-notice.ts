import { type Rules, writeNotice } from '../detection/judge.ts';
import { timeRules } from '../detection/process-batch.ts';
import type { Notice } from '../findings/finding.ts';
import { fold, type IngestedEvent, newProfile, type Profile } from '../profile/profile.ts';
import { SLICE_MS } from '../profile/slice.ts';
import { joinSlices, windowEnding, windowMs } from '../profile/window.ts';
import { scoreAt } from '../scoring/score.ts';
import { type RunningMax, significanceOf } from '../scoring/significance.ts';
import { type Difference, differences } from './differences.ts';

/** A notice written again from the evidence, and where it came out otherwise. */
export interface Reproduction {
  readonly reproduced: boolean;
  /** in words, where it was not */
  readonly why: string | null;
  readonly differing: readonly Difference[];
  /** that it was written from */
  readonly events: number;
}

/**
 * Writes the notice again from the events: they are folded in their order up to where the notice was made, which its
 * time and its number of events fix, and then scored.
 */
export function accountNotice(
  notice: Notice,
  arrivals: readonly IngestedEvent[],
  rules: Rules,
): Reproduction {
  const not = (why: string, events = 0): Reproduction => ({
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
  // the slice that was looked at, which may have been over for long
  const latest = Date.parse(notice.window.to) - 1;
  const slices = joinSlices([profile.slices]);
  const scores = scoreAt(slices, latest, profile, rules.calibration, rules.policy.windows);
  const [top] = scores;
  if (top === undefined) return not('the policy has no window', events);
  const evidence: RunningMax =
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
      sampleEvents: samplesOf(notice, profile, arrivals, at),
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
      sure: significanceOf(evidence, profile.customer, rules.calibration),
      evidence,
    },
    rules,
  );
  // Added on delivery: the share of all traffic rests on everybody's profiles, the campaign on what names the account.
  const { campaign: _, ...own } = notice;
  const { trafficShare: __, ...stake } = own.stake;
  // A notice of before these were said says nothing of them.
  const { highestLevel, pIsBound, ...same } = again;
  const differing = differences(
    { ...own, stake },
    {
      ...same,
      ...(own.highestLevel === undefined ? {} : { highestLevel }),
      ...(own.pIsBound === undefined ? {} : { pIsBound }),
    },
  );
  return {
    reproduced: differing.length === 0,
    why: differing.length === 0 ? null : `${differing.length} fields came out otherwise`,
    differing,
    events,
  };
}

/**
 * Ids that the notice names. An account in lanes is judged at the end of a slice, and names events of its lane 0 (docs/exactness.md): these are
 * taken as they stand, where the account sent each of them.
 */
function samplesOf(
  notice: Notice,
  { samples }: Profile,
  arrivals: readonly IngestedEvent[],
  at: number,
): readonly string[] {
  if (at % SLICE_MS !== 0) return samples;
  const sent = new Set(arrivals.map(({ event }) => event.id));
  return notice.sampleEvents.every((id) => sent.has(id)) ? notice.sampleEvents : samples;
}

/** The profile after the event at which the notice was made; after the last one before it, where there was none. */
function profileAt(
  notice: Notice,
  arrivals: readonly IngestedEvent[],
  at: number,
  rules: Rules,
): { profile: Profile; events: number } | undefined {
  const time = timeRules(rules.policy);
  const length = windowMs(notice.window.hours);
  const latest = Date.parse(notice.window.to) - 1;
  const from = arrivals.findIndex((arrival) => arrival.time === at);
  // An account that had gone silent was looked at again (detection/reevaluate-idle.ts), one in lanes at the end of a slice.
  if (from < 0 || at % SLICE_MS === 0) {
    const before = arrivals.filter((arrival) => arrival.time < at);
    const { profile } = fold(newProfile(notice.subject.id), before, time);
    const { events } = windowEnding(profile.slices, latest, length).counts;
    if (before.length > 0 && events === notice.window.events) return { profile, events: before.length };
    if (from < 0) return undefined;
  }
  let { profile } = fold(newProfile(notice.subject.id), arrivals.slice(0, from + 1), time);
  for (let next = from + 1; ; next++) {
    if (
      profile.lastSeen === at &&
      windowEnding(profile.slices, latest, length).counts.events === notice.window.events
    )
      return { profile, events: next };
    const arrival = arrivals[next];
    if (arrival === undefined || arrival.time > at) return undefined;
    profile = fold(profile, [arrival], time).profile;
  }
}
