import type { AnswerSheet } from './answers.ts';
import { oddsFor, type PairResidual } from './item-model.ts';
import type { Pair } from './pair-effects.ts';
import type { PairView } from './pair-test.ts';
import { LEAST_ITEMS } from './screening.ts';

/**
 * Free-form final answers. At every item: how much likelier is it that the two answers agree (or differ) if one of the two
 * models repeats the other at most items than if neither knows of the other? A wrong answer that nobody else gives and
 * that two models share speaks for one source; one that the question tempts to, or a right answer to an easy question, says
 * little; answers that differ speak against it.
 */

/** Share of its answers that a second release of the same weights keeps: what the likelihood ratio supposes. */
const KEPT = 0.8;
/** Weight of the mean difficulty against the other families' answers at the item, in families. */
const MEAN_DIFFICULTY_WEIGHT = 2;
/** A wrong answer is supposed to be one of so many, with the weight of one family, before the other families are asked. */
const WRONG_BEFORE = 1;
const WRONG_CHANCE = 0.25;
/** Votes below this are none, but for rounding. */
const ROUNDING = 1e-9;
/** Families that must agree for an answer to stand in for a missing key. */
const LEAST_AGREEING = 3;

/** Free-form answers of several models to the same items. */
export interface FreeTable {
  readonly models: readonly string[];
  readonly families: readonly string[];
  readonly items: readonly string[];
  /** Per model and item: the wrong answer given, or undefined where it was right, missing or of unknown verdict. */
  readonly wrong: readonly (readonly (string | undefined)[])[];
  /** Per model and item: whether it is right; undefined where it is missing or of unknown verdict. */
  readonly right: readonly (readonly (boolean | undefined)[])[];
  /** Per model: share of its answers that are right. */
  readonly accuracy: readonly number[];
  /** Answers that are the key of some item, or that somebody was right with. */
  readonly rightForms: ReadonlySet<string>;
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
  const forms = sheets.map((s) => items.map((item) => s.answers.get(item)?.form));
  const right = sheets.map((s, m) =>
    items.map((item, i) => {
      const form = forms[m]?.[i];
      if (form === undefined) return undefined;
      return s.answers.get(item)?.right ?? (keys[i] === undefined ? undefined : form === keys[i]);
    }),
  );
  const wrong = right.map((row, m) => row.map((r, i) => (r === false ? forms[m]?.[i] : undefined)));
  const accuracy = right.map((row) => {
    const judged = row.filter((r) => r !== undefined);
    return judged.length === 0 ? 0 : judged.filter(Boolean).length / judged.length;
  });
  const rightForms = new Set([
    ...keys.flatMap((key) => key ?? []),
    ...right.flatMap((row, m) => row.flatMap((r, i) => (r === true ? (forms[m]?.[i] ?? []) : []))),
  ]);
  return { models: sheets.map((s) => s.model), families, items, wrong, right, accuracy, rightForms, keyless };
}

/** What a pair shares. */
export interface FreePair extends PairResidual {
  /** Items that both got wrong, and those with the same wrong answer. */
  readonly coWrong: number;
  readonly sameWrong: number;
}

/** What the families answer at one item: each is one voter, split over its models. */
interface FreeVotes {
  /** Share of each family's answers that are right; undefined where it gave none. */
  readonly right: readonly (number | undefined)[];
  /** Per wrong answer the share of each family that gives it. */
  readonly wrong: ReadonlyMap<string, Float64Array>;
  /** Sums of both over all families, and the number of families that answered. */
  readonly rightSum: number;
  readonly wrongSums: ReadonlyMap<string, number>;
  readonly present: number;
}

