import type { Pair } from './pair-effects.ts';

/**
 * What two models would answer at an item if neither knew of the other: the item's difficulty and the pull of each
 * wrong option, learnt from the other models, tilted to each model's accuracy and letter habits.
 */

/** Answers of several models to the same items. */
export interface ChoiceTable {
  readonly models: readonly string[];
  /** Presumed family of every model (kin are never each other's control). */
  readonly families: readonly string[];
  /** Per model: option chosen at each item from 0, or -1. */
  readonly choices: readonly Int8Array[];
  /** Key of each item. */
  readonly keys: Int8Array;
  /** Number of options of each item, 2 to 26. */
  readonly options: Int8Array;
  /**
   * Whether models 0 and 1 are a reference and a suspect that share a presumed family, and are to be treated as the
   * strangers that the null hypothesis says they are.
   */
  readonly strangers: boolean;
}

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
const evenSpreadWeight = 1;
/** Weight of the mean difficulty against the other families' answers at the item, in families. */
const meanDifficultyWeight = 2;

export interface ItemModel {
  readonly table: ChoiceTable;
  residual(a: number, b: number, chance: number): PairResidual;
}

/**
 * Learns the item model from all models of the table.
 *
 * Each presumed family is one voter, however many models it has, so that a crowd of kin does not decide what is popular;
 * a pair is judged by the voters that are kin to neither of its models. Where reference and suspect share a family, each is
 * a voter of its own and their kin among the controls do not vote. Expected agreement depends on the number of voters, so
 * every pair gets the same number: where there are more, one is skipped at each item, in turn.
 *
 * @param pairs all pairs that will be asked for: they fix the number of voters
 */
