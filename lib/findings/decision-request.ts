import * as z from 'zod';
import { type AuditEntry, OWNER_MAX, VERDICTS } from './finding.ts';
import type { Author } from './principal.ts';
import { assign, note, type Triaged, TriageError, triage, undo, untilOf } from './triage.ts';

/** What a person asks for about a finding, from the command line or the console's page: parsed once, one set of rules. */

export const NOTE_MAX = 4000;

const text = z.string().max(NOTE_MAX, `must have at most ${NOTE_MAX} characters`);
const until = z
  .string()
  .max(40)
  .refine(
    (value) => untilOf(value) !== undefined,
    'must be a date such as 2026-04-01, or an ISO time with zone',
  );

export const decisionRequest = z.discriminatedUnion('action', [
  z.strictObject({
    action: z.literal('triage'),
    verdict: z.enum(VERDICTS),
    until: until.optional(),
    note: text.optional(),
  }),
  z.strictObject({
    action: z.literal('undo'),
    undoes: z
      .string()
      .max(128)
      .optional()
      .describe('id of the decision or number of the change; default: the newest'),
    note: text.optional(),
  }),
  z.strictObject({
    action: z.literal('assign'),
    owner: z.string().trim().min(1).max(OWNER_MAX).optional().describe('absent: nobody any more'),
    note: text.optional(),
  }),
  z.strictObject({ action: z.literal('note'), note: text.min(1) }),
]);
export type DecisionRequest = z.infer<typeof decisionRequest>;

/** Last parts of the triage API's paths, `/findings/ID/PART`, by what is asked. */
export const DECISION_PATHS = {
  triage: 'verdict',
  undo: 'undo',
  assign: 'assign',
  note: 'note',
} as const satisfies Readonly<Record<DecisionRequest['action'], string>>;

/**
 * What a request makes of a finding, for `change` (lib/stores/verdicts.ts).
 * @param decision id of the decision: given again, it is not made twice
 * @param at processing time, ms
 */
export function decided(
  asked: DecisionRequest,
  { principal: by, claimed }: Author,
  decision: string,
  at: number,
): (held: Triaged['finding']) => Triaged {
  const remark = { by, at, note: asked.note, decision, ...(claimed === undefined ? {} : { claimed }) };
  switch (asked.action) {
    case 'triage': {
      const ms = asked.until === undefined ? undefined : untilOf(asked.until);
      return (held) => triage(held, { ...remark, verdict: asked.verdict, until: ms });
    }
    case 'undo':
      return (held) => undo(held, by, at, asked.note, { claimed, decision, undoes: asked.undoes });
    case 'assign':
      return (held) => assign(held, asked.owner, remark);
    case 'note':
      return (held) => note(held, remark);
  }
}

/** Whether a change is the one that this person asks for: the same id of a decision may come from somebody else, or for something else. */
export function isMadeBy(asked: DecisionRequest, { principal }: Author): (entry: AuditEntry) => boolean {
  return (entry) =>
    entry.by === principal &&
    entry.action === asked.action &&
    entry.note === asked.note &&
    (asked.action !== 'triage' || isVerdict(asked, entry.after.verdict)) &&
    (asked.action !== 'assign' || entry.after.owner === asked.owner);
}

function isVerdict(
  { verdict, until }: Extract<DecisionRequest, { action: 'triage' }>,
  held: AuditEntry['after']['verdict'],
): boolean {
  if (held?.verdict !== verdict) return false;
  return until === undefined || untilOf(until) === Date.parse(held.wanted ?? held.until ?? '');
}

/** A request from untyped input. @throws TriageError naming the field */
export function parseDecision(value: unknown): DecisionRequest {
  const parsed = decisionRequest.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') ?? '';
  throw new TriageError(
    `${field === '' ? '' : `${field}: `}${issue?.message ?? 'cannot be used'}`,
    field === 'until' ? 'until' : undefined,
  );
}
