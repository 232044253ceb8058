import { beforeAll, describe, expect, it } from 'vitest';
import { learnGroupNull } from '../../lib/campaigns/judging/group-null.ts';
import type { RunMember } from '../../lib/campaigns/run-member.ts';
import { CampaignTracker } from '../../lib/campaigns/tracker.ts';
import type { Rules } from '../../lib/detection/judge.ts';
import { type Notice, notice as noticeSchema } from '../../lib/findings/finding.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { addEvent, copySlice, emptySlice, type Slice, sliceStart } from '../../lib/profile/slice.ts';
import { seeded } from '../../lib/statistics/random.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { testCalibration } from '../calibration.ts';
import { account, application, DAY, HOUR, harvest, MINUTE, print, START } from '../events.ts';

/** A small world: applications alone, a company of one program, and a campaign that hides in ordinary work. */
function world(): UsageEvent[] {
  const events: UsageEvent[] = [];
  const at = (run: UsageEvent[], payment: number, network: number, created = 0): void => {
    for (const event of run) {
      const [prints] = event.prints;
      events.push({
        ...event,
        id: `${event.account}-${event.id}-${event.time}`,
        params: { temperature: 0.7, maxTokens: 1024 },
        customer: {
          ...event.customer,
          createdAt: new Date(START - DAY * (1 + (created % 300))).toISOString(),
        },
        prints: [
          {
            ...prints,
            epoch: 'e1',
            prompt: prints?.prompt ?? '',
            payment: print(payment),
            network: print(network),
          },
        ],
      });
    }
  };
  for (let i = 0; i < 120; i++) {
    at(
      application({ account: account(i), events: 40, everyMs: 3 * HOUR, seed: 100 + i }),
      1000 + i,
      2000 + i,
      i,
    );
    at(
      harvest({ account: account(i), events: i % 6, everyMs: 15 * HOUR, seed: 300 + i }),
      1000 + i,
      2000 + i,
      i,
    );
  }
  for (let i = 0; i < 6; i++)
    at(application({ account: account(500 + i), events: 60, everyMs: 2 * HOUR, seed: 900 }), 3000, 3001, i);
  for (let i = 0; i < 20; i++) {
    const name = account(700 + i);
    const from = START + i * 17 * MINUTE;
    at(
      application({ account: name, events: 30, everyMs: 4 * HOUR, from, seed: 1200 + i }),
      4000 + (i % 4),
      4100 + (i % 3),
      i,
    );
    at(
      harvest({ account: name, events: 40, everyMs: 3 * HOUR, from: from + HOUR, seed: 2000 + i }),
      4000 + (i % 4),
      4100 + (i % 3),
      i,
    );
  }
  return events.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.id < b.id ? -1 : 1));
}

interface Going {
  readonly tracker: CampaignTracker;
  readonly held: Map<string, Map<number, Slice>>;
  readonly seen: Map<string, Omit<RunMember, 'slices'>>;
  readonly end: number;
}

/** @param going a replay that is carried on */
function replay(events: readonly UsageEvent[], rules: Rules, everyMs = 6 * HOUR, going?: Going) {
  const tracker = going?.tracker ?? new CampaignTracker();
  const held = going?.held ?? new Map<string, Map<number, Slice>>();
  const seen = going?.seen ?? new Map<string, Omit<RunMember, 'slices'>>();
  const ports = {
    memberOf(name: string): RunMember | undefined {
      const known = seen.get(name);
      const slices = [...(held.get(name)?.values() ?? [])].sort((a, b) => a.start - b.start);
      return known && { ...known, slices };
    },
    watched: () => [...seen.keys()].sort(),
  };
  const notices: Notice[] = [];
  let next = (going?.end ?? START) + everyMs;
  const run = (at: number) => notices.push(...tracker.run(at, ports, rules).notices);
  for (const event of events) {
    const time = Date.parse(event.time);
    for (; time >= next; next += everyMs) run(next);
    const slices = held.get(event.account) ?? new Map<number, Slice>();
    held.set(event.account, slices);
    // a slice that changes is a copy, as in a state
    const slice = copySlice(slices.get(sliceStart(time)) ?? emptySlice(sliceStart(time)));
    slices.set(slice.start, slice);
    addEvent(slice, event, time);
    tracker.observe(event.account, event, time);
    const { plan, product, createdAt } = event.customer;
    seen.set(event.account, {
      account: event.account,
      customer: { plan, product, createdAt: Date.parse(createdAt) },
      firstSeen: seen.get(event.account)?.firstSeen ?? time,
      lastSeen: time,
      arrived: time,
      sampleEvents: [`sample-of-${event.account}`],
    });
  }
  run(next);
  return { tracker, notices, held, seen, ports, end: next };
}

