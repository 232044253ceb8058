import type { StoredReview } from '../../lib/scoring/stored-review.ts';
import { NOW } from './notices.ts';

/** A review as the daily calibration keeps it, with a question about each of these groups. */
export function aReview(...groups: readonly (readonly string[])[]): StoredReview {
  return {
    v: 1,
    calibration: 'cal-1',
    at: new Date(NOW).toISOString(),
    entries: groups.map((accounts) => ({
      accounts: [...accounts],
      why: ['score 3.10, number 1 of 900 accounts'],
    })),
    curve: [
      { answered: 0, recall: 0.4 },
      { answered: 1, recall: 0.6 },
    ],
  };
}
