import { at, objectOf } from './fields.ts';
import { isoFrom } from './times.ts';

/** Names of the time of a call, beside its bodies; the first that is a time counts. */
const TIMES = [
  ...['time', 'timestamp', '@timestamp', 'created_at', 'createdAt', 'started_at', 'start_time', 'startTime'],
  ...['request_time', 'requestTime', 'request_start_time', 'requested_at', 'processed_time', 'logging_time'],
  ...['event_time', 'created', 'datetime', 'date', 'ts', '@t', 'time_iso8601', 'eventTime'],
  // Python's logging with %(asctime)s: https://docs.python.org/3/library/logging.html#logrecord-attributes
  ...[
    'asctime',
    'createdDate',
    'created_date',
    'start_date',
    'request_date',
    'start',
    'log_time',
    'received_at',
  ],
];
const SPELT_TIMES = new Set(TIMES.map((name) => name.replaceAll(/[-_.]/g, '').toLowerCase()));

/** When a call happened, as whoever logs it says beside its bodies; also under a name spelt otherwise: TimeStamp, Request-Time. */
export function timeIn(json: unknown): string | undefined {
  const told = TIMES.map((name) => isoFrom(at(json, name))).find((time) => time !== undefined);
  if (told !== undefined) return told;
  const names = Object.keys(objectOf(json) ?? {}).filter((name) => name.length < 24);
  const name = names.find((held) => SPELT_TIMES.has(held.replaceAll(/[-_.]/g, '').toLowerCase()));
  return name === undefined ? undefined : isoFrom(at(json, name));
}
