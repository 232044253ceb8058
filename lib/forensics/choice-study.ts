import { type AgreementCounts, capaKappa, chanceAgreement, countAgreement } from './agreement.ts';
import type { AnswerSheet } from './answers.ts';
import type { ChoiceTable } from './choice-table.ts';
import { itemModel, type PairResidual } from './item-model.ts';
import type { Pair } from './pair-effects.ts';
import { accusedAndNullPairs, type PairArray } from './pair-test.ts';
import { type Kinship, kinByLabel } from './parties.ts';

/** Multiple-choice answers of one reference, one suspect and their controls, made comparable. */
export interface ChoiceStudy {
  readonly table: ChoiceTable;
  /** Pairs, the accused one first. */
  readonly pairs: readonly Pair[];
  readonly residuals: readonly PairResidual[];
  readonly counts: readonly AgreementCounts[];
  readonly array: PairArray;
  /** Items dropped because reference and suspect disagree on key or number of options. */
  readonly conflicting: number;
}

/** The items that both models answered as multiple choice, and how many were dropped for a differing key. */
export function commonChoiceItems(a: AnswerSheet, b: AnswerSheet): { items: string[]; conflicting: number } {
  const items: string[] = [];
  let conflicting = 0;
  for (const [item, x] of a.answers) {
    if (x.key < 0) continue;
    const y = b.answers.get(item);
    if (y === undefined || y.key < 0) continue;
    if (x.key !== y.key || x.options !== y.options) conflicting++;
    else items.push(item);
  }
  return { items, conflicting };
}

/** A sheet's choices at the items, -1 where there is none or key or options differ from the reference's. */
export function choicesAt(sheet: AnswerSheet, reference: AnswerSheet, items: readonly string[]): Int8Array {
  return Int8Array.from(items, (item) => {
    const own = sheet.answers.get(item);
    const theirs = reference.answers.get(item);
    if (own === undefined || theirs === undefined || own.key !== theirs.key || own.options !== theirs.options)
      return -1;
    return own.choice;
  });
}

/** Covariates of a pair: what two accuracies alone do to agreement (how far apart, and both high or both low). */
export function accuracyCovariates(c: AgreementCounts): number[] {
  const a = c.correctA / Math.max(1, c.items);
  const b = c.correctB / Math.max(1, c.items);
  return [Math.abs(a - b), 4 * (a - 0.5) * (b - 0.5)];
}

/**
 * Puts the answers of several models to the same items into one table.
 *
 * @param parties whether the first two models are reference and suspect of one family, to be treated as the strangers
 *   that the null hypothesis says they are
 */
export function choiceTable(
  sheets: readonly AnswerSheet[],
  families: readonly string[],
  parties: 'strangers' | 'kin',
  reference: AnswerSheet,
  items: readonly string[],
): ChoiceTable {
  const at = (item: string) => reference.answers.get(item);
  return {
    models: sheets.map((s) => s.model),
    families,
    strangers: parties === 'strangers',
    choices: sheets.map((s) => choicesAt(s, reference, items)),
    keys: Int8Array.from(items, (item) => at(item)?.key ?? 0),
    options: Int8Array.from(items, (item) => at(item)?.options ?? 2),
  };
}

/**
 * Measures the accused pair and all null pairs on the items that reference and suspect have in common.
 *
 * @param families of the reference, the suspect and the controls, in that order
 * @param items a subset of the common items to use instead of all (for power curves)
 * @param kin who of them are kin; by default those of one family
 */
export function choiceStudy(
  reference: AnswerSheet,
  suspect: AnswerSheet,
  controls: readonly AnswerSheet[],
  families: readonly string[],
  items?: readonly string[],
  kin: Kinship = kinByLabel(families),
): ChoiceStudy {
  const common = commonChoiceItems(reference, suspect);
  const table = choiceTable(
    [reference, suspect, ...controls],
    families,
    families[0] === families[1] ? 'strangers' : 'kin',
    reference,
    items ?? common.items,
  );
  const pairs = accusedAndNullPairs(families.length, kin);
  const { residuals, counts } = measurePairs(table, pairs);
  return {
    table,
    pairs,
    residuals,
    counts,
    conflicting: common.conflicting,
    array: {
      models: table.models.length,
      pairs,
      views: [choiceView(residuals, counts)],
    },
  };
}

/** Agreement and item-adjusted residual of each pair. */
export function measurePairs(table: ChoiceTable, pairs: readonly Pair[]) {
  const model = itemModel(table, pairs);
  const counts = pairs.map(([a, b]) =>
    countAgreement(table.choices[a] as Int8Array, table.choices[b] as Int8Array, table.keys, table.options),
  );
  const residuals = pairs.map(([a, b], p) =>
    model.residual(a, b, chanceAgreement(counts[p] as AgreementCounts)),
  );
  return { counts, residuals };
}

/** The pair view of multiple-choice answers. */
export function choiceView(residuals: readonly PairResidual[], counts: readonly AgreementCounts[]) {
  return {
    name: 'answers',
    values: Float64Array.from(residuals, (r) => r.value),
    variances: Float64Array.from(residuals, (r) => r.variance),
    covariates: counts.map(accuracyCovariates),
  };
}

/** Observed kappa of the accused pair and what unrelated models of these accuracies would show: kappa less excess. */
export function kappaOfAccused(study: ChoiceStudy, excess: number): { kappa: number; expected: number } {
  const kappa = capaKappa(study.counts[0] as AgreementCounts);
  return { kappa, expected: kappa - excess };
}

/**
 * Item-level influence on the excess: `mean(influence) = excess`. The excess is linear in the pairs' means, so
 * resampling this one vector is the item bootstrap of the whole procedure with the item model held fixed.
 */
export function itemInfluence(study: ChoiceStudy, weights: Float64Array): Float64Array {
  const n = study.table.keys.length;
  const out = new Float64Array(n);
  study.residuals.forEach((r, p) => {
    const w = ((weights[p] as number) * n) / Math.max(1, r.items);
    if (w === 0) return;
    const values = r.perItem;
    for (let i = 0; i < n; i++) out[i] = (out[i] as number) + w * (values[i] as number);
  });
  return out;
}
