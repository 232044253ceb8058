import type { CustomerFacts } from '../profile/profile.ts';
import { SLICE_MS } from '../profile/slice.ts';
import { windowMs } from '../profile/window.ts';
import type { CalibrationAccount } from '../scoring/calibrate.ts';
import { learnNull, type NullDistribution } from '../scoring/null-distribution.ts';
import type { ScoreRules } from '../scoring/score.ts';
import {
  CLASS_SIZES,
  GROUP_SIGNALS,
  type GroupKind,
  groupScore,
  scoreNulls,
  sightOfMembers,
  signalNull,
} from './group-score.ts';
import { type MemberWindow, memberWindow, novelShares } from './group-window.ts';
import { seeded, shuffle } from './random.ts';

export interface GroupLearning {
  /** accounts that are not to be learnt from: likely attackers, as the account calibration found them */
  readonly exclude?: ReadonlySet<string>;
  /** groups of accounts that are linked in truth (companies, courses), as findGroups gives them */
  readonly linked?: readonly (readonly string[])[];
  /** resampled groups per product and size class */
  readonly resamples?: number;
  readonly seed?: number;
}

/** A group's values in one window at one time. */
interface Look {
  readonly hours: number;
  readonly values: readonly (number | undefined)[];
}

/** Slices between two looks at a group while its largest score is sought. */
const LOOK_EVERY = 4;

/**
 * Learns the nulls of groups: per size class, product, window and signal, and of the score itself. Every value is a
 * group's maximum over the period, as for accounts.
 *
 * A group is a resample of benign accounts of one product: half of them drawn at random, half of them a random account
 * and those that behave most like it. The second half stands for owners whose accounts all do the same (a company's
 * ten copies of one program), which independent draws would never show: pooling must not make a program that asks many
 * tasks look guiltier merely because it has ten accounts. Groups that are linked in truth are added to their class.
 * @returns to be put into `calibration.groupScore`
 */
export function learnGroupNull(
  accounts: readonly CalibrationAccount[],
  rules: ScoreRules,
  learning: GroupLearning = {},
): Record<string, NullDistribution> {
  const { exclude, linked = [], resamples = 120, seed = 7 } = learning;
  const uniform = seeded(seed);
  const kept = accounts.filter((held) => exclude?.has(held.account) !== true && held.slices.length > 0);
  const indexOf = new Map(kept.map((held, i) => [held.account, i]));
  const periods = looksOf(kept);
  const windows = new Map<string, MemberWindow>();
  const windowOf = (i: number, look: number, hours: number): MemberWindow => {
    const key = `${i}/${look}/${hours}`;
    let held = windows.get(key);
    if (held === undefined) {
      held = memberWindow(kept[i]?.slices ?? [], look, windowMs(hours), 0);
      windows.set(key, held);
    }
    return held;
  };
  const longest = Math.max(...rules.windows);
  const features = kept.map((_, i) => {
    const whole = windowOf(i, periods[periods.length - 1] ?? 0, longest);
    const all = memberWindow(kept[i]?.slices ?? [], periods[periods.length - 1] ?? 0, 400 * 86_400_000, 0);
    const used = whole.counts.events > 0 ? whole : all;
    const events = Math.max(1, used.counts.events);
    return [novelShares([used])[0] ?? 0, used.counts.reasoning / events, used.counts.grading / events];
  });
  const products = new Map<string, number[]>();
  kept.forEach(({ customer }, i) => {
    const list = products.get(customer.product);
    if (list === undefined) products.set(customer.product, [i]);
    else list.push(i);
  });
  const drawn: { members: number[]; customer: CustomerFacts }[] = [];
  for (const [product, list] of [...products].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const customer = { plan: '', product, createdAt: 0 };
    for (const size of CLASS_SIZES) {
      if (list.length < 2 * size) continue;
      for (let r = 0; r < resamples; r++) {
        const members = r % 2 === 0 ? draw(list, size) : alike(list, size);
        drawn.push({ members, customer });
      }
    }
  }
  for (const accountsOf of linked) {
    const members = accountsOf.flatMap((account) => indexOf.get(account) ?? []);
    const customer = kept[members[0] ?? -1]?.customer;
    if (members.length >= 2 && customer !== undefined) drawn.push({ members, customer });
  }
  const looks = drawn.map(({ members, customer }) => looksAt(members, customer));
  const nulls: Record<string, NullDistribution> = {};
  for (const hours of rules.windows)
    GROUP_SIGNALS.forEach((signal, s) => {
      collect(
        (kind) => [signalNull(signal.id, hours, kind)],
        (i) => largest((looks[i] ?? []).map((look) => (look.hours === hours ? look.values[s] : undefined))),
      );
    });
  const scores = drawn.map(({ members, customer }, i) => {
    const kind = { product: customer.product, members: members.length };
    return largest(
      (looks[i] ?? []).map(({ hours, values }) => groupScore(values, hours, kind, rules, nulls)),
    );
  });
  collect(
    (kind) => scoreNulls(kind),
    (i) => scores[i],
  );
  return nulls;

  function draw(list: readonly number[], size: number): number[] {
    return shuffle([...list], uniform).slice(0, size);
  }

  function alike(list: readonly number[], size: number): number[] {
    const centre = features[list[Math.floor(uniform() * list.length)] as number] as number[];
    return list
      .map((i) => ({ i, far: distance(features[i] as number[], centre) + 1e-3 * uniform() }))
      .sort((a, b) => a.far - b.far)
      .slice(0, size)
      .map(({ i }) => i);
  }

  function looksAt(members: readonly number[], customer: CustomerFacts): Look[] {
    return periods.flatMap((look) =>
      rules.windows.map((hours) => {
        const sight = sightOfMembers(
          members.map((i) => windowOf(i, look, hours)),
          customer,
          look,
          hours,
        );
        return { hours, values: sight.readings.map((reading) => reading?.value) };
      }),
    );
  }

  function collect(
    namesOf: (kind: GroupKind) => readonly string[],
    measure: (i: number) => number | undefined,
  ): void {
    const byName = new Map<string, number[]>();
    drawn.forEach(({ members, customer }, i) => {
      const value = measure(i);
      if (value === undefined) return;
      for (const name of namesOf({ product: customer.product, members: members.length })) {
        const list = byName.get(name);
        if (list === undefined) byName.set(name, [value]);
        else list.push(value);
      }
    });
    for (const [name, values] of byName) nulls[name] = learnNull(values);
  }
}

function distance(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] as number) - (b[i] as number)) ** 2;
  return sum;
}

function largest(values: readonly (number | undefined)[]): number | undefined {
  let most: number | undefined;
  for (const value of values)
    if (value !== undefined && !(value <= (most ?? Number.NEGATIVE_INFINITY))) most = value;
  return most;
}

/** Event times at which groups are looked at: every LOOK_EVERY slices of the period. */
function looksOf(accounts: readonly CalibrationAccount[]): number[] {
  let from = Number.POSITIVE_INFINITY;
  let to = 0;
  for (const { slices } of accounts)
    for (const { start } of slices) {
      from = Math.min(from, start);
      to = Math.max(to, start);
    }
  const looks: number[] = [];
  for (let at = to; at >= from; at -= LOOK_EVERY * SLICE_MS) looks.unshift(at);
  return looks;
}
