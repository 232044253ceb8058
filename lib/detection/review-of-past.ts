import type { Calibration } from '../scoring/calibration.ts';
import type { Peak } from '../scoring/learn-calibration.ts';
import type { PastAccount } from '../scoring/looks.ts';
import { type ReviewEntry, type ReviewGroups, reviewQueue } from '../scoring/review.ts';
import { scoreAt } from '../scoring/score.ts';
import { REVIEW_KEPT, type ReviewQuestion } from '../scoring/stored-review.ts';
import { reasonsOf } from './judge.ts';

/** Groups that are larger hold more than one kind of use, and a question of the review has no more accounts. */
const MOST_TOGETHER = REVIEW_KEPT.accounts;

/**
 * Whose verdict helps most, without groups that are too large for one verdict.
 * @param peaks of the past's accounts, descending
 * @param judged accounts with a verdict already
 */
export function reviewOfPast(
  peaks: readonly Peak[],
  judged: ReadonlySet<string>,
  { apart, linked }: ReviewGroups,
  entries: number,
): ReviewEntry[] {
  const together = ({ length }: readonly string[]): boolean => length <= MOST_TOGETHER;
  return reviewQueue(
    peaks,
    judged,
    { apart: apart.filter(together), linked: linked.filter(together) },
    entries,
  );
}

/**
 * Says of every entry why it is asked about: rank, and the first account's reasons.
 * @param accounts of the past, as far as they are at hand: without, an entry has its rank alone
 */
export function questionsOf(
  queue: readonly ReviewEntry[],
  peaks: readonly Peak[],
  accounts: readonly PastAccount[],
  calibration: Calibration,
): ReviewQuestion[] {
  const peakOf = new Map(peaks.map((peak) => [peak.account, peak]));
  const pastOf = new Map(accounts.map((held) => [held.account, held]));
  return queue.map((entry) => {
    const first = entry.accounts[0] ?? '';
    const held = pastOf.get(first);
    const peak = peakOf.get(first);
    const scores =
      held === undefined || peak === undefined
        ? []
        : scoreAt(held.slices, peak.slice, held, calibration, [peak.hours]);
    return {
      accounts: [...entry.accounts],
      why: [
        `score ${entry.score.toFixed(2)}, number ${entry.rank} of ${calibration.accounts} accounts`,
        ...(entry.accounts.length > 1
          ? [`${entry.accounts.length} accounts that hang together: one verdict for all`]
          : []),
        ...(entry.apart === true
          ? [
              'as a group they look like the library of attacks: until somebody has said what they are, ranks name no new group that does not exceed them',
            ]
          : []),
        ...scores.flatMap((score) => reasonsOf(score).map(({ evidence }) => evidence)),
      ],
    };
  });
}
