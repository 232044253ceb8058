/** Share that is no evidence at all: it keeps the logarithm finite. */
const LEAST = 0.02;
const FLOOR = Math.log((1 + LEAST) / LEAST);
/** Requests at which evidence counts for 1 / sqrt(2) of what it would count with very many. */
const HALF_TRUST = 30;

export function logitOf(share: number): number {
  return Math.log((share + LEAST) / (1 + LEAST - share)) + FLOOR;
}

/** Few requests say little, however they look: the weight of evidence grows with its square root. */
export function scoreOf(share: number, requests: number): number {
  return logitOf(share) * Math.sqrt(requests / (requests + HALF_TRUST));
}
