/**
 * How long a policy has to bake so that an alarm can take it back by itself: readers must have read it, a batch must have
 * run under it, the alarm's periods must have passed, and CloudWatch must have seen them. Both sides, the alarms and the
 * setting, take their figures from here.
 */

/** How an alarm that takes a policy back is evaluated. */
export interface RollbackAlarm {
  /** id in lib/infra/alarms.ts */
  readonly id: string;
  readonly periodMinutes: number;
  /** periods that are looked at, and how many of them must be bad */
  readonly periods: number;
  readonly bad: number;
}

/**
 * One minute is the shortest period of a standard metric. `score` fails for other reasons too, now and then: three bad
 * minutes within five are no single batch. A policy that cannot be used is one by its first report.
 */
export const ROLLBACK_ALARMS = [
  { id: 'policy-failures', periodMinutes: 1, periods: 5, bad: 3 },
  { id: 'policy-rejected', periodMinutes: 1, periods: 1, bad: 1 },
] as const satisfies readonly RollbackAlarm[];

/**
 * Minutes from a data point to the alarm's change of state: metrics of Lambda and of the embedded metric format arrive
 * within about two minutes, and an alarm with a period of a minute is evaluated every minute
 * (AmazonCloudWatch/latest/monitoring/alarm-evaluation.html).
 */
const REPORT_MINUTES = 3;

/** Least whole minutes of bake time in which every rollback alarm can be raised by a policy that was bad from the start. */
export function leastBakeMinutes(reading: {
  readonly policyStalenessSeconds: number;
  readonly batchWindowSeconds: number;
}): number {
  const slowest = Math.max(...ROLLBACK_ALARMS.map(({ periodMinutes, periods }) => periodMinutes * periods));
  const read = (reading.policyStalenessSeconds + reading.batchWindowSeconds) / 60;
  return Math.ceil(read + slowest + REPORT_MINUTES);
}
