import * as z from 'zod';
import { type Random, seededRandom } from '../statistics/generator.ts';

/**
 * Extremely randomised trees (Geurts, Ernst, Wehenkel, "Extremely randomized trees", Machine Learning 63, 2006): at every
 * node a few columns are drawn, a cut is drawn for each between the least and the greatest value at the node, and the
 * cut that separates best is kept. Every tree sees all rows. Deterministic under a seed.
 *
 * Rows are bytes: see lib/scoring/fact-scale.ts. What a tree says at a node is the weighted share of positive rows that
 * came there, in 255ths, so that a stored forest is bytes and gives the same bits everywhere.
 */

/** Rows of bytes, one after the other. */
export interface Rows {
  readonly columns: number;
  readonly values: Uint8Array;
}

export interface Training {
  readonly rows: Rows;
  /** 1 for rows like what is looked for, 0 for the others */
  readonly positive: Uint8Array;
  /** weight of each row, above 0 */
  readonly weight: Float64Array;
}

export interface ForestRules {
  readonly trees: number;
  /** columns drawn at a node */
  readonly tried: number;
  /** fewest rows at a leaf */
  readonly leaf: number;
  /** least weight at a leaf; without, none */
  readonly leafWeight?: number;
  readonly depth: number;
  readonly seed: number;
}

/** Parts of a whole that a node's share is written in. */
const SHARE_PARTS = 255;

const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/);

/** A grown forest, all its nodes in preorder, tree after tree; lists are base64 of bytes, one entry a node. */
export const forest = z.strictObject({
  nodes: z.array(z.number().int().min(1)).min(1).max(1000).describe('nodes of each tree'),
  column: base64.describe('bytes: column asked; 255 at a leaf'),
  cut: base64.describe('bytes: values up to it go left, which is the next node'),
  right: base64.describe('two bytes each, little end first: node of the tree where greater values go'),
  share: base64.describe('bytes: weighted share of positive rows that came there, in 255ths'),
});
export type Forest = z.infer<typeof forest>;

const LEAF = 255;

/** Nodes of one tree. */
interface Nodes {
  readonly column: number[];
  readonly cut: number[];
  readonly right: number[];
  readonly share: number[];
}

export function growForest(training: Training, rules: ForestRules): Forest {
  const grown = Array.from({ length: rules.trees }, (_, i) =>
    growTree(training, rules, seededRandom(rules.seed + 7919 * i)),
  );
  const pack = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  return {
    nodes: grown.map(({ column }) => column.length),
    column: pack(Uint8Array.from(grown.flatMap(({ column }) => column))),
    cut: pack(Uint8Array.from(grown.flatMap(({ cut }) => cut))),
    right: pack(Uint8Array.from(grown.flatMap(({ right }) => right.flatMap((at) => [at & 255, at >>> 8])))),
    share: pack(Uint8Array.from(grown.flatMap(({ share }) => share))),
  };
}

/** A tree under growth: its rows in one list that nodes own stretches of. */
interface Growth {
  readonly training: Training;
  readonly rules: ForestRules;
  readonly uniform: Random;
  readonly order: Int32Array;
  readonly columns: number[];
  readonly candidates: Candidates;
  readonly tree: Nodes;
}

/** Cuts that are tried at a node, side by side: a row is read once for all of them. */
interface Candidates {
  readonly column: Int32Array;
  readonly least: Uint8Array;
  readonly greatest: Uint8Array;
  readonly cut: Uint8Array;
  readonly rowsLeft: Int32Array;
  readonly weightLeft: Float64Array;
  readonly hitsLeft: Float64Array;
}

function candidatesFor(tried: number): Candidates {
  return {
    column: new Int32Array(tried),
    least: new Uint8Array(tried),
    greatest: new Uint8Array(tried),
    cut: new Uint8Array(tried),
    rowsLeft: new Int32Array(tried),
    weightLeft: new Float64Array(tried),
    hitsLeft: new Float64Array(tried),
  };
}

function growTree(training: Training, rules: ForestRules, uniform: Random): Nodes {
  const { rows, positive } = training;
  const growth: Growth = {
    training,
    rules,
    uniform,
    order: Int32Array.from(positive, (_, i) => i),
    columns: Array.from({ length: rows.columns }, (_, i) => i),
    candidates: candidatesFor(rules.tried),
    tree: { column: [], cut: [], right: [], share: [] },
  };
  growNode(growth, 0, positive.length, 0);
  return growth.tree;
}

