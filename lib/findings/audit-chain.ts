import { createHash } from 'node:crypto';
import type { AuditEntry } from './finding.ts';

/**
 * Every change that a person makes is chained to the one before it: an entry carries the hash of the link before and of
 * itself, so that none can be changed, put in or taken out without changing all that follow. The newest link is printed
 * where the change is made and stands in the log of the triage API: whoever rewrites the whole trail differs from those.
 */

/** What precedes the first entry of a finding. */
function rootOf(finding: string): string {
  return sha256(JSON.stringify(['siphonwatch.audit/1', finding]));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The same value has the same text, in whatever order its fields were stored. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .filter(([, held]) => held !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, held]) => [name, canonical(held)]);
}

/** The entry with its link. @param before the entry before it, undefined for the first */
export function chained(
  finding: string,
  before: AuditEntry | undefined,
  entry: Omit<AuditEntry, 'chain'>,
): AuditEntry {
  return { ...entry, chain: linkOf(finding, before, entry) };
}

function linkOf(
  finding: string,
  before: AuditEntry | undefined,
  entry: Omit<AuditEntry, 'chain'> & { readonly chain?: unknown },
): string {
  const { chain: _, ...content } = entry;
  return sha256(JSON.stringify([before?.chain ?? rootOf(finding), canonical(content)]));
}

/** What is wrong with a whole trail, in words; none where nothing was touched. Entries ascending. */
export function chainFaults(finding: string, trail: readonly AuditEntry[]): string[] {
  const faults: string[] = [];
  let before: AuditEntry | undefined;
  for (const [i, entry] of trail.entries()) {
    if (entry.n !== i + 1) faults.push(`entry ${i + 1} is missing`);
    else if (entry.chain === undefined) {
      if (before?.chain !== undefined) faults.push(`entry ${entry.n} has no link`);
    } else if (entry.chain !== linkOf(finding, before, entry))
      faults.push(`entry ${entry.n} was changed, or one before it`);
    if (faults.length > 0) return faults;
    before = entry;
  }
  return faults;
}
