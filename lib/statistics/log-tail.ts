/**
 * Natural log of P(Binomial(n, p) >= k), bounded by Chernoff and Hoeffding's relative entropy bound
 * exp(-n KL(k/n || p)) (never below the truth, so a decision on it is conservative); 0 where k <= n p.
 */
export function logTail(n: number, k: number, p: number): number {
  if (n <= 0 || k <= n * p || p >= 1) return 0;
  const share = Math.min(1, k / n);
  const safe = Math.max(p, Number.MIN_VALUE);
  const hit = share * Math.log(share / safe);
  const miss = share >= 1 ? 0 : (1 - share) * Math.log((1 - share) / (1 - safe));
  return -n * (hit + miss);
}
