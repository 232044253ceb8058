import { type Finding, stateAt } from '../findings/finding.ts';
import { compareFindings } from '../findings/finding-order.ts';
import { firstReasons } from '../findings/reason-words.ts';

/** One finding in the console's list: what can be seen, sorted and filtered without asking again. */
export interface FindingRow {
  readonly id: string;
  readonly type: 'account' | 'campaign';
  readonly subject: string;
  readonly level: string;
  readonly highest: string;
  /** as of now: what fell silent is closed */
  readonly state: string;
  readonly verdict: string;
  /** until when a benign verdict holds */
  readonly until: string;
  readonly owner: string;
  /** ms of event time */
  readonly opened: number;
  readonly updated: number;
  readonly outputTokens: number;
  readonly requests: number;
  /** accounts of a campaign; 0 for an account */
  readonly members: number;
  readonly plan: string;
  readonly product: string;
  /** the strongest reason and its number */
  readonly reason: string;
  /** the second one */
  readonly reason2: string;
  /** of all its reasons */
  readonly signals: readonly string[];
  /** finding of the campaign that names this account; empty where none does */
  readonly campaign: string;
  /** numbers and notes that people gave */
  readonly changes: number;
}

/** Findings as rows, the most urgent first. @param now ms of event time */
export function findingRows(findings: readonly Finding[], now: number): FindingRow[] {
  const campaignOf = new Map<string, string>();
  for (const { id, notice } of findings)
    if (notice.subject.type === 'campaign')
      for (const { account } of notice.subject.members ?? [])
        if (!campaignOf.has(account)) campaignOf.set(account, id);
  return [...findings].sort(compareFindings('urgency')).map((held): FindingRow => {
    const { notice } = held;
    const { subject, stake } = notice;
    const [reason, reason2] = firstReasons(notice.reasons);
    return {
      id: held.id,
      type: subject.type,
      subject: subject.id,
      level: held.level,
      highest: held.highest,
      state: stateAt(held, now),
      verdict: held.verdict?.verdict ?? '',
      until: held.verdict?.until ?? '',
      owner: held.owner ?? '',
      opened: Date.parse(held.openedAt),
      updated: Date.parse(held.updatedAt),
      outputTokens: stake.outputTokens,
      requests: stake.requests,
      members: subject.memberCount ?? subject.members?.length ?? 0,
      plan: subject.plan,
      product: subject.product,
      reason,
      reason2,
      signals: notice.reasons.map(({ signal }) => signal),
      campaign: subject.type === 'account' ? (campaignOf.get(subject.id) ?? '') : '',
      changes: held.audit?.length ?? 0,
    };
  });
}
