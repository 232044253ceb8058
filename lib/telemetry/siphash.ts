/**
 * SipHash-2-4 and HalfSipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012; the half
 * variant: reference implementation, 2016) in 32-bit arithmetic, over UTF-16 code units taken as little-endian bytes.
 *
 * A prompt is hashed hundreds of times (once a word, once a pair of words), far too often for HMAC; unkeyed or
 * weakly keyed hashes fall to a dictionary. SipHash is a keyed pseudo-random function made for short inputs.
 * HalfSipHash has a key of only 64 bits, so it never stands alone here: see sketch.ts.
 * Tested against the published vectors (test/telemetry/siphash.test.ts).
 */

/** A 128-bit key as four little-endian 32-bit words. */
export type SipKey = readonly [number, number, number, number];
/** A 64-bit key as two little-endian 32-bit words. */
export type HalfSipKey = readonly [number, number];

/** The hash of the last call, low and high 32 bits: an object per call would cost more than the hash. */
export const digest = new Int32Array(2);

/** 1 where adding a and b to s carried out of 32 bits. */
function carry(a: number, b: number, s: number): number {
  return ((a & b) | ((a | b) & ~s)) >>> 31;
}

/** SipHash-2-4 with 64 bits of output of `units[start, end)`; the result is in `digest`. */
export function sipHash24(key: SipKey, units: Uint16Array, start: number, end: number): void {
  const length = end - start;
  let l0 = key[0] ^ 0x70736575;
  let h0 = key[1] ^ 0x736f6d65;
  let l1 = key[2] ^ 0x6e646f6d;
  let h1 = key[3] ^ 0x646f7261;
  let l2 = key[0] ^ 0x6e657261;
  let h2 = key[1] ^ 0x6c796765;
  let l3 = key[2] ^ 0x79746573;
  let h3 = key[3] ^ 0x74656462;
  const whole = length >> 2;
  let at = start;
  // The rounds stand in one place: blocks, then the last block with the length, then the finalisation.
  for (let block = 0; block <= whole + 1; block++) {
    let low = 0;
    let high = 0;
    let rounds = 2;
    if (block < whole) {
      low = (units[at] as number) | ((units[at + 1] as number) << 16);
      high = (units[at + 2] as number) | ((units[at + 3] as number) << 16);
      at += 4;
    } else if (block === whole) {
      const left = length & 3;
      if (left > 0) low = units[at] as number;
      if (left > 1) low |= (units[at + 1] as number) << 16;
      if (left > 2) high = units[at + 2] as number;
      high |= (length * 2) << 24;
    } else {
      l2 ^= 0xff;
      rounds = 4;
    }
    l3 ^= low;
    h3 ^= high;
    for (let round = 0; round < rounds; round++) {
      let s = (l0 + l1) | 0;
      h0 = (h0 + h1 + carry(l0, l1, s)) | 0;
      l0 = s;
      s = (l1 << 13) | (h1 >>> 19);
      h1 = ((h1 << 13) | (l1 >>> 19)) ^ h0;
      l1 = s ^ l0;
      s = l0;
      l0 = h0;
      h0 = s;

      s = (l2 + l3) | 0;
      h2 = (h2 + h3 + carry(l2, l3, s)) | 0;
      l2 = s;
      s = (l3 << 16) | (h3 >>> 16);
      h3 = ((h3 << 16) | (l3 >>> 16)) ^ h2;
      l3 = s ^ l2;

      s = (l0 + l3) | 0;
      h0 = (h0 + h3 + carry(l0, l3, s)) | 0;
      l0 = s;
      s = (l3 << 21) | (h3 >>> 11);
      h3 = ((h3 << 21) | (l3 >>> 11)) ^ h0;
      l3 = s ^ l0;

      s = (l2 + l1) | 0;
      h2 = (h2 + h1 + carry(l2, l1, s)) | 0;
      l2 = s;
      s = (l1 << 17) | (h1 >>> 15);
      h1 = ((h1 << 17) | (l1 >>> 15)) ^ h2;
      l1 = s ^ l2;
      s = l2;
      l2 = h2;
      h2 = s;
    }
    l0 ^= low;
    h0 ^= high;
  }
  digest[0] = l0 ^ l1 ^ l2 ^ l3;
  digest[1] = h0 ^ h1 ^ h2 ^ h3;
}

/** HalfSipHash-2-4 with 64 bits of output of `units[start, end)`; the result is in `digest`. */
export function halfSipHash24(key: HalfSipKey, units: Uint16Array, start: number, end: number): void {
  const length = end - start;
  let v0 = key[0];
  let v1 = key[1] ^ 0xee;
  let v2 = key[0] ^ 0x6c796765;
  let v3 = key[1] ^ 0x74656462;
  const whole = length >> 1;
  let at = start;
  for (let block = 0; block <= whole + 2; block++) {
    let word = 0;
    let rounds = 2;
    if (block < whole) {
      word = (units[at] as number) | ((units[at + 1] as number) << 16);
      at += 2;
    } else if (block === whole) {
      word = (length * 2) << 24;
      if ((length & 1) === 1) word |= units[at] as number;
    } else if (block === whole + 1) {
      v2 ^= 0xee;
      rounds = 4;
    } else {
      digest[0] = v1 ^ v3;
      v1 ^= 0xdd;
      rounds = 4;
    }
    v3 ^= word;
    for (let round = 0; round < rounds; round++) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    v0 ^= word;
  }
  digest[1] = v1 ^ v3;
}

/**
 * HalfSipHash-2-4 with 32 bits of output of a message of sixteen bytes, given as four 32-bit words:
 * the shape of a pair of hashed words.
 */
export function halfSipHash24OfPair(key: HalfSipKey, a: number, b: number, c: number, d: number): number {
  let v0 = key[0];
  let v1 = key[1];
  let v2 = key[0] ^ 0x6c796765;
  let v3 = key[1] ^ 0x74656462;
  for (let block = 0; block < 6; block++) {
    let word = 0;
    let rounds = 2;
    if (block === 0) word = a;
    else if (block === 1) word = b;
    else if (block === 2) word = c;
    else if (block === 3) word = d;
    else if (block === 4) word = 16 << 24;
    else {
      v2 ^= 0xff;
      rounds = 4;
    }
    v3 ^= word;
    for (let round = 0; round < rounds; round++) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    v0 ^= word;
  }
  return v1 ^ v3;
}
