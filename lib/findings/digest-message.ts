import * as z from 'zod';
import { LEVELS, levelRank } from '../scoring/level.ts';
import { DISPOSITIONS, type Finding, type Notice, recordId, TRANSITIONS } from './finding.ts';

/** One line of a digest or a storm's list: enough to choose what to open first. */
export const row = z.strictObject({
  delivery: z.string(),
  finding: z.string(),
  subject: z.string(),
  type: z.enum(['account', 'campaign']),
  transition: z.enum(TRANSITIONS),
  level: z.enum(LEVELS),
  score: z.number(),
  outputTokens: z.number(),
  members: z.number().int().optional(),
  at: z.iso.datetime(),
  plan: z.string(),
  reason: z.string().describe('title of the strongest reason'),
  fate: z.enum(DISPOSITIONS),
  ended: z.iso.datetime().optional().describe('a benign verdict kept it quiet until then, and it goes on'),
});
export type Row = z.infer<typeof row>;

/** A message about many findings: a storm began, a storm's list, a day's digest. */
export interface DigestMessage {
  readonly v: 1;
  readonly kind: 'storm' | 'storm-list' | 'digest';
  /** deterministic: a repeat has the same */
  readonly deliveryId: string;
  readonly thread: string;
  readonly from: string;
  readonly to: string;
  readonly total: number;
  readonly byLevel: Readonly<Record<string, number>>;
  readonly byTransition: Readonly<Record<string, number>>;
  /** the most urgent, at most ROWS_SHOWN */
  readonly rows: readonly Row[];
  /** whose verdict would help most, in lines; absent: nothing is asked */
  readonly review?: readonly string[];
}

/** Rows that a message shows; the rest is a command away. */
export const ROWS_SHOWN = 25;

export function rowOf(notice: Notice, delivery: string, fate: Row['fate']): Row {
  const members = notice.subject.memberCount ?? notice.subject.members?.length;
  return {
    delivery,
    finding: recordId(notice),
    subject: notice.subject.id,
    type: notice.subject.type,
    transition: notice.transition,
    level: notice.level,
    score: notice.score,
    outputTokens: notice.stake.outputTokens,
    ...(members === undefined ? {} : { members }),
    at: notice.at,
    plan: notice.subject.plan,
    reason: notice.reasons[0]?.title ?? '',
    fate,
  };
}

/**
 * The line that waits in the digest of the day on which a benign verdict ends: nobody would hear of what merely goes on.
 * @param entry number of the verdict in the trail
 */
export function exceptionRow({ id, notice }: Finding, entry: number, until: string): Row {
  return { ...rowOf(notice, `exception/${id}/${entry}`, 'quiet'), ended: until };
}

/** Such a line as it is when it is told; undefined where the verdict was changed, or the behaviour has ended. */
export function exceptionEnded(held: Row, finding: Finding | undefined): Row | undefined {
  const { verdict, notice } = finding ?? {};
  if (verdict?.verdict !== 'benign' || verdict.until !== held.ended || notice === undefined) return undefined;
  if (notice.transition === 'calmed' || notice.transition === 'closed') return undefined;
  return { ...rowOf(notice, held.delivery, 'quiet'), ended: verdict.until };
}

/** Rows in order of urgency: campaigns, then level, then score, then id. */
export function byUrgency(rows: readonly Row[]): Row[] {
  return [...rows].sort(
    (a, b) =>
      Number(b.type === 'campaign') - Number(a.type === 'campaign') ||
      levelRank(b.level) - levelRank(a.level) ||
      b.score - a.score ||
      (a.delivery < b.delivery ? -1 : 1),
  );
}

export function digestMessageOf(
  about: Pick<DigestMessage, 'kind' | 'deliveryId' | 'thread'> & {
    readonly from: number;
    readonly to: number;
    readonly review?: readonly string[];
  },
  rows: readonly Row[],
): DigestMessage {
  const tally = (of: (held: Row) => string): Record<string, number> => {
    const counted: Record<string, number> = {};
    for (const held of rows) counted[of(held)] = (counted[of(held)] ?? 0) + 1;
    return counted;
  };
  return {
    v: 1,
    kind: about.kind,
    deliveryId: about.deliveryId,
    thread: about.thread,
    from: new Date(about.from).toISOString(),
    to: new Date(about.to).toISOString(),
    total: rows.length,
    byLevel: tally((held) => held.level),
    byTransition: tally((held) => held.transition),
    rows: byUrgency(rows).slice(0, ROWS_SHOWN),
    ...(about.review === undefined || about.review.length === 0 ? {} : { review: about.review }),
  };
}
