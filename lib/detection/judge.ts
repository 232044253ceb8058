import { explain } from '../findings/explanations.ts';
import type { Notice, Reason, Transition } from '../findings/finding.ts';
import { budgetFor, type Policy } from '../policy/policy.ts';
import type { CustomerFacts } from '../profile/profile.ts';
import { SLICE_MS, type Slice } from '../profile/slice.ts';
import type { Window } from '../profile/window.ts';
import { windowOf } from '../profile/window.ts';
import type { WindowMemo } from '../profile/window-memo.ts';
import { type Calibration, rankAmong } from '../scoring/calibration.ts';
import { cappedLevel, type Level, type LevelRules, nextLevel } from '../scoring/level.ts';
import { dueSlices } from '../scoring/looks.ts';
import { peerGroups } from '../scoring/peer-group.ts';
import { scoreAt, type WindowScore } from '../scoring/score.ts';
import {
  type RunningMax,
  type Significance,
  significanceOf,
  toSignificance,
  updateRunningMax,
} from '../scoring/significance.ts';
import { type CalibrationSize, supportedBudget } from '../scoring/supported-budget.ts';
import { iso } from '../time.ts';
import type { Judgement } from './account-state.ts';
import { judgedWith, nextStep } from './episode.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** What every judgement is made with. */
export interface Rules {
  readonly policy: Policy;
  readonly calibration: Calibration;
  /** version of the code */
  readonly code: string;
  readonly shadow: boolean;
  /** a policy that is evaluated on the same windows, recorded and never told */
  readonly candidate?: Pick<Rules, 'policy' | 'calibration'>;
}

const NO_GROUPS: readonly string[] = [];

/** Level rules by policy, calibration and peer groups: the same for all accounts of a group. */
const levels = new WeakMap<Policy, WeakMap<CalibrationSize, WeakMap<readonly string[], LevelRules>>>();

/**
 * The levels that exist for an account under a policy and a calibration: a level that the calibration does not support
 * is never reached.
 * @param groups peer groups of the account, narrowest first; without, the general budget
 */
export function levelRules(
  policy: Policy,
  calibration: CalibrationSize,
  groups: readonly string[] = NO_GROUPS,
): LevelRules {
  const byCalibration = levels.get(policy) ?? new WeakMap();
  levels.set(policy, byCalibration);
  const byGroups: WeakMap<readonly string[], LevelRules> = byCalibration.get(calibration) ?? new WeakMap();
  byCalibration.set(calibration, byGroups);
  let rules = byGroups.get(groups);
  if (rules === undefined) {
    const { watch, suspect = 0, critical = 0 } = supportedBudget(calibration, budgetFor(policy, groups));
    rules = { watch, suspect, critical, calm: policy.calmHours * HOUR };
    byGroups.set(groups, rules);
  }
  return rules;
}

/** Who is judged, and on which slices. */
export interface Subject {
  readonly account: string;
  readonly customer: CustomerFacts;
  readonly firstSeen: number;
  readonly sampleEvents: readonly string[];
  /** ascending, distinct starts */
  readonly slices: readonly Slice[];
  readonly memo?: WindowMemo;
}

export interface AccountVerdict {
  readonly judgement: Judgement;
  readonly scores: readonly WindowScore[];
  readonly certainty: Significance | undefined;
  readonly notice: Notice | undefined;
}

/**
 * Judges an account at event time `at` (ms), once for every slice that is over and was not looked at yet: score,
 * evidence, level, and the finding's transition if there is one. Between slices nothing changes.
 */
export function judgeAccount(subject: Subject, before: Judgement, at: number, rules: Rules): AccountVerdict {
  const due = dueSlices(subject.slices, before.looked, at);
  let verdict: AccountVerdict = {
    judgement: before,
    scores: [],
    certainty: significanceOf(before.evidence, subject.customer, rules.calibration),
    notice: undefined,
  };
  for (const slice of due) {
    const looked = judgeWindow(subject, { ...verdict.judgement, looked: slice }, slice, at, rules);
    verdict = { ...looked, notice: looked.notice ?? verdict.notice };
  }
  return verdict;
}

/**
 * Judges an account that fell silent, at `at` (ms): slices that were never looked at first; where they tell nothing,
 * windows that end now and have emptied, in which nothing rises.
 */
export function judgeIdle(subject: Subject, before: Judgement, at: number, rules: Rules): AccountVerdict {
  const newest = subject.slices[subject.slices.length - 1]?.start ?? 0;
  const looked = judgeAccount(subject, before, Math.min(at, newest + SLICE_MS), rules);
  if (looked.notice !== undefined) return looked;
  const faded = judgeWindow(subject, looked.judgement, at, at, rules);
  const { notice } = faded;
  return notice === undefined || notice.transition === 'calmed' || notice.transition === 'closed'
    ? faded
    : looked;
}

/**
 * One look, at event time `at`: windows that end with the slice in which `latest` lies.
 * @param latest event time, ms
 */
