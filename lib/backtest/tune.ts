import type { Policy } from '../policy/policy.ts';
import type { CustomerFacts } from '../profile/profile.ts';
import type { Slice } from '../profile/slice.ts';
import { windowMs } from '../profile/window.ts';
import { WindowMemo } from '../profile/window-memo.ts';
import { type Calibration, ninthAmong, tailAmong } from '../scoring/calibration.ts';
import { asCertainty } from '../scoring/evidence.ts';
import { learnNull, type NullDistribution } from '../scoring/null-distribution.ts';
import { peerGroups } from '../scoring/peer-group.ts';
import { SIGNALS } from '../signals/index.ts';
import { sightOf } from '../signals/signal.ts';
import { rateInterval } from './measure.ts';

/** One labelled account as tuning sees it: not its slices, but every combination of steps that could be its highest. */
export interface TuningAccount {
  readonly id: string;
  readonly label: 'benign' | 'extraction';
  /** campaign, company, course: siblings stay in one fold; empty where it stands alone */
  readonly campaign: string;
  /** narrowest first, as of its last slice */
  readonly groups: readonly string[];
  /** steps beyond the peers' ninth decile, in the order of SIGNALS, of every undominated window */
  readonly steps: readonly Float64Array[];
}

/** More undominated windows than this are thinned out: the ones with the largest sums stay. */
const MOST_STEPS = 32;

/**
 * The steps of all windows that end with a slice of the account, without those that another window beats in every
 * signal: a score is monotone in every step, so under any weights the highest is among the rest.
 * @param slices ascending, distinct starts
 */
export function stepsOf(
  slices: readonly Slice[],
  customer: CustomerFacts,
  windows: readonly number[],
  calibration: Calibration,
): Float64Array[] {
  const memo = new WindowMemo();
  const front: Float64Array[] = [];
  slices.forEach((slice, at) => {
    for (const hours of windows) {
      const nulls = calibration.signals[String(hours)];
      if (nulls === undefined) continue;
      const window = memo.ending(slices.slice(0, at + 1), slice.start, windowMs(hours));
      const groups = peerGroups(customer, window.to);
      const sight = sightOf(window, customer);
      let any = false;
      const steps = Float64Array.from(SIGNALS, (signal) => {
        const ninth = ninthAmong(nulls[signal.id], groups);
        const value = ninth === undefined ? undefined : signal.value(sight);
        if (ninth === undefined || value === undefined || value <= ninth) return 0;
        any = true;
        return (value - ninth) / signal.unit;
      });
      if (any) admit(front, steps);
    }
  });
  if (front.length <= MOST_STEPS) return front;
  const sum = (steps: Float64Array): number => steps.reduce((total, step) => total + step, 0);
  return front.sort((a, b) => sum(b) - sum(a)).slice(0, MOST_STEPS);
}

function admit(front: Float64Array[], steps: Float64Array): void {
  for (const held of front) if (dominates(held, steps)) return;
  let kept = 0;
  for (const held of front) if (!dominates(steps, held)) front[kept++] = held;
  front.length = kept;
  front.push(steps);
}

function dominates(a: Float64Array, b: Float64Array): boolean {
  for (let i = 0; i < a.length; i++) if ((a[i] as number) < (b[i] as number)) return false;
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

export interface TuningRules {
  readonly policy: Policy;
  readonly calibration: Calibration;
  /** largest share of benign accounts that may be flagged */
  readonly maxFpr: number;
  /** search weights too, not only the threshold */
  readonly weights: boolean;
  /** share of the work that is done, 0 to 1 */
  readonly onProgress?: (share: number) => void;
}

/** What a policy does to accounts that it was not made from. */
export interface Effect {
  readonly benign: number;
  readonly wronged: number;
  readonly fpr: number;
  readonly fprInterval: readonly [number, number];
  readonly extraction: number;
  readonly caught: number;
  readonly tpr: number;
  readonly tprInterval: readonly [number, number];
  readonly campaigns: number;
  readonly campaignsCaught: number;
}

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
      /** whether the 95 % bound of the false-alarm rate keeps the promise, and how many benign accounts that takes */
      readonly proven: boolean;
      readonly provenBy: number;
    }
  | { readonly ok: false; readonly reason: string };

