/**
 * The largest of any number of values; of none `least`. A call such as `Math.max(...values)` has room for some 120,000 arguments, which accounts, objects and
 * campaigns of a fleet exceed.
 *
 * @example
 * largest([2, 7, 3]); // => 7
 */
export function largest(values: Iterable<number>, least = Number.NEGATIVE_INFINITY): number {
  let found = least;
  for (const value of values) found = Math.max(found, value);
  return found;
}

/** The smallest of any number of values; of none `most`. */
export function smallest(values: Iterable<number>, most = Number.POSITIVE_INFINITY): number {
  let found = most;
  for (const value of values) found = Math.min(found, value);
  return found;
}
