import type { AnswerSheet } from './answers.ts';
import type { PairResidual } from './item-model.ts';
import type { Pair } from './pair-effects.ts';
import type { PairView } from './pair-test.ts';

/**
 * Shared wrong final answers. Where answers are free-form, a wrong answer that nobody else gives and that two models
 * share is worth much, one that half of the families give is worth little: it is what the question tempts to.
 */

/**
 * Laplace's rule, in families: keeps the worth of an answer that nobody else gave finite, and small where few families
 * can tell whether it is rare.
 */
const SEEN_BEFORE = 1;
const FAMILIES_BEFORE = 2;
/** Fewest items that a pair must both have got wrong to be a null pair. */
const LEAST_NULL_CO_WRONG = 15;
/** Families that must agree for an answer to stand in for a missing key. */
const LEAST_AGREEING = 3;

/** Free-form answers of several models to the same items. */
export interface FreeTable {
  readonly models: readonly string[];
  readonly families: readonly string[];
  readonly items: readonly string[];
  /** Per model and item: the wrong answer given, or undefined where it was right, missing or of unknown verdict. */
  readonly wrong: readonly (readonly (string | undefined)[])[];
  /** Per model and item: whether it answered. */
  readonly answered: readonly (readonly boolean[])[];
  /** Per model: share of its answers that are right. */
  readonly accuracy: readonly number[];
  /** Items whose key nobody gave; the answer that most families agree on stood in for it. */
  readonly keyless: number;
}

/** Items to which both gave a free-form answer; those whose keys differ are counted apart. */
export function commonFreeItems(a: AnswerSheet, b: AnswerSheet): { items: string[]; conflicting: number } {
  const items: string[] = [];
  let conflicting = 0;
  for (const [item, x] of a.answers) {
    const y = b.answers.get(item);
    if (x.form === undefined || y?.form === undefined) continue;
    if (x.keyForm !== undefined && y.keyForm !== undefined && x.keyForm !== y.keyForm) conflicting++;
    else items.push(item);
  }
  return { items, conflicting };
}

function agreedAnswer(sheets: readonly AnswerSheet[], families: readonly string[], item: string) {
  const votes = new Map<string, Set<string>>();
  sheets.forEach((s, m) => {
    const form = s.answers.get(item)?.form;
    if (form !== undefined) votes.set(form, (votes.get(form) ?? new Set()).add(families[m] ?? ''));
  });
  const [first, second] = [...votes].sort((a, b) => b[1].size - a[1].size);
  if (first === undefined || first[1].size < LEAST_AGREEING) return undefined;
  return second !== undefined && second[1].size === first[1].size ? undefined : first[0];
}

/** Puts the free-form answers of several models to the same items into one table. */
export function freeTable(
  sheets: readonly AnswerSheet[],
  families: readonly string[],
  items: readonly string[],
): FreeTable {
  let keyless = 0;
  const keys = items.map((item) => {
    const own = sheets.map((s) => s.answers.get(item));
    const key = own.find((a) => a?.keyForm !== undefined)?.keyForm;
    if (key !== undefined || own.some((a) => a?.right !== undefined)) return key;
    keyless++;
    return agreedAnswer(sheets, families, item);
  });
  const accuracy: number[] = [];
  const wrong = sheets.map((s) => {
    let judged = 0;
    let right = 0;
    const row = items.map((item, i) => {
      const answer = s.answers.get(item);
      if (answer?.form === undefined) return undefined;
      const verdict = answer.right ?? (keys[i] === undefined ? undefined : answer.form === keys[i]);
      if (verdict === undefined) return undefined;
      judged++;
      if (verdict) right++;
      return verdict ? undefined : answer.form;
    });
    accuracy.push(judged === 0 ? 0 : right / judged);
    return row;
  });
  const answered = sheets.map((s) => items.map((item) => s.answers.get(item)?.form !== undefined));
  return { models: sheets.map((s) => s.model), families, items, wrong, answered, accuracy, keyless };
}

