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
  const names = Object.keys(objectOf(json) ?? {}).filter((name) => name.length < 32);
  const name = names.find((held) => SPELT_TIMES.has(held.replaceAll(/[-_.]/g, '').toLowerCase()));
  if (name !== undefined) return isoFrom(at(json, name));
  const others = names.filter((held) => OTHER_TIMES.test(held) && !NOT_OF_CALLS.test(held));
  return others.map((held) => isoFrom(at(json, held))).find((time) => time !== undefined && time > EARLIEST);
}

/** Any other name that says it is a time, and not that of an end, of an account, or of how long something took. */
const OTHER_TIMES =
  /(?:^|[-_.])(?:ts|time|date|created|started|requested|received)(?:$|[-_.])|time(?:stamp)?|(?:created|started|requested|received)_?at/i;
const NOT_OF_CALLS =
  /end|finish|complet|expir|updat|modif|latency|duration|elapsed|until|cut_?off|timeout|timezone|limit|last|birth|respon|first_?token|account|customer|user|org|tenant|key|conversation|session/i;
/** A number of something else is no time of these years. */
const EARLIEST = '2015';
