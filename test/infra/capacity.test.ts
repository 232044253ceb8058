import { describe, expect, it } from 'vitest';
import { MEASURED, planCapacity } from '../../lib/infra/capacity.ts';

describe('capacity plan', () => {
  const plan = (eventsPerSecond: number, over: Partial<typeof MEASURED> = {}) =>
    planCapacity({ ...MEASURED, ...over, eventsPerSecond, accounts: 1000 });

  it('reproduces the worked example of one unpacked 600-byte event a record', () => {
    // 1,000 events a second x 600 B, a record each: 2.592e9 records; on demand $28.8 + 2,592 GB x $0.08 + 1,555 GB x $0.04
    const { monthly } = plan(1000, { bytesPerEvent: 600, eventsPerRecord: 1 });
    expect(monthly.streamOnDemand).toBeCloseTo(28.8 + 207.36 + 62.2, 0);
    // 2.592e9 writes a month at $0.625 a million
    expect(plan(1000, { writeUnitsPerEvent: 1, readUnitsPerEvent: 1e-9 }).monthly.tables).toBeCloseTo(
      1620,
      0,
    );
  });

  it('grows with traffic and shrinks with packing', () => {
    expect(plan(10_000).shards).toBeGreaterThan(plan(1000).shards);
    expect(plan(1000, { eventsPerRecord: 50 }).monthly.streamOnDemand).toBeLessThan(
      plan(1000, { eventsPerRecord: 2 }).monthly.streamOnDemand,
    );
  });

  it('refuses what is not a traffic, by name', () => {
    expect(() => plan(0)).toThrow(/eventsPerSecond: 0/);
    expect(() => plan(1, { bytesPerEvent: Number.NaN })).toThrow(/bytesPerEvent/);
  });
});
