import { describe, expect, it } from 'vitest';
import { referenceOf, type ScoredLook } from '../../lib/campaigns/judging/group-history.ts';
import { ranksOf } from '../../lib/campaigns/judging/learn-group-ranks.ts';
import { memberChance } from '../../lib/campaigns/judging/learned-group.ts';
import { learnedGroupScore } from '../../lib/scoring/group-mean.ts';
import { groupBudget, namedThroughGroups } from '../../lib/scoring/group-promise.ts';
import type { GroupRanks } from '../../lib/scoring/group-ranks.ts';
import { supportedBudget, unsupported } from '../../lib/scoring/supported-budget.ts';
import { honestPeriod, LEVELS } from './honest-worlds.ts';

const WORLDS = 40;
const BUDGET = { watch: 0.01, suspect: 0.001, critical: 0.0002 };

describe('the share of honest accounts that groups name', () => {
  for (const [name, level] of Object.entries(LEVELS))
    for (const groups of [6, 35])
      it(`stays within what is stated, with ${groups} groups whose levels are ${name}`, () => {
        const sums = { named: 0, stated: 0, byAccounts: 0 };
        for (let seed = 1; seed <= WORLDS; seed++) {
          const world = { groups, loners: 2, level, wander: 0.15, apart: 0.1, lasts: 60 };
          const { named, stated, byAccounts } = honestPeriod(world, 7919 * seed);
          sums.named += named / WORLDS;
          sums.stated += stated / WORLDS;
          sums.byAccounts += byAccounts / WORLDS;
        }
        expect(sums.named).toBeLessThanOrEqual(sums.stated);
        // the worlds are such that ranks among accounts would have broken it
        expect(sums.byAccounts).toBeGreaterThan(sums.stated);
      });
});

/** A past of `looks` looks at groups that each came to its score in all of them. */
function pastOf(scores: readonly number[], looks = 12): ScoredLook[] {
  return Array.from({ length: looks }, (_, at) => ({
    at,
    groups: scores.map((score, g) => {
      const members = membersOf(g);
      return { members, own: members.map(() => score * 1.2), score, benign: true };
    }),
  }));
}

const membersOf = (group: number): string[] => Array.from({ length: 5 }, (_, i) => `g${group}-${i}`);
const accountsOf = (groups: number, loners: number): string[] => [
  ...Array.from({ length: groups }, (_, g) => membersOf(g)).flat(),
  ...Array.from({ length: loners }, (_, i) => `l${i}`),
];

function learnt(groups: number, loners = 2000): { days: number; groups: GroupRanks } {
  const scores = Array.from({ length: groups }, (_, g) => 1.8 * (1 - g / groups));
  const ranks = ranksOf(pastOf(scores), accountsOf(groups, loners), new Set());
  return { days: 30, groups: { ...ranks, content: [] } };
}

describe('a member of a group', () => {
  const past = learnt(40);
  const { suspect = 0 } = supportedBudget({ accounts: 2200, days: 30 }, BUDGET);
  const chance = (evidence: number, members: readonly string[]): number =>
    memberChance({ evidence, reference: referenceOf(members, past.groups) }, past, suspect);
  const strangers = ['n1', 'n2', 'n3', 'n4', 'n5'];

  it('is named where its group is new, beyond all groups of the past and like an attack', () => {
    expect(chance(1.81, strangers)).toBeLessThanOrEqual(suspect);
    expect(chance(1.79, strangers)).toBeGreaterThan(suspect);
  });

  it('is not named for being once more in the highest group of the past, until that rises by more than the margin', () => {
    expect(past.groups.history?.margin).toBe(0.15);
    expect(chance(1.9, membersOf(0))).toBe(1);
    expect(chance(1.96, membersOf(0))).toBeLessThanOrEqual(suspect);
    // one that stood low comes from further below
    expect(chance(1.81, membersOf(39))).toBeLessThanOrEqual(suspect);
  });

  it('is held against what most members were in, not against one who was there', () => {
    expect(chance(1.81, ['g0-0', ...strangers])).toBeLessThanOrEqual(suspect);
    expect(chance(1.81, [...membersOf(0), 'n1', 'n2'])).toBe(1);
  });

  it('is not named below what attacks come to, however low the groups of the past stood', () => {
    const scores = Array.from({ length: 40 }, (_, g) => 0.8 * (1 - g / 40));
    const low = ranksOf(pastOf(scores), accountsOf(40, 2000), new Set());
    const calm = { days: 30, groups: { ...low, content: [] } };
    expect(memberChance({ evidence: 1.64, reference: 0 }, calm, suspect)).toBe(1);
    expect(memberChance({ evidence: 1.66, reference: 0 }, calm, suspect)).toBeLessThanOrEqual(suspect);
  });

  it('is never critical where the groups do not support that', () => {
    expect(chance(9, strangers)).toBeGreaterThan(BUDGET.critical);
  });

  it('is not named under a calibration that does not know which groups there were', () => {
    const { history: _, ...ranks } = past.groups;
    expect(memberChance({ evidence: 9, reference: 0 }, { days: 30, groups: ranks }, suspect)).toBe(1);
  });
});

