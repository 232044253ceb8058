import { FACTS, FEWEST_REQUESTS, readFacts } from '../signals/facts/index.ts';
import { type Random, seededRandom } from '../statistics/generator.ts';
import { type AttackLibrary, readSteps } from './attack-library.ts';
import { dressed } from './attack-variants.ts';
import { type FactScale, scaleOf, stepOf } from './fact-scale.ts';
import { growForest } from './forest.ts';
import { looksAt, type PastAccount } from './looks.ts';
import { foldOf, type Model } from './model.ts';

/** Facts of some of an account's windows, in the order of FACTS. */
export interface AccountRows {
  readonly account: string;
  readonly rows: readonly Float64Array[];
}

/** What people said of accounts of the past. */
export interface Verdicts {
  /** confirmed: they leave the past and join the library */
  readonly extraction: ReadonlySet<string>;
  /** judged ordinary: they weigh more than those that nobody looked at */
  readonly benign: ReadonlySet<string>;
  /** neither: they are left out */
  readonly grey: ReadonlySet<string>;
}

const NOBODY: ReadonlySet<string> = new Set();
export const NO_VERDICTS: Verdicts = { extraction: NOBODY, benign: NOBODY, grey: NOBODY };

export interface ModelRules {
  readonly windows: readonly number[];
  readonly library: AttackLibrary;
  readonly verdicts: Verdicts;
  readonly seed?: number;
  /** other sizes than the shipped ones, for benchmarks */
  readonly sizes?: Partial<ModelSizes>;
}

export interface ModelSizes {
  readonly trees: number;
  readonly tried: number;
  readonly leaf: number;
  readonly depth: number;
  readonly variants: number;
  readonly attacks: number;
  readonly ordinary: number;
  readonly confirmed: number;
  readonly judgedBenign: number;
}

/** Folds of accounts: nine tenths of the past would be little more than the four fifths that each forest learns from. */
const FOLDS = 5;
/** Windows of one account that are learnt from, for each length. */
const WINDOWS_EACH = 4;
/** Accounts of the past that are learnt from; of more, a sample. All of them make the nulls. */
const MOST_ACCOUNTS = 4000;

const SIZES: ModelSizes = {
  trees: 40,
  // more than the square root of the number of facts: few of them tell much
  tried: 12,
  leaf: 10,
  depth: 24,
  // copies of each attack that wear families of facts of ordinary accounts
  variants: 4,
  // weight of the library's attacks, and of its ordinary accounts, when the past weighs 1
  attacks: 0.75,
  ordinary: 0.75,
  // weight of an account that people judged, in accounts of the past
  confirmed: 2,
  judgedBenign: 3,
};

/** A random few of an account's windows that say enough; the same few for the same account and seed. */
export function rowsOf(held: PastAccount, windows: readonly number[], seed: number): AccountRows {
  const uniform = seededRandom(seed + foldOf(held.account, 0x7fffffff));
  const byLength = new Map<number, { rank: number; row: Float64Array }[]>();
  for (const { hours, window } of looksAt(held, windows)) {
    if (window.counts.events < FEWEST_REQUESTS) continue;
    const kept = byLength.get(hours) ?? [];
    byLength.set(hours, kept);
    const rank = uniform();
    if (kept.length === WINDOWS_EACH && rank >= (kept[WINDOWS_EACH - 1]?.rank ?? 0)) continue;
    const row = readFacts({ window, customer: held.customer, samples: window.samples });
    kept.push({ rank, row });
    kept.sort((a, b) => a.rank - b.rank);
    kept.length = Math.min(kept.length, WINDOWS_EACH);
  }
  return {
    account: held.account,
    rows: [...byLength.values()].flatMap((kept) => kept.map(({ row }) => row)),
  };
}

/** Rows with a weight and a side each. */
interface Sample {
  readonly rows: Float64Array[];
  readonly weights: number[];
}

/** All rows of an account weigh together what the account weighs. */
function add(into: Sample, rows: readonly Float64Array[], weight: number): void {
  for (const row of rows) {
    into.rows.push(row);
    into.weights.push(weight / rows.length);
  }
}

