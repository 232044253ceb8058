import type { CustomerFacts } from '../profile/profile.ts';
import type { Slice } from '../profile/slice.ts';
import { windowMs } from '../profile/window.ts';
import { WindowMemo } from '../profile/window-memo.ts';
import { SIGNALS } from '../signals/index.ts';
import { signalInput } from '../signals/signal.ts';
import type { Calibration } from './calibration.ts';
import { learnNull, type NullDistribution } from './null-distribution.ts';
import { peerGroups } from './peer-group.ts';
import { type ScoreRules, scoreReadings } from './score.ts';

/** One account's recorded slices. */
export interface CalibrationAccount {
  readonly account: string;
  readonly customer: CustomerFacts;
  /** ascending, distinct starts */
  readonly slices: readonly Slice[];
}

export interface LearningRules extends ScoreRules {
  /** largest share of accounts of a group that may be set aside as likely attackers */
  readonly contamination: number;
  /** accounts that people judged and found benign: never set aside, however much they stand apart */
  readonly benign?: ReadonlySet<string>;
  /** told which accounts were set aside, before the calibration is returned */
  readonly onSetAside?: (accounts: ReadonlySet<string>) => void;
}

const DAY = 86_400_000;

/** All signals of one account's window as it ended with one of its slices. */
interface Readings {
  readonly hours: number;
  /** end of the window, ms */
  readonly to: number;
  /** in the order of SIGNALS; NaN where a signal abstained */
  readonly values: Float64Array;
}

/** Readings do not depend on a calibration: learnt from again and again, they are taken once. */
const readings = new WeakMap<readonly Slice[], Map<string, readonly Readings[]>>();

/** An account's readings in every window, over all slices at which it was active. */
function readingsOf(held: CalibrationAccount, windows: readonly number[]): readonly Readings[] {
  const key = windows.join();
  let known = readings.get(held.slices);
  if (known === undefined) {
    known = new Map();
    readings.set(held.slices, known);
  }
  let list = known.get(key);
  if (list === undefined) {
    const memo = new WindowMemo();
    list = held.slices.flatMap((slice, at) =>
      windows.map((hours) => {
        const window = memo.ending(held.slices.slice(0, at + 1), slice.start, windowMs(hours));
        const sight = signalInput(window, held.customer);
        const values = Float64Array.from(SIGNALS, (signal) => signal.value(sight) ?? Number.NaN);
        return { hours, to: window.to, values };
      }),
    );
    known.set(key, list);
  }
  return list;
}

/** An account's largest value of every signal in every window. */
function peaks(
  held: CalibrationAccount,
  rules: ScoreRules,
): { hours: number; values: (number | undefined)[] }[] {
  return rules.windows.map((hours) => {
    const values: (number | undefined)[] = SIGNALS.map(() => undefined);
    for (const reading of readingsOf(held, rules.windows)) {
      if (reading.hours !== hours) continue;
      reading.values.forEach((value, i) => {
        const known = values[i];
        if (!Number.isNaN(value) && (known === undefined || value > known)) values[i] = value;
      });
    }
    return { hours, values };
  });
}

/**
 * Learns the nulls of every signal and of the score from accounts that are mostly benign.
 *
 * Likely attackers are set aside by the score itself: nulls are learnt from all, the accounts whose score stands apart
 * from the body of their peers are removed (at most `contamination` of all), and the nulls are learnt again. Every value is
 * an account's maximum over the period, one per account, so that large accounts do not count more than small ones.
 * @throws RangeError where there is no account
 */
