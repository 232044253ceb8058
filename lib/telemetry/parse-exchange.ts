import { type Exchange, exchange } from './exchange.ts';
import type { ShowValue } from './marked-value.ts';
import { withoutOddFacts } from './odd-facts.ts';
import { kindOf, openValue, printable, type Reason, reasonOf } from './reason.ts';
import { FIRST_YEAR } from './utc-time.ts';

export type ParsedExchange =
  | {
      readonly ok: true;
      readonly exchange: Exchange;
      /** optional facts out of range that were left out or cut, as dotted paths */
      readonly odd: readonly string[];
    }
  | { readonly ok: false; readonly reason: Reason };

/**
 * Validates a parsed JSON value as an exchange; a reason names the first bad field, and its value where that cannot be a
 * person's text. Optional facts out of range are left out and named instead: the caller chooses them, and must not get out of
 * sight by one.
 * @param show how a value is said that may be a person's text
 *
 * @example
 * import { describeReason, parseExchange } from '@siphonwatch/recorder';
 *
 * const parsed = parseExchange({ v: 1, id: 'req-1', time: 'yesterday' });
 * parsed.ok; // => false
 * describeReason(parsed.reason); // => 'time: Invalid ISO datetime (got a text of 9 characters)'
 */
export function parseExchange(json: unknown, show: ShowValue = openValue): ParsedExchange {
  const version = typeof json === 'object' && json !== null && 'v' in json ? json.v : undefined;
  if (version !== undefined && version !== 1)
    return {
      ok: false,
      reason: {
        field: 'v',
        value: kindOf(version),
        message: 'unknown version of the exchange; this build knows 1',
      },
    };
  const { json: sound, odd } = withoutOddFacts(json);
  const parsed = exchange.safeParse(sound);
  if (!parsed.success) return { ok: false, reason: reasonOf(parsed.error, sound, show) };
  const { time } = parsed.data;
  // as `score` would refuse it, but where somebody can still see to the clock
  if (Date.parse(time) < Date.parse(FIRST_YEAR))
    return {
      ok: false,
      reason: {
        field: 'time',
        value: printable(time),
        message: `before ${FIRST_YEAR}: a clock that is wrong`,
      },
    };
  return { ok: true, exchange: parsed.data, odd };
}
