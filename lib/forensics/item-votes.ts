import type { ChoiceTable } from './choice-table.ts';
import type { Pair } from './pair-effects.ts';
import { REFERENCE, SUSPECT } from './parties.ts';

/** Votes below this are rounding. */
const ROUNDING = 1e-4;

/**
 * The other models' answers at each item. Each presumed family is one voter, however many models it has, so that a crowd
 * of kin does not decide what is popular; a pair is judged by the voters that are kin to neither of its models. Where
 * reference and suspect share a family, each is a voter of its own and their kin among the controls do not vote.
 * Expected agreement depends on the number of voters, so every pair gets the same number: where there are more, one is
 * skipped at each item, in turn.
 */
export class ItemVotes {
  /** Most options of an item. */
  readonly width: number;
  /** Votes left at the item that was filled last. */
  readonly left: Float64Array;
  readonly #table: ChoiceTable;
  readonly #voterOf: readonly number[];
  readonly #votes: readonly Float32Array[];
  readonly #total: Float32Array;
  /** Voters in the order in which they are skipped: by name, so that no result depends on the order of the files. */
  readonly #turn: readonly number[];
  readonly #quorum: number;

  constructor(table: ChoiceTable, pairs: readonly Pair[]) {
    this.#table = table;
    this.width = table.options.reduce((most, k) => Math.max(most, k), 2);
    this.left = new Float64Array(this.width);
    const names: string[] = [];
    this.#voterOf = table.models.map((model, m) => {
      const family = table.families[m] ?? '';
      const kin = table.strangers && family === table.families[REFERENCE];
      if (kin && m > SUSPECT) return -1;
      const name = kin ? `party ${model}` : `family ${family}`;
      const at = names.indexOf(name);
      return at >= 0 ? at : names.push(name) - 1;
    });
    this.#turn = names.map((_, v) => v).sort((a, b) => ((names[a] ?? '') < (names[b] ?? '') ? -1 : 1));
    this.#votes = names.map((_, v) => this.#sharesOf(v));
    this.#total = new Float32Array(table.keys.length * this.width);
    for (const share of this.#votes)
      share.forEach((x, j) => {
        this.#total[j] = (this.#total[j] ?? 0) + x;
      });
    this.#quorum = pairs.reduce(
      (least, [a, b]) => Math.min(least, names.length - this.barred(a, b).length),
      names.length,
    );
  }

  #sharesOf(voter: number): Float32Array {
    const { choices, keys } = this.#table;
    const members = this.#voterOf.flatMap((v, m) => (v === voter ? [m] : []));
    const share = new Float32Array(keys.length * this.width);
    for (const m of members)
      choices[m]?.forEach((c, i) => {
        if (c < 0) return;
        const at = i * this.width + c;
        share[at] = (share[at] ?? 0) + 1 / members.length;
      });
    return share;
  }

  /** Who may not vote on a pair: voters of either model's family, except that the two accused are strangers. */
  barred(a: number, b: number): number[] {
    const { families, models, strangers } = this.#table;
    const out = new Set<number>();
    const accused = strangers && a !== b && a <= SUSPECT && b <= SUSPECT;
    models.forEach((_, m) => {
      const v = this.#voterOf[m] ?? -1;
      if (v < 0) return;
      if (m === a || m === b) out.add(v);
      else if (!accused && (families[m] === families[a] || families[m] === families[b])) out.add(v);
    });
    return [...out];
  }

  /** The voters that are not barred, in their turn. */
  without(out: readonly number[]): number[] {
    return this.#turn.filter((v) => !out.includes(v));
  }

  /** Share of right answers over all votes. */
  prior(): number {
    const { keys } = this.#table;
    let right = 0;
    let all = 0;
    keys.forEach((key, i) => {
      right += this.#total[i * this.width + key] ?? 0;
      for (let k = 0; k < this.width; k++) all += this.#total[i * this.width + k] ?? 0;
    });
    return all > 0 ? right / all : 0.5;
  }

  #subtract(voter: number, base: number): void {
    const share = this.#votes[voter];
    if (share === undefined) return;
    for (let k = 0; k < this.width; k++) this.left[k] = (this.left[k] ?? 0) - (share[base + k] ?? 0);
  }

  /** Fills `left` with the votes at an item without those of `out` and, in turn, without the surplus of `rest`. */
  fill(item: number, out: readonly number[], rest: readonly number[]): number {
    const base = item * this.width;
    for (let k = 0; k < this.width; k++) this.left[k] = this.#total[base + k] ?? 0;
    for (const v of out) this.#subtract(v, base);
    for (let skip = rest.length - this.#quorum; skip > 0; skip--)
      this.#subtract(rest[(item + skip) % rest.length] ?? 0, base);
    let sum = 0;
    for (let k = 0; k < this.width; k++) {
      if ((this.left[k] ?? 0) < ROUNDING) this.left[k] = 0;
      sum += this.left[k] ?? 0;
    }
    return sum;
  }
}
