import { asff, type SecurityHubHome } from '../../lib/findings/views/asff.ts';
import type { AwaitedImport, FindingStore, StoredFinding } from '../../lib/stores/finding-store.ts';
import { type FindingHub, IMPORT_MAX } from '../../lib/stores/security-hub.ts';

export interface HubDelivery {
  readonly findings: FindingStore;
  readonly hub: FindingHub;
  readonly home: SecurityHubHome;
  /** processing time, ms */
  now(): number;
  report(line: HubReport): void;
}

/** What happened, for logs and metrics. */
export type HubReport =
  | { readonly what: 'imported'; readonly findings: number }
  | { readonly what: 'refused'; readonly finding: string; readonly why: string }
  | { readonly what: 'import-failed'; readonly findings: number; readonly error: unknown };

/** Findings that one sweep brings up to date; the others follow at the next. */
const SWEPT = 2000;
/** Findings that are read side by side. */
const BATCH = 20;

/**
 * Brings Security Hub up to date: every finding that waits is imported as it stands now, so that what comes late comes
 * once. Whatever dies or is refused stays due and is imported again under the same Id, which updates it.
 */
export async function importFindings(delivery: HubDelivery): Promise<void> {
  const awaited = await delivery.findings.awaitingImport(SWEPT);
  for (let i = 0; i < awaited.length; i += IMPORT_MAX.findings) {
    const batch = awaited.slice(i, i + IMPORT_MAX.findings);
    try {
      await importBatch(batch, delivery);
    } catch (error) {
      delivery.report({ what: 'import-failed', findings: batch.length, error });
    }
  }
}

async function importBatch(batch: readonly AwaitedImport[], delivery: HubDelivery): Promise<void> {
  const { findings, hub, home } = delivery;
  // UpdatedAt, by which Security Hub ignores an import that another has overtaken, lies before the reading and after the mark was seen:
  // an import with a later one has then read all that this one has
  const now = delivery.now();
  const held = await readAll(batch, findings);
  const sent = held.map(({ awaited, read }) => ({
    awaited,
    read,
    document: asff(read.finding, home, now),
  }));
  const refused = new Map(
    (await hub.import(sent.map(({ document }) => document))).map((one) => [one.id, one]),
  );
  let imported = 0;
  for (const { awaited, read, document } of sent) {
    const refusal = refused.get(document.Id);
    if (refusal !== undefined) {
      delivery.report({ what: 'refused', finding: read.finding.id, why: refusal.why });
      continue;
    }
    await findings.imported(awaited);
    imported++;
  }
  if (imported > 0) delivery.report({ what: 'imported', findings: imported });
}

interface Read {
  readonly awaited: AwaitedImport;
  readonly read: StoredFinding;
}

async function readAll(batch: readonly AwaitedImport[], findings: FindingStore): Promise<Read[]> {
  const read: Read[] = [];
  for (let i = 0; i < batch.length; i += BATCH)
    for (const one of await Promise.all(
      batch.slice(i, i + BATCH).map(async (awaited) => ({ awaited, held: await findings.find(awaited.id) })),
    )) {
      // The mark of a finding that somebody deleted.
      if (one.held === undefined) await findings.imported(one.awaited);
      else read.push({ awaited: one.awaited, read: one.held });
    }
  return read;
}
