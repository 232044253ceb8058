import type { Rules } from '../../detection/judge.ts';
import { rankAmong } from '../../scoring/calibration.ts';
import { peerGroups } from '../../scoring/peer-group.ts';
import { scoreAt, type WindowScore } from '../../scoring/score.ts';
import { toSignificance } from '../../scoring/significance.ts';
import { upperShare } from '../../statistics/upper-share.ts';
import type { Group } from '../linking/find-groups.ts';
import { LINK_KINDS } from '../linking/link-facts.ts';
import type { GroupInput } from './group-score.ts';
import type { Fit, Member } from './member.ts';

/** Requests below which an account has said nothing. */
const MIN_REQUESTS = 8;
/** One-sided normal quantile for 0.5 %. */
const Z = 2.576;
/** An account speaks against when it surely shows less than this part of what the group shows. */
const PART = 0.5;
/** An account stands out by itself when no more than this share of benign peers show as much within a month. */
const STANDS_OUT = 0.1;

export interface MemberFit {
  readonly fit: Fit;
  /** share of its requests that are what the group is accused of */
  readonly share: number;
}

/** A look at a group: its members in the order of `accounts`, and the window that scored most. */
export interface GroupLook {
  readonly sight: GroupInput;
  readonly accounts: readonly string[];
  readonly score: WindowScore;
}

/**
 * For every member of the group whether it fits, by the signal that brought most of the score.
 * @param named whether the finding names a member already: who falls silent stays named
 * @param standsOut whether a member's own behaviour, judged alone, is rare among its peers (see standsOutAt)
 */
export function fits(
  group: Group,
  { sight, accounts, score }: GroupLook,
  named: (account: string) => boolean,
  standsOut: (member: number) => boolean,
): MemberFit[] {
  const shares = sharesOf(sight, score.contributions()[0]?.signal);
  const events = sight.members.map((member) => member.counts.events);
  const typical = typicalShare(shares.filter((_, i) => (events[i] as number) >= MIN_REQUESTS));
  const numberOf = new Map(accounts.map((account, i) => [account, i]));
  const against = shares.map((share, i) => {
    const seen = events[i] as number;
    return seen >= MIN_REQUESTS && upperShare(share, seen, Z) < PART * typical;
  });
  const joined = new Set<number>();
  for (const [rank, body] of group.bodies.entries()) {
    const members = body.flatMap((account) => numberOf.get(account) ?? []);
    const fitting = members.filter((i) => !against[i]);
    const holds =
      (rank === 0 && body.length > 1) ||
      fitting.some((i) => named(accounts[i] as string)) ||
      fitting.some(standsOut);
    if (holds) for (const i of members) joined.add(i);
  }
  const core = shares.map((_, i) => joined.has(i) && (events[i] as number) >= MIN_REQUESTS && !against[i]);
  const withCore = ownersWith(group, numberOf, core);
  return shares.map((share, i) => {
    if (core[i]) return { fit: 'core', share };
    if ((events[i] as number) >= MIN_REQUESTS) return { fit: 'bystander', share };
    const held = named(accounts[i] as string) || (joined.has(i) && (withCore.has(i) || standsOut(i)));
    return { fit: held ? 'edge' : 'bystander', share };
  });
}

/** Whether accounts stand out by themselves at event time `at` (ms), each worked out once, and only where it is asked. */
export function standsOutAt(
  members: readonly Member[],
  at: number,
  rules: Rules,
): (member: number) => boolean {
  const known = new Map<number, boolean>();
  return (i) => {
    let answer = known.get(i);
    if (answer === undefined) {
      answer = standsOut(members[i] as Member, at, rules);
      known.set(i, answer);
    }
    return answer;
  };
}

function standsOut(
  { account, slices, customer }: Member,
  at: number,
  { policy, calibration }: Rules,
): boolean {
  const [top] = scoreAt(slices, at, { account, customer }, calibration, policy.windows);
  const place = top && rankAmong(calibration.score, peerGroups(customer, at), top.score);
  return place !== undefined && toSignificance(place, calibration.days).p <= STANDS_OUT;
}

function sharesOf(sight: GroupInput, signal: string | undefined): number[] {
  return sight.members.map((member, i) => {
    const { events, reasoning, grading } = member.counts;
    if (events === 0) return 0;
    if (signal === 'reasoning-harvest') return reasoning / events;
    if (signal === 'grading-harvest') return grading / events;
    return sight.novel[i] ?? 0;
  });
}

/**
 * The share of a typical member of those that show anything: the median, each member weighing with its share. Among
 * members that all show about the same it is the median; bystanders, however many, do not pull it to nothing.
 */
function typicalShare(shares: number[]): number {
  const sorted = shares.sort((a, b) => a - b);
  let rest = sorted.reduce((sum, share) => sum + share, 0) / 2;
  for (const share of sorted) {
    rest -= share;
    if (rest <= 0) return share;
  }
  return 0;
}

/** Members that share something hard with a core member. */
function ownersWith(
  group: Group,
  numberOf: ReadonlyMap<string, number>,
  core: readonly boolean[],
): ReadonlySet<number> {
  const found = new Set<number>();
  for (const { kind, members } of group.links) {
    if (!LINK_KINDS[kind].hard) continue;
    const numbers = members.flatMap((account) => numberOf.get(account) ?? []);
    if (numbers.some((i) => core[i])) for (const i of numbers) found.add(i);
  }
  return found;
}
