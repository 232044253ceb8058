import * as z from 'zod';
import { PSEUDONYM } from '../telemetry/usage-event.ts';
import { DAY_MS } from '../time.ts';
import { decisionId } from './decision-id.ts';
import { NOTE_MAX } from './decision-request.ts';
import { AUTHOR_MAX, VERDICTS } from './finding.ts';

/** How long an answer teaches, ms: three years. */
export const ANSWER_KEPT_MS = 1096 * DAY_MS;

/**
 * What a person said of an account that the review asks about, whether it has a finding or not. It teaches the next calibration, and silences
 * nobody. Answers are only added: the newest counts, `unsure` takes back what was said.
 */
export const answer = z.strictObject({
  account: z
    .string()
    .regex(PSEUDONYM, 'must be a pseudonym: a_ and 26 letters or digits')
    .describe('pseudonym'),
  verdict: z.enum(VERDICTS),
  at: z.iso.datetime().describe('processing time'),
  by: z.string().min(1).max(AUTHOR_MAX).describe('principal'),
  claimed: z.string().max(AUTHOR_MAX).optional().describe('what the caller calls itself'),
  note: z
    .string()
    .min(1, 'is empty; say why, or leave it out')
    .max(NOTE_MAX, `must have at most ${NOTE_MAX} characters`)
    .optional(),
  decision: decisionId.describe('given again, the decision is not made twice'),
});
export type Answer = z.infer<typeof answer>;