function growNode(growth: Growth, from: number, to: number, depth: number): void {
  const { tree: made, training, rules, order } = growth;
  let weight = 0;
  let hits = 0;
  for (let i = from; i < to; i++) {
    const row = order[i] as number;
    const own = training.weight[row] as number;
    weight += own;
    if (training.positive[row] === 1) hits += own;
  }
  const node = made.column.length;
  made.column.push(LEAF);
  made.cut.push(0);
  made.right.push(0);
  made.share.push(Math.round((SHARE_PARTS * hits) / weight));
  const pure = hits <= 0 || hits >= weight;
  if (pure || depth >= rules.depth || to - from < 2 * rules.leaf || node > MOST_NODES) return;
  const best = bestCut(growth, from, to, { weight, hits });
  if (best === undefined) return;
  const middle = parted(growth, from, to, best.column, best.cut);
  made.column[node] = best.column;
  made.cut[node] = best.cut;
  growNode(growth, from, middle, depth + 1);
  made.right[node] = made.column.length;
  growNode(growth, middle, to, depth + 1);
}

/** A node's place has two bytes. */
const MOST_NODES = 60_000;

interface Cut {
  readonly column: number;
  readonly cut: number;
}

/** Weight of a node's rows, and of the positive ones among them. */
interface Mass {
  readonly weight: number;
  readonly hits: number;
}

/** The best of the cuts that were drawn: least weighted Gini impurity. Undefined where no column has two values. */
function bestCut(growth: Growth, from: number, to: number, { weight, hits }: Mass): Cut | undefined {
  const { candidates, rules } = growth;
  const { leafWeight = 0 } = rules;
  const drawn = drawCuts(growth, from, to);
  weighCuts(growth, from, to, drawn);
  let best: Cut | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (let c = 0; c < drawn; c++) {
    const rowsLeft = candidates.rowsLeft[c] as number;
    if (rowsLeft < rules.leaf || to - from - rowsLeft < rules.leaf) continue;
    const weightLeft = candidates.weightLeft[c] as number;
    if (Math.min(weightLeft, weight - weightLeft) < leafWeight) continue;
    const hitsLeft = candidates.hitsLeft[c] as number;
    const impurity = gini(weightLeft, hitsLeft) + gini(weight - weightLeft, hits - hitsLeft);
    if (impurity >= least) continue;
    least = impurity;
    best = { column: candidates.column[c] as number, cut: candidates.cut[c] as number };
  }
  return best;
}

/** Draws columns that have two values at the node, and a cut for each; returns how many. */
function drawCuts(growth: Growth, from: number, to: number): number {
  const { columns, rules, uniform, candidates } = growth;
  let drawn = 0;
  let left = columns.length;
  while (drawn < rules.tried && left > 0) {
    const first = drawn;
    const last = first + Math.min(rules.tried - first, left);
    for (let c = first; c < last; c++) {
      const at = Math.floor(uniform() * left);
      const column = columns[at] as number;
      // drawn columns stand behind those that are left
      left--;
      columns[at] = columns[left] as number;
      columns[left] = column;
      candidates.column[c] = column;
    }
    measureRanges(growth, from, to, [first, last]);
    for (let c = first; c < last; c++) {
      const least = candidates.least[c] as number;
      const greatest = candidates.greatest[c] as number;
      if (least === greatest) continue;
      candidates.column[drawn] = candidates.column[c] as number;
      candidates.cut[drawn] = least + Math.floor(uniform() * (greatest - least));
      drawn++;
    }
  }
  return drawn;
}

/** Least and greatest value at the node of the candidates from `first` up to `last`. */
function measureRanges(
  { training, order, candidates }: Growth,
  from: number,
  to: number,
  [first, last]: readonly [number, number],
): void {
  const { values, columns } = training.rows;
  const { column, least, greatest } = candidates;
  least.fill(255, first, last);
  greatest.fill(0, first, last);
  for (let i = from; i < to; i++) {
    const base = (order[i] as number) * columns;
    for (let c = first; c < last; c++) {
      const value = values[base + (column[c] as number)] as number;
      if (value < (least[c] as number)) least[c] = value;
      if (value > (greatest[c] as number)) greatest[c] = value;
    }
  }
}

