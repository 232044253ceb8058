/**
 * Upper end of Wilson's score interval for a share of `trials`, `z` standard deviations above (one-sided; Wilson 1927):
 * what may still be true after so few trials.
 */
export function upperShare(share: number, trials: number, z: number): number {
  const square = (z * z) / trials;
  const half = z * Math.sqrt((share * (1 - share)) / trials + square / (4 * trials));
  return (share + square / 2 + half) / (1 + square);
}
