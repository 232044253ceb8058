import type { Calibration } from '../../scoring/calibration.ts';
import { groupBudget, namedThroughGroups } from '../../scoring/group-promise.ts';
import { scoringOf } from '../../scoring/group-ranks.ts';
import { countAtLeast, type RankNull } from '../../scoring/rank-null.ts';
import { periodsAMonth, type Significance, toEvalue } from '../../scoring/significance.ts';

/**
 * A group judged by facts that did not link it: the trimmed mean of its members' learned scores. What links are places, payments,
 * clocks and what is asked; what an account is scored by is how it asks. A whole group that looks a little like the library
 * of attacks is rarer than one account that looks much like it, because honest accounts of one kind differ in more than chance.
 * The highest quarter is left out: an honest group with a loud member or two is not alike, and who is loud alone is judged alone.
 *
 * Nobody is named for the company alone: what counts for a member is the group's score, and no more than its own. It is held
 * against the deployment's own past, over all runs of the period: against the accounts of the past, as far as the budget asks
 * for it, and against its groups, which are far fewer and are what chance draws (scoring/group-promise.ts).
 */
/** What counts for a member of a group: the group's score as far as the member's own supports it; 0 where it has none. */
export function memberEvidence(group: number, own: number | undefined): number {
  return own === undefined ? 0 : Math.min(group, own);
}

/** A group of today, as it is held against the past. */
export interface HeldAgainst {
  /** what counts for a member; see memberEvidence */
  readonly evidence: number;
  /** what the group came to in the past, 0 where it was none; see referenceOf */
  readonly reference: number;
}

/**
 * The chance within a month that levels are reached by: that of an account of the past, no smaller than what its groups support;
 * 1 where they support nobody's being named, where the group is not like an attack, and where a group that is known has not risen.
 * @param suspect budget of `suspect` in force
 */
export function memberChance(
  { evidence, reference }: HeldAgainst,
  calibration: Learned,
  suspect: number,
): number {
  const { groups, days } = calibration;
  const allowed = groupBudget(calibration, suspect);
  if (groups?.history === undefined || allowed === undefined) return 1;
  if (evidence <= scoringOf(groups).floor) return 1;
  if (reference > 0 && evidence <= reference + groups.history.margin) return 1;
  const through = namedThroughGroups(calibration, evidence);
  const chance = monthly(groups.accounts, evidence, days);
  return Math.max(chance, through <= allowed.share ? Math.min(through, suspect) : through);
}

/** The chance within a month that a benign group reaches that score, as far as the groups of the past support it. */
export function groupChance(score: number, { groups, days }: Learned): Significance | undefined {
  if (groups === undefined || groups.groups.accounts === 0) return undefined;
  const p = monthly(groups.groups, score, days);
  return {
    p,
    log10E: Math.log10(toEvalue(p)),
    accounts: groups.groups.accounts,
    group: 'linked groups of the past',
  };
}

type Learned = Pick<Calibration, 'groups' | 'days'>;

function monthly(ranks: RankNull, score: number, days: number): number {
  const within = (countAtLeast(ranks, score) + 1) / (ranks.accounts + 1);
  return Math.min(1, within * periodsAMonth(days));
}
