import { describe, expect, it } from 'vitest';
import { digest, halfSipHash24, halfSipHash24OfPair, sipHash24 } from '../../lib/telemetry/siphash.ts';

/**
 * Vectors of the reference implementations: input 00 01 02 ... of n bytes, key 00 01 02 ...
 * Only even lengths: inputs here are UTF-16 code units.
 */
const SIP64: Record<number, string> = {
  0: '726fdb47dd0e0e31',
  2: '0d6c8009d9a94f5a',
  4: 'cf2794e0277187b7',
  6: 'cbc9466e58fee3ce',
  8: '93f5f5799a932462',
  10: '7a5dbbc594ddb9f3',
  12: '751e8fbc860ee5fb',
  14: 'f723ca908e7af2ee',
  16: '3f2acc7f57c29bdb',
  30: 'ad87a3535c49ef28',
  32: '7127512f72f27cce',
  46: 'db9acddff56ca510',
  62: 'e51b38608ef25f57',
};

/** HalfSipHash-2-4 with 64 bits of output, bytes in order */
const HALF64: Record<number, string> = {
  0: '218d1f59b9b83cc8',
  2: '064f39ef7c50eb57',
  4: 'd5e78a175be52ea1',
  6: 'ce3e91358aa2bc25',
  8: 'edfee820bce4858c',
  10: '95b0469f06a6f2ee',
  12: '7bc71f9faef5c799',
  14: '3bb1a870eae8e658',
  16: '7336aad25f7bf3b5',
  18: 'c9b2db2b9a3e42f9',
  20: '1bf52b0a6feea7db',
  38: 'cbd92ee724d42109',
};

/** HalfSipHash-2-4 with 32 bits of output, sixteen bytes of input, bytes in order */
const HALF32_OF_16 = 'd9b5ac84';

function units(bytes: number): Uint16Array {
  const buffer = Uint8Array.from({ length: bytes }, (_, i) => i);
  return Uint16Array.from(
    { length: bytes / 2 },
    (_, i) => (buffer[2 * i] as number) | ((buffer[2 * i + 1] as number) << 8),
  );
}

const hex = (value: number) => (value >>> 0).toString(16).padStart(8, '0');
const bytesOf = (value: number) => Buffer.from(hex(value), 'hex').reverse().toString('hex');

describe('SipHash-2-4', () => {
  it.each(Object.entries(SIP64))('gives the published vector for %s bytes', (length, expected) => {
    sipHash24([0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c], units(Number(length)), 0, Number(length) / 2);
    expect(hex(digest[1] as number) + hex(digest[0] as number)).toBe(expected);
  });

  it('hashes a range, not the buffer', () => {
    const key = [1, 2, 3, 4] as const;
    const text = Uint16Array.from([9, 9, 65, 66, 67, 9]);
    sipHash24(key, text, 2, 5);
    const ranged = [...digest];
    sipHash24(key, Uint16Array.from([65, 66, 67]), 0, 3);
    expect([...digest]).toEqual(ranged);
  });
});

describe('HalfSipHash-2-4', () => {
  it.each(Object.entries(HALF64))(
    'gives the published vector of 64 bits for %s bytes',
    (length, expected) => {
      halfSipHash24([0x03020100, 0x07060504], units(Number(length)), 0, Number(length) / 2);
      expect(bytesOf(digest[0] as number) + bytesOf(digest[1] as number)).toBe(expected);
    },
  );

  it('gives the published vector of 32 bits for a pair of words', () => {
    const words = [0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c] as const;
    expect(bytesOf(halfSipHash24OfPair([0x03020100, 0x07060504], ...words))).toBe(HALF32_OF_16);
  });
});
