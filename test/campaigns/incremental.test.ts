import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemberWindows, memberWindow } from '../../lib/campaigns/judging/member-window.ts';
import { type ActiveWeek, weekOf } from '../../lib/campaigns/linking/active-week.ts';
import { ClockOverlaps } from '../../lib/campaigns/linking/clock-overlaps.ts';
import { LinkIndex } from '../../lib/campaigns/linking/link-index.ts';
import { synchronousPairs } from '../../lib/campaigns/linking/synchrony.ts';
import {
  addEvent,
  copySlice,
  emptySlice,
  SLICE_MS,
  type Slice,
  sliceStart,
} from '../../lib/profile/slice.ts';
import { account, DAY, HOUR, MINUTE, print, START, usageEvent } from '../events.ts';
import { content } from '../profile/content.ts';
import { factsOf } from './base.ts';

/** What is remembered from run to run is a saving and nothing else: the same as from scratch, bit for bit. */

/** Slices of an account as a state holds them: one that changes is a copy, and the one before stays what it was. */
class Slices {
  readonly #held = new Map<number, Slice>();

  add(time: number, seed: number): void {
    const start = sliceStart(time);
    const slice = copySlice(this.#held.get(start) ?? emptySlice(start));
    this.#held.set(start, slice);
    const shape = { ...usageEvent().shape, instruction: seed % 2 === 0, head: seed % 9 };
    const epoch = seed % 7 === 0 ? 'e2' : 'e1';
    addEvent(
      slice,
      usageEvent({
        shape,
        behaviours: seed % 3 === 0 ? ['reasoning'] : [],
        prints: [{ epoch, prompt: print(seed), opening: print(seed % 40), closing: print(seed % 5) }],
      }),
      time,
    );
  }

  list(): Slice[] {
    return [...this.#held.values()].sort((a, b) => a.start - b.start);
  }
}

/** Steps in time with the activity that each brings: minutes back from now, per account. */
const life = fc.array(
  fc.record({
    hours: fc.constantFrom(1, 1, 1, 5, 13, 30, 200),
    events: fc.array(
      fc.record({ who: fc.nat(4), back: fc.constantFrom(0, 5, 5, 300, 2000), seed: fc.nat(500) }),
      { maxLength: 6 },
    ),
  }),
  { minLength: 2, maxLength: 12 },
);

/** Lives through the steps; `look` is called after each with the time and everybody's slices. */
function live(
  steps: readonly { hours: number; events: readonly { who: number; back: number; seed: number }[] }[],
  look: (at: number, people: readonly Slices[], changed: ReadonlyMap<number, number>) => void,
): void {
  const people = Array.from({ length: 5 }, () => new Slices());
  let at = START;
  for (const { hours, events } of steps) {
    at += hours * HOUR;
    const changed = new Map<number, number>();
    for (const { who, back, seed } of events) {
      const time = at - back * MINUTE;
      people[who]?.add(time, seed);
      changed.set(who, Math.min(changed.get(who) ?? time, sliceStart(time)));
    }
    look(at, people, changed);
  }
}

describe('from run to run as from scratch', () => {
  it('are members’ windows, as slices change, come late and leave', () => {
    fc.assert(
      fc.property(life, fc.constantFrom(0, START + 20 * HOUR), (steps, from) => {
        const windows = new MemberWindows();
        live(steps, (at, people) =>
          people.forEach((person, i) => {
            for (const length of [DAY, 7 * DAY])
              expect(content(windows.at(account(i), person.list(), at, length, from))).toEqual(
                content(memberWindow(person.list(), at, length, from)),
              );
          }),
        );
      }),
      { numRuns: 10 },
    );
  });

  it('are an account’s weeks', () => {
    fc.assert(
      fc.property(life, (steps) => {
        const before: (ActiveWeek | undefined)[] = [];
        live(steps, (at, people, changed) =>
          people.forEach((person, i) => {
            const whole = weekOf('a', person.list(), at);
            const [held, since] = [before[i], changed.get(i) ?? Number.POSITIVE_INFINITY];
            expect(weekOf('a', person.list(), at, held, held && since)).toEqual(whole);
            before[i] = whole;
          }),
        );
      }),
      { numRuns: 8 },
    );
  });

  it('are synchronous pairs, whoever comes and goes, and they are what their definition says', () => {
    const cells = fc.array(fc.nat(60), { minLength: 1, maxLength: 30 });
    const step = fc.record({ slices: fc.nat(4), who: fc.array(fc.nat(7), { minLength: 2 }), cells });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), (steps) => {
        const overlaps = new ClockOverlaps();
        const active = new Map<number, Set<number>>();
        let now = 0;
        for (const { slices, who, cells: fresh } of steps) {
          now += slices;
          for (const person of new Set(who)) {
            const own = active.get(person) ?? new Set<number>();
            active.set(person, own);
            for (const cell of fresh) own.add(now * 72 + ((cell * 7 + (person % 2)) % 72));
          }
          const weeks = [...new Set(who)].map((person) => weekFrom(person, active.get(person), now));
          expect(synchronousPairs(weeks, overlaps)).toEqual(synchronousPairs(weeks));
          for (const a of weeks)
            for (const b of weeks) {
              if (a === b) continue;
              const pair = [overlaps.row(a.account), overlaps.row(b.account)] as const;
              expect(overlaps.common(...pair)).toBe(common(a, b, 0));
              const turned = [1, 2, 3, 4, 5, 6].reduce((sum, days) => sum + common(a, b, days), 0);
              expect(overlaps.turned(...pair)).toBe(turned);
            }
        }
      }),
      { numRuns: 8 },
    );
  });

  it('are numbers of accounts that show a value', () => {
    const puts = fc.array(fc.record({ who: fc.nat(6), payment: fc.nat(2), gone: fc.boolean() }));
    fc.assert(
      fc.property(puts, (steps) => {
        const index = new LinkIndex({ membersPerValue: 2 });
        const held = new Map<number, number>();
        for (const { who, payment, gone } of steps) {
          if (gone) index.drop(account(who));
          else index.put(account(who), factsOf({ payment: `p${payment}` }));
          if (gone) held.delete(who);
          else held.set(who, payment);
          for (const p of [0, 1, 2])
            expect(index.showing(`payment#p${p}`)).toBe([...held.values()].filter((x) => x === p).length);
        }
      }),
    );
  });
});

/** The week that ends with slice `now`, from absolute cells. */
function weekFrom(person: number, cells: ReadonlySet<number> | undefined, now: number): ActiveWeek {
  const words = new Int32Array(84);
  const first = (now - 27) * 72;
  let count = 0;
  for (const cell of cells ?? []) {
    const at = cell - first;
    if (at < 0 || at >= 84 * 24) continue;
    words[Math.floor(at / 24)] = (words[Math.floor(at / 24)] as number) | (1 << (at % 24));
    count++;
  }
  return { account: account(person), from: (now - 27) * SLICE_MS, words, cells: count };
}

/** Cells that are active in both, with the second week turned by whole days, counted one by one. */
function common(a: ActiveWeek, b: ActiveWeek, days: number): number {
  const is = (week: ActiveWeek, cell: number) =>
    (((week.words[Math.floor(cell / 24)] as number) >> (cell % 24)) & 1) === 1;
  let count = 0;
  for (let cell = 0; cell < 2016; cell++) if (is(a, cell) && is(b, (cell + days * 288) % 2016)) count++;
  return count;
}
