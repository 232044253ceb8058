import { describe, expect, it } from 'vitest';
import { learnedGroupScore, learnGroupRanks } from '../../lib/campaigns/judging/learned-group.ts';
import { PastGroups } from '../../lib/campaigns/past-groups.ts';
import { memberOf } from '../../lib/campaigns/run-member.ts';
import { CampaignTracker } from '../../lib/campaigns/tracker.ts';
import { newAccount } from '../../lib/detection/account-state.ts';
import type { Rules } from '../../lib/detection/judge.ts';
import { timeRules } from '../../lib/detection/process-batch.ts';
import type { Notice } from '../../lib/findings/finding.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { padSequence } from '../../lib/profile/position.ts';
import { fold, newProfile } from '../../lib/profile/profile.ts';
import type { PastAccount } from '../../lib/scoring/looks.ts';
import { seeded } from '../../lib/statistics/random.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { testCalibration } from '../calibration.ts';
import { account, application, DAY, HOUR, harvest, MINUTE, print, START } from '../events.ts';

/** The events with sketches that share a third of their bins with a topic's vocabulary. */
function about(topic: number, events: readonly UsageEvent[], seed: number): UsageEvent[] {
  const uniform = seeded(seed + 1);
  const words = seeded(topic);
  const vocabulary = Array.from({ length: 16 * 40 }, () => Math.floor(words() * 65_536));
  return events.map((event) => {
    const sketch = Buffer.alloc(32);
    for (let bin = 0; bin < 16; bin++) {
      const common = vocabulary[Math.floor(uniform() * 40) * 16 + bin] as number;
      sketch.writeUInt16LE(uniform() < 0.35 ? common : Math.floor(uniform() * 65_536), 2 * bin);
    }
    const prints = event.prints.map((held) => ({ ...held, sketch: sketch.toString('base64url') }));
    return { ...event, prints };
  });
}

/** Accounts that harvest one query set, and share nothing else. */
const harvesters = (count: number, first: number): UsageEvent[][] =>
  Array.from({ length: count }, (_, i) =>
    about(
      1,
      harvest({ account: account(first + i), events: 90, everyMs: 40 * MINUTE, seed: first + i }),
      first + i,
    ),
  );

/** Accounts that do one course's exercises, with one template. */
const students = (count: number): UsageEvent[][] =>
  Array.from({ length: count }, (_, i) =>
    about(2, application({ account: account(500 + i), events: 60, everyMs: HOUR, seed: 7 }), 500 + i).map(
      (event, n) => ({
        ...event,
        prints: event.prints.map((held) => ({
          ...held,
          prompt: print(i * 60 + n),
        })),
      }),
    ),
  );

/** Accounts of which each asks things of its own, in its own way of an application. */
const strangers = (count: number): UsageEvent[][] =>
  Array.from({ length: count }, (_, i) =>
    about(
      1000 + i,
      application({ account: account(2000 + i), events: 26, everyMs: 2 * HOUR, seed: 2000 + i }),
      i,
    ),
  );

interface Found {
  readonly named: Set<string>;
  readonly notices: readonly Notice[];
}

/** Four days of runs, one in two days, under nulls in which no group came above 0.3. */
function run(histories: readonly UsageEvent[][]): Found {
  const rules: Rules = {
    policy: defaultPolicy,
    calibration: {
      ...testCalibration,
      groups: {
        accounts: { accounts: 5000, ranks: [1, 40, 5000], values: [0.3, 0.2, 0] },
        groups: { accounts: 60, ranks: [1, 60], values: [0.3, 0.1] },
        content: [{ epoch: 'e1', prompts: 50_000, rest: 2, features: [], counts: [] }],
      },
    },
    code: 'test',
    shadow: false,
  };
  const tracker = new CampaignTracker({ permutations: 0 });
  const states = new Map<string, ReturnType<typeof newAccount>>();
  let sequence = 0;
  for (const events of histories) {
    const [first] = events;
    if (first === undefined) continue;
    for (const event of events) tracker.observe(event.account, event, Date.parse(event.time));
    const arrivals = events.map((event) => ({
      event,
      time: Date.parse(event.time),
      arrived: Date.parse(event.time),
      position: { epoch: 's/b1', sequence: padSequence(String(++sequence)), index: 0 },
    }));
    const { profile } = fold(newProfile(first.account), arrivals, timeRules(rules.policy));
    states.set(first.account, { ...newAccount(first.account), profile });
  }
  const ports = {
    memberOf: (name: string) => memberOf(states.get(name) ?? newAccount(name)),
    watched: () => [],
  };
  const notices: Notice[] = [];
  for (let at = START + 2 * DAY; at <= START + 4 * DAY; at += 2 * DAY)
    notices.push(...tracker.run(at, ports, rules).notices);
  return { named: new Set(tracker.campaigns().flatMap(({ accused }) => [...accused.keys()])), notices };
}

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
    expect(learnedGroupScore([2, 2, 2])).toBeCloseTo(1.2);
    expect(learnedGroupScore(Array.from({ length: 18 }, () => 2))).toBeCloseTo(1.8);
  });
});

describe('learnGroupRanks', () => {
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
    learnGroupRanks({ ...linked, accounts, calibration: testCalibration, windows: [24, 168], confirmed });

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
});
