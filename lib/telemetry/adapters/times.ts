import { at } from './fields.ts';

/** Times as logs write them, to ISO. Every reader answers undefined where it cannot be sure. */

const MICROSECOND_PARTS =
  /^(\d{4}-\d\d-\d\d)[ Tt](\d\d:\d\d:\d\d)(?:[.,](\d+))?\s*(Z|z|UTC|GMT|[+-]\d\d:?\d\d|[+-]\d\d)?$/;
/** Apache and nginx: 01/Mar/2026:08:00:00 +0000 */
const COMMON_LOG = /^(\d\d)\/(\w{3})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d{4})$/;

/**
 * A number of seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by its size (as seconds up to the
 * year 5138), or a time in words. A time without a zone is UTC, as Python's loggers write it.
 */
export function isoFrom(value: unknown, depth = 0): string | undefined {
  if (typeof value === 'number') return isoFromEpoch(value);
  // protobuf's Timestamp: https://protobuf.dev/reference/protobuf/google.protobuf/#timestamp
  if (typeof value === 'object' && typeof at(value, 'seconds') === 'number')
    return isoFromMilliseconds(
      Number(at(value, 'seconds')) * 1000 + Math.floor(Number(at(value, 'nanos') ?? 0) / 1e6),
    );
  // MongoDB's Extended JSON: {"$date": "2026-03-01T08:00:00.123Z"} or {"$date": {"$numberLong": "1772352000123"}}
  // OpenTelemetry's JavaScript SDK: [seconds, nanoseconds] (https://open-telemetry.github.io/opentelemetry-js/types/_opentelemetry_api.HrTime.html)
  if (Array.isArray(value))
    return value.length === 2 && value.every((part) => Number.isInteger(part) && part >= 0 && part < 1e11)
      ? isoFromMilliseconds(Number(value[0]) * 1000 + Math.floor(Number(value[1]) / 1e6))
      : undefined;
  if (typeof value === 'object')
    return depth > 1 ? undefined : isoFrom(at(value, '$date') ?? at(value, '$numberLong'), depth + 1);
  if (typeof value !== 'string') return undefined;
  const text = value
    .trim()
    // RFC 9557 names the zone behind the offset; .NET of old writes /Date(1772352000123)/; ISO 8601 has a form without separators
    .replace(/\[[^\]]{1,60}\]$/, '')
    .replace(/^\/Date\((\d{1,16})(?:[+-]\d{4})?\)\/$/, '$1')
    .replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)/, '$1-$2-$3T$4:$5:$6');
  if (/^\d{9,20}(?:\.\d+)?$/.test(text)) return isoFromEpoch(Number(text));
  // BigQuery's TIMESTAMP in an answer: 1.772352000123E9 (https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query)
  if (/^\d\.\d{1,16}E\+?0?9$/.test(text)) return isoFromEpoch(Number(text));
  const parts = MICROSECOND_PARTS.exec(text);
  if (parts !== null) {
    const [, day = '', clock = '', fraction = '', zone = 'Z'] = parts;
    const offset = /^[+-]/.test(zone)
      ? zone.replace(/^([+-]\d\d):?(\d\d)?$/, (_, h, m = '00') => `${h}:${m}`)
      : 'Z';
    return isoFromMilliseconds(Date.parse(`${day}T${clock}.${fraction.padEnd(3, '0').slice(0, 3)}${offset}`));
  }
  const common = COMMON_LOG.exec(text);
  if (common !== null)
    return isoFromMilliseconds(
      Date.parse(`${common[1]} ${common[2]} ${common[3]} ${common[4]} ${common[5]}`),
    );
  return isoFromMilliseconds(Date.parse(text));
}

function isoFromEpoch(value: number): string | undefined {
  const size = Math.abs(value);
  if (size < 1e11) return isoFromMilliseconds(Math.round(value * 1000));
  if (size < 1e14) return isoFromMilliseconds(value);
  return isoFromMilliseconds(size < 1e17 ? value / 1e3 : value / 1e6);
}

/** Undefined outside the years 1 to 9999, which an ISO time cannot say. */
export function isoFromMilliseconds(milliseconds: number): string | undefined {
  return milliseconds >= -62_135_596_800_000 && milliseconds < 253_402_300_800_000
    ? new Date(milliseconds).toISOString()
    : undefined;
}

/** Nanoseconds since 1970 as OTLP writes them, a text or a number. */
export function isoFromNanoseconds(value: unknown): string | undefined {
  if (typeof value === 'string' && /^\d{1,20}$/.test(value))
    return isoFromMilliseconds(Number(BigInt(value) / 1_000_000n));
  if (typeof value === 'bigint') return isoFromMilliseconds(Number(value / 1_000_000n));
  return typeof value === 'number' ? isoFromMilliseconds(value / 1e6) : undefined;
}
