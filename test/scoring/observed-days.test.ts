import { describe, expect, it } from 'vitest';
import { ObservedDays } from '../../lib/scoring/observed-days.ts';

const DAY = 86_400_000;
const BEGIN = Date.UTC(2026, 2, 2);
const ALWAYS = Number.POSITIVE_INFINITY;

/** So many accounts that are active at noon of each of the days. */
function crowd(accounts: number, days: readonly number[], into = new ObservedDays()): ObservedDays {
  for (let i = 0; i < accounts; i++) into.see(days.map((day) => BEGIN + day * DAY + DAY / 2));
  return into;
}
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const span = (from: number, to: number) => ({ from: BEGIN + from * DAY, to: BEGIN + to * DAY });

describe('the period that a calibration is for', () => {
  it('is from the first slice to the end of the last, weekends and holidays included', () => {
    const workdays = range(0, 14).filter((day) => day % 7 < 5);
    expect(crowd(10, workdays).period(span(0, 12), ALWAYS)).toEqual({ ...span(0, 12), days: 12 });
    expect(crowd(10, [0]).period(span(0.25, 0.75), ALWAYS).days).toBe(1);
  });

  it('holds no weeks in which nobody was there', () => {
    expect(crowd(10, [...range(0, 7), ...range(60, 67)]).period(span(0, 67), ALWAYS).days).toBe(14);
  });

  it('is not made longer, nor newer, by accounts whose clocks are wrong', () => {
    const days = crowd(150, range(0, 7));
    crowd(1, range(3650, 3657), days);
    crowd(1, range(-20_000, -19_993), days);
    expect(days.period(span(-20_000, 3657), ALWAYS)).toEqual({ ...span(0, 7), days: 7 });
  });

  it('is no longer than accounts are kept in view', () => {
    expect(crowd(10, range(0, 40)).period(span(0, 40), 14).days).toBe(14);
  });

  it('is the same from parts, in any order', () => {
    const whole = crowd(3, range(5, 9), crowd(7, range(0, 14)));
    const merged = new ObservedDays();
    merged.merge(crowd(3, range(5, 9)).part());
    merged.merge(crowd(7, range(0, 14)).part());
    expect(merged.part()).toEqual(whole.part());
  });
});
