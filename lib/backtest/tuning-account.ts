import type { CustomerFacts } from '../profile/profile.ts';
import type { Slice } from '../profile/slice.ts';
import { windowMs } from '../profile/window.ts';
import { WindowMemo } from '../profile/window-memo.ts';
import { type Calibration, p90Among } from '../scoring/calibration.ts';
import { learnNull } from '../scoring/null-distribution.ts';
import { peerGroups } from '../scoring/peer-group.ts';
import type { ScoreRules } from '../scoring/score.ts';
import { SIGNALS } from '../signals/index.ts';
import { signalInput } from '../signals/signal.ts';

/** What one window of an account showed. */
export interface TuningMeasurement {
  readonly hours: number;
  /** peer groups as of the window's end, narrowest first */
  readonly groups: readonly string[];
  /** in the order of SIGNALS; NaN where a signal abstained */
  readonly values: Float64Array;
}

/** One labelled account as tuning sees it: not its slices, but every window that could be its highest. */
export interface TuningAccount {
  readonly id: string;
  readonly label: 'benign' | 'extraction';
  /** campaign, company, course: siblings stay in one fold; empty where it stands alone */
  readonly campaign: string;
  /** narrowest first, as of its last slice */
  readonly groups: readonly string[];
  readonly readings: readonly TuningMeasurement[];
}

/** More undominated windows of one length than this are thinned out: the ones with the largest sums stay. */
const MAX_READINGS = 24;
/** The same of combinations of steps. */
const MAX_STEPS = 32;

/**
 * What the windows that end with a slice of the account showed, without those that another window of the same length among
 * the same peers beats in every signal: a score is monotone in every signal, so under any scale and weights the highest is
 * among the rest, and so is the largest value of every signal.
 * @param slices ascending, distinct starts
 */
export function readingsOf(
  slices: readonly Slice[],
  customer: CustomerFacts,
  rules: Pick<ScoreRules, 'windows' | 'releases'>,
): TuningMeasurement[] {
  const memo = new WindowMemo();
  const fronts = new Map<string, TuningMeasurement[]>();
  slices.forEach((slice, at) => {
    for (const hours of rules.windows) {
      const window = memo.ending(slices.slice(0, at + 1), slice.start, windowMs(hours));
      const groups = peerGroups(customer, window.to);
      const sight = signalInput(window, customer, rules.releases);
      const values = Float64Array.from(SIGNALS, (signal) => signal.value(sight) ?? Number.NaN);
      const key = `${hours} ${groups[0]}`;
      const front = fronts.get(key) ?? [];
      fronts.set(key, front);
      admit(front, { hours, groups, values }, (held) => held.values);
    }
  });
  const sum = ({ values }: TuningMeasurement): number =>
    values.reduce(
      (total, value, i) => total + (Number.isNaN(value) ? 0 : value / (SIGNALS[i]?.unit ?? 1)),
      0,
    );
  return [...fronts.values()].flatMap((front) =>
    front.length <= MAX_READINGS ? front : front.sort((a, b) => sum(b) - sum(a)).slice(0, MAX_READINGS),
  );
}

/** The nulls of the signals among accounts: an account's largest value of each, by group. */
export function signalNulls(
  accounts: readonly TuningAccount[],
  windows: readonly number[],
): Calibration['signals'] {
  const nulls: Calibration['signals'] = {};
  for (const hours of windows) {
    const values = SIGNALS.map(() => new Map<string, number[]>());
    for (const { readings, groups } of accounts) {
      const largest = new Float64Array(SIGNALS.length).fill(Number.NaN);
      for (const reading of readings)
        if (reading.hours === hours)
          reading.values.forEach((value, i) => {
            if (!(value <= (largest[i] as number)) && !Number.isNaN(value)) largest[i] = value;
          });
      largest.forEach((value, i) => {
        if (Number.isNaN(value)) return;
        for (const group of groups) {
          const list = values[i]?.get(group);
          if (list === undefined) values[i]?.set(group, [value]);
          else list.push(value);
        }
      });
    }
    nulls[String(hours)] = Object.fromEntries(
      SIGNALS.map(({ id }, i) => [
        id,
        Object.fromEntries([...(values[i] ?? [])].map(([group, list]) => [group, learnNull(list)])),
      ]),
    );
  }
  return nulls;
}

/**
 * Steps beyond the peers' ninth decile of every undominated window, under a scale; windows without any are left out.
 * @param scale nulls of the signals, as in a calibration
 */
export function stepsOf(
  readings: readonly TuningMeasurement[],
  scale: Calibration['signals'],
): Float64Array[] {
  const front: Float64Array[] = [];
  for (const { hours, groups, values } of readings) {
    const ninths = ninthsOf(scale, hours, groups);
    if (ninths === undefined) continue;
    let any = false;
    const steps = values.map((value, i) => {
      const ninth = ninths[i];
      if (ninth === undefined || !(value > ninth)) return 0;
      any = true;
      return (value - ninth) / (SIGNALS[i]?.unit ?? 1);
    });
    if (any) admit(front, steps, (held) => held);
  }
  if (front.length <= MAX_STEPS) return front;
  const sum = (steps: Float64Array): number => steps.reduce((total, step) => total + step, 0);
  return front.sort((a, b) => sum(b) - sum(a)).slice(0, MAX_STEPS);
}

/** Worked out once for a scale, a window and a chain of groups. */
const ninths = new WeakMap<Calibration['signals'], Map<string, readonly (number | undefined)[]>>();

function ninthsOf(
  scale: Calibration['signals'],
  hours: number,
  groups: readonly string[],
): readonly (number | undefined)[] | undefined {
  const nulls = scale[String(hours)];
  if (nulls === undefined) return undefined;
  let known = ninths.get(scale);
  if (known === undefined) {
    known = new Map();
    ninths.set(scale, known);
  }
  const key = `${hours} ${groups[0] ?? ''}`;
  let list = known.get(key);
  if (list === undefined) {
    list = SIGNALS.map(({ id }) => p90Among(nulls[id], groups));
    known.set(key, list);
  }
  return list;
}

function admit<T>(front: T[], next: T, valuesOf: (held: T) => Float64Array): void {
  for (const held of front) if (dominates(valuesOf(held), valuesOf(next))) return;
  let kept = 0;
  for (const held of front) if (!dominates(valuesOf(next), valuesOf(held))) front[kept++] = held;
  front.length = kept;
  front.push(next);
}

/** A signal that abstains is below every value. */
function dominates(a: Float64Array, b: Float64Array): boolean {
  for (let i = 0; i < a.length; i++)
    if (!Number.isNaN(b[i] as number) && !((a[i] as number) >= (b[i] as number))) return false;
  return true;
}

/** Highest score of an account under weights, in the order of SIGNALS. */
export function scoreUnder(steps: readonly Float64Array[], weights: readonly number[], cap: number): number {
  let peak = 0;
  for (const held of steps) {
    let score = 0;
    for (let i = 0; i < weights.length; i++)
      score += (weights[i] as number) * Math.min(cap, held[i] as number);
    if (score > peak) peak = score;
  }
  return peak;
}
