import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CandidateBlocking } from '../../lib/campaigns/linking/blocking.ts';
import { findGroups } from '../../lib/campaigns/linking/find-groups.ts';
import type { AccountFacts } from '../../lib/campaigns/linking/link-facts.ts';
import { entryValues } from '../../lib/stores/link-store.ts';
import { factsOf, indexOf, strangers } from './base.ts';

/** A campaign: five payments, each of six accounts, dealt over four blocks, one client configuration. */
function campaign(
  prefix = 'c',
  setting = '0.7//4096',
  blocks = ['x0', 'x1', 'x2', 'x3'],
): Record<string, AccountFacts> {
  return Object.fromEntries(
    Array.from({ length: 30 }, (_, i) => [
      `${prefix}${String(i).padStart(2, '0')}`,
      factsOf({
        payment: `${prefix}-card${i % 5}`,
        networks: [blocks[((i % 5) + Math.floor(i / 5)) % blocks.length] as string],
        setting,
      }),
    ]),
  );
}

const membersOf = (accounts: Record<string, AccountFacts>) =>
  findGroups(indexOf(accounts)).groups.map((group) => group.members);

describe('groups', () => {
  it('of a campaign over several payments and blocks are one', () => {
    const planted = campaign();
    expect(membersOf({ ...strangers(500), ...planted })).toEqual([Object.keys(planted)]);
  });

  it('are not made by one value that half of all accounts show', () => {
    const half = Object.fromEntries(
      Object.entries(strangers(400)).map(([account, facts], i) => [
        account,
        i % 2 === 0
          ? { ...facts, values: { ...facts.values, payment: [{ value: 'invoice', seen: 0 }] } }
          : facts,
      ]),
    );
    const search = findGroups(indexOf(half));
    expect(search.groups).toEqual([]);
    expect(search.tooCommon).toBe(1);
  });

  it('are not made by a relay or a campus where strangers meet', () => {
    const met = Object.fromEntries(
      Object.keys(strangers(300)).map((account, i) => [
        account,
        factsOf({ payment: `pm${i}`, networks: [`relay${i % 3}`], setting: i % 2 === 0 ? '//' : '1//1024' }),
      ]),
    );
    expect(membersOf(met)).toEqual([]);
  });

  it('do not take in a company or a stranger that uses the same block', () => {
    const planted = campaign();
    const company = Object.fromEntries(
      [0, 1, 2].map((i) => [`firm${i}`, factsOf({ payment: 'firm', networks: ['x1'], setting: '0//64' })]),
    );
    const guest = { guest: factsOf({ payment: 'own', networks: ['x2'], setting: '0.7//4096' }) };
    const groups = membersOf({ ...strangers(500), ...planted, ...company, ...guest });
    expect(groups).toContainEqual(Object.keys(planted));
    expect(groups).toContainEqual(Object.keys(company));
    expect(groups.length).toBe(2);
  });

  it('are cut where two owners hang by a single account', () => {
    const owners = Object.fromEntries([
      ...Array.from({ length: 6 }, (_, i) => [`left${i}`, factsOf({ payment: 'left', networks: [`l${i}`] })]),
      ...Array.from({ length: 6 }, (_, i) => [
        `right${i}`,
        factsOf({ payment: 'right', networks: [`r${i}`] }),
      ]),
      ['between', factsOf({ payment: ['left', 'right'], networks: ['b'] })],
    ]) as Record<string, AccountFacts>;
    expect(
      membersOf({ ...strangers(300), ...owners })
        .map((group) => group.length)
        .sort(),
    ).toEqual([6, 7]);
  });

  it('are expected by chance less than once in a base of strangers on few places', () => {
    const base: Record<string, AccountFacts> = strangers(400);
    for (let i = 0; i < 60; i++)
      for (let j = 0; j < 3; j++)
        base[`firm${i}-${j}`] = factsOf({
          payment: `firm${i}`,
          networks: [`net-s${(i * 31 + j * 17) % 400}`],
          setting: ['0//64', '0.7//1024', '1//1024'][(i + j) % 3] as string,
        });
    const search = findGroups(indexOf(base));
    expect(search.expectedFalse).toBeLessThan(1);
    expect(search.groups.length).toBe(60);
  });

  it('are the same however the table is read: in partitions, in any order, a value twice', () => {
    const accounts = {
      ...strangers(120),
      ...campaign('c'),
      ...campaign('d', '0.2//512', ['y0', 'y1', 'y2']),
    };
    const whole = JSON.stringify(membersOf(accounts));
    const entries = Object.entries(accounts).flatMap(([account, facts]) =>
      entryValues(account, facts).map((value) => ({ value, account, facts })),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), fc.boolean(), (parts, twice) => {
        const merged = new CandidateBlocking();
        for (let part = 0; part < parts; part++) {
          const funnel = new CandidateBlocking();
          const mine = entries.filter(({ value }) => value.length % parts === part);
          mine.sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0));
          const reader = funnel.reader();
          for (const entry of mine) reader.add(entry);
          merged.merge(funnel.part());
          if (twice) merged.merge(funnel.part());
        }
        expect(JSON.stringify(findGroups(merged.index()).groups.map((group) => group.members))).toBe(whole);
      }),
      { numRuns: 12 },
    );
  });
});
