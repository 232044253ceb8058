import { MOST_OBJECTS, MOST_RUN_DAYS } from '../../../contract/backtest-steps.ts';
import { InputError } from '../../../input/errors.ts';
import { archivedDays } from './archive-notes.ts';

/** What a run in shards cannot come to an end with is refused before it begins. */

/** @param objects that are to be replayed. @throws InputError where they are too many */
export function requireListed(objects: number): void {
  if (objects > MOST_OBJECTS)
    throw new InputError(
      `${objects.toLocaleString('en-US')} objects: a backtest in shards is of ${MOST_OBJECTS.toLocaleString('en-US')} at most; name fewer days, such as s3://.../events/day=2026-03-01/`,
    );
}

const MOST_MINUTES = MOST_RUN_DAYS * 24 * 60;

/**
 * No step has more turns than it may have (MOST_TURNS) unless the run takes longer than this (test/infra/backtest-cost.test.ts).
 * @param minutes that the run is reckoned to take
 * @param files addresses of what is to be replayed
 * @throws InputError where it would be given up before its end, naming the days that fit
 */
export function requireEnd(minutes: number, files: readonly string[]): void {
  if (minutes <= MOST_MINUTES) return;
  const days = archivedDays(files);
  const fit = Math.floor((days * MOST_MINUTES) / minutes);
  throw new InputError(
    `some ${Math.ceil(minutes).toLocaleString('en-US')} minutes, and a run is given up after ${MOST_MINUTES.toLocaleString('en-US')} (${MOST_RUN_DAYS} days): ${
      fit > 0
        ? `of the ${days} days that are there some ${fit} fit; name them one by one, such as s3://.../events/day=2026-03-01/`
        : 'not a day of it fits'
    }. Dividing and merging do not get faster with more shards`,
  );
}
