import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AccountSample, type SamplePart } from '../../lambdas/calibrate/first-pass.ts';
import { account, DAY, START } from '../events.ts';

const customer = { plan: 'payg', product: 'api', createdAt: START - DAY };

it('the sample that groups are drawn from is the same whoever saw which accounts, in any order', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: 1e6 }), { minLength: 1, maxLength: 120 }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 4, max: 200 }),
      (numbers, shards, most) => {
        const whole = new AccountSample(most);
        const parts = Array.from({ length: shards }, () => new AccountSample(most));
        for (const [i, n] of numbers.entries()) {
          const held = { account: account(n * 7919), customer, slices: [] };
          whole.see(held);
          parts[i % shards]?.see(held);
        }
        const merged = new AccountSample(most);
        for (const part of [...parts].reverse())
          merged.merge(deserialize(serialize(part.part())) as SamplePart);
        expect(merged.accounts()).toEqual(whole.accounts());
        expect(whole.accounts().length).toBeLessThanOrEqual(most);
      },
    ),
    { numRuns: 50 },
  );
});
