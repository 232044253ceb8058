import { levelRank } from '../scoring/level.ts';
import type { Finding } from './finding.ts';

/** What a candidate policy has judged, as far as the profiles say. */
export interface CandidateWork {
  /** event time at which the first account was judged under it, ms */
  readonly since: number;
  /** accounts that it judged, and the event time of their newest event, ms */
  readonly judged: ReadonlyMap<string, number>;
}

/** Accounts that two policies name, over one stretch of event time. Its counts are those of sets, and cannot contradict. */
export interface PolicyComparison {
  /** event time, ms */
  readonly from: number;
  readonly to: number;
  /** accounts that were looked at: both policies judged them in this stretch */
  readonly accounts: number;
  readonly active: number;
  readonly shadow: number;
  readonly both: number;
  readonly onlyShadow: readonly NamedAccount[];
  readonly onlyActive: readonly NamedAccount[];
}

export interface NamedAccount {
  readonly account: string;
  /** the finding that names it: its own, else its campaign's */
  readonly finding: Finding;
}

/**
 * Compares whom two policies name as suspects. A finding of the candidate is one whose newest notice it made itself: what
 * an earlier candidate found is nobody's here. A campaign's finding names its members, so that a member is no news where
 * the other policy names the campaign.
 * @param candidate id of the candidate policy
 * @param work what it judged; unknown (undefined), both sides are compared on accounts whose findings changed in the period
 * @param period ms before the newest event
 */
export function comparePolicies(
  active: readonly Finding[],
  shadow: readonly Finding[],
  candidate: string,
  work: CandidateWork | undefined,
  period: number,
): PolicyComparison {
  const own = shadow.filter(({ notice }) => notice.versions.policy === candidate);
  const newest = work === undefined ? [...active, ...own].map(changedAt) : [...work.judged.values()];
  const to = newest.reduce((latest, at) => Math.max(latest, at), 0);
  const began = work?.since ?? own.reduce((least, held) => Math.min(least, Date.parse(held.openedAt)), to);
  const from = Math.max(began, to - period);
  const inForce = active.filter((held) => held.state !== 'closed' || changedAt(held) >= from);
  const byActive = namedBy(inForce);
  const byShadow = namedBy(own);
  const looked = new Set(
    work === undefined
      ? changedSince(from, active, own)
      : [...work.judged].filter(([, at]) => at >= from).map(([account]) => account),
  );
  const among = (named: ReadonlyMap<string, Finding>): NamedAccount[] =>
    [...named].filter(([account]) => looked.has(account)).map(([account, finding]) => ({ account, finding }));
  const a = among(byActive);
  const s = among(byShadow);
  return {
    from,
    to,
    accounts: looked.size,
    active: a.length,
    shadow: s.length,
    both: s.filter(({ account }) => byActive.has(account)).length,
    onlyShadow: s.filter(({ account }) => !byActive.has(account)),
    onlyActive: a.filter(({ account }) => !byShadow.has(account)),
  };
}

/** Without profiles: accounts whose findings changed; none where the candidate's did not, since it may be judged no more. */
function changedSince(from: number, active: readonly Finding[], own: readonly Finding[]): string[] {
  const changed = (list: readonly Finding[]): string[] => [
    ...namedBy(list.filter((held) => changedAt(held) >= from)).keys(),
  ];
  const byCandidate = changed(own);
  return byCandidate.length === 0 ? [] : [...byCandidate, ...changed(active)];
}

const changedAt = (held: Finding): number => Date.parse(held.updatedAt);

/** Accounts that findings of level suspect or above name, each with its finding; its own before its campaign's. */
function namedBy(findings: readonly Finding[]): ReadonlyMap<string, Finding> {
  const named = new Map<string, Finding>();
  const suspects = findings.filter(({ highest }) => levelRank(highest) >= levelRank('suspect'));
  for (const held of suspects)
    for (const { account } of held.notice.subject.members ?? []) named.set(account, held);
  for (const held of suspects)
    if (held.notice.subject.type === 'account') named.set(held.notice.subject.id, held);
  return named;
}
