/** Dense linear algebra for the few dozen parameters of the pair model. Matrices are row-major. */

/**
 * The inverse of a symmetric positive-definite matrix (Cholesky).
 * @throws RangeError if the matrix is not positive definite
 */
export function inverseSpd(matrix: Float64Array, size: number): Float64Array {
  const l = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j] as number;
      for (let k = 0; k < j; k++) sum -= (l[i * size + k] as number) * (l[j * size + k] as number);
      if (i === j) {
        if (!(sum > 0)) throw new RangeError('the pair model is singular');
        l[i * size + i] = Math.sqrt(sum);
      } else l[i * size + j] = sum / (l[j * size + j] as number);
    }
  const out = new Float64Array(size * size);
  const y = new Float64Array(size);
  for (let c = 0; c < size; c++) {
    for (let i = 0; i < size; i++) {
      let sum = i === c ? 1 : 0;
      for (let k = 0; k < i; k++) sum -= (l[i * size + k] as number) * (y[k] as number);
      y[i] = sum / (l[i * size + i] as number);
    }
    for (let i = size - 1; i >= 0; i--) {
      let sum = y[i] as number;
      for (let k = i + 1; k < size; k++) sum -= (l[k * size + i] as number) * (out[k * size + c] as number);
      out[i * size + c] = sum / (l[i * size + i] as number);
    }
  }
  return out;
}
