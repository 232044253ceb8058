import type { BacktestRuns } from '../../lib/aws/backtest-runs.ts';

/** What a turn works with. */
export interface TurnPorts {
  readonly runs: BacktestRuns;
  /** names this attempt at a turn, as no other attempt is named */
  readonly attempt: string;
  /** whether there is time for more than to save what there is */
  readonly timeLeft: () => boolean;
  /** of an object that steps hand each other, about; a test makes small ones */
  readonly objectBytes?: number;
  /** the clock, ms since 1970 */
  readonly now: () => number;
}

/** Which turn of a run's step. */
export interface TurnOf {
  readonly run: string;
  readonly shards: number;
  readonly turn: number;
}