/** Library rows in the order of FACTS; a fact that the library does not know is taken from an ordinary account. */
function libraryRows(
  library: AttackLibrary,
  accounts: AttackLibrary['attacks'],
  donors: readonly Float64Array[],
  uniform: Random,
): Float64Array[][] {
  const places = FACTS.map(({ id }) => library.facts.findIndex((scale) => scale.id === id));
  return accounts.map((rows) =>
    rows.map((text) => {
      const steps = readSteps(text);
      const donor = donors[Math.floor(uniform() * donors.length)] as Float64Array;
      return Float64Array.from(places, (place, i) => {
        const scale = library.facts[place];
        if (scale === undefined) return donor[i] as number;
        // the middle of the step
        return scale.low + (((steps[place] as number) + 0.5) / 256) * (scale.high - scale.low);
      });
    }),
  );
}

/**
 * Learns the forests of all folds. Deterministic: the same past, library, verdicts and seed give the same bytes.
 * @param past rows of accounts, confirmed ones among them; at least two accounts with rows
 */
export function learnModel(past: readonly AccountRows[], rules: ModelRules): Model {
  const { library, verdicts, seed = 1 } = rules;
  const sizes: ModelSizes = { ...SIZES, ...rules.sizes };
  const uniform = seededRandom(seed);
  const telling = past.filter(({ rows }) => rows.length > 0);
  const confirmed = telling.filter(({ account }) => verdicts.extraction.has(account));
  const ordinary = sampled(
    telling.filter(({ account }) => !verdicts.extraction.has(account) && !verdicts.grey.has(account)),
    uniform,
  );
  const all = ordinary.flatMap(({ rows }) => rows);
  const attacks = libraryRows(library, library.attacks, all, uniform);
  const makersOrdinary = libraryRows(library, library.ordinary, all, uniform);
  const scales = scalesOf([...all, ...attacks.flat(), ...makersOrdinary.flat()]);
  const folds = Array.from({ length: FOLDS }, (_, fold) => {
    const others = ordinary.filter(({ account }) => foldOf(account, FOLDS) !== fold);
    const donors = others.flatMap(({ rows }) => rows);
    const mass = others.length;
    const positive: Sample = { rows: [], weights: [] };
    const wardrobe = { donors, variants: sizes.variants, uniform: seededRandom(seed + 104_729 * (fold + 1)) };
    for (const rows of attacks)
      addVariants(positive, rows, (sizes.attacks * mass) / attacks.length, wardrobe);
    for (const { rows } of confirmed) addVariants(positive, rows, sizes.confirmed, wardrobe);
    const negative: Sample = { rows: [], weights: [] };
    for (const rows of makersOrdinary) add(negative, rows, (sizes.ordinary * mass) / makersOrdinary.length);
    for (const { account, rows } of others)
      add(negative, rows, verdicts.benign.has(account) ? sizes.judgedBenign : 1);
    return growForest(training(positive, negative, scales), { ...sizes, seed: seed + 31 * fold });
  });
  return { facts: scales, folds };
}

function sampled(accounts: readonly AccountRows[], uniform: Random): readonly AccountRows[] {
  if (accounts.length <= MOST_ACCOUNTS) return accounts;
  return accounts
    .map((held) => ({ held, rank: uniform() }))
    .sort((a, b) => a.rank - b.rank)
    .slice(0, MOST_ACCOUNTS)
    .map(({ held }) => held);
}

/** What attacks are dressed in: ordinary rows, in so many copies of each attack. */
interface Wardrobe {
  readonly donors: readonly Float64Array[];
  readonly variants: number;
  readonly uniform: Random;
}

function addVariants(
  into: Sample,
  rows: readonly Float64Array[],
  weight: number,
  { donors, variants, uniform }: Wardrobe,
): void {
  const each = weight / (variants + 1);
  add(into, rows, each);
  for (let copy = 0; copy < variants; copy++)
    add(
      into,
      rows.map((row) => dressed(row, donors[Math.floor(uniform() * donors.length)] as Float64Array, uniform)),
      each,
    );
}

function scalesOf(rows: readonly Float64Array[]): FactScale[] {
  return FACTS.map(({ id }, i) =>
    scaleOf(
      id,
      Float64Array.from(rows, (row) => row[i] as number),
    ),
  );
}

function training(positive: Sample, negative: Sample, scales: readonly FactScale[]) {
  const rows = [...positive.rows, ...negative.rows];
  const values = new Uint8Array(rows.length * scales.length);
  rows.forEach((row, r) => {
    scales.forEach((scale, i) => {
      values[r * scales.length + i] = stepOf(row[i] as number, scale);
    });
  });
  return {
    rows: { columns: scales.length, values },
    positive: Uint8Array.from(rows, (_, r) => (r < positive.rows.length ? 1 : 0)),
    weight: Float64Array.from([...positive.weights, ...negative.weights]),
  };
}
