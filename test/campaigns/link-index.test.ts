import { describe, expect, it } from 'vitest';
import { LinkIndex } from '../../lib/campaigns/linking/link-index.ts';
import { factsOf } from './base.ts';

describe('link index', () => {
  it('puts an account twice without doubling it', () => {
    const index = new LinkIndex();
    index.put('a', factsOf({ payment: 'p' }));
    const { changes } = index;
    index.put('a', factsOf({ payment: 'p' }));
    expect(index.posting('payment#p')).toEqual({ members: ['a'], accounts: 1 });
    expect(index.changes).toBe(changes);
  });

  it('keeps a bounded number of members of a popular value, and estimates how many there are', () => {
    const index = new LinkIndex({ membersPerValue: 100 });
    for (let i = 0; i < 20_000; i++) index.put(`a${i}`, factsOf({ payment: 'everybody' }));
    const posting = index.posting('payment#everybody');
    expect(posting?.members.length).toBe(100);
    expect(posting?.accounts).toBeGreaterThan(12_000);
    expect(posting?.accounts).toBeLessThan(30_000);
  });

  it('lets go of what an account no longer shows, and of accounts that are dropped', () => {
    const index = new LinkIndex();
    index.put('a', factsOf({ payment: 'old' }));
    index.put('b', factsOf({ payment: 'old' }));
    index.put('a', factsOf({ payment: 'new' }));
    expect(index.posting('payment#old')?.members).toEqual(['b']);
    index.drop('b');
    expect(index.posting('payment#old')?.members ?? []).toEqual([]);
    expect(index.size).toBe(1);
  });

  it('refuses a limit that cannot link', () => {
    expect(() => new LinkIndex({ membersPerValue: 1 })).toThrow(/membersPerValue.*1/);
  });
});
