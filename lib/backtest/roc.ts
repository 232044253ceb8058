import type { AccountOutcome } from './outcome.ts';

/** One point of a ROC curve: what a threshold on the chance p catches and wrongs. */
export interface RocPoint {
  readonly p: number;
  readonly fpr: number;
  readonly tpr: number;
  readonly wronged: number;
  readonly caught: number;
}

/**
 * The ROC over labelled accounts, one point for each distinct p, strictest first. Grey and unlabelled accounts count
 * on neither side. Undefined where one of the sides is empty.
 */
export function roc(accounts: readonly AccountOutcome[]): RocPoint[] | undefined {
  const labelled = accounts.filter((held) => held.label === 'benign' || held.label === 'extraction');
  const benign = labelled.filter((held) => held.label === 'benign').length;
  const extraction = labelled.length - benign;
  if (benign === 0 || extraction === 0) return undefined;
  labelled.sort((a, b) => a.p - b.p);
  const points: RocPoint[] = [];
  let wronged = 0;
  let caught = 0;
  labelled.forEach((held, i) => {
    if (held.label === 'benign') wronged++;
    else caught++;
    if (labelled[i + 1]?.p !== held.p)
      points.push({ p: held.p, fpr: wronged / benign, tpr: caught / extraction, wronged, caught });
  });
  return points;
}

/** Area under the curve, ties counted half (the probability that an attacker ranks above a benign account). */
export function areaUnder(points: readonly RocPoint[]): number {
  let area = 0;
  let before = { fpr: 0, tpr: 0 };
  for (const point of points) {
    area += ((point.fpr - before.fpr) * (point.tpr + before.tpr)) / 2;
    before = point;
  }
  return area;
}
