import type { Policy } from '../policy/policy.ts';
import type { Calibration } from '../scoring/calibration.ts';
import { CalibrationLearner } from '../scoring/learn-calibration.ts';
import type { PastAccount } from '../scoring/looks.ts';
import { periodsAMonth } from '../scoring/significance.ts';
import { binomialInterval } from '../statistics/binomial-interval.ts';

/** An account of labelled traffic. */
export interface TuningAccount extends PastAccount {
  readonly label: 'benign' | 'extraction';
  /** empty where it belongs to no campaign */
  readonly campaign: string;
}

/** What a budget does to accounts that the model had no part of. */
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

/** One row of the frontier: a threshold, and what it does. */
export interface Step extends Effect {
  /** chance that an honest account reaches it over the traffic's period, and within a month */
  readonly chance: number;
  readonly monthly: number;
}

export type Tuning =
  | {
      readonly ok: true;
      /** without an id: the caller names it */
      readonly policy: Policy;
      /** learnt with the extraction accounts as verdicts: it finds more than was measured here */
      readonly calibration: Calibration;
      readonly expected: Step;
      readonly frontier: readonly Step[];
    }
  | { readonly ok: false; readonly reason: string };

/** Ranks that the frontier is shown at. */
const FRONTIER = [0, 1, 2, 4, 9, 19, 49];

/**
 * Proposes the error budget of `suspect` from labelled traffic. A model is learnt from the benign accounts; extraction accounts are
 * in neither the past nor the library, so that they are strangers to it, and every benign account is scored by a forest
 * that has not seen it. The budget is the largest within `maxFpr` that the number of benign accounts supports: k of n exceed
 * a threshold with a chance of (k + 1) / (n + 1).
 * @param windows of the policy, hours
 */
export function tune(accounts: readonly TuningAccount[], policy: Policy, maxFpr: number): Tuning {
  const benign = accounts.filter(({ label }) => label === 'benign');
  const extraction = accounts.filter(({ label }) => label === 'extraction');
  const needed = Math.ceil(1 / maxFpr) - 1;
  if (benign.length < needed)
    return {
      ok: false,
      reason: `${benign.length} benign accounts cannot support a false-positive rate of ${maxFpr}: that takes ${needed} of them. The smallest rate that these data support is ${Number((1 / (benign.length + 1)).toPrecision(2))}: give --max-fpr ${Number((1.01 / (benign.length + 1)).toPrecision(2))}, or label more benign accounts.`,
    };
  const names = (list: readonly TuningAccount[]): Set<string> => new Set(list.map(({ account }) => account));
  const nobody = new Set<string>();
  const blind = learn(accounts, policy, { extraction: nobody, benign: nobody, grey: names(extraction) });
  const frontier = FRONTIER.filter((k) => k < benign.length).map((k) => stepAt(k, blind, benign, extraction));
  const within = Math.max(0, Math.floor(maxFpr * (benign.length + 1)) - 1);
  const expected = stepAt(within, blind, benign, extraction);
  const taught = learn(accounts, policy, { extraction: names(extraction), benign: nobody, grey: nobody });
  const suspect = Number(expected.monthly.toPrecision(3));
  return {
    ok: true,
    policy: {
      ...policy,
      budget: {
        watch: Math.max(policy.budget.watch, suspect),
        suspect,
        critical: Math.min(policy.budget.critical, suspect),
      },
    },
    calibration: taught.calibration,
    expected,
    frontier,
  };
}

interface Learnt {
  readonly calibration: Calibration;
  /** highest score by account */
  readonly peaks: ReadonlyMap<string, number>;
}

function learn(
  accounts: readonly TuningAccount[],
  { windows }: Policy,
  verdicts: { extraction: Set<string>; benign: Set<string>; grey: Set<string> },
): Learnt {
  const learner = new CalibrationLearner({ windows, verdicts });
  for (const held of accounts) learner.see(held);
  learner.fit();
  const peaks = new Map(accounts.map((held) => [held.account, learner.measure(held)?.score ?? 0]));
  return { calibration: learner.finish(), peaks };
}

/** What is flagged above the k-th of the benign accounts' scores. */
function stepAt(
  k: number,
  { peaks, calibration }: Learnt,
  benign: readonly TuningAccount[],
  extraction: readonly TuningAccount[],
): Step {
  const of = ({ account }: TuningAccount): number => peaks.get(account) ?? 0;
  const threshold = benign.map(of).sort((a, b) => b - a)[k] ?? 0;
  const caught = extraction.filter((held) => of(held) > threshold);
  const campaigns = new Set(extraction.map(({ campaign }) => campaign).filter((name) => name !== ''));
  const found = new Set(caught.map(({ campaign }) => campaign).filter((name) => name !== ''));
  const wronged = benign.filter((held) => of(held) > threshold).length;
  const chance = (k + 1) / (benign.length + 1);
  return {
    chance,
    monthly: chance * periodsAMonth(calibration.days),
    benign: benign.length,
    wronged,
    fpr: wronged / benign.length,
    fprInterval: binomialInterval(wronged, benign.length),
    extraction: extraction.length,
    caught: caught.length,
    tpr: extraction.length === 0 ? 0 : caught.length / extraction.length,
    tprInterval: binomialInterval(caught.length, extraction.length),
    campaigns: campaigns.size,
    campaignsCaught: found.size,
  };
}
