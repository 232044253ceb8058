import { groupBudget, groupsApart, percent, shareUnranked, unsupportedGroups } from './group-promise.ts';
import type { GroupRanks } from './group-ranks.ts';
import { MOST_SUSPECT } from './level.ts';
import { periodsAMonth } from './significance.ts';

/**
 * Which levels a calibration supports. n accounts over a period support a chance of 1 / (n + 1) for that period, and, by the
 * union bound, so many times as much for a month as the period goes into it. A level whose budget is smaller does not
 * exist under the calibration; `suspect` alone moves up to the smallest chance that is supported, up to MOST_SUSPECT, because
 * a detector that can say nothing at all protects nobody, and says so wherever it is shown.
 */
export interface SupportedBudget {
  readonly watch: number;
  /** undefined: too few accounts to accuse anybody */
  readonly suspect: number | undefined;
  readonly critical: number | undefined;
  /** smallest chance a month that is supported */
  readonly least: number;
  /** share of benign accounts that is named through groups within a month, at most; absent: nobody is named through a group */
  readonly groups?: number | undefined;
  /**
   * accounts that may be named through new groups within thirty days although no rank supports it, as a share of the past's; absent: none.
   * A count, not a chance, and beside `groups`
   */
  readonly unranked?: number | undefined;
}

export interface CalibrationSize {
  readonly accounts: number;
  /** length of the period, days */
  readonly days: number;
  /** what was learnt of groups */
  readonly groups?: GroupRanks | undefined;
}

export function supportedBudget(
  size: CalibrationSize,
  budget: { readonly watch: number; readonly suspect: number; readonly critical: number },
): SupportedBudget {
  // as chances are worked out: the chance of exceeding all accounts must equal it to the last bit
  const least = Math.min(1, (1 / (size.accounts + 1)) * periodsAMonth(size.days));
  const raised = Math.max(budget.suspect, least);
  const suspect = raised <= Math.max(MOST_SUSPECT, budget.suspect) ? raised : undefined;
  const unranked = shareUnranked(size, suspect ?? 0);
  return {
    watch: Math.max(budget.watch, least),
    suspect,
    critical: budget.critical >= least ? budget.critical : undefined,
    least,
    ...(size.groups === undefined
      ? {}
      : { groups: suspect === undefined ? undefined : groupBudget(size, suspect)?.share }),
    ...(unranked === 0 ? {} : { unranked }),
  };
}

/** What a calibration cannot do for a budget, in sentences with numbers; empty where it supports all of it. */
export function unsupported(
  size: CalibrationSize,
  budget: { readonly watch: number; readonly suspect: number; readonly critical: number },
): string[] {
  const held = supportedBudget(size, budget);
  const needed = (chance: number): string => {
    const accounts = Math.ceil(periodsAMonth(size.days) / chance) - 1;
    const month = Math.ceil(1 / chance) - 1;
    return accounts === month
      ? `${accounts} accounts would`
      : `${accounts} accounts over ${Math.round(size.days)} days would, or ${month} over thirty`;
  };
  const from = `${size.accounts} accounts over ${Math.round(size.days)} days`;
  const said: string[] = [];
  if (held.suspect === undefined)
    said.push(
      `suspect does not exist: ${from} support no budget below ${percent(MOST_SUSPECT)}; ${needed(MOST_SUSPECT)}`,
    );
  else if (held.suspect > budget.suspect)
    said.push(
      `suspect is reached at ${percent(held.suspect)} a month instead of ${percent(budget.suspect)}, the least that ${from} support; ${needed(budget.suspect)} support the budget`,
    );
  if (held.critical === undefined)
    said.push(
      `critical does not exist: ${from} do not support ${percent(budget.critical)} a month; ${needed(budget.critical)}`,
    );
  const nobody = size.groups && 'nobody is named through a group: suspect does not exist';
  const groups = held.suspect === undefined ? nobody : unsupportedGroups(size, held.suspect);
  return [...said, ...[groups, groupsApart(size, held.suspect ?? 0)].filter((line) => line !== undefined)];
}
