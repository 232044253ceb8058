import { type GroupRanks, scoringOf } from './group-ranks.ts';
import { MOST_SUSPECT } from './level.ts';
import { countAtLeast } from './rank-null.ts';
import { periodsAMonth } from './significance.ts';

/**
 * How often benign accounts are named through their groups. Members of one group score alike, so what is exchangeable are
 * groups, not accounts: of G + 1 groups the last exceeds the others with a chance of 1 / (G + 1), and takes all its members along
 * (ranks among whole clusters: Dunn, Wasserman, Ramdas, "Distribution-free prediction sets for two-layer hierarchical models",
 * JASA 2023). A group that stood in the past is no new draw: it was among the highest before, and comes to about as much again. It
 * has to rise by more than any group of the past rose, which one of R + 1 does.
 *
 * So the accounts at stake are those that a period brings in new groups (`fresh`), and those of groups that stand close below
 * the highest (`standing`).
 */
export interface GroupPast {
  readonly groups?: GroupRanks | undefined;
  /** length of the period, days */
  readonly days: number;
}

/** Beyond the highest group the chance falls by no more than this, however far beyond it is: what the tail is extrapolated by. */
const MOST_EXTRAPOLATED = 3;

/**
 * The share of benign accounts that groups name within a month where members are named from a score on: an upper limit by ranks
 * up to the highest group of the past; beyond it new groups are extrapolated, by an exponential tail with an upper confidence
 * limit and by a factor of three at most. 1 where nothing is known of groups.
 * @param evidence score of a group
 */
export function namedThroughGroups({ groups, days }: GroupPast, evidence: number): number {
  if (groups?.history === undefined || groups.accounts.accounts === 0) return 1;
  const { fresh, standing, rises, tail } = groups.history;
  const beyond = evidence - (groups.groups.values[0] ?? 0);
  const factor = beyond > 0 && tail > 0 ? Math.min(MOST_EXTRAPOLATED, Math.exp(beyond / tail)) : 1;
  const chance = (countAtLeast(groups.groups, evidence) + 1) / (groups.groups.accounts + 1) / factor;
  const accounts = fresh * chance + standing / (rises + 1);
  return Math.min(1, (accounts / groups.accounts.accounts) * periodsAMonth(days));
}

/** What may be named through groups. */
export interface GroupBudget {
  /** share of benign accounts within a month, at most */
  readonly share: number;
  /** ranks alone do not support it: a group has to lie some way beyond all of the past */
  readonly extrapolated: boolean;
}

/**
 * The share of benign accounts that may be named through groups within a month: the budget of `suspect`, or the least that the
 * groups of the past support where a group is just beyond all of them; where that is more than one in a hundred, one in a hundred, if the tail reaches so far.
 * Undefined where it does not, and nobody is named through a group.
 */
export function groupBudget(past: GroupPast, suspect: number): GroupBudget | undefined {
  const highest = past.groups?.groups.values[0] ?? 0;
  const { floor } = scoringOf(past.groups);
  const least = namedThroughGroups(past, justBeyond(Math.max(floor, highest)));
  const most = Math.max(MOST_SUSPECT, suspect);
  if (least <= most) return { share: Math.max(suspect, least), extrapolated: highest < floor };
  return namedThroughGroups(past, Number.POSITIVE_INFINITY) <= most
    ? { share: most, extrapolated: true }
    : undefined;
}

/**
 * Accounts that may be named through groups within thirty days although no rank supports it: one in a hundred of the past, or the budget
 * of `suspect` where that is more. 0 where all groups of the past are what ranks take them for, and where they support no `suspect` at all: a level that
 * does not exist is reached by nobody. A count, and no chance: it holds whatever the past holds.
 * @param suspect chance a month; 0 where the level does not exist
 */
export function mostUnranked({ groups }: Pick<GroupPast, 'groups'>, suspect: number): number {
  if (groups?.robust === undefined || suspect <= 0) return 0;
  return Math.floor(Math.max(MOST_SUSPECT, suspect) * groups.accounts.accounts);
}

/** The same as a share of the past's accounts. */
export function shareUnranked(past: Pick<GroupPast, 'groups'>, suspect: number): number {
  return mostUnranked(past, suspect) / Math.max(1, past.groups?.accounts.accounts ?? 0);
}

/** The least score beyond it. */
function justBeyond(value: number): number {
  return value * (1 + Number.EPSILON) + Number.MIN_VALUE;
}

/** What groups of the past do not support, in a sentence with numbers; undefined where they support the budget. */
export function unsupportedGroups(past: GroupPast, suspect: number): string | undefined {
  const { groups } = past;
  if (groups === undefined) return undefined;
  if (groups.history === undefined)
    return 'nobody is named through a group: the calibration does not know which groups there were; learn a new one';
  const budget = groupBudget(past, suspect);
  const least = namedThroughGroups(past, Number.POSITIVE_INFINITY);
  const many = groups.groups.accounts;
  const from = many === 1 ? '1 group of the past' : `${many} groups of the past`;
  if (budget === undefined)
    return `nobody is named through a group: ${from} ${many === 1 ? 'supports' : 'support'} no share of benign accounts below ${percent(least)} a month, and it may be ${percent(Math.max(MOST_SUSPECT, suspect))} at most; a longer past would`;
  if (budget.share <= suspect) return undefined;
  return `through groups up to ${percent(budget.share)} of benign accounts a month are named instead of ${percent(suspect)}, the least that ${from} ${many === 1 ? 'supports' : 'support'}${budget.extrapolated ? ' (extrapolated beyond the highest of them, by a factor of three at most)' : ''}; more groups or a longer past would support less`;
}

/**
 * That groups of the past look like attacks while nobody has said what they are, in a sentence with numbers; undefined where none does. What
 * they cost is recall: they count as ordinary, and are the bar.
 */
export function groupsApart({ groups }: Pick<GroupPast, 'groups'>, suspect: number): string | undefined {
  if (groups?.scoring === undefined) return undefined;
  if (groups.robust !== undefined) {
    const { apart, accounts } = groups.robust;
    const most = mostUnranked({ groups }, suspect);
    if (most === 0) return `${lookAlike(apart, accounts)}; the review asks about them first`;
    return `${lookAlike(apart, accounts)}, so no rank supports naming a new group that does not exceed them; new groups that look so too are named all the same, but never more than ${most === 1 ? '1 account' : `${most} accounts`} within thirty days (${percent(shareUnranked({ groups }, suspect))} of the past's: a count, not a chance); the review asks about them first`;
  }
  const beyond = justBeyond(groups.scoring.floor);
  const held = countAtLeast(groups.groups, beyond);
  if (held === 0) return undefined;
  return `${lookAlike(held, countAtLeast(groups.accounts, beyond))}, and no new group is named that does not exceed the highest of them; the review asks about them first`;
}

function lookAlike(groups: number, accounts: number): string {
  return `${groups === 1 ? '1 group' : `${groups} groups`} of the past (${accounts} accounts) look like the library of attacks as a whole, and nobody has said what they are: they count as ordinary`;
}

/** A share to two digits, as sentences give it. */
export const percent = (share: number): string => `${Number((share * 100).toPrecision(2))} %`;
