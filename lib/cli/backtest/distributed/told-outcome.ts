import type { BacktestRuns } from '../../../aws/backtest-runs.ts';
import { MergedRun } from '../../../backtest/shards/merged-run.ts';
import { ReportMerger } from '../../../backtest/shards/report-merger.ts';
import {
  type BacktestRequest,
  objectName,
  type Turn,
  type TurnWarning,
} from '../../../backtest/shards/turns.ts';

/** What a run in shards came to, as it is here: one for each policy that was asked for. */
export interface ToldOutcome {
  readonly merged: readonly MergedRun[];
  readonly divided: NonNullable<Turn['divided']>;
  /** whether the telemetry can be judged, said once */
  readonly warnings: readonly TurnWarning[];
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
  return { merged, divided, warnings: worstOf(divisions.flatMap((turn) => turn.warnings ?? [])) };
}

/** Of turns that say the same, what the worst of them says. */
function worstOf(warnings: readonly TurnWarning[]): TurnWarning[] {
  const worst = new Map<string, TurnWarning>();
  for (const warning of warnings) {
    const held = worst.get(warning.about);
    if (held === undefined || rankOf(warning) > rankOf(held)) worst.set(warning.about, warning);
  }
  return [...worst.values()];
}

/** A severe one is worse than any other; of two such that which is so of more. */
const rankOf = ({ severe, value }: TurnWarning): number => (severe ? 2 : 0) + Math.min(1, value);
