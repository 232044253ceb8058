import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeSlices } from '../../lib/profile/codec.ts';
import { isApplied, padSequence } from '../../lib/profile/position.ts';
import {
  fold,
  type IngestedEvent,
  newProfile,
  type Profile,
  SAMPLE_IDS,
  sealable,
  watermark,
} from '../../lib/profile/profile.ts';
import { DAY, HOUR, iso, MINUTE, print, START, usageEvent } from '../events.ts';

const rules = { allowedLateness: 2 * HOUR, permittedSkew: 5 * MINUTE };

function arrival(
  n: number,
  over: {
    time?: number;
    arrived?: number;
    id?: string;
    sequence?: number;
    index?: number;
    epoch?: string;
  } = {},
): IngestedEvent {
  const time = over.time ?? START + n * MINUTE;
  return {
    event: usageEvent({
      id: over.id ?? `x-${n}`,
      time: iso(time),
      prints: [{ epoch: 'e1', prompt: print(n) }],
    }),
    time,
    arrived: over.arrived ?? Math.max(time, START + n * MINUTE),
    position: {
      epoch: over.epoch ?? 's/b1',
      sequence: padSequence(String(over.sequence ?? n + 1)),
      index: over.index ?? 0,
    },
  };
}

const bytes = (profile: Profile) => Buffer.from(encodeSlices(profile.slices)).toString('hex');

