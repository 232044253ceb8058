import { expect, it } from 'vitest';
import { knownInside } from '../../../lib/telemetry/adapters/inside.ts';

it('a value is looked into to a bound, however many fields it has', () => {
  let looked = 0;
  const fields = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`f${i}`, { a: 1 }]));
  const count = () => {
    looked++;
    return false;
  };
  expect(knownInside(fields, count)).toEqual([]);
  expect(looked).toBeLessThanOrEqual(20_000);
});
