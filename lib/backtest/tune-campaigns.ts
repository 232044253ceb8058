import type { TuningAccount } from './tuning-account.ts';
import type { LinkedGroups, TuningRules } from './tuning-rules.ts';

/** Fewer benign groups than this say nothing of how often such groups are accused. */
const MIN_GROUPS = 20;
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
  return { budgets, benignGroups, searched: benignGroups >= MIN_GROUPS };
}
