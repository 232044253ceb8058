import { describe, expect, it } from 'vitest';
import { activeWeek } from '../../lib/campaigns/linking/active-week.ts';
import { findGroups } from '../../lib/campaigns/linking/find-groups.ts';
import { rounds, synchronousPairs } from '../../lib/campaigns/linking/synchrony.ts';
import { addEvent, emptySlice, SLICE_MS, type Slice, sliceStart } from '../../lib/profile/slice.ts';
import { seeded } from '../../lib/statistics/random.ts';
import { DAY, HOUR, START, usageEvent } from '../events.ts';
import { indexOf, strangers } from './base.ts';

/** Slices that are active in the cells of the given times. */
function active(times: readonly number[]): Slice[] {
  const slices = new Map<number, Slice>();
  for (const time of times) {
    const start = sliceStart(time);
    const slice = slices.get(start) ?? emptySlice(start);
    slices.set(start, slice);
    addEvent(slice, usageEvent(), time);
  }
  return [...slices.values()].sort((a, b) => a.start - b.start);
}

const LATEST = START + 7 * DAY - SLICE_MS;
const weekOf = (name: string, times: readonly number[]) => {
  const week = activeWeek(name, active(times), LATEST);
  if (week === undefined) throw new Error('too little activity');
  return week;
};

function alone(seed: number, count = 80): number[] {
  const uniform = seeded(seed);
  return Array.from({ length: count }, () => START + uniform() * 7 * DAY);
}

describe('synchrony', () => {
  const dispatched = alone(99, 60);
  const workers = Array.from({ length: 6 }, (_, i) =>
    weekOf(`worker${i}`, [...dispatched.filter((_, k) => (k + i) % 4 !== 0), ...alone(200 + i, 30)]),
  );

  it('of workers of one dispatcher is seen through work of their own', () => {
    const others = Array.from({ length: 40 }, (_, i) => weekOf(`other${i}`, alone(i)));
    const pairs = rounds(synchronousPairs([...workers, ...others]));
    expect(pairs.length).toBe(15);
    expect(new Set(pairs.flatMap(({ a, b }) => [a, b]))).toEqual(
      new Set(workers.map(({ account }) => account)),
    );
  });

  it('of schedules on the hour is none', () => {
    const hourly = Array.from({ length: 168 }, (_, i) => START + i * HOUR);
    expect(synchronousPairs([weekOf('a', hourly), weekOf('b', hourly), weekOf('c', hourly)])).toEqual([]);
  });

  it('of two that are busy on the same evening is none', () => {
    const evening = (seed: number): number[] => {
      const uniform = seeded(seed);
      return Array.from({ length: 60 }, () => START + 2 * DAY + 19 * HOUR + uniform() * 4 * HOUR);
    };
    expect(
      synchronousPairs([weekOf('a', evening(1)), weekOf('b', evening(2)), weekOf('c', evening(3))]),
    ).toEqual([]);
  });

  it('of two alone is no round', () => {
    const pair = [weekOf('a', dispatched), weekOf('b', dispatched)];
    expect(synchronousPairs(pair).length).toBe(1);
    expect(rounds(synchronousPairs(pair))).toEqual([]);
  });

  it('makes a group of accounts that share nothing else', () => {
    const synchronous = rounds(synchronousPairs(workers));
    const accounts = strangers(50);
    const names = Object.keys(accounts);
    workers.forEach(({ account }, i) => {
      accounts[account] = accounts[names[i] as string] as (typeof accounts)[string];
      delete accounts[names[i] as string];
    });
    const { groups } = findGroups(indexOf(accounts), { synchronous });
    expect(groups.map(({ members }) => members)).toEqual([workers.map(({ account }) => account)]);
    expect(groups[0]?.links[0]?.kind).toBe('synchrony');
  });
});
