import type { BacktestRuns } from '../../lib/aws/backtest-runs.ts';
import { objectName, type StepName, type Turn } from '../../lib/backtest/shards/turns.ts';
import type { Frame } from '../../lib/profile/resumable.ts';

/** What the turn before came to; undefined at the first one. @throws Error where it has not ended */
export async function turnBefore(
  runs: BacktestRuns,
  run: string,
  step: StepName,
  turn: number,
): Promise<Turn | undefined> {
  if (turn === 0) return undefined;
  const before = await runs.turn(run, step, turn - 1);
  if (before === undefined || before.done)
    throw new Error(`${run}: there is no turn ${turn} of ${step}: the one before is not there, or the last`);
  return before;
}

/** The state that it left. */
export async function* stateOf(
  runs: BacktestRuns,
  run: string,
  step: StepName,
  turn: number,
  before: Turn | undefined,
): AsyncGenerator<Frame> {
  for (let index = 0; index < (before?.objects.state ?? 0); index++)
    yield* await runs.frames(run, objectName(step, turn - 1, before?.attempt ?? '', 'state', index));
}