function votesAt(table: FreeTable, item: number, places: readonly number[], families: number): FreeVotes {
  const answers = new Float64Array(families);
  places.forEach((f, m) => {
    if (table.right[m]?.[item] !== undefined) answers[f] = (answers[f] ?? 0) + 1;
  });
  const rights = new Float64Array(families);
  const wrong = new Map<string, Float64Array>();
  places.forEach((f, m) => {
    const share = 1 / (answers[f] || 1);
    if (table.right[m]?.[item] === true) rights[f] = (rights[f] ?? 0) + share;
    const answer = table.wrong[m]?.[item];
    if (answer === undefined) return;
    const own = wrong.get(answer) ?? new Float64Array(families);
    own[f] = (own[f] ?? 0) + share;
    wrong.set(answer, own);
  });
  const sum = (x: Float64Array) => x.reduce((a, b) => a + b, 0);
  return {
    right: Array.from(rights, (r, f) => ((answers[f] ?? 0) > 0 ? r : undefined)),
    wrong,
    rightSum: sum(rights),
    wrongSums: new Map([...wrong].map(([answer, shares]) => [answer, sum(shares)])),
    present: answers.filter((n) => n > 0).length,
  };
}

/**
 * Logarithm of the likelihood ratio, one source against two, of answers that are equal by so much chance; of answers that
 * differ where it is infinite.
 */
function logRatio(chance: number): number {
  return Math.log(1 - KEPT + KEPT / chance);
}

const DIFFERENT = logRatio(Number.POSITIVE_INFINITY);

/** Chance of a wrong answer among the wrong ones. */
function shareOf(votes: number, wrongVotes: number): number {
  return (votes + WRONG_BEFORE * WRONG_CHANCE) / (wrongVotes + WRONG_BEFORE);
}

/** Models' answers with the votes of their families. */
class VotedAnswers {
  readonly #table: FreeTable;
  readonly #places: readonly number[];
  readonly #votes: readonly FreeVotes[];
  readonly #prior: number;

  constructor(table: FreeTable) {
    this.#table = table;
    const families = [...new Set(table.families)];
    this.#places = table.families.map((f) => families.indexOf(f));
    this.#votes = table.items.map((_, i) => votesAt(table, i, this.#places, families.length));
    const means = families.map((family) => {
      const own = table.accuracy.filter((_, m) => table.families[m] === family);
      return own.reduce((a, b) => a + b, 0) / own.length;
    });
    this.#prior = means.reduce((a, b) => a + b, 0) / Math.max(1, means.length);
  }

  /** Chance that a model of mean accuracy is right, and votes for wrong answers, without the families `out`. */
  #at(item: number, out: readonly number[]) {
    const votes = this.#votes[item];
    let right = votes?.rightSum ?? 0;
    let present = votes?.present ?? 0;
    for (const f of out) {
      const own = votes?.right[f];
      if (own === undefined) continue;
      right -= own;
      present--;
    }
    const chance = (right + MEAN_DIFFICULTY_WEIGHT * this.#prior) / (present + MEAN_DIFFICULTY_WEIGHT);
    return { chance: Math.min(0.999, Math.max(0.001, chance)), wrongVotes: Math.max(0, present - right) };
  }

