import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nameIndex, nextNamed } from '../../console/name-index.ts';

it('a search of all names as one text finds what a search of each name finds, in the order shown', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'B', '_', '\n'), maxLength: 4 });
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 12 }), letters, (names, sought) => {
      const wanted = sought.toLowerCase().replaceAll('\n', '') || 'a';
      const order = Uint32Array.from(names.keys()).reverse();
      const index = nameIndex(names, order);
      const found: number[] = [];
      for (let k = nextNamed(index, wanted, 0); k < order.length; k = nextNamed(index, wanted, k + 1))
        found.push(order[k] as number);
      const each = [...order].filter((i) => (names[i] ?? '').toLowerCase().includes(wanted));
      expect(found).toEqual(each);
    }),
    { numRuns: 200 },
  );
});
