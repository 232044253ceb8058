import type { Policy } from '../policy/policy.ts';
import type { Calibration } from '../scoring/calibration.ts';
import type { TuningRules } from './tune.ts';
import type { TuningAccount } from './tuning-account.ts';

/** The campaigns' side of tuning: which budget names whom, judged against benign groups of other folds. */

type GroupNulls = Calibration['groupScore'];

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

/** Fewer benign groups than this say nothing of how often such groups are accused. */
const FEWEST_GROUPS = 20;
/** Nulls of groups take their time to learn: folds are taken together to so many. */
const GROUP_FOLDS = 3;
export const NO_GROUPS: LinkedGroups = { groups: [], learn: () => undefined, budgets: () => new Map() };

/** How campaigns reach accounts, judged against benign groups of other folds. */
export interface Reach {
  /** smallest `campaigns.budget` that flags the account, by index; infinite where no group's finding names it */
  readonly budgets: readonly number[];
  readonly benignGroups: number;
  /** there are groups enough to move the budget by */
  readonly searched: boolean;
}

/** @param fold of every account */
export function reachOutOfFold(
  accounts: readonly TuningAccount[],
  fold: readonly number[],
  { policy, calibration, scale }: TuningRules,
  linked: LinkedGroups,
): Reach {
  const index = new Map(accounts.map(({ id }, i) => [id, i]));
  const labelOf = (id: string): string | undefined => accounts[index.get(id) ?? -1]?.label;
  const benignGroups = linked.groups.filter((group) => {
    const labels = new Set(group.flatMap((id) => labelOf(id) ?? []));
    return labels.size === 1 && labels.has('benign');
  }).length;
  const budgets = new Array<number>(accounts.length).fill(Number.POSITIVE_INFINITY);
  const partOf = (i: number): number => (fold[i] as number) % GROUP_FOLDS;
  for (let part = 0; part < GROUP_FOLDS && linked.groups.length > 0; part++) {
    const only = linked.groups.flatMap((group, g) => {
      // labelled members of a group lie in one fold
      const first = group.map((id) => index.get(id)).find((i) => i !== undefined);
      return first !== undefined && partOf(first) === part ? [g] : [];
    });
    if (only.length === 0) continue;
    const benign = accounts.flatMap(({ id, label }, i) =>
      label === 'benign' && partOf(i) !== part ? [id] : [],
    );
    const nulls = scale ? linked.learn(new Set(benign), policy.weights) : calibration.groupScore;
    for (const [id, budget] of linked.budgets(nulls, policy.weights, only)) {
      const i = index.get(id);
      if (i !== undefined) budgets[i] = Math.min(budgets[i] as number, budget);
    }
  }
  return { budgets, benignGroups, searched: benignGroups >= FEWEST_GROUPS };
}
