import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSteps, writeSteps } from '../../lib/scoring/attack-library.ts';
import { attackScores } from '../../lib/scoring/attack-scores.ts';
import { learnModel } from '../../lib/scoring/learn-model.ts';
import { scoreOf } from '../../lib/scoring/learned-score.ts';
import { learningCurve } from '../../lib/scoring/learning-curve.ts';
import { readModel } from '../../lib/scoring/model.ts';
import type { ReviewEntry } from '../../lib/scoring/review.ts';
import { curveSentence, keptReview, REVIEW_KEPT, storedReview } from '../../lib/scoring/stored-review.ts';
import { FACTS } from '../../lib/signals/facts/index.ts';
import { plainLibrary } from './plain-library.ts';

const REQUESTS = FACTS.findIndex(({ id }) => id === 'requests');
const peak = (account: string, score: number) => ({ account, score, hours: 24, slice: 0 });
const entry = (...accounts: string[]): ReviewEntry => ({ accounts, score: 1, rank: 1 });

describe('the learning curve', () => {
  // nine accounts over thirty days support one in ten
  const peaks = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].map((name, i) => peak(name, 9 - i));

  it('is the share of attacks above the highest account that is left, as answers take accounts away', () => {
    const curve = learningCurve([1.5, 6.5, 7.5, 8.5], peaks, [entry('a'), entry('c', 'b')], {
      suspect: 0.1,
      days: 30,
    });
    expect(curve).toEqual([
      { answered: 0, recall: 0 },
      { answered: 1, recall: 1 / 4 },
      { answered: 2, recall: 3 / 4 },
    ]);
    expect(curveSentence(curve)).toBe(
      'of attacks like those of the library 0 % would be flagged today, each account by itself; up to 75 % with answers to the first 2 questions, if these are extraction',
    );
  });

  it('lets as many accounts of the past show as much as the level allows', () => {
    // (k + 1) / (9 + 1) of 0.3: two may
    expect(learningCurve([7.5], peaks, [], { suspect: 0.3, days: 30 })).toEqual([{ answered: 0, recall: 1 }]);
    expect(learningCurve([7.5], peaks, [], { suspect: 0.2, days: 30 })).toEqual([{ answered: 0, recall: 0 }]);
  });

  it('says nothing where there is no level, or nothing to measure with', () => {
    expect(learningCurve([1], peaks, [], { suspect: undefined, days: 30 })).toEqual([]);
    expect(learningCurve([], peaks, [], { suspect: 0.1, days: 30 })).toEqual([]);
    expect(curveSentence([])).toBeUndefined();
  });

  it('never falls with more answers of extraction', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 30 }),
        fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 2, maxLength: 60 }),
        fc.integer({ min: 0, max: 20 }),
        (attacks, scores, asked) => {
          const held = [...scores].sort((a, b) => b - a).map((score, i) => peak(`a${i}`, score));
          const queue = held.slice(0, asked).map(({ account }) => entry(account));
          const least = 1 / (held.length + 1);
          const curve = learningCurve(attacks, held, queue, { suspect: least, days: 30 });
          for (const [i, { recall }] of curve.entries())
            expect(recall).toBeGreaterThanOrEqual(curve[i - 1]?.recall ?? 0);
          expect(curve.at(-1)?.answered).toBe(queue.length);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe("scores of the library's attacks", () => {
  const { library, random } = plainLibrary(3);
  const past = Array.from({ length: 60 }, (_, i) => ({
    account: `p${i}`,
    rows: [random(0, 0.4)],
    events: [100],
  }));
  const rules = {
    windows: [24],
    library,
    verdicts: { extraction: new Set<string>(), benign: new Set<string>(), grey: new Set<string>() },
    sizes: { trees: 4 },
  };
  const median = (scores: readonly number[]): number => scores[scores.length >> 1] ?? Number.NaN;

  it('are beyond those of ordinary accounts where attacks differ from these', () => {
    const apart = attackScores(past, rules);
    expect(apart).toHaveLength(library.attacks.length);
    expect(apart).toEqual(apart.toSorted((a, b) => a - b));
    const alike = attackScores(past, { ...rules, library: { ...library, attacks: library.ordinary } });
    expect(Math.min(...apart)).toBeGreaterThan(Math.max(...alike));
  });

  it('are those of a kind that the forests know nothing of', () => {
    // six kinds, each of which shows much in facts of its own, and what ordinary accounts show in all others
    const attacks = Array.from({ length: 6 * 12 }, (_, n) => {
      const [much, little] = [random(0.6, 1), random(0, 0.4)];
      const values = [...much].map((high, i) => (i % 6 === n % 6 ? high : (little[i] as number)));
      return [writeSteps(values.map((value) => Math.floor(255 * value)))];
    });
    const sizes = { trees: 6, leaf: 2, variants: 0 };
    const whole = { ...library, attacks };
    const unknown = attackScores(past, { ...rules, sizes, library: whole });
    const model = readModel(learnModel(past, { ...rules, sizes: { ...sizes, draws: 1 }, library: whole }));
    const known = attacks.map(([text = ''], n) => {
      const row = Float64Array.from(readSteps(text), (step) => (step + 0.5) / 256);
      return scoreOf(model.share(`attack/${n}`, model.row(row)), 2 ** (row[REQUESTS] as number) - 1);
    });
    expect(median(unknown)).toBeLessThan(median(known.sort((a, b) => a - b)) / 2);
  });
});

it('what is kept of a review stays within its bounds, whatever was asked', () => {
  const text = fc.string({ maxLength: 400 });
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ accounts: fc.array(fc.constant('a_x'), { maxLength: 70 }), why: fc.array(text) }),
        {
          maxLength: 40,
        },
      ),
      (entries) => {
        const about = { calibration: 'c', at: '2026-03-01T00:00:00.000Z', curve: [] };
        const kept = keptReview(about, entries);
        expect(storedReview.parse(kept)).toEqual(kept);
        expect(kept.entries.length).toBe(Math.min(entries.length, REVIEW_KEPT.entries));
      },
    ),
    { numRuns: 40 },
  );
});
