import { MOST_BACKTEST_SHARDS } from '../contract/backtest-steps.ts';
import { MOST_SHARDS } from '../contract/calibrate-steps.ts';
import { MOST_LINK_SHARDS } from '../contract/link-steps.ts';
import { onOff, type Setting, wholeNumber } from './setting-kinds.ts';

/** Settings of parts that are there only where they are asked for; part of SETTINGS in settings.ts. */
export const SHARD_SETTINGS = {
  calibrateShards: wholeNumber(
    1,
    MOST_SHARDS,
    1,
    'Invocations among which the daily calibration is divided, by a Distributed Map of Step Functions; all run at once. 1 is one invocation without one: enough for some 100,000 accounts (docs/performance.md).',
  ),
  linkShards: wholeNumber(
    1,
    MOST_LINK_SHARDS,
    1,
    'Invocations among which a run of `link` is divided, by Distributed Maps of Step Functions; all run at once. 1 is one invocation without one (docs/performance.md says how far it reaches).',
  ),
  backtestShards: wholeNumber(
    0,
    MOST_BACKTEST_SHARDS,
    0,
    'Invocations among which a backtest of the archive is divided, by a Distributed Map of Step Functions (backtest --distributed); all run at once. 0 is without: backtests run where they are started.',
  ),
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

/** Of the archive in Parquet. */
export const HUNT_SETTINGS = {
  hunts: onOff(
    false,
    'Write closed days of the archive as Parquet too, with a Glue database and an Athena workgroup to hunt in it (docs/hunting.md). Days that are kept already are caught up with.',
  ),
  huntDays: wholeNumber(
    1,
    3650,
    90,
    'Days until Parquet without prints expires; Parquet with prints expires with the archived records.',
  ),
  huntInfrequentDays: wholeNumber(
    0,
    3650,
    0,
    'Days after which Parquet moves to Standard-IA: storage at half the price, reading at USD 0.01 a GB. S3 wants at least 30. 0 is never.',
  ),
  huntScanGb: wholeNumber(
    1,
    10_000,
    100,
    'GB that one query of the hunts workgroup may read at most, of which Athena bills USD 0.005 each; beyond it the query is cancelled.',
  ),
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

/** What the rules look at. */
interface Ruled {
  readonly hunts: boolean;
  readonly huntInfrequentDays: number;
  readonly archive: boolean;
  readonly archiveDays: number;
  readonly maxRecordAgeHours: number;
}

/** Days after its end in which a day of the archive may still change: a batch is archived as late as it is retried. */
export function recheckDays({ maxRecordAgeHours }: Pick<Ruled, 'maxRecordAgeHours'>): number {
  return Math.ceil(maxRecordAgeHours / 24) + 1;
}

export const BACKTEST_RULES: readonly {
  readonly broken: (
    settings: Pick<Ruled, 'archive'> & { readonly backtestShards: number },
  ) => string | undefined;
}[] = [
  {
    broken: (s) =>
      s.backtestShards > 0 && !s.archive
        ? `siphonwatch:backtestShards is ${s.backtestShards} while siphonwatch:archive is false: allowed is 0, there is nothing to replay`
        : undefined,
  },
];

export const HUNT_RULES: readonly { readonly broken: (settings: Ruled) => string | undefined }[] = [
  {
    broken: (s) =>
      s.hunts && !s.archive
        ? 'siphonwatch:hunts is true while siphonwatch:archive is false: allowed is false, there is nothing to make Parquet of'
        : undefined,
  },
  {
    broken: (s) =>
      s.hunts && s.archiveDays <= recheckDays(s) + 1
        ? `siphonwatch:archiveDays is ${s.archiveDays} while siphonwatch:hunts is true: allowed is more than ${recheckDays(s) + 1} days, or records would expire before their day is whole`
        : undefined,
  },
  {
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
    broken: (s) =>
      s.huntInfrequentDays !== 0 && s.huntInfrequentDays < 30
        ? `siphonwatch:huntInfrequentDays is ${s.huntInfrequentDays}: allowed is 0 or at least 30, or S3 refuses the rule`
        : undefined,
  },
];