  /** Votes for a wrong answer without the families `out`. */
  #votesFor(item: number, answer: string, out: readonly number[]): number {
    const votes = this.#votes[item];
    const own = votes?.wrong.get(answer);
    let n = votes?.wrongSums.get(answer) ?? 0;
    if (own !== undefined) for (const f of out) n -= own[f] ?? 0;
    return Math.max(0, n);
  }

  /**
   * What the logarithm of the ratio would be on average at an item if neither knew of the other: taken off, so that two
   * strong models are not alike because both master what others miss.
   */
  #expected(item: number, out: readonly number[], wrongVotes: number, pa: number, pb: number): number {
    const bothWrong = (1 - pa) * (1 - pb);
    const shares: number[] = [];
    let total = 0;
    for (const [answer, sum] of this.#votes[item]?.wrongSums ?? []) {
      if (sum <= ROUNDING) continue;
      const votes = this.#votesFor(item, answer, out);
      if (votes <= ROUNDING) continue;
      const share = shareOf(votes, wrongVotes);
      total += share;
      shares.push(share);
    }
    const scale = Math.max(1, total);
    let same = 0;
    let expected = pa * pb * logRatio(Math.sqrt(pa * pb));
    for (const share of shares) {
      const both = bothWrong * (share / scale) ** 2;
      same += both;
      expected += both * logRatio(Math.sqrt(bothWrong) * share);
    }
    return expected + (1 - pa * pb - same) * DIFFERENT;
  }

  /** Chances of each of two models to be right at the items that both answered. */
  #chances(models: Pair, items: readonly number[], mean: Float64Array) {
    return models.map((m) => {
      const right = items.filter((i) => this.#table.right[m]?.[i] === true).length;
      const odds = oddsFor(mean, (right + 0.5) / (items.length + 1));
      return mean.map((r) => (r * odds) / (r * odds + 1 - r));
    });
  }

  measure(pair: Pair): FreePair {
    const [a, b] = pair;
    const [rightA, rightB] = [this.#table.right[a] ?? [], this.#table.right[b] ?? []];
    const [wrongA, wrongB] = [this.#table.wrong[a] ?? [], this.#table.wrong[b] ?? []];
    const items = rightA.flatMap((r, i) => (r === undefined || rightB[i] === undefined ? [] : [i]));
    const out = [...new Set([this.#places[a] ?? 0, this.#places[b] ?? 0])];
    const at = items.map((i) => this.#at(i, out));
    const mean = Float64Array.from(at, (x) => x.chance);
    const [chanceA, chanceB] = this.#chances(pair, items, mean);
    const perItem = new Float32Array(this.#table.items.length);
    const counts = { coWrong: 0, sameWrong: 0, sum: 0, squares: 0 };
    items.forEach((i, k) => {
      const [pa, pb] = [chanceA?.[k] ?? 0.5, chanceB?.[k] ?? 0.5];
      const wrongVotes = at[k]?.wrongVotes ?? 0;
      const answer = wrongA[i];
      const bothWrong = answer !== undefined && wrongB[i] !== undefined;
      if (bothWrong) counts.coWrong++;
      let chance = Number.POSITIVE_INFINITY;
      if (rightA[i] === true && rightB[i] === true) chance = Math.sqrt(pa * pb);
      else if (bothWrong && answer === wrongB[i]) {
        counts.sameWrong++;
        const share = shareOf(this.#votesFor(i, answer, out), wrongVotes);
        chance = Math.sqrt((1 - pa) * (1 - pb)) * share;
      }
      const value = logRatio(chance) - this.#expected(i, out, wrongVotes, pa, pb);
      perItem[i] = value;
      counts.sum += value;
      counts.squares += value ** 2;
    });
    const n = items.length;
    const value = n === 0 ? 0 : counts.sum / n;
    const variance = n < 2 ? Number.POSITIVE_INFINITY : (counts.squares / n - value ** 2) / (n - 1);
    return { items: n, value, variance, perItem, coWrong: counts.coWrong, sameWrong: counts.sameWrong };
  }
}

/**
 * Measures pairs: the mean over items of the logarithm of the likelihood ratio, one source against two, less what it would be
 * of two that know nothing of each other, in nats.
 */
export function measureFreePairs(table: FreeTable, pairs: readonly Pair[]): FreePair[] {
  const voted = new VotedAnswers(table);
  return pairs.map((pair) => voted.measure(pair));
}

/** Whether a pair has enough in common to be a null pair. */
export function enoughInCommon(pair: FreePair): boolean {
  return pair.items >= LEAST_ITEMS;
}

/** The pair view of free-form answers; accuracies are covariates, as for choices. */
export function freeView(table: FreeTable, pairs: readonly Pair[], measured: readonly FreePair[]): PairView {
  return {
    name: 'answers',
    values: Float64Array.from(measured, (m) => m.value),
    variances: Float64Array.from(measured, (m) => m.variance),
    covariates: pairs.map(([a, b]) => {
      const [x, y] = [table.accuracy[a] ?? 0, table.accuracy[b] ?? 0];
      return [Math.abs(x - y), 4 * (x - 0.5) * (y - 0.5)];
    }),
  };
}
