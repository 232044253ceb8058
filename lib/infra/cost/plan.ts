import { TABLE_STREAM_SHARDS } from '../../contract/tables.ts';
import type { Settings } from '../settings.ts';
import { type BillLine, billOf, LEFT_OUT, PEAK, shardsFor, totalOf } from './bill.ts';
import type { CostFigures } from './figures.ts';
import { batchSeconds, type Load, loadOf, type Workload } from './load.ts';

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

/** Default quotas: Lambda's concurrency, DynamoDB's units of a table, on-demand Kinesis at its beginning. */
const QUOTAS = { concurrency: 1000, tableUnits: 40_000, newTableUnits: 4000, streamBytes: 4_000_000 };
/** Functions beside `score` that run at once: four readers of table streams (two of them `notify`), and three schedules. */
const BESIDE = 4 * TABLE_STREAM_SHARDS + 3;

/** @throws RangeError naming the value that is not a positive, finite number */
export function planFor(workload: Workload, settings: Settings, figures: CostFigures): Plan {
  for (const [name, value] of Object.entries(workload))
    if (!(Number.isFinite(value) && value >= 0) || (value === 0 && name !== 'windowSeconds'))
      throw new RangeError(`${name}: ${value} is not a positive number`);
  const load = loadOf(workload, figures);
  const lines = billOf(load, settings, figures);
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
      BESIDE,
    peakWriteUnits: Math.ceil(PEAK * load.writeUnitsPerSecond),
    lines,
    total,
    leftOut: LEFT_OUT,
  };
  return { ...plan, warnings: warningsOf(plan) };
}

function warningsOf(plan: Omit<Plan, 'warnings'>): string[] {
  const { workload, load, shards, concurrency, peakWriteUnits } = plan;
  const found: string[] = [];
  if (shards > workload.shards)
    found.push(
      `${workload.shards} shards are too few for three times the mean: ${shards}, reached by doubling, or on demand, which starts at 4 MB/s`,
    );
  if (load.busySeconds > workload.shards * workload.parallelizationFactor * 0.7)
    found.push('score would be behind: more shards, or a larger parallelizationFactor');
  if (concurrency > 10) found.push(`${concurrency} functions at once at a peak: a new account has 10`);
  if (concurrency > QUOTAS.concurrency)
    found.push(`the default quota of ${QUOTAS.concurrency} concurrent functions has to be raised`);
  if (peakWriteUnits > QUOTAS.newTableUnits)
    found.push(
      `${peakWriteUnits} write units a second at a peak: a new on-demand table begins at ${QUOTAS.newTableUnits}; warm it up (aws dynamodb update-table --warm-throughput) or raise traffic over some hours`,
    );
  if (peakWriteUnits > QUOTAS.tableUnits)
    found.push(`DynamoDB's default quota of ${QUOTAS.tableUnits} write units a table has to be raised`);
  if (plan.batchSeconds < 0.8 * workload.windowSeconds)
    found.push(
      `batches are full after ${plan.batchSeconds.toFixed(0)} s of the ${workload.windowSeconds} s: a longer linger in the producers, or a larger parallelizationFactor, saves write units`,
    );
  return found;
}
