import { expect, it } from 'vitest';
import { scoreRules } from '../../lib/detection/judge.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { addEvent, emptySlice, type Slice, sliceStart } from '../../lib/profile/slice.ts';
import { type CalibrationAccount, learnCalibration } from '../../lib/scoring/calibrate.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { account, application, HOUR, harvest, MINUTE } from '../events.ts';

function profile(name: string, events: readonly UsageEvent[]): CalibrationAccount {
  const slices = new Map<number, Slice>();
  for (const event of events) {
    const time = Date.parse(event.time);
    const start = sliceStart(time);
    const slice = slices.get(start) ?? emptySlice(start);
    slices.set(start, slice);
    addEvent(slice, event, time);
  }
  const customer = { plan: 'payg', product: 'api', createdAt: Date.parse('2026-02-01T00:00:00Z') };
  return { account: name, customer, slices: [...slices.values()].sort((a, b) => a.start - b.start) };
}

it('sets likely attackers aside, but never an account that people found benign', () => {
  const ordinary = Array.from({ length: 60 }, (_, i) => {
    const name = account(i);
    return profile(name, [
      ...application({ account: name, events: 20, everyMs: 3 * HOUR, seed: 100 + i }),
      ...harvest({ account: name, events: i % 4, everyMs: 9 * HOUR, seed: 300 + i }),
    ]);
  });
  const standOut = [90, 91].map((n) =>
    profile(account(n), harvest({ account: account(n), events: 120, everyMs: 20 * MINUTE, seed: 2000 + n })),
  );
  const setAside = (benign?: ReadonlySet<string>): string[] => {
    let found: string[] = [];
    const made = learnCalibration('c', [...ordinary, ...standOut], {
      ...scoreRules(defaultPolicy),
      contamination: 0.08,
      ...(benign === undefined ? {} : { benign }),
      onSetAside: (set) => {
        found = [...set].sort();
      },
    });
    expect(made.setAside).toBe(found.length);
    return found;
  };
  expect(setAside()).toEqual(expect.arrayContaining([account(90), account(91)]));
  const judged = setAside(new Set([account(91)]));
  expect(judged).toContain(account(90));
  expect(judged).not.toContain(account(91));
});
