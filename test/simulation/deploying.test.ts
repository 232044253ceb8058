import { expect, it } from 'vitest';
import { simulateDeploying } from './deploying.ts';

const SEEDS = 16;

it('an older and a newer version beside each other lose no event, count none twice, and tell every transition', async () => {
  const found = [];
  let setAside = 0;
  for (let seed = 5; seed <= 10 * SEEDS; seed += 10) {
    const result = await simulateDeploying(seed);
    found.push(...result.violations);
    setAside += result.setAside;
  }
  expect(found).toEqual([]);
  // versions that read each other's items would show nothing
  expect(setAside).toBeGreaterThan(0);
});
