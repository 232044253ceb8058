import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LastUsed } from '../../lib/telemetry/last-used.ts';

describe('values by name that were used last', () => {
  it('are of the last names all, never more than the most, and of each the newest value', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(fc.nat(25), { maxLength: 200 }), (half, used) => {
        const kept = new LastUsed<number>(2 * half);
        const all = new Map<string, number>();
        /** names in the order in which they were used, the last at the end */
        let order: string[] = [];
        for (const [at, number] of used.entries()) {
          const name = String(number);
          const held = kept.get(name);
          if (order.slice(-half + 1).includes(name) && half > 1) expect(held).toBe(all.get(name));
          if (held === undefined || at % 3 === 0) {
            kept.set(name, at);
            all.set(name, at);
          } else expect(held).toBe(all.get(name));
          order = [...order.filter((other) => other !== name), name];
          expect(kept.size).toBeLessThanOrEqual(2 * half);
          expect([...kept.values()]).toHaveLength(kept.size);
        }
        if (all.size <= half) expect(kept.forgot).toBe(false);
        if (!kept.forgot) expect(kept.size).toBe(all.size);
      }),
    );
  });
});
