import { digit } from './base64url.ts';

/**
 * The first 24 bits of a base64url print as an unsigned integer; prints are keyed hashes, so any bits will do. Four
 * characters, three stored bytes; among 16,000 values that one account shows, one in a thousand shares its hash.
 */
export function hash24(print: string): number {
  return (digit(print, 0) << 18) | (digit(print, 1) << 12) | (digit(print, 2) << 6) | digit(print, 3);
}

/**
 * A 48-bit FNV-style hash of a string that is not secret (event ids, stream positions), as a safe integer.
 * Two 32-bit lanes with different offsets; collisions in an hour of one account's events are below 1e-8.
 */
export function hash48(text: string): number {
  let low = 0x811c9dc5;
  let high = 0x9747b28c;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ (code + i), 0x85ebca6b);
    high ^= high >>> 15;
  }
  low ^= low >>> 15;
  low = Math.imul(low, 0x2c1b3c6d);
  low ^= low >>> 12;
  return (high & 0xffff) * 2 ** 32 + (low >>> 0);
}

/**
 * Where an account lies in [0, 1), by its name: those below a share are a fair sample of all, the same one every day, as
 * pseudonyms are keyed hashes.
 */
export function hashShare(account: string): number {
  return (hash48(account) % 65_536) / 65_536;
}
