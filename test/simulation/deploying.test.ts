import { expect, it } from 'vitest';
import { simulateDeploying } from './deploying.ts';

const SEEDS = 16;

it('an older and a newer version beside each other lose no event, count none twice, and tell every transition', async () => {
  const found = [];
  for (let seed = 5; seed <= 10 * SEEDS; seed += 10)
    found.push(...(await simulateDeploying(seed)).violations);
  expect(found).toEqual([]);
});
