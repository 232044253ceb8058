import { type Exchange, exchange } from './exchange.ts';
import { kindOf, openValue, type Reason, reasonOf } from './reason.ts';

export type ParsedExchange =
  | { readonly ok: true; readonly exchange: Exchange }
  | { readonly ok: false; readonly reason: Reason };

/**
 * Validates a parsed JSON value as an exchange; a reason names the first bad field, and its value where
 * that cannot be a person's text.
 *
 * @example
 * import { describeReason, parseExchange } from '@siphonwatch/recorder';
 *
 * const parsed = parseExchange({ v: 1, id: 'req-1', time: 'yesterday' });
 * parsed.ok; // => false
 * describeReason(parsed.reason); // => 'time: Invalid ISO datetime (got yesterday)'
 */
export function parseExchange(json: unknown): ParsedExchange {
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
  const parsed = exchange.safeParse(json);
  return parsed.success
    ? { ok: true, exchange: parsed.data }
    : { ok: false, reason: reasonOf(parsed.error, json, openValue) };
}
