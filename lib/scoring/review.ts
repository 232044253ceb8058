import type { Peak } from './learn-calibration.ts';

/**
 * Whose verdict helps most: accounts of the past that look most like the library of attacks. While nobody has said what
 * they are they count as ordinary, and the thresholds stand on their scores; confirmed, they leave the past and teach the
 * library; found benign, they stay ordinary and are not asked about again. Linked accounts are asked about at once: one verdict for all of them.
 */
export interface ReviewEntry {
  /** pseudonyms, the one with the highest score first */
  readonly accounts: readonly string[];
  /** highest score among them, and its rank among all accounts of the past, from 1 */
  readonly score: number;
  readonly rank: number;
}

/** More members than this of one group are not listed: nobody reads on. */
const MOST_MEMBERS = 50;

/**
 * @param peaks of the past's accounts, descending
 * @param judged accounts with a verdict already
 * @param groups accounts that hang together, as far as is known
 */
export function reviewQueue(
  peaks: readonly Peak[],
  judged: ReadonlySet<string>,
  groups: readonly (readonly string[])[],
  entries: number,
): ReviewEntry[] {
  const groupOf = new Map<string, readonly string[]>();
  for (const group of groups) for (const account of group) groupOf.set(account, group);
  const scoreOf = new Map(peaks.map(({ account, score }) => [account, score]));
  const asked = new Set<string>();
  const queue: ReviewEntry[] = [];
  for (const [i, { account, score }] of peaks.entries()) {
    if (queue.length >= entries || score === 0) break;
    if (asked.has(account) || judged.has(account)) continue;
    const accounts = [...new Set([account, ...(groupOf.get(account) ?? [])])]
      .filter((member) => !judged.has(member) && !asked.has(member) && scoreOf.has(member))
      .sort((a, b) => (scoreOf.get(b) ?? 0) - (scoreOf.get(a) ?? 0))
      .slice(0, MOST_MEMBERS);
    for (const member of accounts) asked.add(member);
    queue.push({ accounts, score, rank: i + 1 });
  }
  return queue;
}
