import { COMPARED_MS } from '../../campaigns/content/comparison.ts';
import { MOST_GATEWAYS } from '../../contract/metrics.ts';
import { TABLES, type TableName } from '../../contract/tables.ts';
import { alarmMetrics } from '../alarms.ts';
import type { Settings } from '../settings.ts';
import type { CostFigures } from './figures.ts';
import { huntsLine } from './hunts-line.ts';
import { linkingUsd, linkShardsFor, MOST_LINKED } from './linking.ts';
import type { Load } from './load.ts';
import { MONTH_HOURS, MONTH_SECONDS, PRICES } from './prices.ts';
import { calibrateShardsFor, recalibrationCost } from './recalibration.ts';

/** One resource of a deployment: what it costs, how that grows, and what it meets first when traffic grows. */
export interface BillLine {
  readonly part: string;
  /** USD a month */
  readonly onDemand: number;
  readonly provisioned: number;
  readonly growth: string;
  readonly firstLimit: string;
}

/** Use that autoscaling keeps provisioned tables at (lib/infra/tables.ts). */
export const TABLE_UTILIZATION = 0.7;
/** Every event reaches these; the others are written for findings and campaigns only, and stay on demand. */
export const BUSY_TABLES: readonly TableName[] = ['profile', 'link'];
/** What scales by itself: each busy table, and its index, which never go below the setting tableUnits. */
const SCALED_PARTS = BUSY_TABLES.reduce((sum, name) => sum + ('index' in TABLES[name] ? 2 : 1), 0);

/** Units that stay provisioned for such a load: nearly all of it is one part's, and the others stand at their least. */
const provisionedUnits = (perSecond: number, { tableUnits }: Settings): number =>
  Math.max(tableUnits, perSecond / TABLE_UTILIZATION) + (SCALED_PARTS - 1) * tableUnits;

/** Capacity beyond the mean, for peaks, of a provisioned stream. */
export const PEAK = 3;
/** Metrics that functions and mappings report. */
const CUSTOM_METRICS = 60;
/** What a function writes into its log for each invocation: its metrics, and Lambda's three lines. */
const LOG_BYTES = 1800;

/** Shards that a provisioned stream needs for `PEAK` times the mean: 1 MB and 1,000 records a second each. */
export function shardsFor({
  bytesPerSecond,
  recordsPerSecond,
}: Pick<Load, 'bytesPerSecond' | 'recordsPerSecond'>): number {
  return Math.max(
    1,
    Math.ceil((PEAK * bytesPerSecond) / 1_000_000),
    Math.ceil((PEAK * recordsPerSecond) / 1000),
  );
}

const gbMonth = (bytesPerSecond: number): number => (bytesPerSecond * MONTH_SECONDS) / 1e9;
const millions = (perSecond: number): number => (perSecond * MONTH_SECONDS) / 1e6;

export function billOf(load: Load, settings: Settings, figures: CostFigures): readonly BillLine[] {
  return [
    streamLine(load, settings),
    ...tableLines(load, settings, figures),
    functionLine(load, settings),
    linkingLine(load, settings),
    calibrationLine(load, settings, figures),
    archiveLine(load, settings),
    ...(settings.hunts ? [huntsLine(load, settings)] : []),
    watchingLine(load, settings),
  ];
}

function streamLine(load: Load, { retentionHours }: Settings): BillLine {
  const { kinesis } = PRICES;
  const days = Math.max(0, retentionHours / 24 - 1);
  const kept = (load.billedBytesPerSecond * 86_400 * days) / 1e9;
  const shards = Math.max(load.shards, shardsFor(load));
  return {
    part: 'stream',
    onDemand:
      MONTH_HOURS * kinesis.onDemandHour +
      gbMonth(load.billedBytesPerSecond) * kinesis.onDemandInGb +
      gbMonth(load.bytesPerSecond) * kinesis.onDemandOutGb +
      kept * kinesis.onDemandKeptGb,
    provisioned:
      shards * MONTH_HOURS * (kinesis.shardHour + (days > 0 ? kinesis.shardKeptHour : 0)) +
      millions(load.putUnitsPerSecond) * kinesis.putUnitMillion,
    growth:
      'with records, each counted as whole kilobytes; fewer and larger ones with a longer linger, and with fewer buckets',
    firstLimit:
      'on demand 4 MB/s at first, then twice the peak of 30 days; provisioned 1,000 records or 1 MB a second a shard',
  };
}

/** An account's entries in the link table, two of half a kilobyte, of which a scan reads eight kilobytes for a unit. */
const LINK_ENTRY_UNITS = 1100 / 8192;

/**
 * Read units a second of the runs that pass over all accounts: `link` reads the link table, and once an hour at most asks for the parts of
 * accounts whose contents it compares, an eventually consistent query each. What `calibrate` reads is a part of its own.
 */
function passUnits({ accounts }: Load, { linkMinutes }: Settings, { bytesPerAccount }: CostFigures): number {
  const seconds = 60 * linkMinutes;
  const parts = Math.ceil(bytesPerAccount / 4096) / 2;
  return accounts * (LINK_ENTRY_UNITS / seconds + parts / Math.max(seconds, COMPARED_MS / 1000));
}

