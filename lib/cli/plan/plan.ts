import { Command, InvalidArgumentError, Option } from 'commander';
import { MOST_BACKTEST_SHARDS } from '../../contract/backtest-steps.ts';
import { MOST_SHARDS } from '../../contract/calibrate-steps.ts';
import { MOST_LINK_SHARDS } from '../../contract/link-steps.ts';
import { wrap } from '../../findings/format.ts';
import { MEASURED } from '../../infra/cost/figures.ts';
import {
  type Bounds,
  inWords,
  isWithin,
  type Plan,
  planFor,
  WORKLOAD_BOUNDS,
} from '../../infra/cost/plan.ts';
import { LATENCY, type Latency } from '../../infra/latency.ts';
import { readSettings } from '../../infra/settings.ts';
import { printJson, runCommand } from '../shared/command.ts';
import { type Column, fittedTable, terminalWidth } from '../shared/fitted-table.ts';

interface PlanOptions {
  readonly eventsPerSecond: number;
  readonly gateways: number;
  readonly accounts: number;
  readonly latency: Latency;
  readonly lingerMs?: number;
  readonly buckets?: number;
  readonly shards: number;
  readonly calibrateShards: number;
  readonly linkShards: number;
  readonly batchMemoryMb?: number;
  readonly backtestShards: number;
  readonly archiveDays: number;
  readonly hunts?: boolean;
  readonly json?: boolean;
}

function within(bounds: Bounds): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!isWithin(bounds, value)) throw new InvalidArgumentError(`must be ${inWords(bounds)}`);
    return value;
  };
}

const { eventsPerSecond, gateways, accounts, lingerMs, buckets, shards } = WORKLOAD_BOUNDS;
/** As the settings of these names take them. */
const DAYS = { least: 1, most: 3650, whole: true };
const CALIBRATE_SHARDS = { least: 1, most: MOST_SHARDS, whole: true };
const BATCH_MEMORY = { least: 256, most: 10_240, whole: true };
const LINK_SHARDS = { least: 1, most: MOST_LINK_SHARDS, whole: true };
const BACKTEST_SHARDS = { least: 0, most: MOST_BACKTEST_SHARDS, whole: true };

/** `plan --events-per-second N`: what an amount of traffic needs and costs, part by part. */
export function planCommand(): Command {
  return new Command('plan')
    .description(
      'capacity and monthly cost for an amount of traffic, at list prices of us-east-1, with figures that npm run bench:cost measures',
    )
    .requiredOption('--events-per-second <n>', 'mean traffic', within(eventsPerSecond))
    .option('--gateways <n>', 'gateway processes, each with a producer of its own', within(gateways), 2)
    .option('--accounts <n>', 'accounts that are active within a month', within(accounts), 10_000)
    .addOption(
      new Option('--latency <word>', 'as the setting of the stack')
        .choices(Object.keys(LATENCY))
        .default('minute'),
    )
    .option(
      '--linger-ms <n>',
      'how long the producers gather; without, what fits the latency',
      within(lingerMs),
    )
    .option('--buckets <n>', 'of accounts in the producers; without, what fits the latency', within(buckets))
    .option('--shards <n>', 'of the stream; on demand begins with 4', within(shards), 4)
    .option(
      '--calibrate-shards <n>',
      'as the setting of the stack; what is needed is said',
      within(CALIBRATE_SHARDS),
      1,
    )
    .option(
      '--backtest-shards <n>',
      'as the setting of the stack: its alarms; what a backtest costs, backtest --distributed says',
      within(BACKTEST_SHARDS),
      0,
    )
    .option('--link-shards <n>', 'likewise', within(LINK_SHARDS), 1)
    .option(
      '--batch-memory-mb <n>',
      'of link and calibrate, as the setting of the stack; what is needed is said',
      within(BATCH_MEMORY),
    )
    .option('--archive-days <n>', 'retention of the archive', within(DAYS), 90)
    .option('--hunts', 'with the archive in Parquet (setting hunts)')
    .option('--json', 'print one JSON document')
    .action((options: PlanOptions) =>
      runCommand('plan', () => {
        const plan = planOf(options);
        if (options.json === true) printJson({ figures: MEASURED.traffic, ...plan });
        else process.stdout.write(`${planText(plan, options)}\n`);
        return Promise.resolve(0);
      }),
    );
}

function planOf(options: PlanOptions): Plan {
  const settings = readSettings({
    'siphonwatch:latency': options.latency,
    'siphonwatch:archiveDays': options.archiveDays,
    'siphonwatch:hunts': options.hunts === true,
    'siphonwatch:calibrateShards': options.calibrateShards,
    'siphonwatch:linkShards': options.linkShards,
    ...(options.batchMemoryMb === undefined ? {} : { 'siphonwatch:batchMemoryMb': options.batchMemoryMb }),
    'siphonwatch:backtestShards': options.backtestShards,
  });
  return planFor(
    {
      eventsPerSecond: options.eventsPerSecond,
      gateways: options.gateways,
      accounts: options.accounts,
      lingerMs: options.lingerMs ?? LATENCY[options.latency].lingerMs,
      buckets: options.buckets ?? LATENCY[options.latency].buckets,
      windowSeconds: settings.batchWindowSeconds,
      batchSize: settings.batchSize,
      parallelizationFactor: settings.parallelizationFactor,
      shards: options.shards,
    },
    settings,
    MEASURED,
  );
}

const usd = (value: number): string =>
  `$${value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 2 : 0 })}`;

const COLUMNS: readonly Column[] = [
  { head: 'part', min: 16, wrap: true },
  { head: 'on demand', right: true },
  { head: 'provisioned', right: true },
  { head: 'grows', min: 24, wrap: true, optional: 1 },
  { head: 'first limit', min: 24, wrap: true, optional: 2 },
];

function planText(plan: Plan, { latency, archiveDays }: PlanOptions): string {
  const { workload, load } = plan;
  const rows = plan.lines.map(({ part, onDemand, provisioned, growth, firstLimit }) => [
    part,
    usd(onDemand),
    usd(provisioned),
    growth,
    firstLimit,
  ]);
  rows.push(['USD a month', usd(plan.total.onDemand), usd(plan.total.provisioned), '', '']);
  return [
    `${workload.eventsPerSecond} events a second from ${workload.gateways} gateways, latency ${latency}, ${workload.accounts} accounts, archive ${archiveDays} days`,
    fittedTable(COLUMNS, rows),
    ...[
      `${(load.eventsPerSecond / load.recordsPerSecond).toFixed(1)} events a record (linger ${workload.lingerMs} ms, ${workload.buckets} buckets), batches every ${plan.batchSeconds.toFixed(0)} s a lane, ${(load.writeUnitsPerSecond / load.eventsPerSecond).toFixed(2)} write units an event`,
      `for three times the mean: ${plan.shards} shards provisioned, ${plan.concurrency} functions at once, ${plan.peakWriteUnits} write units a second`,
      ...plan.warnings.map((warning) => `note: ${warning}`),
      `figures: ${MEASURED.traffic}; waiting times of score are assumed`,
      `left out: ${plan.leftOut.join('; ')}`,
    ].map((line) => wrap(line, terminalWidth())),
  ].join('\n');
}
