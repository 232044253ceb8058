import { expect, it } from 'vitest';
import { heldName } from '../../lib/telemetry/held-names.ts';

it('names stay apart where the bytes that they were read from are used again, however many share a place', () => {
  const room = Buffer.alloc(6);
  for (let i = 0; i < 30_000; i++) {
    const name = `n${String(i).padStart(5, '0')}`;
    room.write(name, 'latin1');
    expect(heldName(room, name, 0, 6)).toBe(name);
  }
});
