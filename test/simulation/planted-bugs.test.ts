import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { withBug } from './plant.ts';
import { PLANTED_BUGS } from './planted-bugs.ts';

it('planted bugs still have their places in the source', () => {
  const broken = PLANTED_BUGS.flatMap((bug) => {
    try {
      withBug(bug, readFileSync(bug.file, 'utf8'));
      return [];
    } catch (error) {
      return [String(error)];
    }
  });
  expect(broken).toEqual([]);
});
