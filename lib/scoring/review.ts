import type { Peak } from './learn-calibration.ts';

/**
 * Whose verdict helps most: accounts of the past that look most like the library of attacks. While nobody has said what
 * they are they count as ordinary, and the thresholds stand on their scores; confirmed, they leave the past and teach the
 * library; found benign, they stay ordinary and are not asked about again. Linked accounts are asked about at once: one verdict for all of them.
 * Groups that stand apart as a whole come first: no new group is named that does not exceed them.
 */
export interface ReviewEntry {
  /** pseudonyms, the one with the highest score first */
  readonly accounts: readonly string[];
  /** highest score among them, and its rank among all accounts of the past, from 1 */
  readonly score: number;
  readonly rank: number;
  /** they are a group that stands apart as a whole */
  readonly apart?: true;
}

/** Accounts that hang together, as far as is known. */
export interface ReviewGroups {
  /** like attacks as a whole, the highest first */
  readonly apart: readonly (readonly string[])[];
  /** all as they stood last */
  readonly linked: readonly (readonly string[])[];
}

/** More members than this of one group are not listed: nobody reads on. */
const MOST_MEMBERS = 50;

/**
 * @param peaks of the past's accounts, descending
 * @param judged accounts with a verdict already
 */
export function reviewQueue(
  peaks: readonly Peak[],
  judged: ReadonlySet<string>,
  groups: ReviewGroups,
  entries: number,
): ReviewEntry[] {
  const groupOf = new Map<string, readonly string[]>();
  for (const group of groups.linked) for (const account of group) groupOf.set(account, group);
  const placeOf = new Map(peaks.map(({ account, score }, i) => [account, { score, rank: i + 1 }]));
  const scored = (account: string): number => placeOf.get(account)?.score ?? 0;
  const asked = new Set<string>();
  const queue: ReviewEntry[] = [];
  const ask = (members: readonly string[], apart: boolean): void => {
    const accounts = [...new Set(members)]
      .filter((member) => !judged.has(member) && !asked.has(member) && placeOf.has(member))
      .sort((a, b) => scored(b) - scored(a))
      .slice(0, MOST_MEMBERS);
    const first = placeOf.get(accounts[0] ?? '');
    if (queue.length >= entries || first === undefined || first.score === 0) return;
    for (const member of accounts) asked.add(member);
    queue.push({ accounts, ...first, ...(apart ? { apart } : {}) });
  };
  for (const group of groups.apart) ask(group, true);
  for (const { account } of peaks) {
    if (queue.length >= entries) break;
    if (!asked.has(account) && !judged.has(account)) ask([account, ...(groupOf.get(account) ?? [])], false);
  }
  return queue;
}
