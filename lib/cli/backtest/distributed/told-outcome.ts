import type { BacktestRuns } from '../../../aws/backtest-runs.ts';
import { MergedRun } from '../../../backtest/shards/merged-run.ts';
import { ReportMerger } from '../../../backtest/shards/report-merger.ts';
import { type BacktestRequest, objectName, type Turn } from '../../../backtest/shards/turns.ts';

/** What a run in shards came to, as it is here: one for each policy that was asked for. */
export interface ToldOutcome {
  readonly merged: readonly MergedRun[];
  readonly divided: NonNullable<Turn['divided']>;
  /** whether the telemetry can be judged, said once */
  readonly warnings: NonNullable<Turn['warnings']>;
}

/** Reads back what the last step has told. @throws Error where the run has not ended, or its parts are gone */
export async function toldOutcome(
  runs: BacktestRuns,
  run: string,
  { tracks, campaignOf }: BacktestRequest,
): Promise<ToldOutcome> {
  const divisions = await runs.turns(run, 'divide');
  const merges = await runs.turns(run, 'merge');
  const divided = divisions.at(-1)?.divided;
  const last = merges.at(-1);
  if (divided === undefined || last === undefined) throw new Error(`${run}: dividing has not ended`);
  const merged = tracks.map((rules) => new MergedRun(rules, campaignOf));
  const merger = new ReportMerger([], merged);
  for (let index = 0; index < (last.objects.outcome ?? 0); index++) {
    const name = objectName('merge', merges.length - 1, last.attempt, 'outcome', index);
    for (const [part, value] of await runs.told(run, name)) merger.restore(part, value);
  }
  const warnings = new Map(
    divisions.flatMap((turn) => turn.warnings ?? []).map((warning) => [warning.text, warning]),
  );
  return { merged, divided, warnings: [...warnings.values()] };
}
