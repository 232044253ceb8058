import type { Policy } from '../../policy/policy.ts';
import type { CustomerFacts } from '../../profile/profile.ts';
import type { Slice } from '../../profile/slice.ts';
import { windowMs } from '../../profile/window.ts';
import { type Calibration, type PeerRank, tailAmong } from '../../scoring/calibration.ts';
import { MIN_ACCOUNTS, upperTail } from '../../scoring/null-distribution.ts';
import type { Contribution, WindowScore } from '../../scoring/score.ts';
import { type Significance, toSignificance } from '../../scoring/significance.ts';
import { gradingHarvest } from '../../signals/grading-harvest.ts';
import { instructionBreadth } from '../../signals/instruction-breadth.ts';
import { reasoningHarvest } from '../../signals/reasoning-harvest.ts';
import {
  effectiveTrials,
  lowerShare,
  type Measurement,
  measurementOf,
  NO_RELEASES,
  percent,
  type Signal,
  type SignalInput,
} from '../../signals/signal.ts';
import { uniformGenerator } from '../../signals/uniform-generator.ts';
import { mergedWindow, novelShares, promptsOnly } from './group-window.ts';
import { type MemberWindow, memberWindow } from './member-window.ts';

/** A signal of a group is a reason where no more than this share of benign groups shows as much. */
export const UNCOMMON = 0.05;

/** What a group's score is made with. */
export interface ScoreRules {
  /** window lengths in hours */
  readonly windows: readonly number[];
}

export function scoreRules({ windows }: Pick<Policy, 'windows'>): ScoreRules {
  return { windows };
}

/** Only a group can show it: read by buildGroupInput, abstains on an account. */
export const everyMember: Signal = {
  id: 'every-member',
  title: 'every account adds tasks that nobody else asks',
  why: 'One operator deals one query set out to all accounts, so each shows a share of it, however small, beside work that covers for it. Honest groups are uneven: a few accounts ask many tasks, most none. Mean of the square roots of the members’ shares, which weighs evenness and not volume.',
  evasion:
    'Leave accounts without extraction: they cost as much and bring nothing. Or let no opening of the cover recur either: then each account stands out by itself, since nobody’s questions begin so.',
  weight: 1,
  unit: 0.1,
  value: () => undefined,
  evidence: () => '',
};

/** The account's signal, shown without a part in the budget: evenness over the members says it better of a group. */
const broadTasks: Signal = { ...instructionBreadth, weight: 0 };

/**
 * Signals that judge a group: behaviour only. Address, payment, client and creation made the link and judge nothing;
 * volume and age say more about the size of a group than about its purpose.
 */
export const GROUP_SIGNALS: readonly Signal[] = [
  broadTasks,
  everyMember,
  uniformGenerator,
  reasoningHarvest,
  gradingHarvest,
];

/** Size classes of groups: a null for each. */
const CLASSES = [3, 5, 8, 12, 17, 24, 34, 48] as const;

export function sizeClass(members: number): string {
  let from = 2;
  for (const start of CLASSES) {
    if (members < start) return `${from}-${start - 1}`;
    from = start;
  }
  return `${from}+`;
}

/** Requests below which nothing is said of a group. */
const MIN_REQUESTS = 30;

/** A group's window: merged values, and each member's part. */
export interface GroupInput {
  readonly hours: number;
  readonly sight: SignalInput;
  readonly members: readonly MemberWindow[];
  /** per member: share of its requests that are tasks which nobody in the group repeats */
  readonly novel: readonly number[];
  readonly readings: readonly (Measurement | undefined)[];
}

/** Looks at a group through one window that ends with the slice of `latest`; `from` is when the link stood (ms). */
export function buildGroupInput(
  slicesOf: readonly (readonly Slice[])[],
  customer: CustomerFacts,
  latest: number,
  hours: number,
  from: number,
): GroupInput {
  const length = windowMs(hours);
  return groupInput(
    slicesOf.map((slices) => memberWindow(slices, latest, length, from)),
    customer,
    latest,
    hours,
  );
}

