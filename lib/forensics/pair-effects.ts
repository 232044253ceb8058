import { inverseSpd } from '../statistics/linear.ts';

/** Two models by index. */
export type Pair = readonly [number, number];

/**
 * Additive model of a similarity over pairs: `y_ij = mu + u_i + u_j + covariates_ij b + e_ij`. What a model shares with
 * everybody (its accuracy, its blandness) goes into its effect `u`; `e` is what is special to the pair.
 */
export interface PairFit {
  /** Residual of each pair predicted without that pair (leave-one-out), same order as the pairs. */
  readonly residuals: Float64Array;
  /** Leverage of each pair: `Var(leave-one-out residual) = sigma^2 / (1 - leverage)`. */
  readonly leverages: Float64Array;
  /** Value that the fit expects of a pair outside it, and that prediction's leverage `x' G x`. */
  predict(pair: Pair, covariates: readonly number[]): { value: number; leverage: number };
  /**
   * Weights `w` with `residuals[target] = sum_p w_p y_p`: the leave-one-out residual is linear in the values, which
   * gives item-level influence, and with it the bootstrap, for the price of one pass.
   */
  weights(target: number): Float64Array;
}

/** Shrinks model effects a little towards zero, so that a model with few partners does not absorb its own pair. */
const RIDGE_ON_MODELS = 0.3;
/** Keeps the other columns invertible, no more. */
const RIDGE_ON_REST = 1e-6;

/**
 * Fits the additive pair model by ridge regression.
 *
 * @param pairs pairs of model indices below `models`
 * @param values similarity of each pair
 * @param covariates for each pair the same number of covariates, on a scale of about 1
 * @throws RangeError if lengths differ or there are no pairs
 */
export function fitPairEffects(
  models: number,
  pairs: readonly Pair[],
  values: ArrayLike<number>,
  covariates: readonly (readonly number[])[],
): PairFit {
  if (pairs.length === 0 || values.length !== pairs.length || covariates.length !== pairs.length)
    throw new RangeError('pairs, values and covariates must be of one length, above 0');
  const extra = covariates[0]?.length ?? 0;
  const size = models + extra + 1;
  const row = new Float64Array(size);
  /** Columns of the row that are not 0, ascending: two models, the covariates and the mean, of all models. */
  let columns: readonly number[] = [];
  const rest = Array.from({ length: extra + 1 }, (_, k) => models + k);
  const fillRow = ([a, b]: Pair, covs: readonly number[]) => {
    for (const j of columns) row[j] = 0;
    columns = a === b ? [a, ...rest] : [Math.min(a, b), Math.max(a, b), ...rest];
    row[a] = 1;
    row[b] = 1;
    for (let k = 0; k < extra; k++) row[models + k] = covs[k] as number;
    row[size - 1] = 1;
  };
  const gram = new Float64Array(size * size);
  const moment = new Float64Array(size);
  pairs.forEach((pair, p) => {
    fillRow(pair, covariates[p] as readonly number[]);
    for (const i of columns) {
      const x = row[i] as number;
      moment[i] = (moment[i] as number) + x * (values[p] as number);
      for (const j of columns) gram[i * size + j] = (gram[i * size + j] as number) + x * (row[j] as number);
    }
  });
  for (let i = 0; i < size; i++)
    gram[i * size + i] = (gram[i * size + i] as number) + (i < models ? RIDGE_ON_MODELS : RIDGE_ON_REST);
  const inverse = inverseSpd(gram, size);
  /** Row `i` of the inverse by a vector, at these columns. */
  const solved = (i: number, v: Float64Array, at: readonly number[]) => {
    let sum = 0;
    for (const j of at) sum += (inverse[i * size + j] as number) * (v[j] as number);
    return sum;
  };
  const solve = (v: Float64Array, at: readonly number[]) =>
    Float64Array.from({ length: size }, (_, i) => solved(i, v, at));
  const dotRow = (v: Float64Array) => {
    let sum = 0;
    for (const i of columns) sum += (row[i] as number) * (v[i] as number);
    return sum;
  };
  /** The row by the inverse by the row. */
  const leverage = () => {
    let sum = 0;
    for (const i of columns) sum += (row[i] as number) * solved(i, row, columns);
    return sum;
  };
  const beta = solve(
    moment,
    Array.from(moment, (_, i) => i),
  );
  const residuals = new Float64Array(pairs.length);
  const leverages = new Float64Array(pairs.length);
  pairs.forEach((pair, p) => {
    fillRow(pair, covariates[p] as readonly number[]);
    const h = Math.min(0.999, leverage());
    leverages[p] = h;
    residuals[p] = ((values[p] as number) - dotRow(beta)) / (1 - h);
  });
  return {
    residuals,
    leverages,
    predict(pair, covs) {
      fillRow(pair, covs);
      return { value: dotRow(beta), leverage: leverage() };
    },
    weights(target) {
      fillRow(pairs[target] as Pair, covariates[target] as readonly number[]);
      const g = solve(row, columns);
      const keep = 1 - (leverages[target] as number);
      const out = new Float64Array(pairs.length);
      pairs.forEach((pair, p) => {
        fillRow(pair, covariates[p] as readonly number[]);
        out[p] = ((p === target ? 1 : 0) - dotRow(g)) / keep;
      });
      return out;
    },
  };
}
