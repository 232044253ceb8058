import { MOST_OBJECTS } from '../../../contract/backtest-steps.ts';
import { InputError } from '../../../input/errors.ts';

/** What a run in shards cannot come to an end with is refused before it begins. */

/** @param objects that are to be replayed. @throws InputError where they are too many */
export function requireListed(objects: number): void {
  if (objects > MOST_OBJECTS)
    throw new InputError(
      `${objects.toLocaleString('en-US')} objects: a backtest in shards is of ${MOST_OBJECTS.toLocaleString('en-US')} at most; name fewer days, such as s3://.../events/day=2026-03-01/`,
    );
}
