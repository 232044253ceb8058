import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BlockingPart,
  CandidateBlocking,
  type LinkEntry,
} from '../../lib/campaigns/linking/blocking.ts';
import { hash48 } from '../../lib/profile/hashes.ts';
import { entryValues } from '../../lib/stores/link-store.ts';
import { factsOf } from './base.ts';

/** Entries of accounts with one payment or two, or none; of some, one entry was read before a change and one after it. */
const entries = fc
  .array(fc.record({ payments: fc.subarray(['p0', 'p1', 'p2', 'p3', 'p4']), changed: fc.boolean() }), {
    minLength: 1,
    maxLength: 60,
  })
  .map((accounts) =>
    accounts.flatMap(({ payments, changed }, i): LinkEntry[] => {
      const account = `a${i}`;
      const alone = i % 2 === 0 ? payments : [`own${i}`];
      const facts = factsOf({ payment: alone, networks: [`net${i % 7}`] });
      return entryValues(account, facts).map((value, n) => ({
        value,
        account,
        facts: changed && n === 1 ? { ...facts, plan: 'team' } : facts,
      }));
    }),
  );

const byValue = (list: readonly LinkEntry[]): LinkEntry[] =>
  list.toSorted((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0));

function blocked(list: readonly LinkEntry[], strangers: number): BlockingPart {
  const blocking = new CandidateBlocking({ strangers });
  // two readers side by side, as two segments are read
  const readers = [blocking.reader(), blocking.reader()];
  for (const entry of byValue(list)) readers[hash48(entry.value) % 2]?.add(entry);
  return deserialize(serialize(blocking.part())) as BlockingPart;
}

const indexed = (blocking: CandidateBlocking) =>
  [...blocking.index().frames()].map((frame) => JSON.stringify(frame));

describe('candidates of the link table', () => {
  it('are the same read at once as in 2, 7 and 16 shards, whatever the order, with a sample of those who share nothing', () => {
    fc.assert(
      fc.property(entries, fc.constantFrom(2, 9, 1000), (list, strangers) => {
        const whole = new CandidateBlocking({ strangers });
        whole.merge(blocked(list, strangers));
        const at = (shards: number, shard: number) =>
          list.filter(({ value }) => (hash48(value) >>> 4) % shards === shard);
        for (const shards of [2, 7, 16]) {
          const merged = new CandidateBlocking({ strangers });
          for (let shard = shards - 1; shard >= 0; shard--)
            merged.merge(blocked(at(shards, shard), strangers));
          expect(merged.accounts).toBe(whole.accounts);
          expect(indexed(merged)).toEqual(indexed(whole));
          expect(merged.part()).toEqual(whole.part());
        }
        expect(whole.part().strangers.length).toBeLessThanOrEqual(strangers);
      }),
      { numRuns: 60 },
    );
  });

  it('hold no more of those who share nothing than they may, however many there are', () => {
    const blocking = new CandidateBlocking({ strangers: 100 });
    const reader = blocking.reader();
    const facts = factsOf();
    for (let i = 0; i < 3000; i++) reader.add({ value: `payment#p${i}`, account: `a${i}`, facts });
    const { strangers, share } = blocking.part();
    expect(strangers.length).toBeLessThanOrEqual(100);
    expect(strangers.length).toBeGreaterThan(35);
    expect(share).toBeLessThanOrEqual(1 / 16);
    expect(Math.abs(blocking.accounts - 3000)).toBeLessThan(1);
  });
});
