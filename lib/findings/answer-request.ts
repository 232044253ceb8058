import * as z from 'zod';
import { type Answer, answer } from './answer.ts';
import type { Author } from './principal.ts';

/** What a person says of an account that the review asks about, from the command line or through the triage API: parsed once. */
export const answerRequest = z.strictObject({
  account: answer.shape.account,
  verdict: answer.shape.verdict,
  note: answer.shape.note,
});
export type AnswerRequest = z.infer<typeof answerRequest>;

/**
 * The answer as it is kept.
 * @param decision id of the decision: given again, it is not made twice
 * @param at processing time, ms
 */
export function answered(
  asked: AnswerRequest,
  { principal, claimed }: Author,
  decision: string,
  at: number,
): Answer {
  return {
    ...asked,
    decision,
    at: new Date(at).toISOString(),
    by: principal,
    ...(claimed === undefined || claimed === '' ? {} : { claimed }),
  };
}

/** Whether what stands is what this person asks for: ids of decisions are chosen by who asks, and others may have chosen it too. */
export function isAnswerOf(held: Answer, asked: AnswerRequest, { principal }: Author): boolean {
  return (
    held.by === principal &&
    held.account === asked.account &&
    held.verdict === asked.verdict &&
    held.note === asked.note
  );
}