/** What lies to the left of the first `drawn` candidates' cuts. */
function weighCuts({ training, order, candidates }: Growth, from: number, to: number, drawn: number): void {
  const { rows, positive, weight } = training;
  const { column, cut, rowsLeft, weightLeft, hitsLeft } = candidates;
  rowsLeft.fill(0);
  weightLeft.fill(0);
  hitsLeft.fill(0);
  for (let i = from; i < to; i++) {
    const row = order[i] as number;
    const base = row * rows.columns;
    const own = weight[row] as number;
    const hit = positive[row] === 1 ? own : 0;
    for (let c = 0; c < drawn; c++) {
      if ((rows.values[base + (column[c] as number)] as number) > (cut[c] as number)) continue;
      rowsLeft[c] = (rowsLeft[c] as number) + 1;
      weightLeft[c] = (weightLeft[c] as number) + own;
      hitsLeft[c] = (hitsLeft[c] as number) + hit;
    }
  }
}

function gini(weight: number, hits: number): number {
  return weight <= 0 ? 0 : (2 * hits * (weight - hits)) / weight;
}

/** Puts rows up to the cut before the others; returns where the others begin. */
function parted({ training, order }: Growth, from: number, to: number, column: number, cut: number): number {
  const { values, columns } = training.rows;
  let low = from;
  let high = to - 1;
  while (low <= high) {
    const row = order[low] as number;
    if ((values[row * columns + column] as number) <= cut) low++;
    else {
      order[low] = order[high] as number;
      order[high] = row;
      high--;
    }
  }
  return low;
}

/** A forest laid out for walking. */
export class ForestReader {
  readonly #roots: Int32Array;
  readonly #column: Uint8Array;
  readonly #cut: Uint8Array;
  readonly #right: Int32Array;
  readonly #share: Uint8Array;

  /** @throws RangeError where the lists do not fit each other */
  constructor({ nodes, column, cut, right, share }: Forest) {
    const unpack = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
    this.#column = unpack(column);
    this.#cut = unpack(cut);
    this.#share = unpack(share);
    const places = unpack(right);
    const count = nodes.reduce((sum, own) => sum + own, 0);
    if (
      [this.#column, this.#cut, this.#share].some((list) => list.length !== count) ||
      places.length !== 2 * count
    )
      throw new RangeError('forest: its lists are not of one length');
    this.#roots = new Int32Array(nodes.length);
    this.#right = new Int32Array(count);
    let root = 0;
    nodes.forEach((own, tree) => {
      this.#roots[tree] = root;
      for (let at = root; at < root + own; at++)
        this.#right[at] = this.#placed(
          at,
          root,
          own,
          (places[2 * at] as number) | ((places[2 * at + 1] as number) << 8),
        );
      root += own;
    });
  }

  /** Where greater values go from a node: always forward, so that every walk ends. */
  #placed(at: number, root: number, own: number, right: number): number {
    if (this.#column[at] === LEAF) return 0;
    if (right <= at - root || right >= own || at - root + 1 >= own)
      throw new RangeError('forest: a node leads out of its tree');
    return root + right;
  }

  /** Columns that a row needs for every question to have an answer. */
  get columns(): number {
    return this.#column.reduce((most, column) => (column === LEAF ? most : Math.max(most, column + 1)), 0);
  }

  /** Mean over trees of the share at the leaf that the row comes to, 0 to 1. */
  share(row: Uint8Array): number {
    let sum = 0;
    for (const root of this.#roots) {
      let node = root;
      for (let column = this.#column[node] as number; column !== LEAF; column = this.#column[node] as number)
        node =
          (row[column] as number) <= (this.#cut[node] as number) ? node + 1 : (this.#right[node] as number);
      sum += this.#share[node] as number;
    }
    return sum / (this.#roots.length * SHARE_PARTS);
  }

  /**
   * The share taken apart exactly: what each column's questions added to it on the way from the roots to the leaves,
   * so that `base` and all parts sum up to share(row). (Path attribution; Saabas 2014.)
   */
  parts(row: Uint8Array): { readonly base: number; readonly byColumn: Float64Array } {
    const byColumn = new Float64Array(row.length);
    const whole = this.#roots.length * SHARE_PARTS;
    let base = 0;
    for (const root of this.#roots) {
      let node = root;
      base += this.#share[node] as number;
      for (
        let column = this.#column[node] as number;
        column !== LEAF;
        column = this.#column[node] as number
      ) {
        const next =
          (row[column] as number) <= (this.#cut[node] as number) ? node + 1 : (this.#right[node] as number);
        byColumn[column] =
          (byColumn[column] as number) +
          ((this.#share[next] as number) - (this.#share[node] as number)) / whole;
        node = next;
      }
    }
    return { base: base / whole, byColumn };
  }
}
