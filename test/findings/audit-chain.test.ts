import { describe, expect, it } from 'vitest';
import { chained, chainFaults } from '../../lib/findings/audit-chain.ts';
import type { AuditEntry } from '../../lib/findings/finding.ts';
import { note, triage } from '../../lib/findings/triage.ts';
import { evidenceOf } from './evidence.ts';

/** An insider who rewrites what people decided. */
describe('the audit trail', () => {
  const { finding } = evidenceOf(50, (notices) => notices.at(-1));
  const AT = Date.parse('2026-04-01T00:00:00Z');
  const first = triage(finding, {
    verdict: 'confirmed',
    by: 'ann',
    at: AT,
    until: undefined,
    note: undefined,
  });
  const second = note(first.finding, { by: 'bob', at: AT + 1, note: 'asked their team' });
  const third = note(second.finding, { by: 'ann', at: AT + 2, note: 'no answer' });
  const trail = third.finding.audit ?? [];
  const faults = (changed: readonly AuditEntry[]) => chainFaults(finding.id, changed);

  it('is whole where nobody touched it', () => {
    expect(trail.map(({ n }) => n)).toEqual([1, 2, 3]);
    expect(faults(trail)).toEqual([]);
  });

  it('shows a change of any field of any entry', () => {
    for (const [i, entry] of trail.entries())
      for (const name of Object.keys(entry)) {
        const changed = trail.map((held, at) => (at === i ? { ...held, [name]: 'other' } : held));
        expect(faults(changed as unknown as AuditEntry[]), `${i + 1}.${name}`).not.toEqual([]);
      }
  });

  it('shows an entry that was taken out, put in, moved, or brought from another finding', () => {
    const [one, two, three] = trail as [AuditEntry, AuditEntry, AuditEntry];
    const renumbered = (held: readonly AuditEntry[]) => held.map((entry, i) => ({ ...entry, n: i + 1 }));
    for (const changed of [
      [two, three],
      [one, three],
      [two, one, three],
      [one, one, two, three],
    ]) {
      expect(faults(changed)).not.toEqual([]);
      expect(faults(renumbered(changed))).not.toEqual([]);
    }
    expect(chainFaults('finding-of-another', trail)).not.toEqual([]);
  });

  it('shows a rewritten entry unless all that follow are rewritten too, and then ends in another link', () => {
    const [one, ...others] = trail as [AuditEntry, ...AuditEntry[]];
    const forged = [chained(finding.id, undefined, { ...one, by: 'boss' })];
    expect(faults([...forged, ...others])).not.toEqual([]);
    for (const entry of others) forged.push(chained(finding.id, forged.at(-1), entry));
    expect(faults(forged)).toEqual([]);
    expect(forged.at(-1)?.chain).not.toBe(trail.at(-1)?.chain);
  });
});
