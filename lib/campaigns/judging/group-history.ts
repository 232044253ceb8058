import { hash48 } from '../../profile/hashes.ts';
import { FEWEST_SCORED } from '../../scoring/group-mean.ts';
import { type GroupHistory, type GroupRanks, KNOWN, TRACES } from '../../scoring/group-ranks.ts';

/**
 * Which groups there were in the past, and what they came to: a group of today that was there is held against itself too. Most
 * honest groups are there for months (an application's customers, a course, a company), and the highest of them is no less high in the
 * next fortnight. Among the ranks of the past it would be named every other time.
 */

/** A group of the past at a look. */
export interface ScoredGroup {
  readonly members: readonly string[];
  /** of each member, undefined where it showed too little */
  readonly own: readonly (number | undefined)[];
  readonly score: number;
  /** no member is a confirmed attacker */
  readonly benign: boolean;
}

export interface ScoredLook {
  /** ms */
  readonly at: number;
  readonly groups: readonly ScoredGroup[];
}

/**
 * The least margin: how much more honest groups that stood high in one fortnight of strangers' traffic came to in another, at most
 * (second fortnight as the past, first as the present, three keys).
 */
const LEAST_MARGIN = 0.15;
/** Part of the past after which a group counts as new: before, the links of most accounts have not formed yet. */
const SETTLED = 2 / 3;
/** A rise tells of groups that stand high: from this part of the highest on. */
const STANDING = 0.5;

/**
 * Groups that stand for themselves, the highest first: each at its highest look, and none with half of its members or more in those
 * above it. The same accounts linked in several ways, or a little differently in every run, are one group.
 */
export function independentGroups(past: readonly ScoredLook[]): ScoredGroup[] {
  const all = past.flatMap(({ groups }) => groups.filter(({ benign }) => benign));
  all.sort((a, b) => b.score - a.score || ((a.members[0] as string) < (b.members[0] as string) ? -1 : 1));
  const taken = new Set<string>();
  const found: ScoredGroup[] = [];
  for (const group of all) {
    const shared = group.members.filter((account) => taken.has(account)).length;
    if (2 * shared >= group.members.length) continue;
    for (const account of group.members) taken.add(account);
    found.push(group);
  }
  return found;
}

/** What accounts' groups came to: the highest for each. */
function highestOf(past: readonly ScoredLook[]): Map<string, number> {
  const highest = new Map<string, number>();
  for (const { groups } of past)
    for (const { members, score } of groups)
      for (const account of members) highest.set(account, Math.max(score, highest.get(account) ?? 0));
  return highest;
}

/** What at least half of the members' groups came to; 0 where most members were in none. */
function reference(members: readonly string[], known: (account: string) => number): number {
  const scores = members.map(known).sort((a, b) => b - a);
  return scores[(scores.length - 1) >> 1] ?? 0;
}

export interface HistoryRules {
  /** accounts that are not held against what they were: a confirmed attacker is no known customer */
  readonly aside: ReadonlySet<string>;
  /** the highest evidence of an account of the past */
  readonly highest: number;
}

/** @param past in order of time */
export function learnHistory(past: readonly ScoredLook[], { aside, highest }: HistoryRules): GroupHistory {
  // a rise from one half to the other: two lengths of time as long, as a past and a present are
  const known = comparedAt(past, Math.floor(past.length / 2)).filter(({ before }) => before > 0);
  const rises = known
    .filter(({ before }) => before >= STANDING * highest)
    .map(({ group, before }) => group.score - before);
  const margin = Math.max(LEAST_MARGIN, ...rises);
  const settled = Math.floor(SETTLED * past.length);
  const fresh = comparedAt(past, settled).filter(({ before }) => before === 0);
  // one more than were seen (rule of succession): none seen is not none to come
  const coming = scoredIn(fresh.map(({ group }) => group)) * (1 + 1 / Math.max(1, fresh.length));
  const groups = independentGroups(past);
  const members = [...highestOf(past)].filter(([account, score]) => score > 0 && !aside.has(account));
  return {
    ...listed(members),
    margin: Number(margin.toPrecision(6)),
    rises: known.length,
    fresh: Math.ceil((Math.max(FEWEST_SCORED, coming) * past.length) / Math.max(1, past.length - settled)),
    standing: scoredIn(groups.filter(({ score }) => score > highest - margin)),
    tail: Number(tailOf(groups.map(({ score }) => score)).toPrecision(6)),
  };
}

/** Part of the groups whose scores say how the tail falls, and the fewest that say it. */
const TAIL_PART = 0.25;
const FEWEST_IN_TAIL = 5;
/** One-sided normal quantile for 10 %. */
const Z = 1.2816;

/**
 * Mean excess of the highest quarter over the next score: the scale of an exponential tail. Its upper confidence limit is
 * 2 k mean / chi2(2 k, 10 %), the quantile by Wilson and Hilferty (1931).
 * @param scores descending
 */
function tailOf(scores: readonly number[]): number {
  const k = Math.max(FEWEST_IN_TAIL, Math.round(TAIL_PART * scores.length));
  const next = scores[k];
  if (next === undefined) return 0;
  const mean = scores.slice(0, k).reduce((sum, score) => sum + score - next, 0) / k;
  return mean / (1 - 1 / (9 * k) - Z * Math.sqrt(1 / (9 * k))) ** 3;
}

interface Compared {
  readonly group: ScoredGroup;
  /** what it came to before, 0 where it was not there */
  readonly before: number;
}

/** The groups of the looks from `from` on, with what they came to until then. */
function comparedAt(past: readonly ScoredLook[], from: number): readonly Compared[] {
  const before = highestOf(past.slice(0, from));
  return independentGroups(past.slice(from)).map((group) => ({
    group,
    before: reference(group.members, (account) => before.get(account) ?? 0),
  }));
}

function scoredIn(groups: readonly ScoredGroup[]): number {
  return groups.reduce((sum, { own }) => sum + own.filter((score) => score !== undefined).length, 0);
}

function listed(known: readonly (readonly [string, number])[]): Pick<GroupHistory, 'traces' | 'scores'> {
  const byTrace = new Map<number, number>();
  for (const [account, score] of known) {
    const trace = traceOf(account);
    byTrace.set(trace, Math.max(score, byTrace.get(trace) ?? 0));
  }
  const highest = [...byTrace].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, KNOWN);
  return {
    traces: highest.map(([trace]) => trace),
    scores: highest.map(([, score]) => Number(score.toPrecision(6))),
  };
}

function traceOf(account: string): number {
  return hash48(account) % TRACES;
}

const read = new WeakMap<GroupHistory, ReadonlyMap<number, number>>();

/** What a group of today came to in the past: what at least half of its members' groups did. 0 where it is new. */
export function referenceOf(members: readonly string[], groups: GroupRanks | undefined): number {
  const history = groups?.history;
  if (history === undefined) return 0;
  let known = read.get(history);
  if (known === undefined) {
    known = new Map(history.traces.map((trace, i) => [trace, history.scores[i] as number]));
    read.set(history, known);
  }
  const byTrace = known;
  return reference(members, (account) => byTrace.get(traceOf(account)) ?? 0);
}
