import type { CustomerFacts } from '../profile/profile.ts';
import type { Slice, Window } from '../profile/slice.ts';
import { windowEnding, windowMs } from '../profile/window.ts';
import { SIGNALS } from '../signals/index.ts';
import { sightOf } from '../signals/signal.ts';
import { type Calibration, tailAmong } from './calibration.ts';
import { peerGroups } from './peer-group.ts';

/** One signal's part in a score. */
export interface Contribution {
  readonly signal: string;
  readonly value: number;
  /** tail probability among the peers; undefined: the calibration does not know this signal, it abstains */
  readonly p: number | undefined;
  readonly weight: number;
  /** weight * min(cap, steps beyond nine tenths of the peers) */
  readonly points: number;
  readonly evidence: string;
}

export interface WindowScore {
  readonly hours: number;
  readonly from: number;
  readonly to: number;
  readonly events: number;
  readonly score: number;
  /** largest first */
  readonly contributions: readonly Contribution[];
}

/** The part of a policy that scoring needs. */
export interface ScoreRules {
  /** window lengths in hours, several at once */
  readonly windows: readonly number[];
  /** weight per signal id; a signal without one has its shipped weight */
  readonly weights: Readonly<Record<string, number>>;
  /** most steps that one signal may bring */
  readonly cap: number;
}

/**
 * Score of one window: the weighted sum of how far each signal lies beyond nine tenths of the account's peers, in
 * the signal's own declared steps. Monotone in every signal, and explained by its parts; the scale rests on the body of
 * the peers, which a few attackers among them cannot move. What a sum is worth is learnt: see evidence.ts.
 */
export function scoreWindow(
  window: Window,
  hours: number,
  customer: CustomerFacts,
  rules: ScoreRules,
  calibration: Calibration,
): WindowScore {
  const groups = peerGroups(customer, window.to);
  const nulls = calibration.signals[String(hours)];
  const sight = sightOf(window, customer);
  const contributions: Contribution[] = [];
  let score = 0;
  for (const signal of SIGNALS) {
    const reading = signal.read(sight);
    if (reading === undefined) continue;
    const weight = rules.weights[signal.id] ?? signal.weight;
    const place = tailAmong(nulls?.[signal.id], groups, reading.value);
    const steps = place === undefined ? 0 : Math.max(0, (reading.value - place.ninth) / signal.unit);
    const points = weight * Math.min(rules.cap, steps);
    score += points;
    contributions.push({
      signal: signal.id,
      value: reading.value,
      p: place?.p,
      weight,
      points,
      evidence: reading.evidence,
    });
  }
  contributions.sort((a, b) => b.points - a.points);
  return { hours, from: window.from, to: window.to, events: window.counts.events, score, contributions };
}

/** The scores of all windows that end with the slice of `latest`, highest first. */
export function scoreAt(
  slices: readonly Slice[],
  latest: number,
  customer: CustomerFacts,
  rules: ScoreRules,
  calibration: Calibration,
): WindowScore[] {
  return rules.windows
    .map((hours) =>
      scoreWindow(windowEnding(slices, latest, windowMs(hours)), hours, customer, rules, calibration),
    )
    .sort((a, b) => b.score - a.score);
}
