import { describe, expect, it } from 'vitest';
import { MOST_LINK_SHARDS } from '../../lib/contract/link-steps.ts';
import { LINKED_ALONE, linkingUsd, linkShardsFor, MOST_LINKED } from '../../lib/infra/cost/linking.ts';

const settings = { linkMinutes: 15, linkShards: 1, batchMemoryMb: 2048 };

describe('what linking wants and costs', () => {
  it('is one invocation as far as that goes, then shards as far as there are some, then several stacks', () => {
    expect(linkShardsFor(1)).toBe(1);
    expect(linkShardsFor(LINKED_ALONE)).toBe(1);
    expect(linkShardsFor(LINKED_ALONE + 1)).toBe(2);
    expect(linkShardsFor(10_000_000)).toBe(32);
    expect(linkShardsFor(MOST_LINKED)).toBeLessThanOrEqual(MOST_LINK_SHARDS);
    expect(linkShardsFor(MOST_LINKED + 1)).toBeUndefined();
  });

  it('grows with accounts, runs, memory and shards, and is that of the shards that are needed where there are fewer', () => {
    const usd = (accounts: number, over: Partial<typeof settings> = {}) =>
      linkingUsd(accounts, { ...settings, ...over });
    expect(usd(200)).toBeCloseTo(2 * usd(100), 9);
    expect(usd(100_000, { batchMemoryMb: 4096 })).toBeCloseTo(2 * usd(100_000), 9);
    expect(usd(100_000, { linkMinutes: 60 })).toBeLessThan(usd(100_000));
    // contents are compared once an hour, however often it runs
    expect(usd(100_000, { linkMinutes: 60 })).toBeGreaterThan(usd(100_000) / 4);
    expect(usd(1_000_000, { linkShards: 64 })).toBeGreaterThan(usd(1_000_000, { linkShards: 4 }));
    expect(usd(1_000_000)).toBe(usd(1_000_000, { linkShards: 4 }));
  });
});
