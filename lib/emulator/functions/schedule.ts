import { DAY_MS, HOUR_MS } from '../../time.ts';
import type { ScheduleSpec } from '../template/resource-shapes.ts';

/**
 * Schedule expressions of EventBridge: `rate(5 minutes)` and `cron(0 3 * * ? *)`, in UTC
 * (https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html).
 */
export type Schedule =
  | { readonly kind: 'rate'; readonly everyMs: number }
  | { readonly kind: 'cron'; readonly fields: readonly (readonly number[] | undefined)[] };

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: HOUR_MS, day: DAY_MS };
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly names?: readonly string[];
}

const FIELDS: readonly Field[] = [
  { name: 'minutes', from: 0, to: 59 },
  { name: 'hours', from: 0, to: 23 },
  { name: 'day of month', from: 1, to: 31 },
  { name: 'month', from: 1, to: 12, names: MONTHS },
  { name: 'day of week', from: 1, to: 7, names: DAYS },
  { name: 'year', from: 1970, to: 2199 },
];

/** @throws {Error} quoting the expression, if it is not understood (`L`, `W` and `#` are not) */
export function parseSchedule(expression: string): Schedule {
  const rate = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression);
  if (rate) return { kind: 'rate', everyMs: Number(rate[1]) * (UNIT_MS[rate[2] ?? ''] ?? 0) };
  const cron = /^cron\((.*)\)$/.exec(expression)?.[1]?.trim().split(/\s+/);
  if (cron?.length !== FIELDS.length)
    throw new Error(`schedule "${expression}" is neither rate(...) nor cron(six fields)`);
  return {
    kind: 'cron',
    fields: FIELDS.map((field, i) => parseField(cron[i] ?? '', field, expression)),
  };
}

/** Values that match; undefined: all. */
function parseField(text: string, field: Field, expression: string): readonly number[] | undefined {
  if (text === '*' || text === '?') return undefined;
  const value = (part: string): number => {
    const named = field.names?.indexOf(part.toUpperCase()) ?? -1;
    const number = named >= 0 ? named + 1 : /^\d+$/.test(part) ? Number(part) : Number.NaN;
    if (!(number >= field.from && number <= field.to)) {
      throw new Error(`schedule "${expression}": "${part}" is no value for ${field.name}`);
    }
    return number;
  };
  return text.split(',').flatMap((part) => {
    const [range = '', step] = part.split('/');
    const [from, to] = range === '*' ? [field.from, field.to] : range.split('-').map(value);
    const first = from ?? field.from;
    const last = to ?? (step === undefined ? first : field.to);
    const values: number[] = [];
    for (let v = first; v <= last; v += step === undefined ? 1 : Math.max(1, Number(step))) values.push(v);
    return values;
  });
}

/** Whether a schedule fires in the minute of `at`, given when it began (both epoch milliseconds). */
export function firesAt(schedule: Schedule, at: number, began: number): boolean {
  const minute = Math.floor(at / 60_000);
  if (schedule.kind === 'rate') {
    const passed = minute - Math.floor(began / 60_000);
    return passed > 0 && passed % (schedule.everyMs / 60_000) === 0;
  }
  const time = new Date(at);
  const now = [
    time.getUTCMinutes(),
    time.getUTCHours(),
    time.getUTCDate(),
    time.getUTCMonth() + 1,
    time.getUTCDay() + 1,
    time.getUTCFullYear(),
  ];
  return schedule.fields.every((allowed, i) => allowed?.includes(now[i] ?? Number.NaN) ?? true);
}

/** What EventBridge sends to the target of a rule without an input of its own. */
export function scheduledEvent(spec: ScheduleSpec, at: number): string {
  if (spec.input !== undefined) return spec.input;
  return JSON.stringify({
    version: '0',
    id: crypto.randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: '000000000000',
    time: `${new Date(at).toISOString().slice(0, 19)}Z`,
    region: 'us-east-1',
    resources: [`arn:aws:events:us-east-1:000000000000:rule/${spec.logicalId}`],
    detail: {},
  });
}
