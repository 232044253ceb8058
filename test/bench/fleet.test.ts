import { describe, expect, it } from 'vitest';
import { type Costs, flowOf } from '../../bench/fleet/flow.ts';
import {
  type LinkCosts,
  linkAlone,
  linkMost,
  linkPass,
  linkReach,
  linkSteps,
} from '../../bench/fleet/link.ts';
import { fleetOptions } from '../../bench/fleet/options.ts';
import { calibrationOf } from '../../bench/fleet/passes.ts';

const costs: Costs = { batch: 25, account: 12, concurrency: 24, event: 0.1, accountsPerEvent: () => 0.3 };
const fleet = { rate: 1000, lanes: 2, shards: 1, shardIntake: 4000, window: 5, batchEvents: 10_000 };
/** Near what `npm run bench:fleet` measures. */
const LINK: LinkCosts = {
  ...{ entries: 2, entryBytes: 570, entryMs: 0.03, kept: 0.1, keptBytes: 300, keptMemory: 600 },
  ...{ mergeMs: 0.03, linkMs: 0.03, promptBytes: 2600, askedBytes: 2050, askedMemory: 2270 },
  ...{ sampleMs: 0.03, askedMs: 0.015, indexMs: 0.2, nearMs: 0.5, likeMs: 0.3, groupMs: 0.02 },
  ...{ members: 0.1, groupSize: 7, judgeMs: 1 },
};
const BURST = { times: 10, seconds: 600 };

describe('the simulation of a fleet', () => {
  it('loses no event, and waits no longer than the window on a quiet day', () => {
    const flow = flowOf(fleet, costs, { times: 1, seconds: 600 });
    expect(flow.sent - flow.scored).toBeLessThan(fleet.rate * (fleet.window + 2));
    expect(flow.peakLag).toBeLessThanOrEqual(fleet.window + 1);
    expect(flow.busy).toBeCloseTo((fleet.rate / fleet.lanes) * ((0.3 * 12) / 24 + 0.1) * 0.001, 1);
  });

  it('keeps in producers what shards do not take, and drains it', () => {
    const flow = flowOf(fleet, costs, BURST);
    // six thousand a second more than the shard takes
    expect(flow.peakInProducers).toBeCloseTo(6000 * BURST.seconds, -4);
    expect(flow.drained).toBeGreaterThan(1000);
    expect(flow.sent - flow.scored).toBeLessThan(fleet.rate * (fleet.window + 2));
  });

  it('says that it never drains where lanes are slower than what comes', () => {
    expect(flowOf(fleet, { ...costs, event: 5 }, BURST).drained).toBeUndefined();
  });

  it.each([
    ['rate', 0],
    ['lanes', Number.NaN],
    ['window', -1],
    ['shardIntake', Number.POSITIVE_INFINITY],
  ])('refuses %s of %s by name', (name, value) => {
    expect(() => flowOf({ ...fleet, [name]: value }, costs, BURST)).toThrow(name);
  });

  it('divides a calibration that one invocation cannot end', () => {
    const account = { bytes: 1500, seeMs: 0.3, measureMs: 0.3 };
    expect(calibrationOf(100_000, account).shards).toBe(1);
    const large = calibrationOf(10_000_000, account);
    expect(large.shards).toBeGreaterThan(1);
    expect(large.sharded).toBeLessThan(2 * 780);
  });

  it('divides a run of link that one invocation cannot end, and none that it can', () => {
    expect(linkPass(50_000, LINK)?.shards).toBe(1);
    const large = linkPass(10_000_000, LINK);
    expect(large?.shards).toBeGreaterThan(1);
    for (const { seconds, memory } of large?.steps ?? []) {
      expect(seconds).toBeLessThanOrEqual(780);
      expect(memory).toBeLessThanOrEqual(large?.memory ?? 0);
    }
    expect(large?.memory).toBeLessThanOrEqual(10_240e6);
    const { accounts } = linkReach(LINK);
    expect(linkPass(accounts, LINK)?.shards).toBe(1);
    expect(linkPass(accounts + 2000, LINK)?.shards).toBeGreaterThan(1);
    const most = linkMost(LINK);
    expect(linkPass(most, LINK)).toBeDefined();
    expect(linkPass(most + 20_000, LINK)).toBeUndefined();
  });

  it('takes longer with more accounts, and each step less with more shards, but for the one that is not divided', () => {
    expect(linkAlone(200_000, LINK).seconds).toBeGreaterThan(linkAlone(100_000, LINK).seconds);
    const [few, many] = [linkSteps(1e6, 4, LINK), linkSteps(1e6, 16, LINK)];
    for (const [i, { step, seconds }] of many.entries())
      if (step === 'group') expect(seconds).toBe(few[i]?.seconds);
      else expect(seconds).toBeLessThan(few[i]?.seconds ?? 0);
  });

  it.each([
    [['--accounts', '0'], /--accounts 0: must be a whole number from 1 to 1,000,000,000/],
    [['--accounts', '1e12'], /--accounts 1e12/],
    [['--accounts', '2.5'], /--accounts 2.5: must be a whole number/],
    [['--accounts', ''], /--accounts : must be/],
    [['--rate', 'NaN'], /--rate NaN: must be a number from 0.001 to 1,000,000/],
    [['--rate', '-1'], /rate/],
    [['--rate', '1e7'], /--rate 1e7/],
    [['--shards', '2'], /shards/],
    [
      ['--accounts', '1e9'],
      /--accounts 1e9: at 0.01 .* a rate of 10,000,000, which must be .* to 1,000,000: give --rate/,
    ],
  ])('refuses %j by name, with what is allowed', (args, said) => {
    expect(() => fleetOptions(args)).toThrow(said);
  });

  it('takes a size: a hundredth of an event a second of an account where no rate is given', () => {
    expect(fleetOptions([]).size).toBeUndefined();
    expect(fleetOptions(['--accounts', '5000']).size).toEqual({ accounts: 5000, rate: 50 });
    expect(fleetOptions(['--accounts', '1e9', '--rate', '1e6']).size).toEqual({ accounts: 1e9, rate: 1e6 });
    expect(fleetOptions(['--rate', '1e6']).size).toEqual({ accounts: 1e8, rate: 1e6 });
    expect(fleetOptions(['--rate', '10']).size).toEqual({ accounts: 1000, rate: 10 });
  });
});
