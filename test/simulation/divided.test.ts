import { expect, it } from 'vitest';
import { simulateDivided } from './divided.ts';

const SEEDS = 12;

it('an account in lanes counts each event once over splits, merges and other buckets, whatever goes wrong', {
  timeout: 600_000,
}, async () => {
  const found = [];
  for (let seed = 1; seed <= SEEDS; seed++) found.push(...(await simulateDivided(seed)).violations);
  expect(found).toEqual([]);
});
