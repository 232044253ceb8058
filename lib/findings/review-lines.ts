import { COMMAND } from '../contract/command.ts';
import { curveSentence, type StoredReview } from '../scoring/stored-review.ts';

/**
 * The review in the lines of a digest: how many questions are open, what answers would bring, and the command that shows them. Empty where
 * nothing is asked.
 */
export function reviewLines(review: Pick<StoredReview, 'entries' | 'curve'> | undefined): string[] {
  if (review === undefined || review.entries.length === 0) return [];
  const { entries, curve } = review;
  const accounts = entries.reduce((sum, entry) => sum + entry.accounts.length, 0);
  const sentence = curveSentence(curve);
  return [
    `${entries.length === 1 ? '1 question' : `${entries.length} questions`} about ${accounts === 1 ? '1 account' : `${accounts} accounts`} would help the next calibration most: ${COMMAND} review`,
    ...(sentence === undefined ? [] : [`Learning curve: ${sentence}.`]),
  ];
}