/** The same from members' windows that are at hand. */
export function groupInput(
  members: readonly MemberWindow[],
  customer: CustomerFacts,
  latest: number,
  hours: number,
): GroupInput {
  const { window, prompts } = mergedWindow(members, latest, windowMs(hours));
  const sight: SignalInput = { window, customer, samples: promptsOnly(prompts), releases: NO_RELEASES };
  const novel = novelShares(members);
  const readings = GROUP_SIGNALS.map((signal) => {
    if (window.counts.events < MIN_REQUESTS) return undefined;
    if (signal === broadTasks) return breadth(members, novel, sight);
    if (signal === everyMember) return evenness(members, novel);
    if (signal === uniformGenerator) return generator(members, novel, sight);
    return measurementOf(signal, sight);
  });
  return { hours, sight, members, novel, readings };
}

/** Requests of one member that count at most, as a multiple of the mean: no member speaks for the group. */
const LOUDEST = 4;

/** Share of novel tasks over the group; each member weighs with its requests, the loudest not without bound. */
function novelShare(members: readonly MemberWindow[], novel: readonly number[]): number {
  let events = 0;
  for (const member of members) events += member.counts.events;
  const most = (LOUDEST * events) / Math.max(1, members.length);
  let hits = 0;
  let weight = 0;
  members.forEach((member, i) => {
    const counted = Math.min(member.counts.events, most);
    hits += counted * (novel[i] ?? 0);
    weight += counted;
  });
  return weight === 0 ? 0 : hits / weight;
}

function breadth(
  members: readonly MemberWindow[],
  novel: readonly number[],
  sight: SignalInput,
): Measurement | undefined {
  const trials = effectiveTrials(sight.window);
  if (trials < 5) return undefined;
  const share = novelShare(members, novel);
  return {
    value: lowerShare(share * trials, trials),
    evidence: () =>
      `${percent(share)} of ${sight.window.counts.events} requests of ${members.length} accounts were self-contained tasks that neither the account nor the group begins in the same way twice`,
  };
}

/** Requests of one member that count at most for evenness, and requests that a share of nothing is worth. */
const ENOUGH = 20;

/**
 * Mean over members of the square root of the share of novel tasks (the root makes the spread of a share the same
 * everywhere), each weighing with at most ENOUGH requests, shrunken towards nothing while there are few requests.
 */
function evenness(members: readonly MemberWindow[], novel: readonly number[]): Measurement | undefined {
  let sum = 0;
  let weight = 0;
  let showing = 0;
  members.forEach((member, i) => {
    const counted = Math.min(member.counts.events, ENOUGH);
    const share = novel[i] ?? 0;
    sum += counted * Math.sqrt(share);
    weight += counted;
    if (share > 0) showing++;
  });
  if (weight < ENOUGH) return undefined;
  return {
    value: sum / (weight + ENOUGH),
    evidence: () =>
      `${showing} of ${members.length} accounts add tasks that nobody else in the group asks, whatever else they do`,
  };
}

function generator(
  members: readonly MemberWindow[],
  novel: readonly number[],
  sight: SignalInput,
): Measurement | undefined {
  const trials = effectiveTrials(sight.window);
  if (trials < 10) return undefined;
  const { counts } = sight.window;
  const share = novelShare(members, novel);
  const variance = Math.max(0, counts.headSquares / counts.events - (counts.headSum / counts.events) ** 2);
  return {
    value: lowerShare(share * trials, trials) / (1 + variance),
    evidence: () =>
      `first lines of ${members.length} accounts vary by ${Math.sqrt(variance).toFixed(1)} half-octaves in length over different tasks`,
  };
}

/** What a group is compared with. */
export interface GroupKind {
  readonly product: string;
  readonly members: number;
}

type Nulls = NonNullable<Calibration['groupScore']>;

/** Name of the null of one signal in one window. */
export function signalNull(signal: string, hours: number, kind: GroupKind): string {
  return `${signal}/${hours}/${kind.product}/${sizeClass(kind.members)}`;
}

/** Names of the nulls of a signal's largest surprise, narrowest first. */
export function surpriseNulls(signal: string, kind: GroupKind): readonly string[] {
  return [`surprise/${signal}/${kind.product}`, `surprise/${signal}`];
}

