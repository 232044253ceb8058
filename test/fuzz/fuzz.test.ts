import { expect, it } from 'vitest';
import { fuzz } from './run.ts';

it('everything that reads what others wrote refuses random inputs by its own errors, in time (npm run fuzz does more)', async () => {
  expect((await fuzz(420, 1)).failures).toEqual([]);
});
