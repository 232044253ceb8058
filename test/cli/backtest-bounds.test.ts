import { expect, it } from 'vitest';
import { requireEnd } from '../../lib/cli/backtest/distributed/bounds.ts';
import { type Machine, machineBacktest } from '../../lib/cli/backtest/distributed/machine-backtest.ts';
import { backtestCost } from '../../lib/infra/cost/backtest-cost.ts';

const day = (n: number): string => new Date(Date.UTC(2026, 0, 1 + n)).toISOString().slice(0, 10);
const archive = (days: number): string[] =>
  Array.from({ length: days }, (_, n) => `s3://a/events/day=${day(n)}/group=00/shard-${n}0-${n}9.ndjson.gz`);

it.each([[true], [false]])('a run that cannot end is not begun, with --yes %s', async (yes) => {
  const of = { objects: 6_000_000, bytes: 1.1e12 };
  const cost = { ...of, ...backtestCost({ ...of, policies: 1, shards: 256, memoryMb: 2048 }) };
  // only what is asked before anything begins
  const on = { machine: { latest: async () => undefined }, shards: 256, cost: async () => cost };
  const asked = { traffic: { files: archive(90) }, tracks: [], campaignOf: new Map(), options: { yes } };
  await expect(
    machineBacktest(on as unknown as Machine, ['s3://a/events/'], asked as never),
  ).rejects.toMatchObject({
    name: 'InputError',
    message: expect.stringMatching(/^some 17,\d+ minutes, .* after 7,200 .*: of the 90 days .* some 36 fit/),
  });
});

it('what ends in time is begun, and of what has no days nothing is said of them', () => {
  expect(() => requireEnd(7_200, archive(90))).not.toThrow();
  expect(() => requireEnd(7_201, archive(90))).toThrow(/some 89 fit/);
  expect(() => requireEnd(7_201, ['s3://a/events/x'])).toThrow(/not a day of it fits/);
});

it('some 440 GB of archive end in time, as docs/performance.md says', () => {
  const minutes = (gb: number): number => {
    const bytes = gb * 1e9;
    return backtestCost({ policies: 1, objects: bytes / 2e5, bytes, shards: 256, memoryMb: 2048 }).minutes;
  };
  expect(() => requireEnd(minutes(440), archive(90))).not.toThrow();
  expect(() => requireEnd(minutes(450), archive(90))).toThrow(/days/);
});