describe('few groups', () => {
  it('name nobody, and the product says so and how far they are', () => {
    const few = learnt(3, 100);
    expect(groupBudget(few, 0.002)).toBeUndefined();
    expect(memberChance({ evidence: 9, reference: 0 }, few, 0.002)).toBe(1);
    const size = { accounts: 5000, days: 30, groups: few.groups };
    expect(unsupported(size, BUDGET)[0]).toContain(
      'nobody is named through a group: 3 groups of the past support no share',
    );
    expect(supportedBudget(size, BUDGET).groups).toBeUndefined();
  });

  it('that are enough say at what share members are named, where it is more than the budget', () => {
    const past = learnt(40, 500);
    const share = namedThroughGroups(past, 1.8001);
    expect(share).toBeGreaterThan(0.001);
    const size = { accounts: 20_000, days: 30, groups: past.groups };
    expect(supportedBudget(size, BUDGET).groups).toBeCloseTo(share, 3);
    expect(unsupported(size, BUDGET)[0]).toMatch(/^through groups up to 0\.\d+ % of benign accounts/);
  });

  it('that look like attacks are said to be the bar, for a person to name', () => {
    const said = (highest: readonly number[]): string => {
      const scores = [...highest, ...Array.from({ length: 38 }, (_, g) => 0.8 - g / 100)];
      const ranks = ranksOf(pastOf(scores), accountsOf(40, 2000), new Set());
      return unsupported({ accounts: 20_000, days: 30, groups: { ...ranks, content: [] } }, BUDGET).join(
        '\n',
      );
    };
    expect(said([2, 1.8])).toMatch(/2 groups of the past \(10 accounts\) look like the library of attacks/);
    expect(said([1.6, 1.5])).not.toContain('look like');
  });

  it('beyond the highest group a chance is extrapolated by a factor of three at most', () => {
    const past = learnt(40);
    const fresh = (evidence: number): number =>
      namedThroughGroups(
        { ...past, groups: { ...past.groups, history: { ...known(past.groups), standing: 0 } } },
        evidence,
      );
    expect(fresh(1.8001) / fresh(100)).toBeCloseTo(3, 1);
    expect(fresh(1.7)).toBeGreaterThan(fresh(1.8001));
  });
});

function known({ history }: GroupRanks): NonNullable<GroupRanks['history']> {
  if (history === undefined) throw new Error('no history');
  return history;
}

describe('independent groups', () => {
  it('counts the same accounts once, however often and in however many ways they are linked', () => {
    const looks = pastOf([0.8, 0.5]).map(({ at, groups }) => ({
      at,
      groups: [
        ...groups,
        ...groups.map((group) => ({ ...group, members: group.members.slice(1), own: group.own.slice(1) })),
      ],
    }));
    expect(ranksOf(looks, accountsOf(2, 10), new Set()).groups.accounts).toBe(2);
  });

  it('judges a group as learnedGroupScore does', () => {
    expect(learnedGroupScore([1.2, 1.2, 1.2, 1.2, 1.2])).toBeCloseTo(1, 5);
  });
});