export function itemModel(table: ChoiceTable, pairs: readonly Pair[]): ItemModel {
  const { choices, keys, options, families, models, strangers } = table;
  const n = keys.length;
  let width = 2;
  for (let i = 0; i < n; i++) width = Math.max(width, options[i] as number);

  const voterNames: string[] = [];
  const voterOf = models.map((model, m) => {
    const family = families[m] as string;
    const kin = strangers && family === families[0];
    if (kin && m > 1) return -1;
    const name = kin ? `party ${model}` : `family ${family}`;
    const at = voterNames.indexOf(name);
    return at >= 0 ? at : voterNames.push(name) - 1;
  });
  // Rotation goes by name, so that no result depends on the order of the files.
  const turn = voterNames
    .map((_, v) => v)
    .sort((a, b) => ((voterNames[a] as string) < (voterNames[b] as string) ? -1 : 1));
  const votes = voterNames.map(() => new Float32Array(n * width));
  voterNames.forEach((_, v) => {
    const members = voterOf.flatMap((w, m) => (w === v ? [m] : []));
    const share = votes[v] as Float32Array;
    for (const m of members) {
      const row = choices[m] as Int8Array;
      for (let i = 0; i < n; i++) {
        const c = row[i] as number;
        if (c >= 0) share[i * width + c] = (share[i * width + c] as number) + 1 / members.length;
      }
    }
  });
  const total = new Float32Array(n * width);
  for (const share of votes)
    for (let j = 0; j < total.length; j++) total[j] = (total[j] as number) + (share[j] as number);

  // Who may not vote on a pair: voters of either model's family, except that the two accused are strangers.
  const barred = (a: number, b: number): number[] => {
    const out = new Set<number>();
    const accused = strangers && a !== b && a < 2 && b < 2;
    models.forEach((_, m) => {
      const v = voterOf[m] as number;
      if (v < 0) return;
      if (m === a || m === b) out.add(v);
      else if (!accused && (families[m] === families[a] || families[m] === families[b])) out.add(v);
    });
    return [...out];
  };
  let quorum = voterNames.length;
  for (const [a, b] of pairs) quorum = Math.min(quorum, voterNames.length - barred(a, b).length);

  const left = new Float64Array(width);
  /** Votes at an item without those of `out` and, in turn, without the surplus of `rest`; returns their sum. */
  const fill = (i: number, out: readonly number[], rest: readonly number[]) => {
    const base = i * width;
    for (let k = 0; k < width; k++) left[k] = total[base + k] as number;
    for (const v of out) {
      const share = votes[v] as Float32Array;
      for (let k = 0; k < width; k++) left[k] = (left[k] as number) - (share[base + k] as number);
    }
    for (let skip = rest.length - quorum; skip > 0; skip--) {
      const share = votes[rest[(i + skip) % rest.length] as number] as Float32Array;
      for (let k = 0; k < width; k++) left[k] = (left[k] as number) - (share[base + k] as number);
    }
    let sum = 0;
    for (let k = 0; k < width; k++) {
      if ((left[k] as number) < 1e-4) left[k] = 0;
      sum += left[k] as number;
    }
    return sum;
  };
  const without = (out: readonly number[]) => turn.filter((v) => !out.includes(v));

  // Each model once: odds factor that gives its accuracy, and how much it favours each letter when wrong.
  const oddsFactor = new Float64Array(models.length);
  const tilt = models.map(() => new Float64Array(width).fill(1));
  let meanRight = 0;
  let meanAll = 0;
  for (let i = 0; i < n; i++) {
    meanRight += total[i * width + (keys[i] as number)] as number;
    for (let k = 0; k < width; k++) meanAll += total[i * width + k] as number;
  }
  const prior = meanAll > 0 ? meanRight / meanAll : 0.5;
  models.forEach((_, m) => {
    const own = barred(m, m);
    const others = without(own);
    const row = choices[m] as Int8Array;
    const right = new Float64Array(n);
    const base = new Float32Array(n * width);
    let answered = 0;
    let correct = 0;
    const seen = new Float64Array(width);
    for (let i = 0; i < n; i++) {
      const x = row[i] as number;
      if (x < 0) continue;
      const key = keys[i] as number;
      const sum = fill(i, own, others);
      right[i] = ((left[key] as number) + meanDifficultyWeight * prior) / (sum + meanDifficultyWeight);
      answered++;
      if (x === key) {
        correct++;
        continue;
      }
      bump(seen, x, 1);
      const count = options[i] as number;
      for (let k = 0; k < count; k++)
        if (k !== key) base[i * width + k] = (left[k] as number) + evenSpreadWeight / (count - 1);
    }
    const target = (correct + 0.5) / (answered + 1);
    let low = -12;
    let high = 12;
    for (let step = 0; step < 24; step++) {
      const factor = Math.exp((low + high) / 2);
      let sum = 0;
      for (let i = 0; i < n; i++) {
        if ((row[i] as number) < 0) continue;
        const p = (right[i] as number) * factor;
        sum += p / (p + 1 - (right[i] as number));
      }
      if (sum / answered < target) low = (low + high) / 2;
      else high = (low + high) / 2;
    }
    oddsFactor[m] = Math.exp((low + high) / 2);

    const t = tilt[m] as Float64Array;
    for (let round = 0; round < 4; round++) {
      const expected = new Float64Array(width);
      for (let i = 0; i < n; i++) {
        const x = row[i] as number;
        if (x < 0 || x === keys[i]) continue;
        let sum = 0;
        for (let k = 0; k < width; k++) sum += (base[i * width + k] as number) * (t[k] as number);
        for (let k = 0; k < width; k++)
          bump(expected, k, ((base[i * width + k] as number) * (t[k] as number)) / sum);
      }
      for (let k = 0; k < width; k++)
        t[k] = ((t[k] as number) * ((seen[k] as number) + 1)) / ((expected[k] as number) + 1);
    }
  });

  return {
    table,
    residual(a, b, chance) {
      const ca = choices[a] as Int8Array;
      const cb = choices[b] as Int8Array;
      const out = barred(a, b);
      const rest = without(out);
      const oa = oddsFactor[a] as number;
      const ob = oddsFactor[b] as number;
      const ta = tilt[a] as Float64Array;
      const tb = tilt[b] as Float64Array;
      const scale = 1 / (1 - chance);
      const perItem = new Float32Array(n);
      let items = 0;
      let sum = 0;
      let squares = 0;
      for (let i = 0; i < n; i++) {
        const x = ca[i] as number;
        const y = cb[i] as number;
        if (x < 0 || y < 0) continue;
        const key = keys[i] as number;
        const count = options[i] as number;
        const all = fill(i, out, rest);
        const r = ((left[key] as number) + meanDifficultyWeight * prior) / (all + meanDifficultyWeight);
        const pa = (r * oa) / (r * oa + 1 - r);
        const pb = (r * ob) / (r * ob + 1 - r);
        const even = evenSpreadWeight / (count - 1);
        let za = 0;
        let zb = 0;
        let ab = 0;
        let qay = 0;
        let qbx = 0;
        for (let k = 0; k < count; k++) {
          if (k === key) continue;
          const base = (left[k] as number) + even;
          const va = base * (ta[k] as number);
          const vb = base * (tb[k] as number);
          za += va;
          zb += vb;
          ab += va * vb;
          if (k === x) qbx = vb;
          if (k === y) qay = va;
        }
        // P(b answers what a answered), P(a answers what b answered), P(same) if independent given the item.
        const bLikeA = x === key ? pb : (1 - pb) * (qbx / zb);
        const aLikeB = y === key ? pa : (1 - pa) * (qay / za);
        const independent = pa * pb + (1 - pa) * (1 - pb) * (ab / (za * zb));
        const value = ((x === y ? 1 : 0) - bLikeA - aLikeB + independent) * scale;
        perItem[i] = value;
        items++;
        sum += value;
        squares += value * value;
      }
      const meanValue = items === 0 ? 0 : sum / items;
      const variance =
        items < 2 ? Number.POSITIVE_INFINITY : (squares / items - meanValue * meanValue) / (items - 1);
      return { items, value: meanValue, variance, perItem };
    },
  };
}

function bump(values: Float64Array, at: number, by: number): void {
  values[at] = (values[at] as number) + by;
}
