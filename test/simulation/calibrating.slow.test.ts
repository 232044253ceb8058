import { expect, it } from 'vitest';
import { calibrationWithoutFaults, simulateCalibrating } from './calibrating.ts';
import type { SeedResult } from './simulate.ts';

it('a calibration in shards whose steps die, are asked again or end late is that of one invocation, bit for bit', async () => {
  const { made, waiting, review } = await calibrationWithoutFaults();
  // a calibration of nobody, or one that asks nothing, would compare nothing
  expect([made.size, waiting.length]).toEqual([1, 24]);
  expect(review).toMatch(/"accounts":\["a_.*"why":\["score /);
  const results: SeedResult[] = [];
  for (let seed = 1; seed <= 6; seed++) results.push(await simulateCalibrating(seed));
  expect(results.flatMap(({ violations }) => violations)).toEqual([]);
  const sum = (of: 'deaths' | 'zombies') => results.reduce((all, { tally }) => all + tally[of], 0);
  expect([sum('deaths') > 0, sum('zombies') > 0]).toEqual([true, true]);
});
