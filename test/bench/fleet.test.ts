import { describe, expect, it } from 'vitest';
import { type Costs, flowOf } from '../../bench/fleet/flow.ts';
import { calibrationOf } from '../../bench/fleet/passes.ts';

const costs: Costs = { batch: 25, account: 12, concurrency: 24, event: 0.1, accountsPerEvent: () => 0.3 };
const fleet = { rate: 1000, lanes: 2, shards: 1, shardIntake: 4000, window: 5, batchEvents: 10_000 };
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
});
