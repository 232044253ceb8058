import type { Calibration } from '../../scoring/calibration.ts';
import type { GroupRanks } from '../../scoring/group-ranks.ts';
import type { PastAccount } from '../../scoring/looks.ts';
import { countAtLeast, learnRanks, type RankNull } from '../../scoring/rank-null.ts';
import { periodsAMonth, type Significance, toEvalue } from '../../scoring/significance.ts';
import { MemberScores } from './member-score.ts';

/**
 * A group judged by facts that did not link it: the trimmed mean of its members' learned scores. What links are places, payments,
 * clocks and what is asked; what an account is scored by is how it asks. A whole group that looks a little like the library
 * of attacks is rarer than one account that looks much like it, because honest accounts of one kind differ in more than chance.
 * The highest quarter is left out: an honest group with a loud member or two is not alike, and who is loud alone is judged alone.
 *
 * Nobody is named for the company alone: what counts for a member is the group's score, and no more than its own. Held
 * against the deployment's own past: every account of the past has the highest such number of any group that it was in, over
 * all runs of the period (none: 0). A benign account of today exceeds all n of them with a chance of 1 / (n + 1): the same
 * promise as for accounts, by the same argument (scoring/rank-null.ts), whatever links and however often it is looked at.
 */
/** Members with a score of their own that a group needs: below that it says no more than they do. */
export const FEWEST_SCORED = 3;
/** Members of score 0 that a group is taken to have besides: the mean of three accounts varies more than that of thirty. */
const PRIOR_MEMBERS = 2;

/** Part of the members that the mean is taken over, the lowest (an upper-trimmed mean; Tukey 1962). */
const KEPT_PART = 3 / 4;

/** Score of a group; undefined where fewer than FEWEST_SCORED of its members showed enough to be scored. */
export function learnedGroupScore(scores: readonly (number | undefined)[]): number | undefined {
  const known = scores.filter((score) => score !== undefined).sort((a, b) => a - b);
  const scored = known.length;
  if (scored < FEWEST_SCORED) return undefined;
  const kept = known.slice(0, Math.ceil(KEPT_PART * scored));
  const mean = kept.reduce((sum, score) => sum + score, 0) / kept.length;
  return (mean * scored) / (scored + PRIOR_MEMBERS);
}

/** What counts for a member of a group: the group's score as far as the member's own supports it; 0 where it has none. */
export function memberEvidence(group: number, own: number | undefined): number {
  return own === undefined ? 0 : Math.min(group, own);
}

/** The chance within a month that a benign account comes to that evidence as a member: what levels are reached by. */
export function accountChance(score: number, { groups, days }: Learned): number {
  return groups === undefined ? 1 : monthly(groups.accounts, score, days);
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

/** What one run of the past linked. */
export interface GroupLook {
  /** ms */
  readonly at: number;
  readonly groups: readonly (readonly string[])[];
}

export interface GroupLearning {
  readonly accounts: ReadonlyMap<string, PastAccount>;
  readonly looks: Iterable<GroupLook>;
  /** with the model that scores accounts; each by a forest that has not seen it */
  readonly calibration: Calibration;
  readonly windows: readonly number[];
  /** accounts that people confirmed as extraction: a group with one of them is no benign group */
  readonly confirmed?: ReadonlySet<string>;
  /** accounts that are not ranked, the confirmed ones among them */
  readonly aside?: ReadonlySet<string>;
  readonly content?: GroupRanks['content'];
}

/**
 * Learns the ranks of groups. Who is set aside by a verdict is not ranked, but counts in the groups of others: an honest
 * account that shares a group with an attacker today had its likes in the past, and they are what it is held against.
 */
export function learnGroupRanks(learning: GroupLearning): GroupRanks {
  const { accounts, looks, calibration, windows, content = [] } = learning;
  const { confirmed = new Set(), aside = confirmed } = learning;
  const scores = new MemberScores();
  const highest = new Map<string, number>();
  const byGroup = new Map<string, number>();
  for (const { at, groups } of looks)
    for (const group of groups) {
      const own = group.map((account) => {
        const held = accounts.get(account);
        return held && scores.at(held, at, calibration, windows)?.score;
      });
      const score = learnedGroupScore(own);
      if (score === undefined) continue;
      for (const [i, account] of group.entries())
        highest.set(account, Math.max(memberEvidence(score, own[i]), highest.get(account) ?? 0));
      // a group that changes its members from run to run is told by the first of them
      const name = group[0] as string;
      if (!group.some((account) => confirmed.has(account)))
        byGroup.set(name, Math.max(score, byGroup.get(name) ?? 0));
    }
  const ranked = [...accounts.keys()].filter((account) => !aside.has(account));
  return {
    accounts: learnRanks(ranked.map((account) => highest.get(account) ?? 0)),
    groups: learnRanks([...byGroup.values()]),
    content: [...content],
  };
}
