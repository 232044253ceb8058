/**
 * How often what writes a metric does so while its fault lasts. A period in which nothing is written counts as a good one: an
 * alarm whose periods are shorter than that cannot be raised by several in a row, and by one it is raised and ends again and again
 * (AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html).
 */
import type { FunctionName } from '../contract/environment.ts';
import { COMPACT } from './compact-size.ts';
import type { Settings } from './settings.ts';

/** Functions that write metrics at a pace of their own. */
export const PACED = [
  'score',
  'sweep',
  'link',
  'calibrate',
  'compact',
] as const satisfies readonly FunctionName[];

/** What writes a metric; undefined: AWS itself, every minute. */
export type Writer = (typeof PACED)[number] | undefined;

const DAY_MINUTES = 1440;
/** So much earlier or later a schedule may start. */
const DRIFT_MINUTES = 0.5;

/** Minutes between two data points. `score` writes at a batch's end, which has been gathered and run. */
export function paceMinutes(writer: Writer, settings: Settings): number {
  const paces = {
    score: (settings.batchWindowSeconds + settings.scoreTimeoutSeconds) / 60,
    sweep: settings.sweepMinutes,
    link: settings.linkMinutes,
    calibrate: DAY_MINUTES,
    compact: COMPACT.everyMinutes,
  };
  return writer === undefined ? 1 : paces[writer];
}

/** How an alarm looks at its metric. */
interface Evaluation {
  readonly periodMinutes: number;
  readonly periods: number;
  /** how many of them have to be bad; all of them where nothing is said */
  readonly bad?: number;
}

/**
 * The evaluation that was asked for, or the next one whose periods hold a data point each: periods are longer than the pace,
 * which starts a few seconds early or late, and as many of them as make up the time that was asked for.
 */
export function atPace({ periodMinutes, periods }: Evaluation, pace: number): Evaluation {
  const gap = pace + DRIFT_MINUTES;
  if (gap <= periodMinutes) return { periodMinutes, periods };
  // no period is longer than a day (AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html)
  if (pace >= DAY_MINUTES) return { periodMinutes: DAY_MINUTES, periods: 2, bad: 1 };
  const longer = Math.min(DAY_MINUTES, 5 * Math.ceil(gap / 5));
  return { periodMinutes: longer, periods: Math.max(1, Math.ceil((periodMinutes * periods) / longer)) };
}
