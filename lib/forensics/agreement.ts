import { normalTail } from '../statistics/distributions.ts';

/** Counts of two models' answers over the items that both answered. */
export interface AgreementCounts {
  items: number;
  /** Items with the same answer. */
  same: number;
  /** Items that both got wrong. */
  coWrong: number;
  /** Items that both got wrong with the same wrong option. */
  sameWrong: number;
  correctA: number;
  correctB: number;
  /** Sum over items of 1/(options - 1). */
  inverseWrongOptions: number;
  /** Sum over the co-wrong items of 1/(options - 1): matches expected from blind guessing. */
  chanceSameWrong: number;
}

/** A model's choices over the common items: -1 is none. */
export function countAgreement(
  a: Int8Array,
  b: Int8Array,
  keys: Int8Array,
  options: Int8Array,
): AgreementCounts {
  const c: AgreementCounts = {
    items: 0,
    same: 0,
    coWrong: 0,
    sameWrong: 0,
    correctA: 0,
    correctB: 0,
    inverseWrongOptions: 0,
    chanceSameWrong: 0,
  };
  for (let i = 0; i < a.length; i++) {
    const x = a[i] as number;
    const y = b[i] as number;
    if (x < 0 || y < 0) continue;
    const key = keys[i] as number;
    const inverse = 1 / ((options[i] as number) - 1);
    c.items++;
    c.inverseWrongOptions += inverse;
    if (x === y) c.same++;
    if (x === key) c.correctA++;
    if (y === key) c.correctB++;
    if (x !== key && y !== key) {
      c.coWrong++;
      c.chanceSameWrong += inverse;
      if (x === y) c.sameWrong++;
    }
  }
  return c;
}

/**
 * Agreement expected from the two accuracies alone, wrong answers spread evenly:
 * `pa pb + mean(1/(K-1)) (1-pa)(1-pb)` (CAPA, Goel et al. 2025, arXiv 2502.04313).
 */
export function chanceAgreement(c: AgreementCounts): number {
  const pa = c.correctA / c.items;
  const pb = c.correctB / c.items;
  return pa * pb + (c.inverseWrongOptions / c.items) * (1 - pa) * (1 - pb);
}

/** CAPA's chance-corrected agreement kappa_p on hard answers; 0 is what two accuracies explain, 1 is identity. */
export function capaKappa(c: AgreementCounts): number {
  const expected = chanceAgreement(c);
  return (c.same / c.items - expected) / (1 - expected);
}

/**
 * The naive test, kept only to be shown beside ours: same wrong answers against blind guessing, as if items and models
 * were independent. It convicts nearly every unrelated pair, because wrong options differ in how tempting they are.
 */
export function naiveBinomialP(c: AgreementCounts): number {
  if (c.coWrong === 0) return 1;
  const q = c.chanceSameWrong / c.coWrong;
  return normalTail((c.sameWrong - 0.5 - c.chanceSameWrong) / Math.sqrt(c.coWrong * q * (1 - q)));
}
