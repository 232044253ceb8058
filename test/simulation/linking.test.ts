import { expect, it } from 'vitest';
import { campaignsWithoutFaults, simulateLinking } from './linking.ts';

it('runs of link beside each other, dying and repeated, change no campaign and no finding', {
  timeout: 600_000,
}, async () => {
  const { findings, accused, told } = await campaignsWithoutFaults();
  // histories in which nothing happens would compare nothing
  expect([...findings.values()].map((history) => history.replaceAll(/\d+ /g, ''))).toEqual([
    'opened critical, updated critical, calmed clear, closed clear',
    'opened critical, updated critical, calmed clear, closed clear',
  ]);
  expect(accused.size).toBe(48);
  expect(told.size).toBe(8);
  const found = [];
  for (let seed = 1; seed <= 4; seed++) found.push(...(await simulateLinking(seed)).violations);
  expect(found).toEqual([]);
});
