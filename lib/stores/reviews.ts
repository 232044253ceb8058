import type { Answer } from '../findings/answer.ts';
import { type AnswerRequest, answered, isAnswerOf } from '../findings/answer-request.ts';
import type { Author } from '../findings/principal.ts';
import { TriageError } from '../findings/triage.ts';
import { reviewWithout, type StoredReview, storedReview } from '../scoring/stored-review.ts';
import { FindingError, type FindingStore, parse } from './finding-store.ts';
import { verdictsByAccount } from './verdicts.ts';

/** Name of the state in which the newest review is kept. */
export const REVIEW_STATE = 'review';

const ATTEMPTS = 5;

/** The newest replaces what was there. @throws Error where others write at the same time again and again */
export async function keepReview(store: FindingStore, review: StoredReview): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const held = await store.state(REVIEW_STATE);
    if (await store.writeState(REVIEW_STATE, JSON.stringify(review), held?.version)) return;
  }
  throw new Error('the review changes while it is written');
}

/** Newest changes of findings that are looked through: the daily calibration asks about nobody who had a verdict before. */
const SINCE_ASKED = 1000;

/** What is still to be asked. Undefined where no calibration was learnt yet, and where this code cannot read it. */
export async function openReview(store: FindingStore): Promise<StoredReview | undefined> {
  const held = await store.state(REVIEW_STATE);
  try {
    if (held === undefined) return undefined;
    const review = parse('the review', storedReview, held.body);
    return reviewWithout(review, new Set((await verdictsByAccount(store, SINCE_ASKED)).keys()));
  } catch (error) {
    if (error instanceof FindingError) return undefined;
    throw error;
  }
}

/**
 * Keeps a person's answer.
 * @param decision id of the decision: given again, it is not made twice
 * @param at processing time, ms
 * @returns what stands
 * @throws TriageError where another decision has that id
 */
export async function giveAnswer(
  store: FindingStore,
  asked: AnswerRequest,
  author: Author,
  decision: string,
  at: number,
): Promise<Answer> {
  const stands = await store.putAnswer(answered(asked, author, decision, at));
  if (!isAnswerOf(stands, asked, author))
    throw new TriageError('another answer has that id of a decision: choose another id');
  return stands;
}