const events = world();
let rules: Rules;
let first: ReturnType<typeof replay>;

beforeAll(() => {
  const benign = new Map<
    string,
    { account: string; customer: { plan: string; product: string; createdAt: number }; slices: Slice[] }
  >();
  const all = replay(
    events,
    {
      policy: defaultPolicy,
      calibration: { ...testCalibration, groupScore: {} },
      code: 't',
      shadow: false,
    },
    30 * DAY,
  );
  for (let i = 0; i < 120; i++)
    benign.set(account(i), {
      account: account(i),
      customer: { plan: 'payg', product: 'api', createdAt: START },
      slices: all.ports.memberOf(account(i))?.slices.slice() ?? [],
    });
  const groupScore = learnGroupNull([...benign.values()], { windows: [24, 168] }, { resamples: 160 });
  // a world of 120 accounts cannot support the shipped budget: the mechanics are tested with a wider one
  const policy = { ...defaultPolicy, campaigns: { ...defaultPolicy.campaigns, budget: 1 } };
  rules = { policy, calibration: { ...testCalibration, groupScore }, code: 'test', shadow: false };
  first = replay(events, rules);
});

describe('the campaign tracker', () => {
  it('opens one finding for all accounts of a campaign and none for a company', () => {
    const opened = first.notices.filter(({ transition }) => transition === 'opened');
    expect(opened.length).toBe(1);
    const campaign = first.tracker.campaigns().find(({ accused }) => accused.size > 0);
    expect([...(campaign?.accused.keys() ?? [])].sort()).toEqual(
      Array.from({ length: 20 }, (_, i) => account(700 + i)).sort(),
    );
    expect(first.tracker.accuserOf(account(705))?.id).toBe(opened[0]?.subject.id);
    expect(first.tracker.accuserOf(account(502))).toBeUndefined();
    expect(first.tracker.accuserOf(account(3))).toBeUndefined();
  });

  it('writes notices that are whole, numbered, and in one thread', () => {
    for (const held of first.notices) expect(() => noticeSchema.parse(held)).not.toThrow();
    const numbers = first.notices.map(({ number }) => number);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(new Set(first.notices.map(({ finding }) => finding)).size).toBe(1);
    const newest = first.notices[first.notices.length - 1];
    expect(newest?.subject.memberCount).toBeGreaterThanOrEqual(3);
    expect(newest?.links.map(({ kind }) => kind)).toContain('payment');
    expect(newest?.sampleEvents[0]).toMatch(/^sample-of-/);
  });

  it('does the same again, id for id', () => {
    expect(replay(events, rules).notices).toEqual(first.notices);
  });

  it('says nothing on a second run without new traffic', () => {
    expect(first.tracker.run(first.end + HOUR, first.ports, rules).notices).toEqual([]);
  });

  it('calms once the campaign has gone quiet, closes after a long calm, and says nothing more', () => {
    const { tracker, ports, end } = replay(events, rules);
    const later: Notice[] = [];
    for (let at = end; at < end + 40 * DAY; at += 6 * HOUR)
      later.push(...tracker.run(at, ports, rules).notices);
    const last = later.slice(-2);
    expect(last.map(({ transition }) => transition)).toEqual(['calmed', 'closed']);
    expect(Date.parse(last[1]?.at ?? '') - Date.parse(last[0]?.at ?? '')).toBeGreaterThanOrEqual(14 * DAY);
    expect(later.every((held) => held.finding === first.notices[0]?.finding)).toBe(true);
    expect(tracker.accuserOf(account(705))).toBeUndefined();
  });

  it('closes what nothing links any more, though nobody is left', () => {
    const { tracker, ports, end } = replay(events, rules);
    for (let i = 0; i < 20; i++) tracker.index.drop(account(700 + i));
    const gone = { ...ports, memberOf: () => undefined };
    const later: Notice[] = [];
    for (let at = end; at < end + 40 * DAY; at += 6 * HOUR)
      later.push(...tracker.run(at, gone, rules).notices);
    expect(later.map(({ transition }) => transition)).toEqual(['calmed', 'closed']);
    for (const held of later) expect(() => noticeSchema.parse(held)).not.toThrow();
  });

  it('knows a successor on the infrastructure of a campaign whose accounts were closed', () => {
    const closed = replay(events, rules);
    const [campaign] = closed.tracker.campaigns().filter(({ accused }) => accused.size > 0);
    // the same operator, a month later: new accounts and payments, the same relays and settings
    const shift = 30 * DAY;
    const members = new Map(Array.from({ length: 20 }, (_, i) => [account(700 + i), i]));
    const anew = events
      .filter((event) => members.has(event.account))
      .map((event) => {
        const n = members.get(event.account) ?? 0;
        return {
          ...event,
          id: `new-${event.id}`,
          account: account(900 + n),
          time: new Date(Date.parse(event.time) + shift).toISOString(),
          prints: event.prints.map((prints) => ({ ...prints, payment: print(4050 + (n % 4)) })),
        };
      });
    for (const name of members.keys()) closed.tracker.index.drop(name);
    const { tracker, notices } = replay(anew, rules, 6 * HOUR, closed);
    const successor = tracker.campaigns().find((held) => held.members.includes(account(903)));
    expect(successor?.id).not.toBe(campaign?.id);
    expect(successor?.predecessor).toBe(campaign?.id);
    const opened = notices.find(({ subject }) => subject.id === successor?.id);
    expect(opened?.transition).toBe('opened');
    expect(opened?.links).toContainEqual(
      expect.objectContaining({ kind: 'successor', evidence: expect.stringContaining(campaign?.id ?? '?') }),
    );
  });

  it('judges nobody without group nulls, and does nothing when campaigns are off', () => {
    const { groupScore: _, ...bare } = rules.calibration;
    expect(replay(events, { ...rules, calibration: bare }).notices).toEqual([]);
    const off = { ...rules.policy, campaigns: { ...rules.policy.campaigns, enabled: false } };
    expect(replay(events, { ...rules, policy: off }).notices).toEqual([]);
  });

  it('does not name a member whose own behaviour speaks against it', () => {
    const guest = application({
      account: account(800),
      events: 80,
      everyMs: HOUR,
      from: START + MINUTE,
      seed: 5,
    }).map((event) => ({
      ...event,
      id: `guest-${event.id}`,
      prints: event.prints.map((prints) => ({ ...prints, payment: print(4000), network: print(9999) })),
    }));
    const joined = [...events, ...guest].sort((a, b) => (a.time < b.time ? -1 : 1));
    const { tracker } = replay(joined, rules);
    const campaign = tracker.campaigns().find(({ accused }) => accused.size > 0);
    expect(campaign?.members).toContain(account(800));
    expect(campaign?.accused.has(account(800))).toBe(false);
  });

  it('does not name who merely works in the same minutes', () => {
    // one dispatcher's times, at no regular hour; harvesters and applications of others that happen to share them
    const uniform = seeded(8);
    const times = Array.from({ length: 90 }, () => START + uniform() * 9 * DAY).sort((a, b) => a - b);
    const on = (run: UsageEvent[], own: number): UsageEvent[] =>
      run.map((event, i) => ({
        ...event,
        id: `clock-${event.id}`,
        time: new Date(times[i] as number).toISOString(),
        prints: event.prints.map((prints) => ({ ...prints, payment: print(own), network: print(own + 50) })),
      }));
    const names = (from: number, count: number) => Array.from({ length: count }, (_, i) => account(from + i));
    const [harvesters, applications] = [names(820, 10), names(840, 8)];
    const clocked = [
      ...harvesters.flatMap((name, i) =>
        on(harvest({ account: name, events: 90, seed: 3000 + i }), 6000 + i),
      ),
      ...applications.flatMap((name, i) =>
        on(application({ account: name, events: 90, seed: 3100 + i }), 6200 + i),
      ),
    ];
    const all = [...events, ...clocked].sort((a, b) => (a.time < b.time ? -1 : 1));
    const { tracker, notices } = replay(all, rules);
    const campaign = tracker.campaigns().find(({ members }) => members.includes(harvesters[0] as string));
    expect(campaign?.members).toEqual(expect.arrayContaining([...harvesters, ...applications]));
    expect([...(campaign?.accused.keys() ?? [])].sort()).toEqual([...harvesters].sort());
    const newest = notices.filter(({ subject }) => subject.id === campaign?.id).at(-1);
    expect(newest?.subject.bystanders).toBe(applications.length);
    const [member] = newest?.subject.members ?? [];
    expect(member).toMatchObject({ role: 'core', plan: 'payg', models: [{ model: 'atlas-2', share: 1 }] });
    expect(member?.atRisk?.share).toBeLessThan(0.2);
    expect(member?.atRisk?.requestsPerDay).toBeLessThan(member?.requestsPerDay ?? 0);
  });
});