export function judgeWindow(
  subject: Subject,
  before: Judgement,
  latest: number,
  at: number,
  rules: Rules,
): AccountVerdict {
  const { policy, calibration } = rules;
  const scores = scoreAt(subject.slices, latest, subject, calibration, policy.windows, subject.memo);
  const top = scores[0];
  if (top === undefined) return { judgement: before, scores, certainty: undefined, notice: undefined };
  const evidence = updateRunningMax(before.evidence, top.score, at);
  const groups = peerGroups(subject.customer, at);
  const place = rankAmong(calibration.score, groups, top.score);
  const present = place === undefined ? 1 : toSignificance(place, calibration.days).p;
  const level = nextLevel(before.level, present, at, levelRules(policy, calibration, groups));
  const sure = significanceOf(evidence, subject.customer, calibration);
  const grown = before.finding !== undefined && top.events >= 2 * before.finding.noticedEvents;
  const change = { at, evidence, level, events: top.events, grown };
  const step = nextStep('account', subject.account, before, change, policy);
  if (step === undefined)
    return { judgement: { ...before, evidence, level }, scores, certainty: sure, notice: undefined };
  const { transition, number, id } = step;
  const occasion = {
    transition,
    number,
    id,
    level: level.level,
    previous: before.level.level,
    at,
    top,
    sure,
    evidence,
  };
  const notice = writeNotice(subject, occasion, rules);
  return { judgement: judgedWith(before, change, step, notice), scores, certainty: sure, notice };
}

/** One transition, with all that its notice says beyond what the slices say. */
export interface Occasion {
  readonly transition: Transition;
  readonly number: number;
  readonly id: string;
  readonly level: Level;
  readonly previous: Level;
  /** event time, ms */
  readonly at: number;
  readonly top: WindowScore;
  readonly sure: Significance | undefined;
  readonly evidence: RunningMax;
}

/** A fact is given as a reason where no more than this share of peers lies as far out. */
const UNCOMMON = 0.25;
const REASONS = 3;

/** Reasons for people: what brought most points, at most three, only what is not common among the peers. */
export function reasonsOf(score: WindowScore, uncommon = UNCOMMON): Reason[] {
  return score
    .contributions()
    .filter((part) => part.points > 0 && (part.p ?? 1) <= uncommon)
    .slice(0, REASONS)
    .map((part) => ({
      signal: part.signal,
      title: part.title,
      value: round(part.value),
      p: round(part.p ?? 1),
      points: round(part.points),
      evidence: part.evidence,
    }));
}

/**
 * List price of a window, USD, where the policy prices all its models. Slices count tokens over all models, so they are
 * shared out by requests: an estimate.
 */
export function priced(window: Window, policy: Policy): { listPriceUsd: number } | undefined {
  let usd = 0;
  for (const [model, events] of window.models) {
    const price = policy.prices[model];
    if (price === undefined) return undefined;
    const { inputTokens, outputTokens } = window.counts;
    const million = (events / window.counts.events) * 1e-6;
    usd += million * (inputTokens * price.inputPerMillion + outputTokens * price.outputPerMillion);
  }
  return window.models.size === 0 ? undefined : { listPriceUsd: Number(usd.toFixed(2)) };
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}

/**
 * The notice of an account's transition: a function of the slices, the occasion, the policy and the calibration, so that
 * a dossier can write it again (findings/dossier/assess.ts).
 */
export function writeNotice(subject: Subject, occasion: Occasion, rules: Rules): Notice {
  const { top, at, level, sure, evidence } = occasion;
  const { policy, calibration } = rules;
  const window = windowOf(
    subject.slices.filter(({ start }) => start >= top.from && start < top.to),
    top.from,
    top.to,
  );
  const exception = policy.exceptions.find(
    (held) => held.account === subject.account && Date.parse(held.until) > at,
  );
  const models = [...window.models].sort((a, b) => b[1] - a[1]);
  const first = subject.slices.find((slice) => slice.start >= window.from)?.start ?? window.from;
  const levels = levelRules(policy, calibration, peerGroups(subject.customer, at));
  const highestLevel = cappedLevel(levels);
  const { least } = supportedBudget(calibration, policy.budget);
  return {
    v: 1,
    number: occasion.number,
    transition: occasion.transition,
    finding: occasion.id,
    subject: {
      type: 'account',
      id: subject.account,
      plan: subject.customer.plan,
      product: subject.customer.product,
      accountAgeDays: Math.max(0, Math.round((at - subject.customer.createdAt) / DAY)),
    },
    at: iso(at),
    since: iso(Math.max(first, subject.firstSeen)),
    level,
    previous: occasion.previous,
    ...(highestLevel === undefined ? {} : { highestLevel }),
    score: round(top.score),
    log10E: round(sure?.log10E ?? 0),
    p: sure === undefined ? 1 : round(sure.p),
    ...(sure === undefined || sure.p > least ? {} : { pIsBound: true }),
    peers: { group: sure?.group ?? 'none', accounts: sure?.accounts ?? 0 },
    promise: levels[level === 'critical' ? 'critical' : 'suspect'],
    window: { hours: top.hours, from: iso(window.from), to: iso(window.to), events: window.counts.events },
    reasons: reasonsOf(top),
    explanations: explain({ window, customer: subject.customer, samples: window.samples }),
    links: [],
    stake: {
      requests: window.counts.events,
      inputTokens: window.counts.inputTokens,
      outputTokens: window.counts.outputTokens,
      models: models
        .slice(0, 5)
        .map(([model, events]) => ({ model, share: round(events / window.counts.events) })),
      ...priced(window, policy),
    },
    evidence: { since: iso(evidence.since), peak: evidence.peak, peakAt: iso(evidence.peakAt) },
    sampleEvents: [...subject.sampleEvents],
    versions: { policy: policy.id, calibration: calibration.id, code: rules.code },
    ...(exception === undefined ? {} : { quiet: exception.reason }),
    shadow: rules.shadow,
  };
}
