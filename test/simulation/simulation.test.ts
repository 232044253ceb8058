import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { simulate } from './simulate.ts';

/** Histories of this file; simulation-more.test.ts has as many, so that two workers share them. */
const SEEDS = 150;
const REPLAYED = 12;

describe('random faults', () => {
  it('change neither a score nor a finding, lose nothing and tell everything', {
    timeout: 600_000,
  }, async () => {
    const found = [];
    for (let seed = 1; seed <= SEEDS; seed++) found.push(...(await simulate(seed)).violations);
    expect(found).toEqual([]);
  });

  it('are the same whenever a seed is played again, here or by the command', async () => {
    const { tally, violations } = await simulate(REPLAYED);
    const { operations, deaths, zombies } = tally;
    const command = ['--import', 'tsx', 'test/simulation/main.ts', '--seed', String(REPLAYED), '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, command);
    expect(JSON.parse(stdout)).toEqual({ seeds: 1, operations, deaths, zombies, violations });
  });
});
