import type { AnswerSheet } from './answers.ts';
import type { Pair } from './pair-effects.ts';
import { accusedAndNullPairs, type PairArray } from './pair-test.ts';
import {
  type Corpus,
  formatCovariates,
  measureText,
  readCorpus,
  type TextSums,
  textItemsOf,
  viewValues,
} from './text-views.ts';

/** Texts of one reference, one suspect and their controls, measured. */
export interface TextStudy {
  readonly sums: TextSums;
  readonly pairs: readonly Pair[];
  readonly array: PairArray;
  /** Items on which reference and suspect both have text. */
  readonly items: number;
}

/** All texts of the sheets, taken apart once for any number of studies. */
export function corpusOf(sheets: readonly AnswerSheet[]): Corpus {
  const items = new Set<string>();
  const texts = sheets.map((sheet) => {
    const byItem = new Map<string, string>();
    for (const [item, answer] of sheet.answers)
      if (answer.text !== undefined && answer.text.trim() !== '') {
        byItem.set(item, answer.text);
        items.add(item);
      }
    return byItem;
  });
  return readCorpus(
    sheets.map((s) => s.model),
    texts,
    [...items],
  );
}

/** The pair array of texts, all views, optionally without one block of items. */
export function textArray(sums: TextSums, pairs: readonly Pair[], leaveOut?: number): PairArray {
  const covariates = formatCovariates(sums, pairs);
  return {
    models: sums.members.length,
    pairs,
    views: viewValues(sums, pairs, leaveOut).map(({ name, values }) => ({
      name,
      values,
      variances: undefined,
      covariates,
    })),
  };
}

/**
 * Measures the texts of reference, suspect and controls.
 * @param members reference, suspect and controls as indices into the corpus; families in the same order
 */
export function textStudy(
  corpus: Corpus,
  members: readonly number[],
  families: readonly string[],
): TextStudy {
  const sums = measureText(corpus, members);
  const pairs = accusedAndNullPairs(families).filter((pair, p) => p === 0 || textItemsOf(sums, pair) > 0);
  return { sums, pairs, array: textArray(sums, pairs), items: textItemsOf(sums, [0, 1]) };
}
