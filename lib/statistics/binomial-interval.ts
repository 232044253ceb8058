/**
 * Exact (Clopper-Pearson) 95 % interval of the chance of a hit, by bisection on the binomial tails
 * (Clopper and Pearson, Biometrika 1934). Trials that depend on each other have a wider one: resample them in clusters.
 */
export function binomialInterval(hits: number, trials: number): [number, number] {
  if (trials === 0) return [0, 1];
  const tail = (k: number, p: number): number => {
    // P(X <= k), summed in log space
    if (p <= 0) return 1;
    if (p >= 1) return k >= trials ? 1 : 0;
    let log = trials * Math.log1p(-p);
    let sum = Math.exp(log);
    for (let i = 1; i <= k; i++) {
      log += Math.log((trials - i + 1) / i) + Math.log(p) - Math.log1p(-p);
      sum += Math.exp(log);
    }
    return Math.min(1, sum);
  };
  const solve = (above: (p: number) => boolean): number => {
    let low = 0;
    let high = 1;
    for (let i = 0; i < 60; i++) {
      const middle = (low + high) / 2;
      if (above(middle)) high = middle;
      else low = middle;
    }
    return (low + high) / 2;
  };
  const lower = hits === 0 ? 0 : solve((p) => 1 - tail(hits - 1, p) >= 0.025);
  const upper = hits === trials ? 1 : solve((p) => tail(hits, p) <= 0.025);
  return [lower, upper];
}
