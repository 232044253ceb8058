import { expect, it } from 'vitest';
import { simulate } from './simulate.ts';

it('further random faults change nothing either', { timeout: 600_000 }, async () => {
  const found = [];
  for (let seed = 151; seed <= 300; seed++) found.push(...(await simulate(seed)).violations);
  expect(found).toEqual([]);
});
