import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linkRun } from '../../lib/campaigns/stored-run.ts';
import { HOUR, START } from '../events.ts';
import { Base, divided, historiesOf, memoryParts, rulesOf, storedAt } from './divided-world.ts';

const world = fc.record({
  sets: fc.tuple(fc.integer({ min: 3, max: 8 }), fc.integer({ min: 0, max: 6 })),
  students: fc.integer({ min: 0, max: 6 }),
  company: fc.integer({ min: 0, max: 12 }),
  robust: fc.boolean(),
  past: fc.constantFrom(200, 500),
  candidate: fc.boolean(),
});

describe('a run of link, divided', () => {
  it('leaves what one invocation leaves, bit for bit, with 2, 7 and 16 shards, in any world', async () => {
    let notices = 0;
    let waited = 0;
    await fc.assert(
      fc.asyncProperty(world, async (of) => {
        const rules = rulesOf(of);
        const histories = historiesOf(of);
        const looks = [
          await storedAt(histories, START + 30 * HOUR, rules),
          await storedAt(histories, START + 60 * HOUR, rules),
        ];
        const accounts = histories.flatMap(([event]) => event?.account ?? []);
        const single = new Base();
        for (const stored of looks) await single.run(stored, (ports) => linkRun(ports, rules));
        const expected = await single.outcome(accounts);
        for (const shards of [2, 7, 16]) {
          const base = new Base();
          for (const stored of looks)
            await base.run(stored, async (ports) => {
              const parts = memoryParts();
              const report = await divided(ports, rules, shards, parts);
              for (let shard = 0; shard < shards; shard++) {
                const { waiting } = await parts.need<{ waiting: unknown[] }>(`judged-${shard}`);
                waited += waiting.length;
              }
              return report;
            });
          expect([shards, await base.outcome(accounts)]).toEqual([shards, expected]);
        }
        notices += expected.reports.flatMap((report) => report.notices).length;
      }),
      { numRuns: 6, seed: 17, endOnFailure: true },
    );
    // worlds in which nothing is said, or nobody waits for the allowance, would compare nothing
    expect(notices).toBeGreaterThan(0);
    expect(waited).toBeGreaterThan(0);
  }, 240_000);
});
