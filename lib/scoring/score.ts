import type { CustomerFacts } from '../profile/profile.ts';
import type { Slice } from '../profile/slice.ts';
import { type Window, windowMs } from '../profile/window.ts';
import { WindowMemo } from '../profile/window-memo.ts';
import { SIGNALS } from '../signals/index.ts';
import { type Releases, type Signal, type SignalInput, signalInput } from '../signals/signal.ts';
import { type Calibration, p90Among, tailAmong } from './calibration.ts';
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
  /** when models came out; without, nothing is said of turning to new ones */
  readonly releases?: Releases;
}

/** A signal that counts, with all that its points depend on. */
interface Term {
  /** place in SIGNALS */
  readonly place: number;
  readonly signal: Signal;
  readonly weight: number;
  /** value that nine tenths of the peers stay below; undefined where the calibration does not know */
  readonly ninth: number | undefined;
}

function weightOf(signal: Signal, rules: ScoreRules): number {
  return rules.weights[signal.id] ?? signal.weight;
}

/** Terms per rules, calibration, window and chain of peer groups: the same for all accounts of a group. */
const terms = new WeakMap<
  ScoreRules,
  WeakMap<Calibration, Map<number, WeakMap<readonly string[], Term[]>>>
>();

function termsOf(
  rules: ScoreRules,
  calibration: Calibration,
  hours: number,
  groups: readonly string[],
): readonly Term[] {
  const byCalibration = remembered(terms, rules, () => new WeakMap());
  const byHours = remembered(byCalibration, calibration, () => new Map());
  const byGroups = remembered(byHours, hours, () => new WeakMap());
  return remembered(byGroups, groups, () => {
    const nulls = calibration.signals[String(hours)];
    return SIGNALS.map((signal, place) => ({
      place,
      signal,
      weight: weightOf(signal, rules),
      ninth: p90Among(nulls?.[signal.id], groups),
    }));
  });
}

interface Memory<Key, Value> {
  get(key: Key): Value | undefined;
  set(key: Key, value: Value): unknown;
}

function remembered<Key, Value>(memory: Memory<Key, Value>, key: Key, make: () => Value): Value {
  let value = memory.get(key);
  if (value === undefined) {
    value = make();
    memory.set(key, value);
  }
  return value;
}

function pointsFor({ signal, weight, ninth }: Term, value: number, cap: number): number {
  if (ninth === undefined || value <= ninth) return 0;
  return weight * Math.min(cap, (value - ninth) / signal.unit);
}

class ScoredWindow implements WindowScore {
  readonly hours: number;
  readonly from: number;
  readonly to: number;
  readonly events: number;
  readonly score: number;
  readonly #sight: SignalInput;
  readonly #groups: readonly string[];
  readonly #rules: ScoreRules;
  readonly #calibration: Calibration;

  constructor(
    sight: SignalInput,
    hours: number,
    groups: readonly string[],
    rules: ScoreRules,
    calibration: Calibration,
  ) {
    const { from, to, counts } = sight.window;
    this.hours = hours;
    this.from = from;
    this.to = to;
    this.events = counts.events;
    this.#sight = sight;
    this.#groups = groups;
    this.#rules = rules;
    this.#calibration = calibration;
    let score = 0;
    for (const term of termsOf(rules, calibration, hours, groups)) {
      // what cannot bring a point need not be read
      if (term.weight === 0 || term.ninth === undefined) continue;
      const value = term.signal.value(sight);
      if (value !== undefined) score += pointsFor(term, value, rules.cap);
    }
    this.score = score;
  }

  contributions(): readonly Contribution[] {
    const parts: Contribution[] = [];
    for (const term of termsOf(this.#rules, this.#calibration, this.hours, this.#groups)) {
      const value = term.signal.value(this.#sight);
      if (value !== undefined) parts.push(new TermContribution(this, term, value));
    }
    return parts.sort((a, b) => b.points - a.points);
  }

  pointsFor(term: Term, value: number): number {
    return pointsFor(term, value, this.#rules.cap);
  }

  chanceOf({ signal }: Term, value: number): number | undefined {
    const nulls = this.#calibration.signals[String(this.hours)];
    return tailAmong(nulls?.[signal.id], this.#groups, value)?.p;
  }

  evidenceOf({ signal }: Term): string {
    return signal.evidence(this.#sight);
  }
}

/** Chance and sentence are worked out when they are asked for: most readers want only the points. */
class TermContribution implements Contribution {
  readonly signal: string;
  readonly value: number;
  readonly weight: number;
  readonly points: number;
  readonly #of: ScoredWindow;
  readonly #term: Term;

  constructor(of: ScoredWindow, term: Term, value: number) {
    this.signal = term.signal.id;
    this.value = value;
    this.weight = term.weight;
    this.points = of.pointsFor(term, value);
    this.#of = of;
    this.#term = term;
  }
  get p(): number | undefined {
    return this.#of.chanceOf(this.#term, this.value);
  }
  get evidence(): string {
    return this.#of.evidenceOf(this.#term);
  }
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
  const sight = signalInput(window, customer, rules.releases);
  return new ScoredWindow(sight, hours, peerGroups(customer, window.to), rules, calibration);
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
  let score = 0;
  for (const term of termsOf(rules, calibration, hours, groups)) {
    const value = values[term.place] as number;
    if (term.weight !== 0 && !Number.isNaN(value)) score += pointsFor(term, value, rules.cap);
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
  const scores: WindowScore[] = [];
  for (const hours of rules.windows) {
    const window = memo.ending(slices, latest, windowMs(hours));
    scores.push(scoreWindow(window, hours, customer, rules, calibration));
  }
  return scores.sort((a, b) => b.score - a.score);
}
