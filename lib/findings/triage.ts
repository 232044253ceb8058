import { LIMITS } from '../limits.ts';
import { DAY_MS, iso } from '../time.ts';
import { chained } from './audit-chain.ts';
import { type Exception, REST_MS } from './exception.ts';
import {
  type AuditEntry,
  type Finding,
  type FindingState,
  OWNER_MAX,
  type Verdict,
  type VerdictRecord,
} from './finding.ts';
import { QUIET_DAYS } from './next-steps.ts';
import { plain } from './sanitize.ts';

/** What a person decided. */
export interface Decision {
  readonly verdict: Verdict;
  /** the principal, as far as IAM vouches for it (principal.ts) */
  readonly by: string;
  /** what the author calls itself */
  readonly claimed?: string;
  /** processing time, ms */
  readonly at: number;
  /** ms; benign: silent until then; unsure: no updates until then */
  readonly until: number | undefined;
  readonly note: string | undefined;
  /** id of the decision: the same one is never made twice */
  readonly decision?: string;
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

/** The longest that one person alone may silence somebody; a second person makes it longer. */
export const ALONE_DAYS = LIMITS.silenceDays.most;

/** The longest that a verdict may silence somebody: there are no exceptions for ever. */
export const MAX_DAYS = LIMITS.longestSilenceDays.most;

/**
 * A finding after a verdict: confirmed closes it, benign closes it and keeps its subject quiet until a date, unsure
 * leaves it open. @throws TriageError naming what does not fit
 */
export function triage(held: Finding, decision: Decision): Triaged {
  const { verdict, at, note } = decision;
  if (verdict === 'confirmed' && decision.until !== undefined)
    throw new TriageError('a confirmed finding has no date: it is not silenced (leave it out)', 'until');
  const until = decision.until ?? (verdict === 'benign' ? at + QUIET_DAYS * DAY_MS : undefined);
  if (until !== undefined && until <= at) throw new TriageError(`the date ${iso(until)} has passed`, 'until');
  if (until !== undefined && until > at + MAX_DAYS * DAY_MS)
    throw new TriageError(`the date ${iso(until)} is more than ${MAX_DAYS} days away`, 'until');
  const quiet = verdict === 'benign' && until !== undefined ? quietTerm(held, decision, until) : undefined;
  const record: VerdictRecord = {
    verdict,
    by: decision.by,
    at: iso(at),
    ...(quiet?.term ?? (until === undefined ? {} : { until: iso(until) })),
    ...(note === undefined ? {} : { note }),
  };
  const state: FindingState = verdict === 'unsure' ? detectedState(held) : 'closed';
  const end = quiet?.alone === true ? quiet.term.until : undefined;
  const remembered = end === undefined ? held : withSilence(held, decision.by, at, end);
  return changed(remembered, 'triage', decision, { state, verdict: record, owner: held.owner });
}

/**
 * How long a benign verdict silences: as long as another person wants too, else at most `ALONE_DAYS`, counted from when this
 * person began to silence the subject; a new count begins when that ended `REST_MS` ago. A gap of a second, undoing, another
 * verdict between, or many of them begin none.
 * @throws TriageError where this person's days are used up
 */
function quietTerm(
  held: Finding,
  { by, at }: Decision,
  until: number,
): { readonly term: Pick<VerdictRecord, 'until' | 'wanted' | 'second'>; readonly alone: boolean } {
  const other = agreed(held.verdict, by, at);
  if (other !== undefined && until <= other.until)
    return { term: { until: iso(until), second: other.with }, alone: false };
  const most = silenceOf(held, by, at) + ALONE_DAYS * DAY_MS;
  const longest = Math.max(most, other?.until ?? 0);
  if (until <= longest) return { term: { until: iso(until) }, alone: true };
  if (longest <= at)
    throw new TriageError(
      `one person silences a subject for at most ${ALONE_DAYS} days, and again ${ALONE_DAYS} days after these: a second person has to give the verdict`,
      'until',
    );
  const shared = other !== undefined && other.until >= most ? { second: other.with } : {};
  return { term: { until: iso(longest), wanted: iso(until), ...shared }, alone: most > (other?.until ?? 0) };
}

/** Until when somebody else wants the same silence, and who; undefined where nobody does. */
function agreed(
  standing: VerdictRecord | undefined,
  by: string,
  at: number,
): { readonly until: number; readonly with: string } | undefined {
  if (standing?.verdict !== 'benign' || Date.parse(standing.until ?? '') <= at) return undefined;
  if (standing.by !== by)
    return { until: Date.parse(standing.wanted ?? standing.until ?? ''), with: standing.by };
  // what two agreed on, one of them may say again
  return standing.second === undefined
    ? undefined
    : { until: Date.parse(standing.until ?? ''), with: standing.second };
}

/** When this person's silence began, ms; `at` where none goes on, nor ended a short while ago. */
function silenceOf(held: Finding, by: string, at: number): number {
  const known = held.silenced?.find((one) => one.by === by);
  return known === undefined || Date.parse(known.until) + REST_MS <= at ? at : Date.parse(known.since);
}

/** The finding with this person's silence, which another of the subject's findings goes on from. */
function withSilence(held: Finding, by: string, at: number, until: string): Finding {
  return withSilences(held, [{ by, since: iso(silenceOf(held, by, at)), until }]);
}

type Silences = NonNullable<Finding['silenced']>;

/** A finding with silences of its subject that came about elsewhere: by other findings, or by verdicts taken back. */
export function withSilences(held: Finding, others: Silences): Finding {
  const kept = new Map((held.silenced ?? []).map((one) => [one.by, one]));
  for (const other of others) {
    const own = kept.get(other.by);
    kept.set(other.by, own === undefined ? other : joined(own, other));
  }
  if (kept.size === 0) return held;
  const latest = [...kept.values()].sort((a, b) => (a.until < b.until ? 1 : -1));
  return { ...held, silenced: latest.slice(0, LIMITS.silences.most) };
}

/** Two silences of one person: one where too short a gap is between them, else the later. */
function joined(a: Silences[number], b: Silences[number]): Silences[number] {
  const [first, last] = a.since <= b.since ? [a, b] : [b, a];
  if (Date.parse(first.until) + REST_MS <= Date.parse(last.since)) return last;
  return { by: a.by, since: first.since, until: first.until > last.until ? first.until : last.until };
}

/** What an undo says beyond who and when. */
export interface UndoOf {
  readonly claimed?: string | undefined;
  readonly decision?: string | undefined;
  readonly undoes?: string | undefined;
}

/**
 * Takes a verdict back: the newest change, or a named decision. What is left is the newest verdict that still stands, and
 * none where none does: then the finding is what the detector last said of it.
 * @param of decision: id of this undo; undoes: id of the decision, or number of the change, that is taken back. Without a
 *   name an undo is not followed by another, so that a request that is sent twice takes back one change
 * @throws TriageError where nobody changed anything, or none of that name stands
 */
export function undo(
  held: Finding,
  by: string,
  at: number,
  note: string | undefined,
  of: UndoOf = {},
): Triaged {
  const { claimed, decision, undoes } = of;
  const last = held.audit?.at(-1);
  if (last === undefined) throw new TriageError('there is nothing to undo: nobody gave a verdict');
  if (last.action === 'undo' && undoes === undefined)
    throw new TriageError(
      'the newest change was taken back already; name the decision to take back, or record the verdict again',
    );
  const taken = new Set(held.audit?.flatMap((entry) => entry.undoes ?? []));
  const standing = (held.audit ?? []).filter(({ action, n }) => action === 'triage' && !taken.has(n));
  const undone = standing.findLast(
    (entry) =>
      undoes === undefined || (/^\d+$/.test(undoes) ? String(entry.n) === undoes : entry.decision === undoes),
  );
  if (undone === undefined)
    throw new TriageError(
      undoes === undefined
        ? 'there is nothing to undo: no verdict stands'
        : `there is nothing to undo: no verdict by the name ${plain(undoes, 128)} stands`,
    );
  const left = standing.findLast(({ n }) => n !== undone.n)?.after;
  const about = {
    by,
    at,
    note,
    ...(claimed === undefined ? {} : { claimed }),
    ...(decision === undefined ? {} : { decision }),
    undoes: undone.n,
  };
  return changed(held, 'undo', about, {
    state: left?.state ?? detectedState(held),
    verdict: left?.verdict,
    owner: held.owner,
  });
}

/** What the detector last said of it. */
function detectedState(held: Finding): FindingState {
  switch (held.notice.transition) {
    case 'calmed':
      return 'calmed';
    case 'closed':
      return 'closed';
    default:
      return 'open';
  }
}

/** What a change sets. */
interface Side {
  readonly state: FindingState;
  readonly verdict?: VerdictRecord | undefined;
  readonly owner?: string | undefined;
}

/** Who says something of a finding without judging it, and when. */
export type Remark = Pick<Decision, 'by' | 'claimed' | 'at' | 'note' | 'decision'>;

/**
 * Says who looks after a finding; nothing else changes. @param owner undefined: nobody any more
 * @throws TriageError where that is so already, or the name is too long
 */
export function assign(held: Finding, owner: string | undefined, remark: Remark): Triaged {
  if (owner === held.owner)
    throw new TriageError(owner === undefined ? 'nobody looks after it' : `${owner} looks after it already`);
  if (owner !== undefined && (owner.trim() === '' || owner.length > OWNER_MAX))
    throw new TriageError(`the owner must have 1 to ${OWNER_MAX} characters`);
  const { state, verdict } = held;
  return changed(held, 'assign', remark, { state, verdict, owner });
}

/** Keeps a note in the audit trail; nothing else changes. @throws TriageError where there is no text */
export function note(held: Finding, remark: Remark): Triaged {
  if ((remark.note ?? '').trim() === '') throw new TriageError('the note is empty');
  return changed(held, 'note', remark, held);
}

function changed(
  held: Finding,
  action: AuditEntry['action'],
  about: Remark & { readonly undoes?: number },
  after: Side,
): Triaged {
  const at = iso(about.at);
  const { verdict: _, owner: __, state: ___, ...rest } = held;
  const sideOf = ({ state, verdict, owner }: Side): Side => ({
    state,
    ...(verdict === undefined ? {} : { verdict }),
    ...(owner === undefined ? {} : { owner }),
  });
  const last = held.audit?.at(-1);
  const entry = chained(held.id, last, {
    n: (last?.n ?? 0) + 1,
    at,
    by: about.by,
    ...(about.claimed === undefined ? {} : { claimed: about.claimed }),
    action,
    ...(about.decision === undefined ? {} : { decision: about.decision }),
    ...(about.undoes === undefined ? {} : { undoes: about.undoes }),
    ...(about.note === undefined ? {} : { note: about.note }),
    before: sideOf(held),
    after: sideOf(after),
  });
  const finding: Finding = {
    ...rest,
    ...sideOf(after),
    audit: keptOf([...(held.audit ?? []), entry]),
  };
  return { finding, entry, exception: exceptionOf(finding, about.at) };
}

/**
 * The changes that a finding carries itself; the others are items of their own. Remarks make room first: who renewed what is
 * never pushed out by notes. The newest stays however long it is.
 */
function keptOf(audit: readonly AuditEntry[]): AuditEntry[] {
  const kept = audit.map((entry) => ({ entry, bytes: bytesOf(entry) }));
  let bytes = kept.reduce((sum, held) => sum + held.bytes, 0);
  while (kept.length > 1 && (kept.length > LIMITS.trail.most || bytes > LIMITS.trailBytes.most)) {
    const remark = kept
      .slice(0, -1)
      .findIndex(({ entry: { action } }) => action === 'note' || action === 'assign');
    bytes -= kept.splice(Math.max(0, remark), 1)[0]?.bytes ?? 0;
  }
  return kept.map(({ entry }) => entry);
}

/** UTF-8 bytes of an entry as it is stored. */
const bytesOf = (entry: AuditEntry): number => new TextEncoder().encode(JSON.stringify(entry)).length;

/** What silences a finding's subject by its verdict, at processing time `at` (ms). */
export function exceptionOf({ id, notice, verdict, silenced }: Finding, at: number): Exception | undefined {
  if (verdict?.verdict !== 'benign' || verdict.until === undefined || Date.parse(verdict.until) <= at)
    return undefined;
  return {
    v: 1,
    subject: notice.subject.id,
    until: verdict.until,
    by: verdict.by,
    at: verdict.at,
    finding: id,
    ...(verdict.note === undefined ? {} : { note: verdict.note }),
    ...(silenced === undefined ? {} : { silenced }),
  };
}
