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
  begin();
  mix(text);
  return end();
}

/** hash48 of the parts one after another, with ends between them, without making one string of them. */
export function hash48Of(parts: readonly string[]): number {
  begin();
  for (const part of parts) mix(part);
  return end();
}

let low = 0;
let high = 0;
let place = 0;

function begin(): void {
  low = 0x811c9dc5;
  high = 0x9747b28c;
  place = 0;
}

function mix(text: string): void {
  let a = low;
  let b = high;
  const { length } = text;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ (code + place + i), 0x85ebca6b);
    b ^= b >>> 15;
  }
  low = a;
  high = b;
  place += length;
}

function end(): number {
  let a = low ^ (low >>> 15);
  a = Math.imul(a, 0x2c1b3c6d);
  a ^= a >>> 12;
  return (high & 0xffff) * 2 ** 32 + (a >>> 0);
}

/**
 * Where an account lies in [0, 1), by its name: those below a share are a fair sample of all, the same one every day, as
 * pseudonyms are keyed hashes.
 */
export function hashShare(account: string): number {
  return (hash48(account) % 65_536) / 65_536;
}
