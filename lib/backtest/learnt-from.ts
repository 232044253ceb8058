import type { Calibration } from '../scoring/calibration.ts';
import { DAY_MS } from '../time.ts';

/** Whether a calibration can have learnt from the accounts that are judged with it. */
export interface LearntFrom {
  /**
   * `later`: the traffic begins when the calibration was made already; `overlapping`: it may have learnt from these very
   * accounts, and what is measured is too good; `foreign`: it was learnt from somebody else's traffic
   */
  readonly traffic: 'later' | 'overlapping' | 'foreign';
  /** for people */
  readonly words: string;
}

/**
 * A calibration names no accounts, so that a customer can be forgotten; times tell nearly as much.
 * @param from first event of the traffic, ms
 */
export function learntFrom(
  {
    id,
    madeAt,
    days,
    foreign,
    accounts,
  }: Pick<Calibration, 'id' | 'madeAt' | 'days' | 'foreign' | 'accounts'>,
  from: number,
): LearntFrom {
  const to = Date.parse(madeAt);
  const span = `${accounts.toLocaleString('en-US')} accounts, ${day(to - days * DAY_MS)} to ${day(to)}`;
  if (from >= to)
    return {
      traffic: 'later',
      words: `Calibration ${id} (${span}) is older than this traffic: what is measured here was not learnt here.`,
    };
  const may = `it may have learnt from these very accounts, and a false-positive rate that is measured on them is too low`;
  return foreign
    ? {
        traffic: 'foreign',
        words: `Calibration ${id} was learnt from somebody else's traffic (${span}). Where it comes from the same source as this, ${may}.`,
      }
    : {
        traffic: 'overlapping',
        words: `Calibration ${id} (${span}) was learnt at the time of this traffic: ${may}. Backtest later traffic, or look at what tune expects of accounts that it has not seen.`,
      };
}

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
