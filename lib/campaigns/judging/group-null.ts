import { SLICE_MS } from '../../profile/slice.ts';
import { windowMs } from '../../profile/window.ts';
import type { PastAccount } from '../../scoring/looks.ts';
import { learnNull, type NullDistribution } from '../../scoring/null-distribution.ts';
import { largest } from '../../statistics/extremes.ts';
import { seeded } from '../../statistics/random.ts';
import { type Draw, drawGroups, featuresOf, halfOf } from './group-draws.ts';
import {
  GROUP_SIGNALS,
  type GroupKind,
  groupInput,
  type ScoreRules,
  signalNull,
  surprise,
  surpriseNulls,
} from './group-score.ts';
import { type MemberWindow, memberWindow } from './member-window.ts';

export interface GroupLearning {
  /** accounts that are not to be learnt from: likely attackers, as the account calibration found them */
  readonly exclude?: ReadonlySet<string>;
  /** groups of accounts that are linked in truth (companies, courses), as findGroups gives them */
  readonly linked?: readonly (readonly string[])[];
  /** resampled groups per product */
  readonly resamples?: number;
  readonly seed?: number;
}

/** A group's values in one window at one time, with as many members as had come by then. */
interface Look {
  readonly hours: number;
  readonly kind: GroupKind;
  readonly values: readonly (number | undefined)[];
}

type Nulls = Record<string, NullDistribution>;

/** Slices at the start of a group that are all looked at: with few requests values are wild. */
const EARLY = 12;
/** Slices between two looks after that. */
const LOOK_EVERY = 4;

/**
 * Learns the nulls of groups: per product, size class, window and signal, and of the score itself. Every value is a
 * group's maximum over the period while its members come one after the other, as in life: a group is judged at every
 * size that it passes through.
 *
 * The null of the surprise is learnt across: groups of one half of the accounts are placed among the other half's,
 * because a tail that was fitted to a group never finds that group surprising. Groups that are linked in
 * truth are added to the resampled ones (see drawGroups).
 * @returns to be put into `calibration.groupScore`
 */
export function learnGroupNull(
  accounts: readonly PastAccount[],
  rules: ScoreRules,
  learning: GroupLearning = {},
): Nulls {
  const { exclude, linked = [], resamples = 1500, seed = 7 } = learning;
  const kept = accounts.filter((held) => exclude?.has(held.account) !== true && held.slices.length > 0);
  const draws = drawsOf(kept, linked, resamples, seed);
  const times = timesOf(kept);
  const windowOf = windowMemo(kept);
  const looks = draws.map((draw) => looksAt(draw, kept, times, rules.windows, windowOf));
  const largest = looks.map(largestValues);
  const own = ([0, 1] as const).map((half) => learnEach(largest.filter((_, i) => draws[i]?.half === half)));
  const scales = crossScales(
    largest.map((values, i) => ({ values, others: own[1 - (draws[i] as Draw).half] as Nulls })),
  );
  const halves = own.map((nulls) => withScales(nulls, scales));
  const nulls = withScales(learnEach(largest), scales);
  const surprises = new Map<string, number[]>();
  looks.forEach((list, i) => {
    const draw = draws[i] as Draw;
    const others = halves[1 - draw.half] as Nulls;
    const kind: GroupKind = { product: draw.product, members: draw.members.length };
    GROUP_SIGNALS.forEach((signal, s) => {
      let most = 0;
      for (const look of list) {
        const value = look.values[s];
        if (value !== undefined)
          most = Math.max(most, surprise(signal, value, look.hours, look.kind, others));
      }
      for (const name of surpriseNulls(signal.id, kind)) add(surprises, name, most);
    });
  });
  for (const [name, values] of surprises) nulls[name] = noLighter(learnNull(values));
  return nulls;
}

function drawsOf(
  kept: readonly PastAccount[],
  linked: readonly (readonly string[])[],
  resamples: number,
  seed: number,
): Draw[] {
  const uniform = seeded(seed);
  const end = largest(
    kept.map(({ slices }) => slices[slices.length - 1]?.start ?? 0),
    0,
  );
  const features = kept.map(({ slices }) => {
    const length = end + SLICE_MS - (slices[0]?.start ?? 0);
    return featuresOf(memberWindow(slices, end, length, 0));
  });
  const pools = new Map<string, [number[], number[]]>();
  kept.forEach(({ account, customer }, i) => {
    let pair = pools.get(customer.product);
    if (pair === undefined) {
      pair = [[], []];
      pools.set(customer.product, pair);
    }
    pair[halfOf(account)].push(i);
  });
  const draws: Draw[] = [];
  for (const [product, pair] of [...pools].sort(([a], [b]) => (a < b ? -1 : 1)))
    for (const half of [0, 1] as const) {
      const pool = { product, half, accounts: pair[half] };
      for (const draw of drawGroups(pool, features, Math.ceil(resamples / 2), uniform)) draws.push(draw);
    }
  const indexOf = new Map(kept.map((held, i) => [held.account, i]));
  for (const list of linked) {
    const members = list.flatMap((account) => indexOf.get(account) ?? []);
    const first = kept[members[0] ?? -1];
    if (members.length < 2 || first === undefined) continue;
    draws.push({ product: first.customer.product, members, half: halfOf(first.account) });
  }
  return draws;
}

