import * as z from 'zod';

/** The id that whoever decides may give a decision, so that sent twice it is made once: on the command line and in the triage API. */
export const decisionId = z
  .string()
  .min(1, 'is empty; leave it out, or choose an id')
  .max(128, 'must have at most 128 characters')
  .regex(/[^\d]/, 'must hold more than digits: numbers are those of changes');
