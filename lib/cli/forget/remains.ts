import { DAY_MS } from '../../time.ts';

/** What an erasure does not reach, and until when it is there. */
export interface Remains {
  readonly what: string;
  /** ISO; absent where only the operator knows */
  readonly until?: string;
  readonly advice: string;
}

/** Copies beyond the tables and buckets; each ends by itself, or somebody else has to end it. */
const COPIES: readonly { readonly what: string; readonly days?: number; readonly advice: string }[] = [
  {
    what: 'point-in-time recovery of the four tables',
    // amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html: 35 days at most
    days: 35,
    advice: 'a table that is restored to a time before now holds the account again: forget it there too',
  },
  { what: 'on-demand backups of the tables', advice: 'delete them, if you made any' },
  {
    what: 'records on the stream',
    // streams/latest/dev/kinesis-extended-retention.html; the setting retentionHours, 48 by default
    days: 2,
    advice: 'gone after the setting retentionHours; a replay of the stream brings them back until then',
  },
  { what: 'logs of the functions', advice: 'gone after the setting logRetentionDays' },
  {
    what: 'messages that were delivered: e-mail, chat, tickets, the EventBridge bus, its archives',
    advice: 'delete them where they went',
  },
  {
    what: 'copies of its findings in Security Hub, where that is on',
    // securityhub/latest/userguide/securityhub-findings.html: deleted 90 days after the last update
    days: 90,
    advice: 'Security Hub deletes them by itself',
  },
  {
    what: 'results of hunts in Athena, and those that were saved as files',
    // athena/latest/ug/managed-results.html
    days: 1,
    advice: 'Athena deletes its own after 24 hours; delete the files',
  },
  {
    what: 'a calibration in shards that is under way: calibration-runs/ in the state bucket',
    // the setting calibrateShards; lib/infra/buckets.ts
    days: 3,
    advice: 'gone when the run ends, and two days later where it was given up',
  },
  {
    what: 'a backtest in shards that is under way: backtest-runs/ in the state bucket',
    // the setting backtestShards; lib/infra/buckets.ts, and a day for older versions
    days: 8,
    advice: 'gone when its outcome was read, and within seven days where it was not',
  },
  {
    what: 'a run of link in shards that is under way: link-runs/ in the state bucket',
    // the setting linkShards; lib/infra/buckets.ts
    days: 3,
    advice: 'gone when the run ends, and two days later where it was given up',
  },
  { what: 'dossiers and rejected lines that were written to files', advice: 'delete the files' },
  { what: "sums: a campaign's requests and tokens, calibrations", advice: 'they stay, and name nobody' },
];

/** @param now ms */
export function remainsAfter(now: number): Remains[] {
  return COPIES.map(({ what, days, advice }) => ({
    what,
    ...(days === undefined ? {} : { until: new Date(now + days * DAY_MS).toISOString() }),
    advice,
  }));
}
