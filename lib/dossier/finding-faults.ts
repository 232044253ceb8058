import { chainFaults } from '../findings/audit-chain.ts';
import { type Finding, findingIdStart, recordId } from '../findings/finding.ts';
import { LEVELS } from '../scoring/level.ts';
import type { Evidences } from './bundle.ts';
import { differences } from './differences.ts';
import type { Fault } from './manifest.ts';

/** Entries that a finding's history keeps (findings/finding.ts); beyond, its beginning is gone. */
const HISTORY_KEPT = 100;

/**
 * What a finding says of itself against what it follows from: its id and subject, its level from its notices, its
 * verdict and state from the audit trail, and the trail from its chain.
 */
export function findingFaults(held: Evidences): Fault[] {
  const { finding, audit, campaign, profiles } = held;
  const { notice } = finding;
  const faults: Fault[] = [];
  const must = (holds: boolean, path: string, what: string) => {
    if (!holds) faults.push({ path, what });
  };
  const { id: subject, type } = notice.subject;
  must(finding.id === recordId(notice), 'finding.json', 'has another id than its notice');
  if (type === 'account') {
    const own = findingIdStart('account', subject);
    must(notice.finding.startsWith(own), 'finding.json', 'is of another account than its id says');
    must(
      profiles.every(({ account }) => account === subject),
      'profiles.ndjson',
      'has another account than the finding',
    );
  } else if (campaign !== undefined)
    must(campaign.id === subject, 'campaign.json', 'is another campaign than the finding');
  for (const what of levelFaults(finding)) faults.push({ path: 'finding.json', what });
  for (const what of chainFaults(finding.id, audit)) faults.push({ path: 'audit.ndjson', what });
  const last = audit.at(-1);
  must(
    differences(finding.verdict, last?.after.verdict).length === 0,
    'finding.json',
    'has a verdict that is not the last one of the audit trail',
  );
  const states = new Set(['open', notice.transition, last?.after.state]);
  must(states.has(finding.state), 'finding.json', 'is in a state that nothing led to');
  return faults;
}

function levelFaults({ notice, level, updatedAt, openedAt, highest, history }: Finding): string[] {
  const faults: string[] = [];
  if (level !== notice.level || updatedAt !== notice.at) faults.push('says otherwise than its notice');
  const last = history.at(-1);
  if (last?.number !== notice.number || last.level !== notice.level || last.at !== notice.at)
    faults.push('has a history that does not end with its notice');
  if (history.length >= HISTORY_KEPT) return faults;
  const top = Math.max(...history.map((entry) => LEVELS.indexOf(entry.level)));
  if (LEVELS[top] !== highest) faults.push('has another highest level than its history');
  if (history[0]?.at !== openedAt) faults.push('was opened at another time than its history says');
  return faults;
}
