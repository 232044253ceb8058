import { HOUR_MS } from '../time.ts';
import type { AccountOutcome, BacktestOutcome } from './outcome.ts';

/** What a candidate policy changes on the same traffic. */
export interface Comparison {
  /** accounts that only the candidate flags, and that only the active policy flags */
  readonly gained: readonly AccountOutcome[];
  readonly lost: readonly AccountOutcome[];
  readonly newlyCaught: number;
  readonly newlyWronged: number;
  readonly noLongerCaught: number;
  readonly noLongerWronged: number;
  /** flagged by both: median of candidate's first flag minus active's, hours of event time; null where there is none */
  readonly medianHoursLater: number | null;
}

/** Compares two replays of the same traffic; the first is what is, the second what would be. */
export function compare(active: BacktestOutcome, candidate: BacktestOutcome): Comparison {
  const before = new Map(active.accounts.map((held) => [held.account, held]));
  const after = new Map(candidate.accounts.map((held) => [held.account, held]));
  const gained = candidate.accounts.filter(
    (held) => held.flag !== undefined && before.get(held.account)?.flag === undefined,
  );
  const lost = active.accounts.filter(
    (held) => held.flag !== undefined && after.get(held.account)?.flag === undefined,
  );
  const shifts = candidate.accounts
    .flatMap((held) => {
      const was = before.get(held.account)?.flag;
      return held.flag === undefined || was === undefined ? [] : (held.flag.at - was.at) / HOUR_MS;
    })
    .sort((a, b) => a - b);
  const count = (list: readonly AccountOutcome[], label: string) =>
    list.filter((held) => held.label === label).length;
  return {
    gained,
    lost,
    newlyCaught: count(gained, 'extraction'),
    newlyWronged: count(gained, 'benign'),
    noLongerCaught: count(lost, 'extraction'),
    noLongerWronged: count(lost, 'benign'),
    medianHoursLater: shifts.length === 0 ? null : (shifts[shifts.length >> 1] as number),
  };
}