const FEWEST_FOLDS = 5;
const MOST_FOLDS = 10;
const FEWEST_EXTRACTION = 10;
const MULTIPLIERS = [0, 0.5, 2];
/** weight at which a signal that ships silent is tried */
const WAKENED = 0.1;
const ROUNDS = 2;

/** Chance of no false alarm among n accounts at rate x below 2.5 %: n that proves a rate with nobody wronged. */
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
  const { maxFpr, policy, calibration } = rules;
  const benign = accounts.filter((held) => held.label === 'benign').length;
  const extraction = accounts.length - benign;
  const needed = Math.ceil(1 / maxFpr) - 1;
  const folds = Math.max(
    FEWEST_FOLDS,
    Math.min(MOST_FOLDS, Math.ceil(benign / Math.max(1, benign - needed))),
  );
  if (benign < needed || Math.floor((benign * (folds - 1)) / folds) < needed)
    return {
      ok: false,
      reason: `${benign} benign accounts cannot support a false-alarm rate of ${maxFpr}: cross-validation needs ${Math.ceil((needed * MOST_FOLDS) / (MOST_FOLDS - 1)) + 1} of them, and ${accountsToProve(maxFpr)} to prove it. The smallest rate that these data support is ${supported(benign)}: give --max-fpr ${supported(benign)}, or label more benign accounts.`,
    };
  if (extraction < FEWEST_EXTRACTION)
    return {
      ok: false,
      reason: `${extraction} extraction accounts are too few to choose weights by: label at least ${FEWEST_EXTRACTION}.`,
    };
  const fold = foldsOf(accounts, folds);
  const shipped = SIGNALS.map((signal) => policy.weights[signal.id] ?? signal.weight);
  let done = 0;
  const tell = (): void => rules.onProgress?.(++done / (folds + 1));
  const flagged = new Set<number>();
  for (let k = 0; k < folds; k++) {
    const train = accounts.filter((_, i) => fold[i] !== k);
    const made = learn(train, shipped, rules);
    accounts.forEach((held, i) => {
      if (fold[i] === k && made.chance(held) <= made.threshold) flagged.add(i);
    });
    tell();
  }
  const made = learn(accounts, shipped, rules);
  tell();
  const expected = effectOf(accounts, (i) => flagged.has(i));
  const present = effectOf(accounts, (i) => {
    const held = accounts[i] as TuningAccount;
    const place = tailAmong(calibration.score, held.groups, scoreUnder(held.steps, shipped, policy.stepCap));
    return place !== undefined && asCertainty(place, calibration.days).p <= policy.budget.suspect;
  });
  if (expected.fprInterval[0] > maxFpr)
    return {
      ok: false,
      reason: `no policy of this kind keeps the promise here: out of fold ${expected.wronged} of ${benign} benign accounts are flagged (95 %: at least ${expected.fprInterval[0].toPrecision(2)}), more than ${maxFpr}. Benign accounts of this traffic are not alike enough; look at whom it hits (backtest --report).`,
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
    },
    calibration: { ...calibration, score: made.nulls },
    folds,
    expected,
    present,
    proven: expected.fprInterval[1] <= maxFpr,
    provenBy: accountsToProve(maxFpr),
  };
}

/** The smallest round rate that so many benign accounts support, cross-validated. */
function supported(benign: number): number {
  const rate = 1 / Math.max(2, Math.floor((benign * (MOST_FOLDS - 1)) / MOST_FOLDS));
  // rounded up to one digit: rounded down it would be refused again
  const digit = 10 ** Math.floor(Math.log10(rate));
  return Number((Math.ceil(rate / digit) * digit).toPrecision(1));
}

interface Fit {
  readonly weights: readonly number[];
  readonly nulls: Record<string, NullDistribution>;
  /** chance (per account and month) at or below which an account is suspect */
  readonly threshold: number;
  chance(held: TuningAccount): number;
}