export function learnCalibration(
  id: string,
  accounts: readonly CalibrationAccount[],
  rules: LearningRules,
): Calibration {
  if (accounts.length === 0) throw new RangeError('a calibration needs at least one account');
  let from = Number.POSITIVE_INFINITY;
  let to = 0;
  let events = 0;
  for (const { slices } of accounts) {
    for (const slice of slices) {
      from = Math.min(from, slice.start);
      to = Math.max(to, slice.start + 6 * 3_600_000);
      events += slice.counts.events;
    }
  }
  const days = Math.max(1, (to - from) / DAY);
  const groups = accounts.map((held) => peerGroups(held.customer, to));
  const measured = accounts.map((held) => peaks(held, rules));
  let kept = accounts.map(() => true);
  let setAside = 0;
  let made = learn(kept);
  if (rules.contamination > 0) {
    for (let round = 0; round < 3; round++) {
      const outliers = apart(made.scores, Math.floor(accounts.length * rules.contamination));
      const next = accounts.map((held, i) => !outliers.has(i) || rules.benign?.has(held.account) === true);
      const same = next.every((keep, i) => keep === kept[i]);
      kept = next;
      setAside = next.filter((keep) => !keep).length;
      if (same) break;
      made = learn(kept);
    }
  }
  rules.onSetAside?.(new Set(accounts.filter((_, n) => !kept[n]).map((held) => held.account)));
  return {
    v: 1,
    id,
    madeAt: new Date(to).toISOString(),
    days,
    accounts: accounts.length,
    events,
    contamination: rules.contamination,
    setAside,
    signals: made.signals,
    score: made.score,
  };

  function learn(keep: readonly boolean[]): {
    signals: Calibration['signals'];
    score: Record<string, NullDistribution>;
    scores: number[];
  } {
    const signals: Calibration['signals'] = {};
    rules.windows.forEach((hours, w) => {
      const bySignal: Record<string, Record<string, NullDistribution>> = {};
      SIGNALS.forEach((signal, s) => {
        bySignal[signal.id] = nulls((i) => measured[i]?.[w]?.values[s], keep);
      });
      signals[String(hours)] = bySignal;
    });
    const draft: Calibration = {
      v: 1,
      id,
      madeAt: new Date(to).toISOString(),
      days,
      accounts: accounts.length,
      events,
      contamination: rules.contamination,
      setAside,
      signals,
      score: {},
    };
    const scores = accounts.map((held) => peakScore(held, draft, rules));
    return { signals, score: nulls((i) => scores[i], keep), scores };
  }

  function nulls(
    value: (i: number) => number | undefined,
    keep: readonly boolean[],
  ): Record<string, NullDistribution> {
    const byGroup = new Map<string, number[]>();
    for (let i = 0; i < accounts.length; i++) {
      const held = value(i);
      if (!keep[i] || held === undefined) continue;
      for (const group of groups[i] ?? []) {
        const list = byGroup.get(group);
        if (list === undefined) byGroup.set(group, [held]);
        else list.push(held);
      }
    }
    return Object.fromEntries(
      [...byGroup].sort(([a], [b]) => (a < b ? -1 : 1)).map(([group, values]) => [group, learnNull(values)]),
    );
  }
}

/** An account's highest score over all slices at which it was active. */
export function peakScore(held: CalibrationAccount, calibration: Calibration, rules: ScoreRules): number {
  let peak = 0;
  for (const { hours, to, values } of readingsOf(held, rules.windows))
    peak = Math.max(peak, scoreReadings(values, hours, peerGroups(held.customer, to), rules, calibration));
  return peak;
}

/** Share of the accounts that are set aside which may be benign after all. */
const FALSELY_APART = 0.02;

/**
 * Indices of scores that stand apart from the body. Chances come from an exponential tail fitted to the body between its 60 %
 * and 90 % quantiles, which attackers hardly move; how far down to go is decided by how many there are, so that about
 * FALSELY_APART of those set aside are benign (Benjamini and Hochberg 1995): a fixed limit is too lax where nobody attacks or
 * too strict where many do. The largest first, at most `most`.
 */
function apart(scores: readonly number[], most: number): Set<number> {
  const order = scores.map((_, i) => i).sort((a, b) => (scores[b] as number) - (scores[a] as number));
  const score = (rank: number): number => scores[order[rank] as number] as number;
  const at = (q: number): number => score(Math.floor((1 - q) * (order.length - 1)));
  const body = at(0.6);
  const scale = Math.max(1e-6, (at(0.9) - body) / Math.log(0.4 / 0.1));
  let found = 0;
  for (let k = 1; k <= most; k++) {
    const chance = 0.4 * Math.exp(-(score(k - 1) - body) / scale);
    if (chance <= (FALSELY_APART * k) / scores.length) found = k;
  }
  return new Set(order.slice(0, found));
}
