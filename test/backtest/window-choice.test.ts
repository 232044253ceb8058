import { describe, expect, it } from 'vitest';
import { calmToTry, chooseCalm, tryCalm } from '../../lib/backtest/calm-choice.ts';
import {
  caughtAcross,
  chooseWindows,
  type Tried,
  unitsOf,
  windowsToTry,
  windowTrials,
} from '../../lib/backtest/window-choice.ts';
import { searchClock, searchWords } from '../../lib/cli/tune/search-words.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { addEvent, emptySlice, type Slice, sliceStart } from '../../lib/profile/slice.ts';
import { defaultCalibration } from '../../lib/scoring/default-calibration.ts';
import { seededRandom } from '../../lib/statistics/generator.ts';
import { signTest } from '../../lib/statistics/sign-test.ts';
import { account, DAY, harvest, START } from '../events.ts';

const alone = (count: number): { account: string; campaign: string }[] =>
  Array.from({ length: count }, (_, i) => ({ account: `a${i}`, campaign: '' }));
const tried = (windows: readonly number[], ...caught: number[]): Tried => ({
  windows,
  caught: new Set(caught.map((i) => `a${i}`)),
});

describe('the sign test', () => {
  it('is the tail of fair coins', () => {
    expect(signTest(5, 0)).toBeCloseTo(1 / 32, 12);
    expect(signTest(0, 5)).toBeCloseTo(1, 12);
    expect(signTest(3, 2)).toBeCloseTo(0.5, 12);
    // by the normal distribution 5 of 100 deviations; the chance of one outcome alone is too small for a number
    expect(signTest(1050, 950)).toBeCloseTo(0.0134, 3);
    expect(signTest(1000, 1001)).toBeCloseTo(0.5, 1);
    expect(signTest(0, 0)).toBe(1);
  });
});

describe('the choice of windows', () => {
  const units = unitsOf(alone(12));

  it('keeps the policy’s own where another finds more in too few campaigns', () => {
    expect(chooseWindows([tried([24, 168], 0), tried([24], 0, 1, 2, 3)], units)).toBe(0);
    expect(chooseWindows([tried([24, 168], 0), tried([24], 0, 1, 2, 3, 4, 5, 6)], units)).toBe(1);
    // the same lead, of one campaign: that is one piece of evidence
    const campaign = unitsOf(alone(12).map((held, i) => (i === 0 ? held : { ...held, campaign: 'c' })));
    expect(chooseWindows([tried([24, 168], 0), tried([24], 0, 1, 2, 3, 4, 5, 6)], campaign)).toBe(0);
  });

  it('leaves each unit out of the choice that it is counted under', () => {
    // five of five is just enough for one other set; without any one of them it is not, so nobody is found by the other
    const sets = [tried([24, 168], 9), tried([24], 9, 0, 1, 2, 3, 4)];
    expect(chooseWindows(sets, units)).toBe(1);
    expect([...caughtAcross(sets, units)].sort()).toEqual(['a9']);
    expect(windowTrials(sets, units).map(({ better, worse, chosen }) => [better, worse, chosen])).toEqual([
      [0, 0, false],
      [5, 0, true],
    ]);
  });

  it('takes no set by luck more often than it says', () => {
    const random = seededRandom(7);
    let taken = 0;
    for (let run = 0; run < 1000; run++) {
      const sets = [[24, 168], [24], [48], [72], [96], [120]].map((windows) =>
        tried(windows, ...units.flatMap((_, i) => (random() < 0.5 ? [i] : []))),
      );
      if (chooseWindows(sets, units) > 0) taken++;
    }
    expect(taken).toBeLessThan(0.05 * 1000);
  });

  it('tries no window that slices are not kept for, nor one longer than the traffic', () => {
    const longest = (days: number, retentionDays: number): number =>
      Math.max(...windowsToTry([24], { days, retentionDays }).flat());
    expect(longest(14, 35)).toBe(168);
    expect(longest(3, 35)).toBe(72);
    expect(longest(14, 4)).toBe(72);
    expect(windowsToTry([168, 24, 72], { days: 14, retentionDays: 35 })).not.toContainEqual([24, 72, 168]);
  });

  it('says what it had no time for', () => {
    const search = {
      windows: windowTrials([tried([168, 24], 0), tried([24], 0)], units),
      untried: [[24, 72]],
      calm: [],
    };
    expect(searchWords(search).join(' ')).toMatch(/1 other set tried beside 24, 168 h.*Not tried: 24, 72 h/);
    // a set that was the best of several tries is not said to be as rare as in one
    const lucky = windowTrials(
      [tried([168, 24], 0), tried([24], 0), tried([72], 0, 1, 2, 3, 4, 5, 6)],
      units,
    );
    expect(searchWords({ windows: lucky, untried: [], calm: [] })[0]).toMatch(
      /72 h found more in 6 .* and less in 0, .* a chance of at most 0\.031\. /,
    );
    let now = 0;
    const more = searchClock(1, () => now);
    now = 25_000;
    expect(more()).toBe(true);
    now = 50_000;
    // another one of 25 s would end after the minute
    expect(more()).toBe(false);
    expect(searchClock(0, () => 0)()).toBe(false);
  });
});

describe('the choice of hysteresis', () => {
  it('shortens nothing that no finding came back under, and looks at nothing that the traffic cannot show', () => {
    expect(chooseCalm([72, 24, 48].map((calmHours) => ({ calmHours, returned: 0 })))).toBe(0);
    const returned = [4, 6, 4, 1, 1];
    expect(
      chooseCalm([48, 24, 36, 72, 168].map((calmHours, i) => ({ calmHours, returned: returned[i] ?? 0 }))),
    ).toBe(3);
    expect(calmToTry(72, 7)).toEqual([72, 24, 48]);
    expect(calmToTry(72, 1)).toEqual([72]);
  });

  it('counts a finding that calms and comes back, by the judgements of production', () => {
    const slices = new Map<number, Slice>();
    for (const from of [START, START + 4 * DAY])
      for (const event of harvest({ account: account(1), events: 150, seed: 1, from })) {
        const time = Date.parse(event.time);
        const slice = slices.get(sliceStart(time)) ?? emptySlice(sliceStart(time));
        slices.set(slice.start, slice);
        addEvent(slice, event, time);
      }
    const held = {
      account: account(1),
      customer: { plan: 'payg', product: 'api', createdAt: START - 90 * DAY },
      slices: [...slices.values()].sort((a, b) => a.start - b.start),
    };
    const policy = { ...defaultPolicy, windows: [24], calmHours: 24 };
    const end = Math.max(...slices.keys()) + DAY / 4;
    const until = (ends: number) => tryCalm([held], policy, defaultCalibration, { days: 20, until: ends });
    const trials = until(end);
    expect(trials.map(({ calmHours, opened, returned }) => [calmHours, opened, returned])).toEqual([
      [24, 1, 1],
      [48, 1, 1],
      [72, 1, 0],
      [168, 1, 0],
    ]);
    expect(trials.map(({ chosen }) => chosen)).toEqual([false, false, true, false]);
    // while others go on, it calms and closes: people are told of that too
    const told = (of: typeof trials) => of.map(({ notices }) => notices);
    const [more, less] = [told(until(end + 14 * DAY)), told(trials)];
    expect(more.every((notices, i) => notices > (less[i] ?? 0))).toBe(true);
  });
});
