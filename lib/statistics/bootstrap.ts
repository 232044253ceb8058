import { mean, sortedQuantile } from './distributions.ts';
import type { Random } from './generator.ts';

/** 95 % percentile interval of the mean under resampling of the values with replacement. */
export function bootstrapMeanInterval(values: Float64Array, random: Random, rounds = 1000): [number, number] {
  const n = values.length;
  const means = new Float64Array(rounds);
  for (let r = 0; r < rounds; r++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += values[Math.floor(random() * n)] as number;
    means[r] = sum / n;
  }
  means.sort();
  return [sortedQuantile(means, 0.025), sortedQuantile(means, 0.975)];
}

/** Standard error of an estimate from its values with one block left out each (delete-one-block jackknife). */
export function jackknifeError(leftOut: ArrayLike<number>): number {
  const b = leftOut.length;
  const centre = mean(leftOut);
  let sum = 0;
  for (let i = 0; i < b; i++) sum += ((leftOut[i] as number) - centre) ** 2;
  return Math.sqrt((sum * (b - 1)) / b);
}
