import { describe, expect, it } from 'vitest';
import { scoreRules } from '../../lib/detection/judge.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { addEvent, emptySlice, type Slice, sliceStart } from '../../lib/profile/slice.ts';
import { type CalibrationAccount, learnCalibration } from '../../lib/scoring/calibrate.ts';
import { seeded } from '../../lib/statistics/random.ts';
import { DAY, MINUTE, print, START, usageEvent } from '../events.ts';

/** An account that asks for reasoning in so large a share of its requests; how many, how old and how far apart differs. */
function account(name: string, share: number, seed: number): CalibrationAccount {
  const uniform = seeded(seed);
  const slices = new Map<number, Slice>();
  const apart = 10 * MINUTE * (1 - Math.log(uniform()));
  const requests = 20 - 15 * Math.log(uniform());
  for (let i = 0; i < requests; i++) {
    const time = START + i * apart;
    const start = sliceStart(time);
    const slice = slices.get(start) ?? emptySlice(start);
    slices.set(start, slice);
    const behaviours = uniform() < share ? (['reasoning'] as const) : [];
    addEvent(
      slice,
      usageEvent({ behaviours: [...behaviours], prints: [{ epoch: 'e1', prompt: print(seed * 1000 + i) }] }),
      time,
    );
  }
  return {
    account: name,
    customer: { plan: 'payg', product: 'api', createdAt: START + 60 * DAY * Math.log(uniform()) },
    slices: [...slices.values()],
  };
}

const uniform = seeded(3);
const benign = Array.from({ length: 300 }, (_, i) => account(`b${i}`, -0.05 * Math.log(uniform()), i + 1));

function setAside(attackers: number): string[] {
  const list = Array.from({ length: attackers }, (_, i) => account(`x${i}`, 0.95, 5000 + i));
  let found: ReadonlySet<string> = new Set();
  learnCalibration('c', [...benign, ...list], {
    ...scoreRules(defaultPolicy),
    contamination: 0.1,
    onSetAside: (accounts) => {
      found = accounts;
    },
  });
  return [...found];
}

describe('learning a calibration', () => {
  it('sets aside nearly all of many attackers, and hardly anybody else', () => {
    const found = setAside(20);
    expect(found.filter((name) => name.startsWith('x')).length).toBeGreaterThanOrEqual(18);
    expect(found.filter((name) => name.startsWith('b')).length).toBeLessThanOrEqual(2);
  });

  it('sets aside hardly anybody where nobody attacks', () => {
    expect(setAside(0).length).toBeLessThanOrEqual(5);
  });

  it('never sets aside more than was allowed', () => {
    expect(setAside(80).length).toBeLessThanOrEqual(38);
  });

  it('needs an account', () => {
    expect(() => learnCalibration('c', [], { ...scoreRules(defaultPolicy), contamination: 0 })).toThrow(
      RangeError,
    );
  });
});
