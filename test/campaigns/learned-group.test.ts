import { describe, expect, it } from 'vitest';
import { learnGroups } from '../../lib/campaigns/judging/learn-group-ranks.ts';
import { PastGroups } from '../../lib/campaigns/past-groups.ts';
import { timeRules } from '../../lib/detection/process-batch.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { padSequence } from '../../lib/profile/position.ts';
import { fold, newProfile } from '../../lib/profile/profile.ts';
import { learnedGroupScore } from '../../lib/scoring/group-mean.ts';
import type { PastAccount } from '../../lib/scoring/looks.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { testCalibration } from '../calibration.ts';
import { account } from '../events.ts';

import { harvesters, run, strangers, students } from './histories.ts';

describe('a group that is linked by what it asks', () => {
  it('is found though it shares nothing else, and nobody of a course or an application is named', () => {
    const { named, notices } = run([...harvesters(12, 0), ...students(12), ...strangers(40)]);
    expect(named.size).toBeGreaterThanOrEqual(6);
    for (const name of named)
      expect(Number(harvesters(12, 0).some(([event]) => event?.account === name))).toBe(1);
    expect(notices[0]?.links[0]?.kind).toBe('content');
    expect(notices[0]?.reasons[0]?.evidence).toContain('0 of 60 linked groups of the past');
    // sixty groups support no smaller rate than one in sixty-one
    expect(notices[0]?.p).toBeCloseTo(1 / 61, 4);
  });

  it('names the same accounts after three hundred strangers have come', () => {
    const few = run([...harvesters(8, 0), ...students(30), ...strangers(20)]);
    const many = run([...strangers(320), ...students(30), ...harvesters(8, 0)]);
    expect([...many.named].sort()).toEqual([...few.named].sort());
    expect(few.named.size).toBeGreaterThan(0);
  }, 240_000);
});

describe('learnedGroupScore', () => {
  it('says nothing of fewer than three scored members, and more of many than of few with the same mean', () => {
    expect(learnedGroupScore([2, 2, undefined])).toBeUndefined();
    expect(learnedGroupScore([2, 2, 2])).toBeCloseTo(1.5);
    expect(learnedGroupScore([2, 2, 2], 2)).toBeCloseTo(1.2);
    expect(learnedGroupScore(Array.from({ length: 18 }, () => 2))).toBeCloseTo(1.895, 3);
  });

  it('does not rise with a quarter of members that are louder than the others, however loud', () => {
    expect(learnedGroupScore([1, 1, 1, 9])).toBeCloseTo(learnedGroupScore([1, 1, 1, 1]) as number);
    expect(learnedGroupScore([undefined, 1, 9, 1, 1])).toBeCloseTo(learnedGroupScore([1, 1, 1, 1]) as number);
    expect(learnedGroupScore([9, 9, 1, 1])).toBeGreaterThan(2);
  });
});

describe('learnGroups', () => {
  const past = new PastGroups();
  const accounts = new Map<string, PastAccount>();
  const all = [...harvesters(6, 0), ...students(12), ...strangers(60)];
  for (const event of all.flat().sort((a, b) => (a.time < b.time ? -1 : 1)))
    past.observe(event.account, event, Date.parse(event.time));
  for (const events of all) {
    const first = events[0] as UsageEvent;
    const arrivals = events.map((event, index) => ({
      event,
      time: Date.parse(event.time),
      arrived: Date.parse(event.time),
      position: { epoch: 's/b1', sequence: padSequence('1'), index },
    }));
    const { profile } = fold(newProfile(first.account), arrivals, timeRules(defaultPolicy));
    accounts.set(first.account, {
      account: first.account,
      customer: profile.customer,
      slices: profile.slices,
    });
  }
  const linked = past.finish();
  const learn = (confirmed: ReadonlySet<string> = new Set()) =>
    learnGroups({ ...linked, accounts, calibration: testCalibration, windows: [24, 168], confirmed }).ranks;

  it('ranks every account by the highest group that it was in, and those of no group as nothing', () => {
    const { accounts: ranks, groups } = learn();
    expect(ranks.accounts).toBe(all.length);
    expect(groups.accounts).toBeGreaterThan(1);
    expect(ranks.values[0]).toBeCloseTo(groups.values[0] as number, 5);
    expect(ranks.values.at(-1)).toBe(0);
  });

  it('does not rank who was confirmed, and holds honest companions to what they had in the past', () => {
    const before = learn();
    const after = learn(new Set([account(0)]));
    expect(after.accounts.accounts).toBe(before.accounts.accounts - 1);
    expect(after.groups.accounts).toBe(before.groups.accounts - 1);
    expect(after.accounts.values[0]).toBeGreaterThan(0);
  });

  it('offers a second look until people have answered for half of the accounts that stand apart', () => {
    const apart = (judged: readonly string[]) => {
      const robust = testCalibration.model;
      const of = { ...linked, accounts, calibration: testCalibration, windows: [24, 168], robust };
      return learnGroups({ ...of, judged: new Set(judged) });
    };
    const nobody = apart([]);
    expect(nobody.ranks.robust?.apart).toBe(1);
    const members = nobody.apart[0]?.members ?? [];
    expect(apart(members.slice(0, 1)).ranks.robust).toBeUndefined();
    expect(apart(['somebody else']).ranks.robust?.accounts).toBe(nobody.ranks.robust?.accounts);
  });
});