function learn(train: readonly TuningAccount[], shipped: readonly number[], rules: TuningRules): Fit {
  let best = evaluate(train, shipped, rules);
  if (!rules.weights) return best.fit;
  const extraction = train.filter((held) => held.label === 'extraction').length;
  // what two accounts more would show by luck is no reason to move a weight
  const worth = Math.max(2, Math.ceil(extraction / 100));
  for (let round = 0; round < ROUNDS; round++) {
    let moved = false;
    for (let i = 0; i < SIGNALS.length; i++) {
      const weight = best.fit.weights[i] as number;
      for (const tried of weight === 0 ? [WAKENED, 4 * WAKENED] : MULTIPLIERS.map((by) => by * weight)) {
        const weights = best.fit.weights.map((held, j) => (j === i ? Math.min(10, tried) : held));
        const next = evaluate(train, weights, rules);
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

function evaluate(
  train: readonly TuningAccount[],
  weights: readonly number[],
  rules: TuningRules,
): { fit: Fit; caught: number } {
  const { policy, calibration, maxFpr } = rules;
  const cap = policy.stepCap;
  const byGroup = new Map<string, number[]>();
  const scores = train.map((held) => scoreUnder(held.steps, weights, cap));
  train.forEach((held, i) => {
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
    return found === undefined ? 1 : asCertainty(found, calibration.days).p;
  };
  const chances = train.map((held, i) => place(held, scores[i] as number));
  const benign = chances.filter((_, i) => train[i]?.label === 'benign').sort((a, b) => a - b);
  const allowed = allowedAmong(benign.length, maxFpr);
  // just below the first benign account that would be one too many
  const threshold = (benign[allowed] ?? 1) * (1 - 1e-6);
  const caught = chances.filter((p, i) => train[i]?.label === 'extraction' && p <= threshold).length;
  return {
    fit: {
      weights,
      nulls,
      threshold,
      chance: (held) => place(held, scoreUnder(held.steps, weights, cap)),
    },
    caught,
  };
}

/** Benign accounts that a threshold may flag among those that it was chosen by; see tune. */
function allowedAmong(benign: number, maxFpr: number): number {
  const expected = Math.max(0, Math.floor(maxFpr * (benign + 1)) - 1);
  for (let wronged = expected; wronged >= 0; wronged--)
    if (rateInterval(wronged, benign)[1] <= maxFpr) return wronged;
  return expected;
}

/** A fold for every account, siblings together, folds about as large as each other for either label. */
export function foldsOf(accounts: readonly TuningAccount[], folds: number): number[] {
  const families = new Map<string, number[]>();
  accounts.forEach((held, i) => {
    const family = held.campaign === '' ? `account ${held.id}` : `campaign ${held.campaign}`;
    const list = families.get(family);
    if (list === undefined) families.set(family, [i]);
    else list.push(i);
  });
  const load = { benign: new Array<number>(folds).fill(0), extraction: new Array<number>(folds).fill(0) };
  const fold = new Array<number>(accounts.length).fill(0);
  const ordered = [...families].sort((a, b) => b[1].length - a[1].length || spread(a[0]) - spread(b[0]));
  for (const [, members] of ordered) {
    const label = accounts[members[0] as number]?.label ?? 'benign';
    const lightest = load[label].indexOf(Math.min(...load[label]));
    for (const i of members) fold[i] = lightest;
    load[label][lightest] = (load[label][lightest] as number) + members.length;
  }
  return fold;
}

/** An order that has nothing to do with the file's (FNV-1a). */
function spread(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

function effectOf(accounts: readonly TuningAccount[], flagged: (i: number) => boolean): Effect {
  let benign = 0;
  let wronged = 0;
  let caught = 0;
  const campaigns = new Map<string, boolean>();
  accounts.forEach((held, i) => {
    const hit = flagged(i);
    if (held.label === 'benign') {
      benign++;
      if (hit) wronged++;
      return;
    }
    if (hit) caught++;
    if (held.campaign !== '') campaigns.set(held.campaign, hit || campaigns.get(held.campaign) === true);
  });
  const extraction = accounts.length - benign;
  return {
    benign,
    wronged,
    fpr: benign === 0 ? 0 : wronged / benign,
    fprInterval: rateInterval(wronged, benign),
    extraction,
    caught,
    tpr: extraction === 0 ? 0 : caught / extraction,
    tprInterval: rateInterval(caught, extraction),
    campaigns: campaigns.size,
    campaignsCaught: [...campaigns.values()].filter(Boolean).length,
  };
}
