import { DAY_MS } from '../time.ts';
import type { Exception } from './exception.ts';
import type { AuditEntry, Finding, FindingState, Verdict, VerdictRecord } from './finding.ts';
import { QUIET_DAYS } from './next-steps.ts';

/** Changes that a finding carries itself; older ones are items of their own. */
const AUDIT_KEPT = 20;

/** What a person decided. */
export interface Decision {
  readonly verdict: Verdict;
  readonly by: string;
  /** processing time, ms */
  readonly at: number;
  /** ms; benign: silent until then; unsure: no updates until then */
  readonly until: number | undefined;
  readonly note: string | undefined;
}

/** A decision that makes no sense, in words for the person who made it. */
export class TriageError extends Error {
  override readonly name = 'TriageError';
  /** part of the decision that is wrong by itself; undefined where it does not fit the finding as it stands */
  readonly field: 'until' | undefined;

  constructor(message: string, field?: 'until') {
    super(message);
    this.field = field;
  }
}

export interface Triaged {
  readonly finding: Finding;
  readonly entry: AuditEntry;
  /** what silences the subject from now on; undefined: nothing does */
  readonly exception: Exception | undefined;
}

/** The end of a day in UTC for a date, the instant for an ISO time with zone, in ms; undefined for anything else. */
export function untilOf(text: string): number | undefined {
  const day = /^\d{4}-\d\d-\d\d$/.test(text);
  const ms = Date.parse(day ? `${text}T23:59:59.000Z` : text);
  const exact = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d))?$/.test(text);
  if (Number.isNaN(ms) || !exact || (day && new Date(ms).toISOString().slice(0, 10) !== text))
    return undefined;
  return ms;
}

/** The longest that a verdict may silence somebody: there are no exceptions for ever. */
export const MAX_DAYS = 366;

/**
 * A finding after a verdict: confirmed closes it, benign closes it and keeps its subject quiet until a date, unsure
 * leaves it open. @throws TriageError naming what does not fit
 */
export function triage(held: Finding, decision: Decision): Triaged {
  const { verdict, at, note } = decision;
  if (verdict === 'confirmed' && decision.until !== undefined)
    throw new TriageError('a confirmed finding has no date: it is not silenced (leave it out)', 'until');
  const until = decision.until ?? (verdict === 'benign' ? at + QUIET_DAYS * DAY_MS : undefined);
  if (until !== undefined && until <= at)
    throw new TriageError(`the date ${new Date(until).toISOString()} has passed`, 'until');
  if (until !== undefined && until > at + MAX_DAYS * DAY_MS)
    throw new TriageError(
      `the date ${new Date(until).toISOString()} is more than ${MAX_DAYS} days away`,
      'until',
    );
  const record: VerdictRecord = {
    verdict,
    by: decision.by,
    at: new Date(at).toISOString(),
    ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
    ...(note === undefined ? {} : { note }),
  };
  const state: FindingState = verdict === 'unsure' ? reopenedState(held) : 'closed';
  return changed(held, 'triage', decision, state, record);
}

/**
 * Takes the newest change back: the state and verdict that were before it. Undoing an undo brings the change back.
 * @throws TriageError where nobody changed anything
 */
export function undo(held: Finding, by: string, at: number, note: string | undefined): Triaged {
  const last = held.audit?.at(-1);
  if (last === undefined) throw new TriageError('there is nothing to undo: nobody gave a verdict');
  return changed(held, 'undo', { by, at, note }, last.before.state, last.before.verdict);
}

/** What the detector last said of it. */
function reopenedState(held: Finding): FindingState {
  switch (held.notice.transition) {
    case 'calmed':
      return 'calmed';
    case 'closed':
      return 'closed';
    default:
      return 'open';
  }
}

function changed(
  held: Finding,
  action: AuditEntry['action'],
  about: { readonly by: string; readonly at: number; readonly note: string | undefined },
  state: FindingState,
  verdict: VerdictRecord | undefined,
): Triaged {
  const at = new Date(about.at).toISOString();
  const { verdict: before, ...rest } = held;
  const entry: AuditEntry = {
    n: (held.audit?.at(-1)?.n ?? 0) + 1,
    at,
    by: about.by,
    action,
    ...(about.note === undefined ? {} : { note: about.note }),
    before: { state: held.state, ...(before === undefined ? {} : { verdict: before }) },
    after: { state, ...(verdict === undefined ? {} : { verdict }) },
  };
  const quiet =
    verdict?.verdict === 'benign' && verdict.until !== undefined && Date.parse(verdict.until) > about.at;
  return {
    finding: {
      ...rest,
      state,
      ...(verdict === undefined ? {} : { verdict }),
      audit: [...(held.audit ?? []), entry].slice(-AUDIT_KEPT),
    },
    entry,
    exception: quiet
      ? {
          v: 1,
          subject: held.notice.subject.id,
          until: verdict.until ?? at,
          by: verdict.by,
          at: verdict.at,
          finding: held.id,
          ...(verdict.note === undefined ? {} : { note: verdict.note }),
        }
      : undefined,
  };
}
