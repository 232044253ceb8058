import type { CustomerFacts } from '../profile/profile.ts';
import type { Slice, Window } from '../profile/slice.ts';
import { WindowMemo, windowMs } from '../profile/window.ts';
import { SIGNALS } from '../signals/index.ts';
import { type Signal, sightOf } from '../signals/signal.ts';
import { type Calibration, ninthAmong, tailAmong } from './calibration.ts';
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
  /** the score taken apart, largest part first; worked out when it is asked for */
  contributions(): readonly Contribution[];
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

/** The ninth deciles of all signals for a window and a chain of peer groups: the same for all accounts of the group. */
const scales = new WeakMap<Calibration, Map<string, readonly (number | undefined)[]>>();

function scalesOf(
  calibration: Calibration,
  hours: number,
  groups: readonly string[],
): readonly (number | undefined)[] {
  let known = scales.get(calibration);
  if (known === undefined) {
    known = new Map();
    scales.set(calibration, known);
  }
  const key = `${hours}/${groups[0]}`;
  let list = known.get(key);
  if (list === undefined) {
    const nulls = calibration.signals[String(hours)];
    list = SIGNALS.map((signal) => ninthAmong(nulls?.[signal.id], groups));
    known.set(key, list);
  }
  return list;
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
  const ninths = scalesOf(calibration, hours, groups);
  const sight = sightOf(window, customer);
  let score = 0;
  for (let i = 0; i < SIGNALS.length; i++) {
    const signal = SIGNALS[i] as Signal;
    if ((rules.weights[signal.id] ?? signal.weight) === 0) continue;
    const reading = signal.read(sight);
    if (reading !== undefined) score += pointsFor(signal, reading.value, ninths[i], rules);
  }
  return {
    hours,
    from: window.from,
    to: window.to,
    events: window.counts.events,
    score,
    contributions: () =>
      SIGNALS.flatMap((signal, i) => {
        const reading = signal.read(sight);
        if (reading === undefined) return [];
        return {
          signal: signal.id,
          value: reading.value,
          p: tailAmong(calibration.signals[String(hours)]?.[signal.id], groups, reading.value)?.p,
          weight: rules.weights[signal.id] ?? signal.weight,
          points: pointsFor(signal, reading.value, ninths[i], rules),
          evidence: reading.evidence(),
        };
      }).sort((a, b) => b.points - a.points),
  };
}

function pointsFor(signal: Signal, value: number, ninth: number | undefined, rules: ScoreRules): number {
  if (ninth === undefined) return 0;
  const steps = Math.max(0, (value - ninth) / signal.unit);
  return (rules.weights[signal.id] ?? signal.weight) * Math.min(rules.cap, steps);
}

/**
 * The score of a window whose signals have been read already: the same sum as scoreWindow's.
 * @param values one a signal, in the order of SIGNALS; NaN where it abstained
 */
export function scoreReadings(
  values: ArrayLike<number>,
  hours: number,
  groups: readonly string[],
  rules: ScoreRules,
  calibration: Calibration,
): number {
  const ninths = scalesOf(calibration, hours, groups);
  let score = 0;
  for (let i = 0; i < SIGNALS.length; i++) {
    const value = values[i] as number;
    const signal = SIGNALS[i] as Signal;
    if (!Number.isNaN(value) && (rules.weights[signal.id] ?? signal.weight) !== 0)
      score += pointsFor(signal, value, ninths[i], rules);
  }
  return score;
}

/** The scores of all windows that end with the slice of `latest`, highest first. */
export function scoreAt(
  slices: readonly Slice[],
  latest: number,
  customer: CustomerFacts,
  rules: ScoreRules,
  calibration: Calibration,
  memo: WindowMemo = new WindowMemo(),
): WindowScore[] {
  return rules.windows
    .map((hours) =>
      scoreWindow(memo.ending(slices, latest, windowMs(hours)), hours, customer, rules, calibration),
    )
    .sort((a, b) => b.score - a.score);
}
