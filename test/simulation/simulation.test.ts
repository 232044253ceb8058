import { describe, expect, it } from 'vitest';
import { simulate } from './simulate.ts';

/** Histories of this file; simulation-more.test.ts has as many, so that two workers share them. */
const SEEDS = 150;

describe('random faults', () => {
  it('change neither a score nor a finding, lose nothing and tell everything', {
    timeout: 600_000,
  }, async () => {
    const found = [];
    for (let seed = 1; seed <= SEEDS; seed++) found.push(...(await simulate(seed)).violations);
    expect(found).toEqual([]);
  });

  it('are the same whenever a seed is played again', async () => {
    const [first, again] = [await simulate(12), await simulate(12)];
    expect(again.tally).toEqual(first.tally);
  });
});
