import { levelRules, type Rules } from '../../detection/judge.ts';
import type { Reason } from '../../findings/finding.ts';
import type { Calibration } from '../../scoring/calibration.ts';
import { learnedGroupScore } from '../../scoring/group-mean.ts';
import { mostUnranked } from '../../scoring/group-promise.ts';
import { scoringOf } from '../../scoring/group-ranks.ts';
import type { WindowScore } from '../../scoring/score.ts';
import { COUNTED_MS, NO_ALLOWANCE } from '../allowance.ts';
import type { Campaign, Unranked } from '../campaign.ts';
import type { CampaignCase } from './campaign-case.ts';
import { memberEvidence } from './learned-group.ts';
import type { Member } from './member.ts';
import type { MemberScores } from './member-score.ts';

/**
 * A second look at a new group, by forests that hardly depend on how many attackers hide in the past
 * (scoring/learn-model.ts). What it finds is like the library of attacks, and supported by no rank: groups of the past came to as much,
 * and nobody has said what they are. So whom it names is counted (see ../allowance.ts).
 */
interface RobustLook {
  /** score of the group by those forests; undefined where they say nothing */
  readonly score: number | undefined;
  /** what counts for each member, in their order; 0 where it has too few requests */
  readonly evidence: readonly number[];
}

const cache = new WeakMap<Calibration, Calibration>();

/** The calibration as the robust forests would have it; undefined where there are none. */
function robustly(calibration: Calibration): Calibration | undefined {
  const robust = calibration.groups?.robust;
  if (robust === undefined) return undefined;
  let held = cache.get(calibration);
  if (held === undefined) {
    held = { ...calibration, model: robust.model };
    cache.set(calibration, held);
  }
  return held;
}

/** @param at event time, ms */
export function robustLook(
  members: readonly Member[],
  at: number,
  calibration: Calibration,
  windows: readonly number[],
  scores: MemberScores,
): RobustLook | undefined {
  const robust = robustly(calibration);
  if (robust === undefined) return undefined;
  const own = members.map((member) => scores.robust.at(member, at, robust, windows)?.score);
  const score = learnedGroupScore(own, scoringOf(calibration.groups).prior);
  return { score, evidence: own.map((held) => (score === undefined ? 0 : memberEvidence(score, held))) };
}

interface Found extends RobustLook {
  /** evidence that has to be exceeded */
  readonly floor: number;
  /** of which members, by place, ranks do not name and which show what the group is accused of */
  readonly eligible: (place: number) => boolean;
}

/** Members that could be named without a rank: those whose evidence is beyond the floor, the highest first. */
function beyond(members: readonly Member[], { evidence, floor, eligible }: Found): readonly string[] {
  return members
    .flatMap(({ account }, i) => {
      const shown = evidence[i] as number;
      return shown > floor && eligible(i) ? [{ account, shown }] : [];
    })
    .sort((a, b) => b.shown - a.shown || (a.account < b.account ? -1 : 1))
    .map(({ account }) => account);
}

/** What the robust forests say of a new group, and whom it names by the allowance. */
export interface SecondLook {
  readonly score: number | undefined;
  readonly named: ReadonlySet<string>;
}

/** Members' scores, and their chances by the ranks of the past. */
interface RankedMembers {
  readonly own: readonly (WindowScore | undefined)[];
  readonly ranked: readonly number[];
}

/** A second look at a new group, where ranks do not name all of its members; undefined where there is none. */
export function secondLook(
  campaign: Campaign,
  { members, at, allowance = NO_ALLOWANCE }: CampaignCase,
  { own, ranked }: RankedMembers,
  { policy, calibration }: Rules,
  scores: MemberScores,
): SecondLook | undefined {
  const { suspect } = levelRules(policy, calibration);
  const { robust } = calibration.groups ?? {};
  if (robust === undefined || ranked.every((p) => p <= suspect)) return undefined;
  const look = robustLook(members, at, calibration, policy.windows, scores);
  if (look === undefined) return undefined;
  const least = leastShown(own);
  const eligible = (i: number): boolean =>
    (ranked[i] as number) > suspect && showsIt(own[i]?.score ?? 0, least);
  const found = beyond(members, { ...look, floor: robust.floor, eligible });
  // whom it names already is not counted again; the allowance is asked only where it matters (see UndecidedAllowance)
  const held = new Set(
    (campaign.unranked ?? [])
      .filter(([account, since]) => campaign.accused.has(account) || allowance.at - since < COUNTED_MS)
      .map(([account]) => account),
  );
  const others = found.filter((account) => !held.has(account));
  if (others.length === 0) return { score: look.score, named: new Set(found) };
  const { named, left } = allowance;
  const more = new Set(others.filter((account) => !named.has(account)).slice(0, left));
  const isNamed = (account: string): boolean => held.has(account) || named.has(account) || more.has(account);
  return { score: look.score, named: new Set(found.filter(isNamed)) };
}

/**
 * The campaign with those whom it names although no rank supports it, and those who still count.
 * @param at arrival time of the run, ms; 0 where it is not known: nobody ceases to count
 */
export function withUnranked(
  campaign: Campaign,
  accused: ReadonlyMap<string, number>,
  named: ReadonlySet<string> = new Set(),
  at: number,
): Campaign {
  const { unranked: before = [], ...rest } = campaign;
  const kept = before.filter(([account, since]) => accused.has(account) || at - since < COUNTED_MS);
  const known = new Set(kept.map(([account]) => account));
  const more = [...accused.keys()].filter((account) => named.has(account) && !known.has(account));
  const unranked = [...kept, ...more.map((account): Unranked => [account, at])];
  return unranked.length === 0 ? rest : { ...rest, unranked };
}

/** A member shows what its group is accused of where its own score is at least this part of the members' mean. */
const PART = 0.5;

/** From which score of its own on a member shows what its group is accused of. */
export function leastShown(own: readonly (WindowScore | undefined)[]): number {
  const scored = own.flatMap((held) => (held === undefined ? [] : [held.score]));
  return (PART * scored.reduce((sum, score) => sum + score, 0)) / Math.max(1, scored.length);
}

export function showsIt(score: number, least: number): boolean {
  return score > 0 && score >= least;
}

/** Signal of the reason that no rank supports. */
export const UNRANKED = 'group-unranked';

/** That no rank supports it, with what does. @param score of the group by the robust forests */
export function unrankedReasons(score: number | undefined, { policy, calibration }: Rules): Reason[] {
  const robust = calibration.groups?.robust;
  if (robust === undefined || score === undefined) return [];
  const { suspect } = levelRules(policy, calibration);
  const value = Number(score.toPrecision(4));
  return [
    {
      signal: UNRANKED,
      title: 'new, and like the library of attacks; no rank supports it',
      value,
      p: 1,
      points: value,
      evidence: `by forests that hardly depend on who hides in the past its accounts come to ${value.toFixed(2)} together; ${robust.apart} groups of the past (${robust.accounts} accounts) come to more than ${robust.floor}, and nobody has said what they are; so at most ${mostUnranked(calibration, suspect)} accounts are named on this ground within thirty days`,
    },
  ];
}
