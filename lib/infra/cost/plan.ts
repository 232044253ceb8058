import { MOST_SHARDS } from '../../contract/calibrate-steps.ts';
import { shardsAtOnce } from '../../contract/shards-at-once.ts';
import { TABLE_STREAM_SHARDS } from '../../contract/tables.ts';
import type { Settings } from '../settings.ts';
import { advisedFor, bucketsFor, isBehind } from './advised.ts';
import { type BillLine, billOf, LEFT_OUT, PEAK, shardsFor, totalOf } from './bill.ts';
import type { CostFigures } from './figures.ts';
import { linkMemoryMb } from './link-memory.ts';
import { FOUND_BY_CONTENT, linkShardsFor, MOST_LINKED } from './linking.ts';
import { batchDuration, batchSeconds, type Load, loadOf, unitsAt, type Workload } from './load.ts';
import { calibrateShardsFor, SHARD_ACCOUNTS } from './recalibration.ts';

/** What an amount of traffic needs and costs. */
export interface Plan {
  readonly workload: Workload;
  readonly load: Load;
  /** seconds that a batch is gathered in truth: the window, or less where batches are full before */
  readonly batchSeconds: number;
  /** shards of a provisioned stream, for three times the mean */
  readonly shards: number;
  /** functions that run at once at a peak, at most */
  readonly concurrency: number;
  /** units a second of the busiest table, at a peak */
  readonly peakWriteUnits: number;
  readonly lines: readonly BillLine[];
  /** USD a month */
  readonly total: { readonly onDemand: number; readonly provisioned: number; readonly cheapest: number };
  /** what will not do without a change, each with its remedy */
  readonly warnings: readonly string[];
  readonly leftOut: readonly string[];
}

/** What plans are made for: what one stack can be set to, and traffic of which the figures still speak. */
export interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
}
export const WORKLOAD_BOUNDS: Readonly<Record<keyof Workload, Bounds>> = {
  eventsPerSecond: { least: 0.001, most: 1_000_000, whole: false },
  gateways: { least: 1, most: 100_000, whole: true },
  accounts: { least: 1, most: 1_000_000_000, whole: true },
  lingerMs: { least: 1, most: 60_000, whole: false },
  buckets: { least: 1, most: 8192, whole: true },
  windowSeconds: { least: 0, most: 300, whole: true },
  batchSize: { least: 1, most: 10_000, whole: true },
  parallelizationFactor: { least: 1, most: 10, whole: true },
  shards: { least: 1, most: 10_000, whole: true },
};

export function isWithin({ least, most, whole }: Bounds, value: number): boolean {
  return value >= least && value <= most && (!whole || Number.isInteger(value));
}

export function inWords({ least, most, whole }: Bounds): string {
  const [from, to] = [least, most].map((value) =>
    value.toLocaleString('en-US', { maximumFractionDigits: 3 }),
  );
  return `a ${whole ? 'whole ' : ''}number from ${from} to ${to}`;
}

/** Default quotas: Lambda's concurrency, DynamoDB's units of a table, on-demand Kinesis at its beginning. */
const QUOTAS = {
  concurrency: 1000,
  tableUnits: 40_000,
  accountUnits: 80_000,
  newTableUnits: 4000,
  streamBytes: 4_000_000,
};
/** Functions beside `score` that run at once: four readers of table streams (two of them `notify`), and three schedules. */
const BESIDE = 4 * TABLE_STREAM_SHARDS + 3;

/** @throws RangeError naming the value that a plan is not made for, and what is allowed */
export function planFor(workload: Workload, settings: Settings, figures: CostFigures): Plan {
  for (const [name, bounds] of Object.entries(WORKLOAD_BOUNDS)) {
    const value = workload[name as keyof Workload];
    if (!isWithin(bounds, value)) throw new RangeError(`${name}: ${value}: allowed is ${inWords(bounds)}`);
  }
  const load = loadOf(workload, figures);
  const batchMemoryMb = Math.max(settings.batchMemoryMb, memoryNeeded(workload.accounts, settings));
  const lines = billOf(load, { ...settings, batchMemoryMb }, figures);
  const total = {
    onDemand: totalOf(lines, 'onDemand'),
    provisioned: totalOf(lines, 'provisioned'),
    cheapest: lines.reduce((sum, line) => sum + Math.min(line.onDemand, line.provisioned), 0),
  };
  const plan = {
    workload,
    load,
    batchSeconds: batchSeconds(workload, load.recordsPerSecond, load.bytesPerSecond / load.recordsPerSecond),
    shards: shardsFor(load),
    concurrency:
      Math.min(workload.shards * workload.parallelizationFactor, Math.ceil(PEAK * load.busySeconds) + 1) +
      BESIDE +
      shardsAtOnce({
        calibrate: settings.calibrateShards,
        link: settings.linkShards,
        backtest: settings.backtestShards,
      }),
    peakWriteUnits: Math.ceil(PEAK * load.writeUnitsPerSecond),
    lines,
    total,
    leftOut: LEFT_OUT,
  };
  return {
    ...plan,
    warnings: [...laneWarnings(plan, figures), ...warningsOf(plan), ...firstLimits(plan, settings, figures)],
  };
}

