import type { Policy } from '../policy/policy.ts';
import type { Calibration } from '../scoring/calibration.ts';

export interface TuningRules {
  readonly policy: Policy;
  readonly calibration: Calibration;
  /** largest share of benign accounts that may be flagged */
  readonly maxFpr: number;
  /** search weights too, not only the threshold */
  readonly weights: boolean;
  /** learn the signals' scale from the benign accounts, fold by fold; else that of the calibration is taken as it is */
  readonly scale: boolean;
  /** without, campaigns are left out: accounts are flagged by their own evidence alone */
  readonly linked?: LinkedGroups;
  /** what the accounts' traffic spans: length in days, ISO time of its newest event, number of events */
  readonly traffic: { readonly days: number; readonly newest: string; readonly events: number };
  /** share of the work that is done, 0 to 1 */
  readonly onProgress?: (share: number) => void;
}

/** The campaigns' side of tuning: which budget names whom, judged against benign groups of other folds. */
export type GroupNulls = Calibration['groupScore'];

/** Groups of accounts that are linked in the traffic, and how they are judged. */
export interface LinkedGroups {
  /** accounts of each group */
  readonly groups: readonly (readonly string[])[];
  /** nulls of benign groups, learnt from these accounts under these weights */
  learn(benign: ReadonlySet<string>, weights: Policy['weights']): GroupNulls;
  /**
   * For each account that a finding on one of the groups would name: the smallest `campaigns.budget` at which it would.
   * @param only indices of groups
   */
  budgets(
    nulls: GroupNulls,
    weights: Policy['weights'],
    only: readonly number[],
  ): ReadonlyMap<string, number>;
}
