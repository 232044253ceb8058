import type { Finding } from '../findings/finding.ts';
import { levelRank } from '../scoring/level.ts';
import type { StoredReview } from '../scoring/stored-review.ts';
import { DAY_MS } from '../time.ts';

/** How the deployment is: what the console's page "Health" shows. Times are ISO; empty where nobody knows. */
export interface ConsoleStatus {
  /** when this was read, processing time */
  readonly readAt: string;
  /** newest event that any account sent, event time */
  readonly lastEvent: string;
  readonly accounts: number;
  /** accounts that sent something on the last day before `lastEvent` */
  readonly active: number;
  readonly events: number;
  readonly policy: {
    readonly id: string;
    readonly since: string;
    readonly state: string;
    readonly note: string;
  };
  readonly shadow:
    | { readonly id: string; readonly since: string; readonly lines: readonly string[] }
    | undefined;
  readonly calibration: {
    readonly id: string;
    readonly madeAt: string;
    readonly accounts: number;
    readonly days: number;
    readonly foreign: boolean;
  };
  /** a week of all requests, where it was summed up */
  readonly week: { readonly from: string; readonly to: string; readonly requests: number } | undefined;
  /** whose verdict would help most and was not given yet; undefined where nothing is asked */
  readonly review: StoredReview | undefined;
  /** what needs attention, in words; empty where nothing does */
  readonly warnings: readonly string[];
}

/** Findings by day: opened by level, and judged by verdict. */
export interface Trend {
  /** midnight UTC, ms */
  readonly day: number;
  readonly critical: number;
  readonly suspect: number;
  readonly watch: number;
  readonly confirmed: number;
  readonly benign: number;
}

const TREND_DAYS = 90;

/** @param now ms of event time: the last day shown */
export function trendsOf(findings: readonly Finding[], now: number): Trend[] {
  const first = findings.reduce((least, held) => Math.min(least, Date.parse(held.openedAt)), now);
  const start = Math.max(Math.floor(first / DAY_MS), Math.floor(now / DAY_MS) - TREND_DAYS + 1);
  const days = Math.floor(now / DAY_MS) - start + 1;
  const made = Array.from({ length: Math.max(1, days) }, (_, i) => ({
    day: (start + i) * DAY_MS,
    critical: 0,
    suspect: 0,
    watch: 0,
    confirmed: 0,
    benign: 0,
  }));
  for (const held of findings) {
    const row = made[Math.floor(Date.parse(held.openedAt) / DAY_MS) - start];
    if (row === undefined) continue;
    if (levelRank(held.highest) > 0) row[held.highest as 'watch' | 'suspect' | 'critical']++;
    const verdict = held.verdict?.verdict;
    if (verdict === 'confirmed' || verdict === 'benign') row[verdict]++;
  }
  return made;
}

/** The longest silence of a stream that carries traffic, ms, before somebody should look. */
const SILENT_MS = 3_600_000;

/** @param now processing time, ms; undefined where old traffic is replayed and no clock says how old is too old */
export function statusWarnings(
  { lastEvent, accounts, calibration }: Pick<ConsoleStatus, 'lastEvent' | 'accounts' | 'calibration'>,
  now: number | undefined,
): string[] {
  const warnings: string[] = [];
  if (accounts === 0) warnings.push('No account has sent anything: nothing can be found.');
  else if (now !== undefined && now - Date.parse(lastEvent) > SILENT_MS)
    warnings.push(
      `The last event is ${Math.round((now - Date.parse(lastEvent)) / 3_600_000)} hours old: is the recorder running?`,
    );
  if (calibration.foreign)
    warnings.push(
      `Calibration ${calibration.id} was learnt from somebody else's traffic: it should wake nobody. Calibrate on your own, and stay in shadow for two weeks.`,
    );
  return warnings;
}
