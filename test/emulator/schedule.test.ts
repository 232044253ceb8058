import { describe, expect, it } from 'vitest';
import { firesAt, parseSchedule } from '../../lib/emulator/functions/schedule.ts';

const at = (time: string): number => Date.parse(time);
const BEGAN = at('2026-03-01T00:00:30Z');

describe('schedules', () => {
  it.each([
    ['rate(5 minutes)', '2026-03-01T00:05:00Z', true],
    ['rate(5 minutes)', '2026-03-01T00:04:59Z', false],
    ['rate(1 hour)', '2026-03-01T03:00:00Z', true],
    ['rate(1 day)', '2026-03-01T00:00:31Z', false],
    ['cron(0 3 * * ? *)', '2026-03-05T03:00:40Z', true],
    ['cron(0 3 * * ? *)', '2026-03-05T03:01:00Z', false],
    ['cron(0/15 * * * ? *)', '2026-03-05T07:45:00Z', true],
    ['cron(0 8-10 ? * MON-FRI 2026)', '2026-03-02T09:00:00Z', true],
    ['cron(0 8-10 ? * MON-FRI 2026)', '2026-03-01T09:00:00Z', false],
    ['cron(0 0 1 MAR,JUN ? *)', '2026-06-01T00:00:00Z', true],
  ])('%s at %s', (expression, time, fires) => {
    expect(firesAt(parseSchedule(expression), at(time), BEGAN)).toBe(fires);
  });

  it.each(['rate(five minutes)', 'cron(0 3 * * ?)', 'cron(60 * * * ? *)', 'cron(0 0 L * ? *)'])(
    'refuses %s',
    (bad) => {
      expect(() => parseSchedule(bad)).toThrow(bad);
    },
  );
});
