/** Invocations among which each of the passes over everything is divided; as the settings of these names. */
export interface ShardsOfRuns {
  readonly calibrate: number;
  readonly link: number;
  /** 0: backtests do not run in the stack */
  readonly backtest: number;
}

/**
 * Functions that run at once while all of these do, beside those that the schedules start: a schedule starts one, and where it is divided
 * its shards run at once. A backtest, which somebody starts, has no schedule.
 */
export function shardsAtOnce({ calibrate, link, backtest }: ShardsOfRuns): number {
  return calibrate - 1 + (link - 1) + backtest;
}
