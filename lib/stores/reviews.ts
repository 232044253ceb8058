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

/** What was asked, whoever has answered since: one read. Undefined where no calibration was learnt yet, and where this code cannot read it. */
export async function keptReviewOf(store: Pick<FindingStore, 'state'>): Promise<StoredReview | undefined> {
  const held = await store.state(REVIEW_STATE);
  try {
    return held === undefined ? undefined : parse('the review', storedReview, held.body);
  } catch (error) {
    if (error instanceof FindingError) return undefined;
    throw error;
  }
}

/** What is still to be asked; undefined where no calibration was learnt yet. */
export async function openReview(store: FindingStore): Promise<StoredReview | undefined> {
  const review = await keptReviewOf(store);
  return review === undefined
    ? undefined
    : reviewWithout(review, new Set((await verdictsByAccount(store)).keys()));
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