/** Ends of the looks: every slice of the first EARLY ones of a base, then every LOOK_EVERY-th, to the last. */
function timesOf(accounts: readonly PastAccount[]): number[] {
  let from = Number.POSITIVE_INFINITY;
  let to = 0;
  for (const { slices } of accounts) {
    from = Math.min(from, slices[0]?.start ?? from);
    to = Math.max(to, slices[slices.length - 1]?.start ?? to);
  }
  const times: number[] = [];
  let at = from;
  while (at < to) {
    times.push(at);
    at += times.length < EARLY ? SLICE_MS : LOOK_EVERY * SLICE_MS;
  }
  times.push(to);
  return times;
}

type WindowOf = (account: number, time: number, hours: number) => MemberWindow;

function windowMemo(kept: readonly PastAccount[]): WindowOf {
  const memo = new Map<number, Map<number, MemberWindow>>();
  return (account, time, hours) => {
    const key = time * 1000 + hours;
    let held = memo.get(key);
    if (held === undefined) {
      held = new Map();
      memo.set(key, held);
    }
    let window = held.get(account);
    if (window === undefined) {
      window = memberWindow(kept[account]?.slices ?? [], time, windowMs(hours), 0);
      held.set(account, window);
    }
    return window;
  };
}

function looksAt(
  draw: Draw,
  kept: readonly PastAccount[],
  times: readonly number[],
  windows: readonly number[],
  windowOf: WindowOf,
): Look[] {
  const customer = { plan: '', product: draw.product, createdAt: 0 };
  const looks: Look[] = [];
  for (const time of times) {
    const present = draw.members.filter((i) => (kept[i]?.slices[0]?.start ?? time + 1) <= time);
    if (present.length < 2) continue;
    const kind: GroupKind = { product: draw.product, members: present.length };
    for (const hours of windows) {
      const sight = groupInput(
        present.map((i) => windowOf(i, time, hours)),
        customer,
        time,
        hours,
      );
      looks.push({ hours, kind, values: sight.readings.map((reading) => reading?.value) });
    }
  }
  return looks;
}

/** -log10 of a p-value that is one exceeds 1.3 in one case of twenty. */
const FAIR_FROM = -Math.log10(0.05);
/** Mean excess of -log10 of a p-value that is one is 0.43; below this much of it no learnt tail is believed. */
const FAIR_SCALE = 0.25;

/** The null of a surprise, never lighter than a true p-value could make it: base or signal may be too small to show more. */
function noLighter(held: NullDistribution): NullDistribution {
  const from = Math.max(held.tail.from, FAIR_FROM);
  return {
    ...held,
    quantiles: held.quantiles.map((value, i) => (i === held.quantiles.length - 1 ? from : value)),
    tail: { from, scale: Math.max(held.tail.scale, FAIR_SCALE) },
  };
}

/** Per signal null that a group passed through, its largest value there. */
function largestValues(looks: readonly Look[]): Map<string, number> {
  const largest = new Map<string, number>();
  for (const { hours, kind, values } of looks)
    GROUP_SIGNALS.forEach((signal, s) => {
      const value = values[s];
      if (value === undefined) return;
      const name = signalNull(signal.id, hours, kind);
      if (!(value <= (largest.get(name) ?? Number.NEGATIVE_INFINITY))) largest.set(name, value);
    });
  return largest;
}

function learnEach(groups: readonly ReadonlyMap<string, number>[]): Nulls {
  const byName = new Map<string, number[]>();
  for (const largest of groups) for (const [name, value] of largest) add(byName, name, value);
  const nulls: Nulls = {};
  for (const [name, values] of [...byName].sort(([a], [b]) => (a < b ? -1 : 1)))
    nulls[name] = learnNull(values);
  return nulls;
}

/** Excesses that the scale over all size classes is worth. */
const PRIOR_EXCESSES = 8;

/**
 * Mean excess over the 95 % quantile of the other half's groups, per signal, window and product over all size classes:
 * a class alone has a handful of excesses, and of look-alikes from one half at that.
 */
function crossScales(
  groups: readonly { readonly values: ReadonlyMap<string, number>; readonly others: Nulls }[],
): Map<string, number> {
  const sums = new Map<string, { sum: number; count: number }>();
  for (const { values, others } of groups)
    for (const [name, value] of values) {
      const from = others[name]?.tail.from;
      if (from === undefined || value <= from) continue;
      for (const key of [name, withoutSize(name)]) {
        const held = sums.get(key) ?? { sum: 0, count: 0 };
        held.sum += value - from;
        held.count++;
        sums.set(key, held);
      }
    }
  const scales = new Map<string, number>();
  for (const [name, { sum, count }] of sums) {
    const all = sums.get(withoutSize(name));
    // a class's own scale counts as much as it has excesses; a name without size is its own parent
    const parent = all === undefined ? sum / count : all.sum / all.count;
    scales.set(name, (sum + PRIOR_EXCESSES * parent) / (count + PRIOR_EXCESSES));
  }
  return scales;
}

function withScales(nulls: Nulls, scales: ReadonlyMap<string, number>): Nulls {
  return Object.fromEntries(
    Object.entries(nulls).map(([name, held]) => {
      const scale = scales.get(name) ?? scales.get(withoutSize(name)) ?? held.tail.scale;
      return [name, { ...held, tail: { from: held.tail.from, scale: Number(scale.toPrecision(6)) } }];
    }),
  );
}

/** A signal null's name without its last part, the size class. */
function withoutSize(name: string): string {
  return name.slice(0, name.lastIndexOf('/'));
}

function add(lists: Map<string, number[]>, name: string, value: number): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [value]);
  else list.push(value);
}
