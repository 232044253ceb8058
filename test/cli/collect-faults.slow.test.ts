import { describe, expect, it } from 'vitest';
import { withFault } from './collect-faults.ts';

describe('collect', () => {
  it.each([
    ['stalled', false],
    ['stalled', true],
    ['killed', true],
  ] as const)(
    'keeps what it answered: the stream or itself %s, durable %s',
    async (fault, durable) => {
      const { answered, lost } = await withFault(fault, durable, 2);
      expect(answered).toBeGreaterThan(0);
      expect(lost).toBe(0);
    },
    60_000,
  );
});
