import type { ChoiceTable } from './choice-table.ts';
import { ItemVotes } from './item-votes.ts';
import type { Pair } from './pair-effects.ts';

/**
 * What two models would answer at an item if neither knew of the other: the item's difficulty and the pull of each
 * wrong option, learnt from the other models, tilted to each model's accuracy and letter habits.
 */

/** Per pair: what was measured and, at each item, agreement less its expectation. */
export interface PairResidual {
  /** Items that both answered. */
  readonly items: number;
  /** Mean over items of agreement minus its expectation, in units of kappa. */
  readonly value: number;
  /** Sampling variance of `value` over items. */
  readonly variance: number;
  /** Per item, in units of kappa; 0 where one did not answer. */
  readonly perItem: Float32Array;
}

/** Weight of the even spread over wrong options against the other families' answers, in families. */
const EVEN_SPREAD_WEIGHT = 1;
/** Weight of the mean difficulty against the other families' answers at the item, in families. */
const MEAN_DIFFICULTY_WEIGHT = 2;
/** Largest logarithm of an odds factor, and halvings of that range. */
const MOST_LOG_ODDS = 12;
const HALVINGS = 24;
/** Rounds in which letter habits are fitted. */
const TILT_ROUNDS = 4;

/** A model's habits: the odds factor that gives its accuracy, and how much it favours each letter when wrong. */
interface Habits {
  readonly odds: number;
  readonly tilt: Float64Array;
}

export interface ItemModel {
  readonly table: ChoiceTable;
  residual(a: number, b: number, chance: number): PairResidual;
}

/**
 * Learns the item model from all models of the table.
 * @param pairs all pairs that will be asked for: they fix the number of voters
 */
export function itemModel(table: ChoiceTable, pairs: readonly Pair[]): ItemModel {
  return new VotedItemModel(table, pairs);
}

/** Odds factor that gives `target` as the mean accuracy over items of these difficulties. */
export function oddsFor(right: Float64Array, target: number): number {
  let low = -MOST_LOG_ODDS;
  let high = MOST_LOG_ODDS;
  for (let step = 0; step < HALVINGS; step++) {
    const factor = Math.exp((low + high) / 2);
    let sum = 0;
    for (const r of right) sum += (r * factor) / (r * factor + 1 - r);
    if (sum / right.length < target) low = (low + high) / 2;
    else high = (low + high) / 2;
  }
  return Math.exp((low + high) / 2);
}

/** How much each letter is favoured, given how often it was seen and what the items' pulls let expect. */
function tiltFor(pulls: readonly Float64Array[], seen: Float64Array): Float64Array {
  const tilt = new Float64Array(seen.length).fill(1);
  for (let round = 0; round < TILT_ROUNDS; round++) {
    const expected = new Float64Array(seen.length);
    for (const pull of pulls) {
      let sum = 0;
      for (let k = 0; k < pull.length; k++) sum += (pull[k] ?? 0) * (tilt[k] ?? 0);
      for (let k = 0; k < pull.length; k++)
        expected[k] = (expected[k] ?? 0) + ((pull[k] ?? 0) * (tilt[k] ?? 0)) / sum;
    }
    for (let k = 0; k < tilt.length; k++)
      tilt[k] = ((tilt[k] ?? 0) * ((seen[k] ?? 0) + 1)) / ((expected[k] ?? 0) + 1);
  }
  return tilt;
}

class VotedItemModel implements ItemModel {
  readonly table: ChoiceTable;
  readonly #votes: ItemVotes;
  readonly #prior: number;
  readonly #habits: readonly Habits[];

  constructor(table: ChoiceTable, pairs: readonly Pair[]) {
    this.table = table;
    this.#votes = new ItemVotes(table, pairs);
    this.#prior = this.#votes.prior();
    this.#habits = table.models.map((_, m) => this.#habitsOf(m));
  }

