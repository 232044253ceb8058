import type { Policy } from '../policy/policy.ts';
import { type Calibration, tailAmong } from '../scoring/calibration.ts';
import { learnNull, type NullDistribution } from '../scoring/null-distribution.ts';
import { toSignificance } from '../scoring/significance.ts';
import { SIGNALS } from '../signals/index.ts';
import { binomialInterval } from '../statistics/binomial-interval.ts';
import { foldsOf } from './folds.ts';
import { NO_GROUPS, type Reach, reachOutOfFold } from './tune-campaigns.ts';
import { type Effect, effectOf, type Via } from './tune-effect.ts';
import { scoreUnder, signalNulls, stepsOf, type TuningAccount } from './tuning-account.ts';
import type { LinkedGroups, TuningRules } from './tuning-rules.ts';

export type Tuning =
  | {
      readonly ok: true;
      /** without an id: the caller names it */
      readonly policy: Policy;
      /** score nulls learnt under the candidate's weights */
      readonly calibration: Calibration;
      readonly folds: number;
      /** out of fold: every account judged by weights, nulls and a threshold that its fold had no part in */
      readonly expected: Effect;
      /** the policy that was given, under the calibration that was given, on the same accounts */
      readonly present: Effect;
      /** whether the 95 % bound of the false-positive rate keeps the limit, and how many benign accounts that takes */
      readonly proven: boolean;
      readonly provenBy: number;
      /** what the budget of campaigns rests on */
      readonly groups: { readonly benign: number; readonly searched: boolean };
    }
  | { readonly ok: false; readonly reason: string };

const MIN_FOLDS = 5;
const MAX_FOLDS = 10;
const MIN_EXTRACTION = 10;
const MULTIPLIERS = [0, 0.5, 2];
/** `campaigns.budget` is tried at so many times what it is. */
const BUDGETS = [0.1, 0.3, 1, 3, 10];
/** weight at which a signal that ships silent is tried */
const WAKENED = 0.1;
const ROUNDS = 2;

/** Chance of no false positive among n accounts at rate x below 2.5 %: the n that proves a rate without one. */
export function accountsToProve(maxFpr: number): number {
  return Math.ceil(Math.log(0.025) / Math.log1p(-maxFpr));
}

/**
 * Searches weights and the threshold of `suspect`, cross-validated with siblings in one fold.
 *
 * The threshold is the largest at which the 95 % bound of the share of benign accounts flagged is within `maxFpr`. Where
 * so few accounts cannot bound it even with none flagged, it is the largest at which, with one more flagged than were, the
 * share would still be within `maxFpr`: for exchangeable accounts the next one is then flagged with at most that chance (the
 * argument of split-conformal prediction; Vovk, Gammerman and Shafer 2005). That takes 1 / maxFpr benign accounts at least.
 */
export function tune(accounts: readonly TuningAccount[], rules: TuningRules): Tuning {
  const { maxFpr, policy } = rules;
  const benign = accounts.filter((held) => held.label === 'benign').length;
  const extraction = accounts.length - benign;
  const needed = Math.ceil(1 / maxFpr) - 1;
  const folds = Math.max(MIN_FOLDS, Math.min(MAX_FOLDS, Math.ceil(benign / Math.max(1, benign - needed))));
  if (benign < needed || Math.floor((benign * (folds - 1)) / folds) < needed)
    return {
      ok: false,
      reason: `${benign} benign accounts cannot support a false-positive rate of ${maxFpr}: cross-validation needs ${Math.ceil((needed * MAX_FOLDS) / (MAX_FOLDS - 1)) + 1} of them, and ${accountsToProve(maxFpr)} to prove it. The smallest rate that these data support is ${supported(benign)}: give --max-fpr ${supported(benign)}, or label more benign accounts.`,
    };
  if (extraction < MIN_EXTRACTION)
    return {
      ok: false,
      reason: `${extraction} extraction accounts are too few to choose weights by: label at least ${MIN_EXTRACTION}.`,
    };
  const linked = rules.linked ?? NO_GROUPS;
  const fold = foldsOf(accounts, folds, linked.groups);
  const shipped = SIGNALS.map((signal) => policy.weights[signal.id] ?? signal.weight);
  const reach = reachOutOfFold(accounts, fold, rules, linked);
  let done = 0;
  const tell = (): void => rules.onProgress?.(++done / (folds + 1));
  const via = new Array<Via>(accounts.length).fill(undefined);
  for (let k = 0; k < folds; k++) {
    const train = accounts.flatMap((_, i) => (fold[i] === k ? [] : [i]));
    const made = learn(viewOf(accounts, train, reach, rules), shipped, rules);
    accounts.forEach((held, i) => {
      if (fold[i] === k) via[i] = made.flags(held, reach.budgets[i] as number);
    });
    tell();
  }
  const everybody = accounts.map((_, i) => i);
  const made = learn(viewOf(accounts, everybody, reach, rules), shipped, rules);
  tell();
  const expected = effectOf(accounts, (i) => via[i]);
  const present = presentEffect(accounts, shipped, rules, linked);
  if (expected.fprInterval[0] > maxFpr)
    return {
      ok: false,
      reason: `no policy of this kind keeps the false-positive rate here: cross-validated, ${expected.wronged} of ${benign} benign accounts are flagged (95 %: at least ${expected.fprInterval[0].toPrecision(2)}), more than ${maxFpr}. Benign accounts of this traffic differ too much from each other; look at who is flagged (backtest --report).`,
    };
  const threshold = Number(made.threshold.toPrecision(3));
  const weights: Record<string, number> = { ...policy.weights };
  SIGNALS.forEach((signal, i) => {
    if (made.weights[i] !== shipped[i])
      weights[signal.id] = Number((made.weights[i] as number).toPrecision(3));
  });
  return {
    ok: true,
    policy: {
      ...policy,
      weights,
      budget: {
        watch: Math.max(policy.budget.watch, threshold),
        suspect: threshold,
        critical: Math.min(policy.budget.critical, threshold),
      },
      campaigns: { ...policy.campaigns, budget: made.campaignBudget },
    },
    calibration: calibrationOf(accounts, made, weights, rules),
    folds,
    expected,
    present,
    proven: expected.fprInterval[1] <= maxFpr,
    provenBy: accountsToProve(maxFpr),
    groups: { benign: reach.benignGroups, searched: reach.searched },
  };
}