/** What a pair shares. */
export interface FreePair extends PairResidual {
  /** Items that both got wrong, and those with the same wrong answer. */
  readonly coWrong: number;
  readonly sameWrong: number;
}

/** Votes at one item: each family is one voter, split over its models. */
interface FreeVotes {
  /** Families of which a model answered, right or wrong. */
  readonly present: ReadonlySet<string>;
  /** Wrong answers, by family. */
  readonly byFamily: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

function votesAt(table: FreeTable, item: number, sizes: ReadonlyMap<string, number>): FreeVotes {
  const byFamily = new Map<string, Map<string, number>>();
  table.wrong.forEach((row, m) => {
    const answer = row[item];
    if (answer === undefined) return;
    const family = table.families[m] ?? '';
    const own = byFamily.get(family) ?? new Map<string, number>();
    own.set(answer, (own.get(answer) ?? 0) + 1 / (sizes.get(family) ?? 1));
    byFamily.set(family, own);
  });
  const present = new Set(table.families.filter((_, m) => table.answered[m]?.[item] === true));
  return { present, byFamily };
}

/** Worth of a shared wrong answer: minus the logarithm of the share of the other families that give it. */
function worth({ present, byFamily }: FreeVotes, answer: string, out: ReadonlySet<string>): number {
  let same = 0;
  for (const [family, votes] of byFamily) if (!out.has(family)) same += votes.get(answer) ?? 0;
  let all = 0;
  for (const family of present) if (!out.has(family)) all++;
  return -Math.log((same + SEEN_BEFORE) / (all + FAMILIES_BEFORE));
}

/**
 * Measures pairs: the mean, over the items that both got wrong, of the worth of a shared wrong answer (0 where theirs
 * differ), in nats.
 */
export function measureFreePairs(table: FreeTable, pairs: readonly Pair[]): FreePair[] {
  const sizes = new Map<string, number>();
  for (const family of table.families) sizes.set(family, (sizes.get(family) ?? 0) + 1);
  const votes = table.items.map((_, i) => votesAt(table, i, sizes));
  return pairs.map(([a, b]) => {
    const out = new Set([table.families[a] ?? '', table.families[b] ?? '']);
    const perItem = new Float32Array(table.items.length);
    let coWrong = 0;
    let sameWrong = 0;
    let sum = 0;
    let squares = 0;
    votes.forEach((here, i) => {
      const x = table.wrong[a]?.[i];
      const y = table.wrong[b]?.[i];
      if (x === undefined || y === undefined) return;
      coWrong++;
      if (x !== y) return;
      sameWrong++;
      const value = worth(here, x, out);
      perItem[i] = value;
      sum += value;
      squares += value ** 2;
    });
    const mean = coWrong === 0 ? 0 : sum / coWrong;
    const variance = coWrong < 2 ? Number.POSITIVE_INFINITY : (squares / coWrong - mean ** 2) / (coWrong - 1);
    return { items: coWrong, value: mean, variance, perItem, coWrong, sameWrong };
  });
}

/** Whether a pair has enough in common to be a null pair. */
export function enoughCoWrong(pair: FreePair): boolean {
  return pair.coWrong >= LEAST_NULL_CO_WRONG;
}

/** The pair view of free-form answers; accuracies are covariates, as for choices. */
export function freeView(table: FreeTable, pairs: readonly Pair[], measured: readonly FreePair[]): PairView {
  return {
    name: 'wrong answers',
    values: Float64Array.from(measured, (m) => m.value),
    variances: Float64Array.from(measured, (m) => m.variance),
    covariates: pairs.map(([a, b]) => {
      const [x, y] = [table.accuracy[a] ?? 0, table.accuracy[b] ?? 0];
      return [Math.abs(x - y), 4 * (x - 0.5) * (y - 0.5)];
    }),
  };
}
