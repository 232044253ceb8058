import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RunAllowance } from '../../lib/campaigns/allowance.ts';
import { type Campaign, newCampaign } from '../../lib/campaigns/campaign.ts';
import { withUnranked } from '../../lib/campaigns/judging/second-look.ts';
import type { Group } from '../../lib/campaigns/linking/find-groups.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import type { GroupRanks } from '../../lib/scoring/group-ranks.ts';
import { testCalibration } from '../calibration.ts';
import { harvesters, run, strangers, students } from './histories.ts';

/** Groups of the past that look like attacks: no new group is beyond them. */
const held: Partial<GroupRanks> = {
  accounts: { accounts: 500, ranks: [1, 40, 500], values: [9, 0.2, 0] },
  groups: { accounts: 60, ranks: [1, 60], values: [9, 0.1] },
};
const robust = { model: testCalibration.model, floor: 1.5, apart: 3, accounts: 20 };
const histories = [...harvesters(12, 0), ...students(12), ...strangers(40)];

describe('a new group, where groups of the past look like attacks', () => {
  it('names nobody by ranks', () => {
    expect(run(histories, held).named.size).toBe(0);
  });

  it('is named by a second look, but never more accounts than one in a hundred of the past, and it says so', () => {
    const { named, notices } = run(histories, { ...held, robust });
    expect(named.size).toBe(5);
    const asked = new Set(harvesters(12, 0).map(([event]) => event?.account));
    for (const name of named) expect(asked.has(name)).toBe(true);
    expect(notices[0]?.level).toBe('suspect');
    expect(notices[0]?.subject).toMatchObject({ type: 'campaign', memberCount: 5 });
    expect(notices[0]?.reasons.map(({ evidence }) => evidence).join()).toMatch(
      /3 groups of the past \(20 accounts\).*at most 5 accounts are named on this ground within thirty days/,
    );
    // each false campaign would name one account at least
    expect(notices[0]?.promise).toBeGreaterThanOrEqual(5);
  });

  it('names nobody where the past supports no suspect at all: 150 accounts over a week', () => {
    const few = run(histories, { ...held, robust }, { accounts: 150, days: 7 });
    expect(few.named.size).toBe(0);
    expect(few.notices).toEqual([]);
  });

  it('shares that count with the other new groups of the same run', () => {
    const both = [...harvesters(12, 0), ...harvesters(12, 100, 3), ...strangers(40)];
    const groups = run(both).notices.flatMap(({ subject }) =>
      subject.type === 'campaign' ? subject.id : [],
    );
    expect(new Set(groups).size).toBe(2);
    expect(run(both, { ...held, robust }).named.size).toBe(5);
  });
});

const DAY = 86_400_000;
const group = (name: string): Group => ({ members: [name], links: [] }) as unknown as Group;
const rules = {
  policy: defaultPolicy,
  calibration: {
    ...testCalibration,
    groups: { ...held, robust, content: [] } as unknown as GroupRanks,
  },
};

describe('the allowance of accounts that no rank supports', () => {
  it('is never overdrawn, counts an account once, and forgets after thirty days', () => {
    const naming = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 59 })), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(fc.array(naming, { maxLength: 6 }), (campaigns) => {
        const at = 60 * DAY;
        const known = campaigns.map(
          (named, i): Campaign => ({
            ...newCampaign(group(`c${i}`), at),
            unranked: named.map(([account, day]) => [`a${account}`, day * DAY]),
          }),
        );
        const { named, left } = new RunAllowance(known, at, rules, ({ unranked }) => unranked).now();
        const recent = new Set(
          campaigns.flat().flatMap(([account, day]) => (day > 30 ? [`a${account}`] : [])),
        );
        expect([...named].sort()).toEqual([...recent].sort());
        expect(left).toBe(Math.max(0, 5 - recent.size));
      }),
      { numRuns: 50 },
    );
  });

  it('names nobody more while another run may be on, and takes nobody back', () => {
    const known: Campaign[] = [{ ...newCampaign(group('c'), 0), unranked: [['a1', DAY]] }];
    const counted = new RunAllowance(known, 2 * DAY, rules, ({ unranked }) => unranked);
    expect(counted.now(false)).toEqual({ named: new Set(['a1']), left: 0, at: 2 * DAY });
    expect(counted.now(true).left).toBe(4);
  });

  it('counts an account for thirty days of arrival, however old the events were that it was named for', () => {
    const named = withUnranked(newCampaign(group('c'), 0), new Map([['a1', 0]]), new Set(['a1']), 40 * DAY);
    const left = (at: number): number =>
      new RunAllowance([named], at, rules, ({ unranked }) => unranked).now().left;
    expect([left(40 * DAY), left(69 * DAY), left(70 * DAY)]).toEqual([4, 4, 5]);
    const gone = withUnranked(named, new Map(), new Set(), 69 * DAY);
    expect(gone.unranked).toEqual(named.unranked);
    expect(withUnranked(named, new Map(), new Set(), 70 * DAY).unranked).toBeUndefined();
  });
});