/** The calibration that belongs to the candidate: whatever was learnt in the folds is learnt from all benign accounts. */
function calibrationOf(
  accounts: readonly TuningAccount[],
  made: Fit,
  weights: Policy['weights'],
  { calibration, scale, linked, traffic }: TuningRules,
): Calibration {
  const benign = new Set(accounts.filter(({ label }) => label === 'benign').map(({ id }) => id));
  const groupScore = scale && linked !== undefined ? linked.learn(benign, weights) : undefined;
  return {
    ...calibration,
    days: traffic.days,
    ...(scale
      ? {
          madeAt: traffic.newest,
          accounts: benign.size,
          events: traffic.events,
          contamination: 0,
          setAside: 0,
        }
      : {}),
    signals: made.scale,
    score: made.nulls,
    ...(groupScore === undefined ? {} : { groupScore }),
  };
}

/** The policy that was given, under the calibration that was given. */
function presentEffect(
  accounts: readonly TuningAccount[],
  weights: readonly number[],
  { policy, calibration }: TuningRules,
  linked: LinkedGroups,
): Effect {
  const all = linked.groups.map((_, g) => g);
  const reached = linked.budgets(calibration.groupScore, policy.weights, all);
  return effectOf(accounts, (i) => {
    const { id, groups, readings } = accounts[i] as TuningAccount;
    const score = scoreUnder(stepsOf(readings, calibration.signals), weights, policy.stepCap);
    const place = tailAmong(calibration.score, groups, score);
    if (place !== undefined && toSignificance(place, calibration.days).p <= policy.budget.suspect)
      return 'account';
    return (reached.get(id) ?? Number.POSITIVE_INFINITY) <= policy.campaigns.budget ? 'campaign' : undefined;
  });
}

/** The accounts that something is learnt from, under a scale that is learnt from them. */
interface View {
  readonly accounts: readonly TuningAccount[];
  readonly steps: readonly (readonly Float64Array[])[];
  readonly scale: Calibration['signals'];
  /** see Reach */
  readonly budgets: readonly number[];
  readonly searchCampaigns: boolean;
}

function viewOf(
  all: readonly TuningAccount[],
  indices: readonly number[],
  reach: Reach,
  { policy, calibration, scale: learnt }: TuningRules,
): View {
  const accounts = indices.map((i) => all[i] as TuningAccount);
  const scale = learnt
    ? signalNulls(
        accounts.filter(({ label }) => label === 'benign'),
        policy.windows,
      )
    : calibration.signals;
  return {
    accounts,
    scale,
    steps: accounts.map(({ readings }) => stepsOf(readings, scale)),
    budgets: indices.map((i) => reach.budgets[i] as number),
    searchCampaigns: reach.searched,
  };
}

/** The smallest round rate that so many benign accounts support, cross-validated. */
function supported(benign: number): number {
  const rate = 1 / Math.max(2, Math.floor((benign * (MAX_FOLDS - 1)) / MAX_FOLDS));
  // rounded up to one digit: rounded down it would be refused again
  const digit = 10 ** Math.floor(Math.log10(rate));
  return Number((Math.ceil(rate / digit) * digit).toPrecision(1));
}

interface Fit {
  readonly weights: readonly number[];
  readonly scale: Calibration['signals'];
  readonly nulls: Record<string, NullDistribution>;
  /** chance (per account and month) at or below which an account is suspect */
  readonly threshold: number;
  readonly campaignBudget: number;
  /** @param budget at which a campaign names it */
  flags(held: TuningAccount, budget: number): Via;
}

