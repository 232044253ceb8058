import { expect, it } from 'vitest';
import { TrafficBySlice, withTrafficShare } from '../../lib/findings/traffic.ts';
import { email } from '../../lib/findings/views/email.ts';
import { addEvent, emptySlice, SLICE_MS } from '../../lib/profile/slice.ts';
import { usageEvent } from '../events.ts';
import { NOW, opened } from './notices.ts';

const slice = (start: number, events: number) => {
  const made = emptySlice(Math.floor(start / SLICE_MS) * SLICE_MS);
  for (let i = 0; i < events; i++) addEvent(made, usageEvent({ id: `x-${start}-${i}` }), made.start);
  return made;
};

it('says which share of a week of all traffic a finding has, and nothing where the week is too old', () => {
  const sums = new TrafficBySlice();
  for (let account = 0; account < 10; account++)
    sums.add([slice(NOW - 20 * 86_400_000, 40), slice(NOW - 3 * 86_400_000, 30), slice(NOW, 20)]);
  const week = sums.week(NOW);
  expect(week).toMatchObject({ requests: 500, to: '2026-03-04T12:00:00.000Z' });
  const notice = { ...opened, stake: { ...opened.stake, requests: 60 } };
  expect(withTrafficShare(notice, week).stake.trafficShare).toBe(0.12);
  expect(email(withTrafficShare(notice, week), NOW).text).toContain('12 % of all traffic');
  const day = { ...notice, window: { ...notice.window, hours: 24 } };
  expect(withTrafficShare(day, week).stake.trafficShare).toBe(0.84);
  const later = { ...notice, at: '2026-03-09T00:00:00.000Z' };
  expect(withTrafficShare(later, week).stake).not.toHaveProperty('trafficShare');
  expect(withTrafficShare(notice, { ...week, requests: 0 }).stake).not.toHaveProperty('trafficShare');
  expect(withTrafficShare(notice, undefined)).toBe(notice);
});
