import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { heldOf, noLessThan } from '../../bench/fleet/held.ts';

describe('the memory of a value', () => {
  beforeAll(() => {
    setFlagsFromString('--expose-gc');
    (globalThis as { gc?: unknown }).gc = runInNewContext('gc');
  });
  afterAll(() => {
    delete (globalThis as { gc?: unknown }).gc;
  });

  it('is not told smaller by array buffers that were given up before it', () => {
    const size = 32 * 1024 * 1024;
    const given = { up: [new Uint8Array(size).fill(1), new Uint8Array(size).fill(1)] };
    given.up = [];
    const { made, bytes } = heldOf(() => new Uint8Array(size / 8).fill(1));
    expect(made.length).toBe(size / 8);
    expect(bytes / made.length).toBeGreaterThan(0.9);
    expect(bytes / made.length).toBeLessThan(1.5);
  });

  it('is refused where it is less than the same takes packed: 225 bytes were told of what packs to 2,055', () => {
    expect(() => noLessThan(225, 2055, 'what is asked')).toThrow(/what is asked .* 225 bytes.* 2055 when/);
    expect(noLessThan(2240, 2055, 'what is asked')).toBe(2240);
  });

  it('is not measured where nothing is collected', () => {
    const { gc } = globalThis as { gc?: unknown };
    delete (globalThis as { gc?: unknown }).gc;
    expect(() => heldOf(() => 1)).toThrow(/--expose-gc/);
    (globalThis as { gc?: unknown }).gc = gc;
  });
});
