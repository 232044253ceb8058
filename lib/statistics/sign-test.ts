/**
 * Chance that of better + worse fair coins at least `better` show heads: how surprising it is that one of two methods did better so often
 * where they differed (sign test, Dixon and Mood, "The statistical sign test", Journal of the American Statistical Association 1946).
 * @param better pairs in which the first did better; ties count on neither side
 */
export function signTest(better: number, worse: number): number {
  const pairs = better + worse;
  // summed in log space: a coin that falls the same way a thousand times has no chance that a number can hold
  let log = pairs * Math.log(0.5);
  let tail = 0;
  for (let heads = 0; heads <= pairs; heads++) {
    if (heads >= better) tail += Math.exp(log);
    log += Math.log((pairs - heads) / (heads + 1));
  }
  return Math.min(1, tail);
}