function learn(view: View, shipped: readonly number[], rules: TuningRules): Fit {
  const campaignBudget = chooseBudget(view, rules);
  let best = evaluate(view, shipped, campaignBudget, rules);
  if (!rules.weights) return best.fit;
  const worth = worthOf(view);
  for (let round = 0; round < ROUNDS; round++) {
    let moved = false;
    for (let i = 0; i < SIGNALS.length; i++) {
      const weight = best.fit.weights[i] as number;
      for (const tried of weight === 0 ? [WAKENED, 4 * WAKENED] : MULTIPLIERS.map((by) => by * weight)) {
        const weights = best.fit.weights.map((held, j) => (j === i ? Math.min(10, tried) : held));
        const next = evaluate(view, weights, campaignBudget, rules);
        if (next.caught >= best.caught + worth) {
          best = next;
          moved = true;
        }
      }
    }
    if (!moved) break;
  }
  return best.fit;
}

/** What two accounts more would show by luck is no reason to move anything. */
function worthOf({ accounts }: View): number {
  const extraction = accounts.filter((held) => held.label === 'extraction').length;
  return Math.max(2, Math.ceil(extraction / 100));
}

/**
 * Campaigns' budget: of those that wrong at most half of what may be wronged, the one given unless another catches more than
 * luck would; where the one given wrongs more, the largest that does not.
 */
function chooseBudget({ accounts, budgets, searchCampaigns, ...view }: View, rules: TuningRules): number {
  const { policy, maxFpr } = rules;
  const present = policy.campaigns.budget;
  if (!searchCampaigns) return present;
  const flagged = (label: string, budget: number): number =>
    accounts.filter((held, i) => held.label === label && (budgets[i] as number) <= budget).length;
  const benign = accounts.filter((held) => held.label === 'benign').length;
  const allowed = Math.floor(allowedAmong(benign, maxFpr) / 2);
  const kept = BUDGETS.map((by) => Math.min(1, by * present)).filter(
    (budget) => flagged('benign', budget) <= allowed,
  );
  const largest = kept[kept.length - 1];
  if (largest === undefined) return Math.min(1, (BUDGETS[0] as number) * present);
  if (!kept.includes(present)) return largest;
  const caught = flagged('extraction', present);
  const worth = worthOf({ accounts, budgets, searchCampaigns, ...view });
  return (
    kept.find((budget) => budget > present && flagged('extraction', budget) >= caught + worth) ?? present
  );
}

function evaluate(
  view: View,
  weights: readonly number[],
  campaignBudget: number,
  rules: TuningRules,
): { fit: Fit; caught: number } {
  const { policy, traffic, maxFpr } = rules;
  const { accounts, steps, scale, budgets } = view;
  const cap = policy.stepCap;
  const byGroup = new Map<string, number[]>();
  const scores = steps.map((held) => scoreUnder(held, weights, cap));
  accounts.forEach((held, i) => {
    if (held.label !== 'benign') return;
    for (const group of held.groups) {
      const list = byGroup.get(group);
      if (list === undefined) byGroup.set(group, [scores[i] as number]);
      else list.push(scores[i] as number);
    }
  });
  const nulls = Object.fromEntries(
    [...byGroup].sort(([a], [b]) => (a < b ? -1 : 1)).map(([group, values]) => [group, learnNull(values)]),
  );
  const place = (held: TuningAccount, score: number): number => {
    const found = tailAmong(nulls, held.groups, score);
    return found === undefined ? 1 : toSignificance(found, traffic.days).p;
  };
  const chances = accounts.map((held, i) => place(held, scores[i] as number));
  const named = (i: number): boolean => (budgets[i] as number) <= campaignBudget;
  const isBenign = (i: number): boolean => accounts[i]?.label === 'benign';
  const benign = chances.filter((_, i) => isBenign(i)).length;
  const wronged = budgets.filter((_, i) => isBenign(i) && named(i)).length;
  // campaigns have had their share of what may be wronged
  const free = chances.filter((_, i) => isBenign(i) && !named(i)).sort((a, b) => a - b);
  const allowed = Math.max(0, allowedAmong(benign, maxFpr) - wronged);
  // just below the first benign account that would be one too many
  const threshold = (free[allowed] ?? 1) * (1 - 1e-6);
  const caught = chances.filter((p, i) => !isBenign(i) && (p <= threshold || named(i))).length;
  return {
    fit: {
      weights,
      scale,
      nulls,
      threshold,
      campaignBudget,
      flags(held, budget) {
        const score = scoreUnder(stepsOf(held.readings, scale), weights, cap);
        if (place(held, score) <= threshold) return 'account';
        return budget <= campaignBudget ? 'campaign' : undefined;
      },
    },
    caught,
  };
}

/** Benign accounts that a threshold may flag among those that it was chosen by; see tune. */
function allowedAmong(benign: number, maxFpr: number): number {
  const expected = Math.max(0, Math.floor(maxFpr * (benign + 1)) - 1);
  for (let wronged = expected; wronged >= 0; wronged--)
    if (binomialInterval(wronged, benign)[1] <= maxFpr) return wronged;
  return expected;
}