/** Most that one signal's surprise may bring: beyond it a fitted tail says nothing more. */
const MAX_SURPRISE = 12;

/** Part of a signal's declared unit that the scale of its tail never falls below. */
const MIN_SCALE = 1 / 8;

/**
 * How surprising a value is among benign groups of the size and product: -log10 of its tail probability, by the fitted
 * tail, at most MAX_SURPRISE; 0 where no such groups were seen. Groups are compared by surprise and not by steps, because the
 * spread of a group's value shrinks as it grows: what says nothing of four accounts can say everything of forty.
 * The tail is never steeper than the signal's declared unit allows: where benign groups show nothing at all of a
 * behaviour, a trace of it is no proof.
 */
export function surprise(
  signal: Signal,
  value: number,
  hours: number,
  kind: GroupKind,
  nulls: Nulls,
): number {
  const own = nulls[signalNull(signal.id, hours, kind)];
  if (own === undefined || own.accounts < MIN_ACCOUNTS) return 0;
  const scale = Math.max(own.tail.scale, signal.unit * MIN_SCALE);
  const p = upperTail({ ...own, tail: { from: own.tail.from, scale } }, value);
  return Math.min(MAX_SURPRISE, -Math.log10(p));
}

/** How a signal's value is placed among benign groups: its surprise, and the chance of one as large over a period. */
function place(
  signal: Signal,
  value: number,
  hours: number,
  kind: GroupKind,
  nulls: Nulls,
): PeerRank | undefined {
  const own = surprise(signal, value, hours, kind, nulls);
  return own === 0 ? undefined : tailAmong(nulls, surpriseNulls(signal.id, kind), own);
}

/** Signals with any weight: each has an equal part of the error budget. */
const JUDGING = GROUP_SIGNALS.filter((signal) => signal.weight > 0);

/** Chance that a benign group reaches a score within the calibration's period: the signals' chances added. */
export function chanceOf(score: number): number {
  return Math.min(1, JUDGING.length * 10 ** -score);
}

/** How sure a group's score makes us: the chance of it within a month, as for accounts. */
export function groupSignificance(
  score: number,
  kind: GroupKind,
  calibration: Pick<Calibration, 'groupScore' | 'days'>,
): Significance {
  const null0 = calibration.groupScore?.[surpriseNulls(everyMember.id, kind)[0] ?? ''];
  return toSignificance(
    {
      p: chanceOf(score),
      accounts: null0?.accounts ?? 0,
      group: `groups of ${sizeClass(kind.members)} accounts, ${kind.product}`,
    },
    calibration.days,
  );
}

/**
 * A group's window scored: -log10 of the smallest chance among its signals. Surprise makes sizes comparable, the null of
 * the surprise makes signals comparable and pays for every look at the group; what remains is the number of signals,
 * see chanceOf.
 */
export function scoreGroup(group: GroupInput, nulls: Nulls): WindowScore {
  const { sight, readings, hours, members } = group;
  const kind: GroupKind = { product: sight.customer.product, members: members.length };
  const { window } = sight;
  let score = 0;
  for (const signal of JUDGING) {
    const value = readings[GROUP_SIGNALS.indexOf(signal)]?.value;
    if (value === undefined) continue;
    score = Math.max(score, -Math.log10(place(signal, value, hours, kind, nulls)?.p ?? 1));
  }
  return {
    hours,
    from: window.from,
    to: window.to,
    events: window.counts.events,
    score,
    contributions: () =>
      GROUP_SIGNALS.flatMap((signal, i): Contribution[] => {
        const reading = readings[i];
        if (reading === undefined) return [];
        return [
          {
            signal: signal.id,
            title: signal.title,
            value: reading.value,
            p: place(signal, reading.value, hours, kind, nulls)?.p,
            points: signal.weight > 0 ? surprise(signal, reading.value, hours, kind, nulls) : 0,
            evidence: reading.evidence(),
          },
        ];
      }).sort((a, b) => b.points - a.points),
  };
}