  /** Chance that a model of mean accuracy gets the item right, from the votes that were filled in last. */
  #difficulty(key: number, sum: number): number {
    return (
      ((this.#votes.left[key] ?? 0) + MEAN_DIFFICULTY_WEIGHT * this.#prior) / (sum + MEAN_DIFFICULTY_WEIGHT)
    );
  }

  #habitsOf(model: number): Habits {
    const { choices, keys, options } = this.table;
    const { width, left } = this.#votes;
    const out = this.#votes.barred(model, model);
    const rest = this.#votes.without(out);
    const right: number[] = [];
    const pulls: Float64Array[] = [];
    const seen = new Float64Array(width);
    let correct = 0;
    choices[model]?.forEach((choice, i) => {
      if (choice < 0) return;
      const key = keys[i] ?? 0;
      right.push(this.#difficulty(key, this.#votes.fill(i, out, rest)));
      if (choice === key) {
        correct++;
        return;
      }
      seen[choice] = (seen[choice] ?? 0) + 1;
      const count = options[i] ?? 2;
      const pull = new Float64Array(width);
      for (let k = 0; k < count; k++)
        if (k !== key) pull[k] = (left[k] ?? 0) + EVEN_SPREAD_WEIGHT / (count - 1);
      pulls.push(pull);
    });
    return {
      odds: oddsFor(Float64Array.from(right), (correct + 0.5) / (right.length + 1)),
      tilt: tiltFor(pulls, seen),
    };
  }

  /**
   * Covariance of two answers given the item: agreement, less the chance that b answers what a answered, less the
   * reverse, plus the chance that two independent models agree.
   */
  #covariance(item: number, x: number, y: number, a: Habits, b: Habits, sum: number): number {
    const key = this.table.keys[item] ?? 0;
    const count = this.table.options[item] ?? 2;
    const { left } = this.#votes;
    const r = this.#difficulty(key, sum);
    const pa = (r * a.odds) / (r * a.odds + 1 - r);
    const pb = (r * b.odds) / (r * b.odds + 1 - r);
    const even = EVEN_SPREAD_WEIGHT / (count - 1);
    let za = 0;
    let zb = 0;
    let ab = 0;
    let qay = 0;
    let qbx = 0;
    for (let k = 0; k < count; k++) {
      if (k === key) continue;
      const base = (left[k] ?? 0) + even;
      const va = base * (a.tilt[k] ?? 0);
      const vb = base * (b.tilt[k] ?? 0);
      za += va;
      zb += vb;
      ab += va * vb;
      if (k === x) qbx = vb;
      if (k === y) qay = va;
    }
    const bLikeA = x === key ? pb : (1 - pb) * (qbx / zb);
    const aLikeB = y === key ? pa : (1 - pa) * (qay / za);
    const independent = pa * pb + (1 - pa) * (1 - pb) * (ab / (za * zb));
    return (x === y ? 1 : 0) - bLikeA - aLikeB + independent;
  }

  residual(a: number, b: number, chance: number): PairResidual {
    const [ca, cb] = [this.table.choices[a], this.table.choices[b]];
    const [ha, hb] = [this.#habits[a], this.#habits[b]];
    const perItem = new Float32Array(this.table.keys.length);
    const out = this.#votes.barred(a, b);
    const rest = this.#votes.without(out);
    let items = 0;
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < perItem.length; i++) {
      const x = ca?.[i] ?? -1;
      const y = cb?.[i] ?? -1;
      if (x < 0 || y < 0 || ha === undefined || hb === undefined) continue;
      const value = this.#covariance(i, x, y, ha, hb, this.#votes.fill(i, out, rest)) / (1 - chance);
      perItem[i] = value;
      items++;
      sum += value;
      squares += value * value;
    }
    const mean = items === 0 ? 0 : sum / items;
    const variance = items < 2 ? Number.POSITIVE_INFINITY : (squares / items - mean * mean) / (items - 1);
    return { items, value: mean, variance, perItem };
  }
}