/** Of shards and buckets, each with what does: a plan with that says nothing more of them. */
function laneWarnings({ workload, load, shards }: Omit<Plan, 'warnings'>, figures: CostFigures): string[] {
  const { shards: mostShards, buckets: mostBuckets } = WORKLOAD_BOUNDS;
  const advised = advisedFor(workload, figures, { shards: mostShards.most, buckets: mostBuckets.most });
  const needed = Math.max(shards, workload.shards, advised?.shards ?? 0);
  const beyond = `no ${mostShards.most.toLocaleString('en-US')} shards and ${mostBuckets.most.toLocaleString('en-US')} buckets do: several stacks, each with a part of the accounts`;
  const remedy = (more: string) => (advised === undefined ? beyond : `--shards ${advised.shards}${more}`);
  const found: string[] = [];
  if (shards > workload.shards)
    found.push(
      `${workload.shards} shards are too few for three times the mean (${shards}): ${remedy(', reached by doubling, or on demand, which starts at 4 MB/s')}`,
    );
  if (bucketsFor(needed, workload) > workload.buckets)
    found.push(
      `${workload.buckets} buckets fill ${needed * workload.parallelizationFactor} lanes unevenly, shards times parallelizationFactor: ${advised === undefined ? beyond : `--buckets ${advised.buckets}`} (docs/operations.md, "Another number of buckets")`,
    );
  if (isBehind(load, workload))
    found.push(`score would be behind: ${remedy(', or a larger parallelizationFactor')}`);
  return found;
}

function warningsOf(plan: Omit<Plan, 'warnings'>): string[] {
  const { workload, concurrency, peakWriteUnits } = plan;
  const found: string[] = [];
  if (concurrency > 10) found.push(`${concurrency} functions at once at a peak: a new account has 10`);
  if (concurrency > QUOTAS.concurrency)
    found.push(`the default quota of ${QUOTAS.concurrency} concurrent functions has to be raised`);
  if (peakWriteUnits > QUOTAS.newTableUnits)
    found.push(
      `${peakWriteUnits} write units a second at a peak: a new on-demand table begins at ${QUOTAS.newTableUnits}; warm it up (aws dynamodb update-table --warm-throughput) or raise traffic over some hours`,
    );
  if (peakWriteUnits > QUOTAS.tableUnits)
    found.push(`DynamoDB's default quota of ${QUOTAS.tableUnits} write units a table has to be raised`);
  if (peakWriteUnits > QUOTAS.accountUnits)
    found.push(
      `provisioned, the account's default quota of ${QUOTAS.accountUnits} units in all tables has to be raised as well`,
    );
  if (plan.batchSeconds < 0.8 * workload.windowSeconds)
    found.push(
      `batches are full after ${plan.batchSeconds.toFixed(0)} s of the ${workload.windowSeconds} s: a longer linger in the producers, or a larger parallelizationFactor, saves write units`,
    );
  return found;
}

/** Least batchMemoryMb, with the shards of link that are set or needed; 0 where no number of shards is enough. */
function memoryNeeded(accounts: number, { linkShards }: Settings): number {
  const needed = linkShardsFor(accounts);
  return needed === undefined ? 0 : linkMemoryMb(accounts, Math.max(linkShards, needed));
}

/** Limits of one stack that no quota raises, each with what to do. */
function firstLimits(
  { workload, load, shards }: Omit<Plan, 'warnings'>,
  settings: Settings,
  figures: CostFigures,
): string[] {
  const found: string[] = [];
  const { accounts } = workload;
  if (shards > WORKLOAD_BOUNDS.shards.most)
    found.push(
      `${shards} shards are more than one stack has: several stacks, each with a part of the accounts`,
    );
  const needed = calibrateShardsFor(accounts);
  if (needed > MOST_SHARDS)
    found.push(
      `calibrate ends at ${MOST_SHARDS} shards, some ${(MOST_SHARDS * SHARD_ACCOUNTS).toLocaleString('en-US')} accounts: several stacks, each with a part of the accounts`,
    );
  else if (needed > settings.calibrateShards)
    found.push(
      `${accounts} accounts are too many for ${settings.calibrateShards} shards of calibrate: --calibrate-shards ${needed}`,
    );
  if (accounts > FOUND_BY_CONTENT)
    found.push(
      `campaigns that are linked by nothing but what they ask are hardly found among more than ${FOUND_BY_CONTENT.toLocaleString('en-US')} accounts that all ask enough; those that share payments, places or clocks are (docs/performance.md)`,
    );
  const linking = linkShardsFor(accounts);
  if (linking === undefined)
    found.push(
      `link ends at some ${MOST_LINKED.toLocaleString('en-US')} accounts, however many shards it has: campaigns are not found beyond that (campaigns.enabled: false in the policy, or several stacks)`,
    );
  else if (linking > settings.linkShards)
    found.push(
      `${accounts} accounts are too many for ${settings.linkShards} shards of link: --link-shards ${linking}`,
    );
  const memory = memoryNeeded(accounts, settings);
  if (memory > settings.batchMemoryMb)
    found.push(
      `link holds up to ${memory} MB in an invocation and has ${settings.batchMemoryMb}: --batch-memory-mb ${memory} (setting batchMemoryMb), and what link and calibrate cost here is at that; more shards of link hold less each`,
    );
  const events = load.eventsPerSecond / load.batchesPerSecond;
  const flushes = unitsAt(workload.windowSeconds, figures.windows, (held) => held.flushesPerEvent);
  const seconds = batchDuration(events, events * flushes, figures);
  if (seconds > settings.scoreTimeoutSeconds)
    found.push(
      `a batch takes ${Math.ceil(seconds)} s and score ends after ${settings.scoreTimeoutSeconds}: more shards, a larger parallelizationFactor or a smaller batchSize`,
    );
  return found;
}
