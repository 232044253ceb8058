import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { staleness, tailAmong } from '../../lib/scoring/calibration.ts';
import { learnNull, leastTail, upperTail } from '../../lib/scoring/null-distribution.ts';
import {
  emptyRunningMax,
  toEvalue,
  toSignificance,
  updateRunningMax,
} from '../../lib/scoring/significance.ts';
import { testCalibration } from '../calibration.ts';
import { DAY, START } from '../events.ts';

/** A small deterministic generator (mulberry32), uniform on [0, 1). */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('a null distribution', () => {
  it('falls from one, never to zero, and never rises', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 1, maxLength: 200 }),
        fc.double({ min: -10, max: 500, noNaN: true }),
        fc.double({ min: 0, max: 50, noNaN: true }),
        (values, at, more) => {
          const held = learnNull(values);
          const p = upperTail(held, at);
          expect(p).toBeGreaterThan(0);
          expect(p).toBeLessThanOrEqual(1);
          expect(upperTail(held, at + more)).toBeLessThanOrEqual(p + 1e-12);
        },
      ),
    );
  });

  it.each([
    ['exponential', (u: number) => -Math.log(1 - u)],
    ['heavy', (u: number) => (1 - u) ** -0.25 - 1],
    ['mostly zero', (u: number) => (u < 0.7 ? 0 : -Math.log(1 - (u - 0.7) / 0.3))],
  ])('keeps its promise on accounts that it has not seen: %s', (_, quantile) => {
    const draw = uniform(7);
    let below = 0;
    const trials = 60;
    const fresh = 2000;
    for (let t = 0; t < trials; t++) {
      const held = learnNull(Array.from({ length: 500 }, () => quantile(draw())));
      for (let i = 0; i < fresh; i++) if (upperTail(held, quantile(draw())) <= 0.01) below++;
    }
    // promised at most 1 %; four standard errors of sampling, and the learnt tail itself, leave room
    expect(below / (trials * fresh)).toBeLessThan(0.0125);
  });

  it('claims no more than its accounts support', () => {
    const nulls = { everyone: learnNull(Array.from({ length: 99 }, (_, i) => i / 99)) };
    expect(tailAmong(nulls, ['everyone'], 1e9)?.p).toBe(leastTail(99));
  });

  it('lets a group of four lean on its parents, and says on whom it leans', () => {
    const nulls = {
      small: learnNull([9, 9, 9, 9]),
      everyone: learnNull(Array.from({ length: 400 }, (_, i) => i / 400)),
    };
    expect(tailAmong(nulls, ['small', 'everyone'], 2)).toMatchObject({ group: 'everyone', accounts: 400 });
    expect(tailAmong(nulls, ['small', 'everyone'], 0)?.p90).toBeCloseTo(0.9, 1);
  });

  it('abstains where nothing was learnt', () => {
    expect(tailAmong(undefined, ['everyone'], 1)).toBeUndefined();
    expect(tailAmong({}, ['everyone'], 1)).toBeUndefined();
  });
});

describe('a calibration', () => {
  it('says that it is stale once the traffic is a quarter of a year newer, and not before', () => {
    const made = Date.parse(testCalibration.madeAt);
    expect(staleness(testCalibration, made + 80 * DAY)).toBeUndefined();
    expect(staleness(testCalibration, made + 100 * DAY)).toMatch(/test-1 was learnt 100 days before/);
  });
});

describe('evidence', () => {
  it('never falls within a budget period and starts anew after it', () => {
    const first = updateRunningMax(emptyRunningMax(START), 3, START + DAY);
    expect(updateRunningMax(first, 2, START + 2 * DAY)).toBe(first);
    expect(updateRunningMax(first, 1, START + 31 * DAY)).toMatchObject({ since: START + 31 * DAY, peak: 1 });
  });

  it('turns p into an e-value whose mean over uniform p is at most one', () => {
    let sum = 0;
    const steps = 2_000_000;
    for (let i = 0; i < steps; i++) sum += toEvalue((i + 0.5) / steps);
    expect(sum / steps).toBeLessThanOrEqual(1.001);
  });

  it('carries a chance over two weeks to one over a month', () => {
    expect(toSignificance({ p: 0.001, accounts: 9, group: 'g' }, 15).p).toBeCloseTo(0.002);
    expect(toSignificance({ p: 0.001, accounts: 9, group: 'g' }, 60).p).toBeCloseTo(0.001);
  });
});
