/** Numbers as the statements print them. A value that is not finite is never printed. */

/** What stands where there is no number. */
export const NO_NUMBER = 'n/a';

/** Smaller p-values are not told apart. */
const SMALLEST_PRINTED = 1e-300;

/** A number with so many digits after the point. */
export function fixed(x: number | null | undefined, digits = 3): string {
  return x === null || x === undefined || !Number.isFinite(x) ? NO_NUMBER : x.toFixed(digits);
}

/** A number with its sign. */
export function signed(x: number | null | undefined, digits = 3): string {
  if (x === null || x === undefined || !Number.isFinite(x)) return NO_NUMBER;
  return `${x >= 0 ? '+' : '−'}${Math.abs(x).toFixed(digits)}`;
}

/** A share as a percentage. */
export function percent(x: number | null | undefined): string {
  if (x === null || x === undefined || !Number.isFinite(x)) return NO_NUMBER;
  return `${(100 * x).toFixed(x < 0.1 ? 1 : 0)} %`;
}

/** A sentence that begins with what was said within one. */
export function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** A p-value. */
export function pValue(p: number | null | undefined): string {
  if (p === null || p === undefined || !Number.isFinite(p)) return NO_NUMBER;
  if (p < SMALLEST_PRINTED) return `${SMALLEST_PRINTED} or less`;
  if (p < 0.001) return p.toExponential(1);
  return p.toFixed(p < 0.1 ? 4 : 2);
}
