import { LEVELS } from '../scoring/level.ts';
import type { Finding, FindingState } from './finding.ts';

/** In which order people look at findings; the command line and the console have the same. */
export const FINDING_ORDERS = ['urgency', 'newest', 'oldest', 'tokens'] as const;
export type FindingOrder = (typeof FINDING_ORDERS)[number];

const STATES: readonly FindingState[] = ['open', 'calmed', 'closed'];

/** Less than 0: `a` comes first. Urgency is level, then state, then what was taken, then the newest. */
export function compareFindings(order: FindingOrder): (a: Finding, b: Finding) => number {
  const newest = (a: Finding, b: Finding): number => b.updatedAt.localeCompare(a.updatedAt);
  const tokens = (a: Finding, b: Finding): number =>
    b.notice.stake.outputTokens - a.notice.stake.outputTokens;
  const level = ({ level: held }: Finding): number => LEVELS.indexOf(held);
  switch (order) {
    case 'newest':
      return newest;
    case 'oldest':
      return (a, b) => a.openedAt.localeCompare(b.openedAt);
    case 'tokens':
      return (a, b) => tokens(a, b) || newest(a, b);
    case 'urgency':
      return (a, b) =>
        level(b) - level(a) ||
        STATES.indexOf(a.state) - STATES.indexOf(b.state) ||
        tokens(a, b) ||
        newest(a, b);
  }
}

/** A finding and, of a campaign, the findings of its members. */
export interface FindingGroup {
  readonly head: Finding;
  readonly members: readonly Finding[];
}

/**
 * Findings grouped by campaign: those of accounts that a campaign among them names stand below it, each once. Groups keep the
 * order of their first finding.
 */
export function groupFindings(findings: readonly Finding[]): FindingGroup[] {
  const campaignOf = new Map<string, string>();
  for (const { id, notice } of findings)
    if (notice.subject.type === 'campaign')
      for (const { account } of notice.subject.members ?? [])
        if (!campaignOf.has(account)) campaignOf.set(account, id);
  const groups = new Map<string, { head: Finding | undefined; members: Finding[] }>();
  for (const held of findings) {
    const { subject } = held.notice;
    const campaign = subject.type === 'account' ? campaignOf.get(subject.id) : undefined;
    const key = campaign ?? held.id;
    const group = groups.get(key) ?? { head: undefined, members: [] };
    if (campaign === undefined) group.head = held;
    else group.members.push(held);
    groups.set(key, group);
  }
  return [...groups.values()].flatMap(({ head, members }) => (head === undefined ? [] : [{ head, members }]));
}
