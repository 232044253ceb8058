/** A source of uniform numbers in [0, 1). */
export type Random = () => number;

/**
 * A small seeded generator (mulberry32, public domain, period 2^32): enough for resampling, never for keys.
 * The same seed gives the same report on every machine.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A standard normal number (Box-Muller). */
export function normalFrom(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** `count` of the values, drawn without replacement, in their original order. */
export function sampleWithout<T>(values: readonly T[], count: number, random: Random): T[] {
  let left = values.length;
  let wanted = Math.min(count, left);
  const out: T[] = [];
  for (const value of values) {
    if (random() * left < wanted) {
      out.push(value);
      wanted--;
    }
    left--;
  }
  return out;
}