describe('a profile that is stored', () => {
  it('stays as it is, whatever is folded into copies of it: a write that fails is begun again from it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ n: fc.nat(40), redriven: fc.boolean() }), { minLength: 2, maxLength: 40 }),
        fc.nat(39),
        (list, cut) => {
          const all = list.map(({ n, redriven }, i) => ({ ...arrival(n, { sequence: i + 1 }), redriven }));
          const stored = fold(newProfile('a'), all.slice(0, cut), rules).profile;
          const before = structuredClone({ ...stored, slices: [] });
          const slices = bytes(stored);
          const first = fold(stored, all.slice(cut), rules);
          expect({ ...stored, slices: [] }).toEqual(before);
          expect(bytes(stored)).toBe(slices);
          expect(fold(stored, all.slice(cut), rules)).toEqual(first);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('events of a failed batch that had been applied, put back', () => {
  const batch = Array.from({ length: 50 }, (_, i) => arrival(i, { time: START + i, arrived: START + i }));
  const putBack = (at: number) =>
    batch.map((held, i) => ({
      ...held,
      redriven: true,
      arrived: at,
      position: { ...held.position, sequence: padSequence(String(5000 + i)) },
    }));
  const usedAgain = (at: number): number => {
    const { profile } = fold(newProfile('a'), batch, rules);
    return fold(profile, putBack(START + at), rules).used;
  };

  it('change nothing within an hour, and count again after seventy minutes (docs/exactness.md)', () => {
    expect([30 * MINUTE, HOUR, 70 * MINUTE].map(usedAgain)).toEqual([0, 0, 50]);
  });

  it('count again once only, however often they are put back', () => {
    const first = fold(fold(newProfile('a'), batch, rules).profile, putBack(START + 90 * MINUTE), rules);
    const second = putBack(START + 110 * MINUTE).map((held, i) => ({
      ...held,
      position: { ...held.position, sequence: padSequence(String(9000 + i)) },
    }));
    expect([first.used, fold(first.profile, second, rules).used]).toEqual([50, 0]);
  });
});

describe('folding arrivals into a profile', () => {
  const stream = Array.from({ length: 60 }, (_, i) => arrival(i, { id: `x-${i % 50}` }));

  it('keeps of all events what its definition says: first and last, the newest one’s customer, the last ids', () => {
    const event = fc.record({ minutes: fc.nat(90), plan: fc.constantFrom('free', 'payg', 'enterprise') });
    fc.assert(
      fc.property(
        fc.array(event, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        (list, size) => {
          const arrivals = list.map(({ minutes, plan }, i) => {
            const held = arrival(i, { time: START + minutes * MINUTE, arrived: START + 2 * HOUR });
            return { ...held, event: { ...held.event, customer: { ...held.event.customer, plan } } };
          });
          let profile = newProfile('a');
          for (let i = 0; i < arrivals.length; i += size)
            profile = fold(profile, arrivals.slice(i, i + size), rules).profile;
          const times = arrivals.map(({ time }) => time);
          const last = Math.max(...times);
          expect(profile.totals.events).toBe(arrivals.length);
          expect([profile.firstSeen, profile.lastSeen]).toEqual([Math.min(...times), last]);
          expect(profile.customer.plan).toBe(
            arrivals.findLast(({ time }) => time === last)?.event.customer.plan,
          );
          expect(profile.samples).toEqual(arrivals.slice(-SAMPLE_IDS).map((held) => held.event.id));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('gives the same whatever the batches, and whatever is delivered again', () => {
    const whole = fold(newProfile('a'), stream, rules).profile;
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(59), fc.nat(59)), { maxLength: 8 }), (cuts) => {
        let profile = newProfile('a');
        let done = 0;
        // each delivery starts anywhere at or before what was applied: a retry, a zombie, a redelivery
        for (const [from, length] of [...cuts, [0, 60] as const]) {
          const start = Math.min(from, done);
          const batch = stream.slice(start, start + length + 1);
          profile = fold(profile, batch, rules).profile;
          done = Math.max(done, start + batch.length);
        }
        expect(bytes(profile)).toBe(bytes(whole));
        expect(profile.totals).toEqual(whole.totals);
        expect(profile.guard).toEqual(whole.guard);
      }),
    );
  });

  it('counts a repeated id once within the horizon and again beyond it', () => {
    const first = arrival(0);
    const again = (sequence: number, arrived: number): IngestedEvent => ({
      ...arrival(0, { sequence }),
      arrived,
    });
    const soon = again(2, START + 50 * MINUTE);
    const late = again(3, START + 5 * HOUR);
    const { profile, repeated } = fold(newProfile('a'), [first, soon, late], rules);
    expect(repeated).toBe(1);
    expect(profile.totals.events).toBe(2);
  });

  it('counts an id that was chosen twice for different requests twice', () => {
    const { profile, repeated } = fold(
      newProfile('a'),
      [arrival(0, { id: 'chosen' }), arrival(1, { id: 'chosen' }), arrival(2, { id: 'chosen' })],
      rules,
    );
    expect(repeated).toBe(0);
    expect(profile.totals.events).toBe(3);
  });

  it('counts events that were put back once, however often and however late they come', () => {
    const event = arrival(0);
    const back = (n: number, hours: number): IngestedEvent => ({
      ...event,
      arrived: START + hours * HOUR,
      position: { ...event.position, sequence: padSequence(String(100 + n)) },
      redriven: true,
    });
    let profile = fold(newProfile('a'), [back(1, 1)], rules).profile;
    for (let n = 2; n < 60; n++) profile = fold(profile, [back(n, n)], rules).profile;
    expect(profile.totals).toMatchObject({ events: 1, repeated: 58 });
  });

  it('applies two epochs side by side once each, in whatever order they are delivered again', () => {
    // hours apart: no id is remembered for so long
    const later = (n: number, sequence: number): IngestedEvent =>
      arrival(n, {
        epoch: 's/b2',
        sequence,
        time: START + (14 + n) * HOUR,
        arrived: START + (14 + n) * HOUR,
      });
    const old = [arrival(0), arrival(1)];
    const fresh = [later(0, 1), later(1, 2)];
    const patient = { ...rules, allowedLateness: 2 * DAY };
    let { profile } = fold(newProfile('a'), [...old, ...fresh], patient);
    for (const again of [[...old, ...fresh], fresh, old]) profile = fold(profile, again, patient).profile;
    expect(profile.totals.events).toBe(4);
  });

  it('counts what is older than the watermark minus allowed lateness as late, never silently', () => {
    const result = fold(
      newProfile('a'),
      [
        arrival(0, { time: START + 10 * HOUR, arrived: START + 10 * HOUR }),
        arrival(1, { time: START + 9 * HOUR, arrived: START + 10 * HOUR }),
        arrival(2, { time: START + 7 * HOUR, arrived: START + 10 * HOUR }),
      ],
      rules,
    );
    expect(result).toMatchObject({ used: 2, late: 1 });
    expect(result.profile.totals).toEqual({ events: 2, late: 1, repeated: 0 });
  });

  it('does not let a clock that runs ahead drag the watermark beyond arrival plus skew', () => {
    const { profile } = fold(
      newProfile('a'),
      [arrival(0, { time: START + 30 * DAY, arrived: START })],
      rules,
    );
    expect(watermark(profile, rules)).toBe(START + 5 * MINUTE);
    const next = fold(profile, [arrival(1, { time: START + MINUTE, arrived: START + MINUTE })], rules);
    expect(next.used).toBe(1);
  });

  it('leaves the given profile as it was', () => {
    const before = fold(newProfile('a'), stream.slice(0, 20), rules).profile;
    const snapshot = bytes(before);
    fold(before, stream.slice(20), rules);
    expect(bytes(before)).toBe(snapshot);
    expect(before.totals.events).toBe(20);
  });

  it('takes a position of another epoch for new, and compares sequence numbers by value', () => {
    const guard = [{ epoch: 's/b1', sequence: padSequence('99'), index: 3 }];
    expect(isApplied(guard, { epoch: 's/b1', sequence: padSequence('100'), index: 0 })).toBe(false);
    expect(isApplied(guard, { epoch: 's/b1', sequence: padSequence('99'), index: 3 })).toBe(true);
    expect(isApplied(guard, { epoch: 's/b2', sequence: padSequence('1'), index: 0 })).toBe(false);
  });

  it('seals by what is stored alone', () => {
    const old = fold(
      newProfile('a'),
      [arrival(0, { time: START }), arrival(1, { time: START + 40 * HOUR, arrived: START + 40 * HOUR })],
      rules,
    ).profile;
    expect(sealable(old, rules, 12 * HOUR).map((slice) => slice.start)).toEqual([START]);
    expect(sealable(newProfile('a'), rules, 12 * HOUR)).toEqual([]);
  });
});
