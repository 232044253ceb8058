/**
 * How long a policy has to bake so that an alarm can take it back by itself: readers must have read it, a batch must have
 * run under it, the alarm's periods must have passed, and CloudWatch must have seen them. Both sides, the alarms and the
 * setting, take their figures from here.
 */

/** Settings on which the time from a bad policy to an alarm depends. */
export interface BakeSettings {
  readonly policyStalenessSeconds: number;
  readonly batchWindowSeconds: number;
  readonly scoreTimeoutSeconds: number;
}

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
 * minutes are no single batch. A batch that times out is a bad minute every `scoreTimeoutSeconds` only, so the minutes that are
 * looked at are as many as three of those take. A policy that cannot be used is one by its first report, and stays one
 * until the next batch has been gathered and run.
 */
export function rollbackAlarms(settings: Omit<BakeSettings, 'policyStalenessSeconds'>): {
  readonly failures: RollbackAlarm;
  readonly rejected: RollbackAlarm;
} {
  const run = settings.scoreTimeoutSeconds / 60;
  const batch = (settings.batchWindowSeconds + settings.scoreTimeoutSeconds) / 60;
  return {
    failures: {
      id: 'policy-failures',
      periodMinutes: 1,
      periods: Math.max(5, Math.ceil(2 * run) + 1),
      bad: 3,
    },
    rejected: { id: 'policy-rejected', periodMinutes: 1, periods: Math.ceil(batch) + 1, bad: 1 },
  };
}

/** Ids of the alarms that AppConfig watches while a policy bakes. */
export const ROLLBACK_ALARM_IDS = ['policy-failures', 'policy-rejected'] as const;

/**
 * Minutes from a data point to the alarm's change of state: metrics of Lambda and of the embedded metric format arrive
 * within about two minutes, and an alarm with a period of a minute is evaluated every minute
 * (AmazonCloudWatch/latest/monitoring/alarm-evaluation.html).
 */
const REPORT_MINUTES = 3;

/** Least whole minutes of bake time in which every rollback alarm can be raised by a policy that was bad from the start. */
export function leastBakeMinutes(settings: BakeSettings): number {
  const { failures, rejected } = rollbackAlarms(settings);
  // a policy that cannot be used is reported when a batch has run; one that makes batches fail, by the end of three
  const slowest = Math.max(failures.periodMinutes * failures.periods, rejected.periodMinutes * rejected.bad);
  const run = settings.scoreTimeoutSeconds / 60;
  const read = (settings.policyStalenessSeconds + settings.batchWindowSeconds) / 60;
  return Math.ceil(read + run + slowest + REPORT_MINUTES);
}
