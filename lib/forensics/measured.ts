/** One measured rate, as the benchmark prints it. */
export interface Measured {
  readonly what: string;
  readonly data: string;
  readonly rate: string;
}

/** Error rates of the method, from `npm run bench:forensics`; the report's appendix prints them. */
export const MEASURED: readonly Measured[] = [];
