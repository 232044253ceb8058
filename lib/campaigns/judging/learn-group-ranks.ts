import type { Calibration } from '../../scoring/calibration.ts';
import { learnedGroupScore } from '../../scoring/group-mean.ts';
import {
  GROUP_SCORING,
  type GroupRanks,
  ROBUST_FLOOR,
  type RobustGroups,
} from '../../scoring/group-ranks.ts';
import type { PastAccount } from '../../scoring/looks.ts';
import type { Model } from '../../scoring/model.ts';
import { learnRanks } from '../../scoring/rank-null.ts';
import { independentGroups, learnHistory, type ScoredGroup, type ScoredLook } from './group-history.ts';
import { memberEvidence } from './learned-group.ts';
import { MemberScores } from './member-score.ts';

/** What one run of the past linked. */
export interface GroupLook {
  /** ms */
  readonly at: number;
  readonly groups: readonly (readonly string[])[];
}

export interface GroupLearning {
  readonly accounts: ReadonlyMap<string, PastAccount>;
  /** in order of time */
  readonly looks: readonly GroupLook[];
  /** with the model that scores accounts; each by a forest that has not seen it */
  readonly calibration: Calibration;
  readonly windows: readonly number[];
  /** accounts that people confirmed as extraction: a group with one of them is no benign group */
  readonly confirmed?: ReadonlySet<string>;
  /** accounts that are not ranked, the confirmed ones among them */
  readonly aside?: ReadonlySet<string>;
  readonly content?: GroupRanks['content'];
  /** forests for a second look at new groups; without, there is none */
  readonly robust?: Model;
  /** accounts that people have judged, whatever they said: a group with one of them is recognised */
  readonly judged?: ReadonlySet<string>;
}

/** What was learnt of groups. */
export interface LearntGroups {
  readonly ranks: GroupRanks;
  /**
   * groups that stand apart: no account of them is a confirmed attacker, and they come to more than the floor, by the robust forests or
   * the others; the highest first, a group may be in it twice. Nobody is set
   * aside for it: they count as ordinary until a person has said what they are, and are what to ask about first
   */
  readonly apart: readonly ScoredGroup[];
}

/**
 * Learns the ranks of groups. Who is set aside by a verdict is not ranked, but counts in the groups of others: an honest
 * account that shares a group with an attacker today had its likes in the past, and they are what it is held against.
 */
export function learnGroups(learning: GroupLearning): LearntGroups {
  const { accounts, content = [], robust } = learning;
  const { confirmed = new Set(), aside = confirmed } = learning;
  const past = scoredLooks(learning, learning.calibration, confirmed);
  const second = robust === undefined ? undefined : secondOf(learning, robust, confirmed);
  return {
    ranks: {
      ...ranksOf(past, accounts.keys(), aside),
      ...(second?.robust === undefined ? {} : { robust: second.robust }),
      content: [...content],
    },
    // the robust forests first: the others have learnt large campaigns of the past as ordinary
    apart: [
      ...(second?.apart ?? []),
      ...independentGroups(past).filter(({ score }) => score > GROUP_SCORING.floor),
    ],
  };
}

/**
 * What stands apart by the robust forests that nobody has said a word of; and, where that is most of what stands apart, the second look at
 * new groups.
 */
function secondOf(
  learning: GroupLearning,
  robust: Model,
  confirmed: ReadonlySet<string>,
): { readonly robust?: RobustGroups; readonly apart: readonly ScoredGroup[] } {
  const { calibration, judged = confirmed } = learning;
  const looks = scoredLooks(learning, { ...calibration, model: robust }, confirmed);
  const standing = independentGroups(
    looks.map(({ at, groups }) => ({ at, groups: groups.map((group) => ({ ...group, benign: true })) })),
  ).filter(({ score }) => score > ROBUST_FLOOR);
  const apart = standing.filter(({ members }) => !members.some((account) => judged.has(account)));
  const accounts = accountsOf(apart);
  // where people have answered for most of them, attackers are no longer what stands in the way of ranks
  if (2 * accounts <= accountsOf(standing)) return { apart };
  return { robust: { model: robust, floor: ROBUST_FLOOR, apart: apart.length, accounts }, apart };
}

function accountsOf(groups: readonly ScoredGroup[]): number {
  return new Set(groups.flatMap(({ members }) => members)).size;
}

/** The groups of all looks with their scores. @param calibration whose model scores */
function scoredLooks(
  learning: GroupLearning,
  calibration: Calibration,
  confirmed: ReadonlySet<string>,
): ScoredLook[] {
  const scores = memberScores(learning, calibration);
  return learning.looks.map(({ at, groups }, look) => {
    const scored: ScoredGroup[] = [];
    for (const members of groups) {
      const own = members.map((account) => scores.get(account)?.get(look));
      const score = learnedGroupScore(own);
      if (score === undefined) continue;
      scored.push({ members, own, score, benign: !members.some((name) => confirmed.has(name)) });
    }
    return { at, groups: scored };
  });
}

/** Scores of members by number of the look, account by account: one account's decoded slices are in memory at a time. */
function memberScores(
  { accounts, looks, windows }: GroupLearning,
  calibration: Calibration,
): ReadonlyMap<string, ReadonlyMap<number, number | undefined>> {
  const looksOf = new Map<string, Map<number, number | undefined>>();
  for (const [look, { groups }] of looks.entries())
    for (const name of groups.flat()) {
      const own = looksOf.get(name) ?? new Map<number, undefined>();
      looksOf.set(name, own.set(look, undefined));
    }
  const scores = new MemberScores();
  for (const [name, own] of looksOf) {
    const held = accounts.get(name);
    if (held === undefined) continue;
    const { account, customer, slices } = held;
    const member = { account, customer, slices };
    for (const look of own.keys()) {
      const { at } = looks[look] as GroupLook;
      own.set(look, scores.at(member, at, calibration, windows)?.score);
    }
  }
  return looksOf;
}

/**
 * The ranks of the past's accounts and groups, and which groups there were.
 * @param past in order of time
 * @param accounts of the past, those too that were in no group
 * @param aside accounts that are not ranked
 */
export function ranksOf(
  past: readonly ScoredLook[],
  accounts: Iterable<string>,
  aside: ReadonlySet<string>,
): Omit<GroupRanks, 'content'> {
  const highest = new Map<string, number>();
  for (const { groups } of past)
    for (const { members, own, score } of groups)
      for (const [i, account] of members.entries())
        highest.set(account, Math.max(memberEvidence(score, own[i]), highest.get(account) ?? 0));
  const ranked = [...accounts].filter((account) => !aside.has(account));
  const ranks = learnRanks(ranked.map((account) => highest.get(account) ?? 0));
  return {
    accounts: ranks,
    groups: learnRanks(independentGroups(past).map(({ score }) => score)),
    scoring: GROUP_SCORING,
    history: learnHistory(past, { aside, highest: ranks.values[0] ?? 0 }),
  };
}
