import { type AuditEntry, type Finding, type FindingState, stateAt } from '../findings/finding.ts';
import { type Traffic, traffic } from '../findings/traffic.ts';
import type { Level } from '../scoring/level.ts';
import { type FindingPage, type FindingStore, parse } from './finding-store.ts';

/** What the verbs and the triage API ask of the findings table. */
export interface FindingFilter {
  readonly state: FindingState | 'all';
  readonly level?: Level;
  /** findings of shadow policies instead */
  readonly shadow?: boolean;
}

/** Findings that are looked through to fill a page. */
const LOOKED_AT = 5000;

/** Findings that fit, the newest change first. @param now processing time, ms, for what time alone has closed */
export async function listFindings(
  store: FindingStore,
  { state, level, shadow }: FindingFilter,
  limit: number,
  now: number,
): Promise<FindingPage> {
  const filtered = state !== 'all' || level !== undefined;
  const page = await store.list(filtered ? LOOKED_AT : limit, shadow === true);
  const fitting = page.findings.filter(
    (held) =>
      (state === 'all' || stateAt(held, now) === state) && (level === undefined || held.level === level),
  );
  return { findings: fitting.slice(0, limit), more: page.more || fitting.length > limit };
}

/** The whole audit trail, the entries that only the finding has yet among them. */
export async function wholeTrail(store: FindingStore, finding: Finding): Promise<readonly AuditEntry[]> {
  const entries = new Map((await store.audit(finding.id)).map((entry) => [entry.n, entry]));
  for (const entry of finding.audit ?? []) entries.set(entry.n, entry);
  return [...entries.values()].sort((a, b) => a.n - b.n);
}

const TRAFFIC = 'traffic';

/** The week of all traffic that was summed up last. @throws FindingError where it cannot be read */
export async function trafficOf(store: FindingStore): Promise<Traffic | undefined> {
  const held = await store.state(TRAFFIC);
  return held === undefined ? undefined : parse('traffic', traffic, held.body);
}

/** Keeps a week of all traffic; of two at a time the first. */
export async function keepTraffic(store: FindingStore, week: Traffic): Promise<void> {
  const held = await store.state(TRAFFIC);
  await store.writeState(TRAFFIC, JSON.stringify(week), held?.version);
}