function tableLines(load: Load, settings: Settings, figures: CostFigures): BillLine[] {
  const { dynamodb } = PRICES;
  const { bytesPerAccount } = figures;
  const passes = passUnits(load, settings, figures);
  const gb = (load.accounts * bytesPerAccount) / 1e9;
  const storage = gb * (dynamodb.storageGb + dynamodb.recoveryGb);
  return [
    {
      part: 'tables, writes',
      onDemand: millions(load.writeUnitsPerSecond) * dynamodb.writeMillion,
      provisioned:
        provisionedUnits(load.writeUnitsPerSecond, settings) * MONTH_HOURS * dynamodb.writeUnitHour,
      growth: 'with events; an account that is written less often, by a longer window, costs less',
      firstLimit:
        '40,000 write units a second a table (default quota); 1,000 a second a partition; a new on-demand table begins at 4,000',
    },
    {
      part: 'tables, reads',
      onDemand: millions(load.readUnitsPerSecond) * dynamodb.readMillion,
      provisioned: provisionedUnits(load.readUnitsPerSecond, settings) * MONTH_HOURS * dynamodb.readUnitHour,
      growth: 'with events, and with accounts: what a function does not keep of one it reads again',
      firstLimit: '40,000 read units a second a table (default quota); 3,000 a second a partition',
    },
    {
      part: 'tables, reads of all accounts',
      onDemand: millions(passes) * dynamodb.readMillion,
      provisioned: (passes / TABLE_UTILIZATION) * MONTH_HOURS * dynamodb.readUnitHour,
      growth: 'with accounts that were active within the retention, and with runs of link: linkMinutes',
      firstLimit: 'none of its own',
    },
    {
      part: 'tables, storage and recovery',
      onDemand: storage,
      provisioned: storage,
      growth: 'with accounts that were active within the retention',
      firstLimit: 'none of its own',
    },
  ];
}

function functionLine(load: Load, { scoreMemoryMb }: Settings): BillLine {
  const { lambda } = PRICES;
  const gb = scoreMemoryMb / 1024;
  // half a gigabyte, a tenth of a second
  const behind = load.tableBatchesPerSecond * 0.5 * 0.1 + 0.05;
  const cost =
    (load.busySeconds * gb + behind) * MONTH_SECONDS * lambda.gbSecond +
    millions(load.batchesPerSecond + load.tableBatchesPerSecond) * lambda.requestMillion;
  return {
    part: 'functions',
    onDemand: cost,
    provisioned: cost,
    growth: 'with events, and with batches: shards times parallelization, a window',
    firstLimit: 'concurrency of the account: 1,000, in a new account 10',
  };
}

function linkingLine({ accounts }: Load, settings: Settings): BillLine {
  const cost = linkingUsd(accounts, settings);
  const needed = linkShardsFor(accounts);
  return {
    part: 'linking, time of the function',
    onDemand: cost,
    provisioned: cost,
    growth:
      'with accounts that were active within the retention, with runs of link (linkMinutes) and with linkShards',
    firstLimit:
      needed === undefined
        ? `${MOST_LINKED.toLocaleString('en-US')} accounts`
        : `${needed} of linkShards for so many accounts, of 64`,
  };
}

function calibrationLine(load: Load, settings: Settings, { bytesPerAccount }: CostFigures): BillLine {
  const { usd } = recalibrationCost({
    accounts: load.accounts,
    tableBytes: load.accounts * bytesPerAccount,
    shards: settings.calibrateShards,
    memoryMb: settings.batchMemoryMb,
  });
  const cost = (MONTH_HOURS / 24) * usd;
  return {
    part: 'calibration, once a day',
    onDemand: cost,
    provisioned: cost,
    growth: 'with accounts that were active within the retention',
    firstLimit: `${calibrateShardsFor(load.accounts)} of calibrateShards for so many accounts, of 1,000`,
  };
}

function archiveLine(load: Load, { archive, archiveDays }: Settings): BillLine {
  const { s3 } = PRICES;
  const cost = archive
    ? millions(load.archiveObjectsPerSecond) * 1000 * s3.putThousand +
      gbMonth(load.archiveBytesPerSecond) * (archiveDays / 30) * s3.storageGb
    : 0;
  return {
    part: 'archive',
    onDemand: cost,
    provisioned: cost,
    growth: 'objects with batches, storage with bytes and archiveDays',
    firstLimit: '3,500 objects a second a prefix',
  };
}

function watchingLine(load: Load, settings: Settings): BillLine {
  const { cloudwatch, xray, kms } = PRICES;
  const runs = load.batchesPerSecond + load.tableBatchesPerSecond;
  const cost =
    // an alarm on several metrics is billed for each of them
    alarmMetrics(settings) * cloudwatch.alarmMetric +
    (CUSTOM_METRICS + Math.min(MOST_GATEWAYS, load.gateways)) * cloudwatch.customMetric +
    gbMonth(runs * LOG_BYTES) * cloudwatch.logsGb +
    // one request a second and then five in a hundred are traced
    (settings.tracing ? millions(Math.min(1, runs) + Math.max(0, runs - 1) * 0.05) * xray.traceMillion : 0) +
    kms.key +
    millions(0.2) * kms.requestMillion;
  return {
    part: 'alarms, metrics, logs, key',
    onDemand: cost,
    provisioned: cost,
    growth: 'logs with batches; the rest stays',
    firstLimit: '`logBudgetMbPerDay` speaks',
  };
}

/** Sum, with each part in the mode that is asked for. */
export function totalOf(lines: readonly BillLine[], mode: 'onDemand' | 'provisioned'): number {
  return lines.reduce((sum, line) => sum + line[mode], 0);
}

/** What the sum leaves out, to be said with it. */
export const LEFT_OUT = [
  'support and taxes',
  'data transfer out of the region or between accounts',
  'e-mails and text messages (USD 2 a 100,000 e-mails; text messages by country)',
  'Security Hub, where it is on',
  'S3 access logs, and requests of people who look',
  'a second copy of the traffic during a rebuild',
] as const;
