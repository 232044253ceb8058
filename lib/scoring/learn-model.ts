import { FACTS, FEWEST_REQUESTS, readFacts } from '../signals/facts/index.ts';
import { type Random, seededRandom } from '../statistics/generator.ts';
import type { AttackLibrary } from './attack-library.ts';
import { dressed, type Steps } from './attack-variants.ts';
import { type FactScale, scaleOf, stepOf, weightedScaleOf } from './fact-scale.ts';
import { type Forest, growForest, type Training } from './forest.ts';
import { libraryRows } from './library-rows.ts';
import { looksAt, type PastAccount } from './looks.ts';
import { foldOf, type Model } from './model.ts';

/** Facts of some of an account's windows, in the order of FACTS. */
export interface AccountRows {
  readonly account: string;
  readonly rows: readonly Float64Array[];
  /** requests in each of those windows */
  readonly events: readonly number[];
}

/** What people said of accounts of the past. */
export interface Verdicts {
  /** confirmed: they leave the past and join the library */
  readonly extraction: ReadonlySet<string>;
  /**
   * judged ordinary: they stay, and weigh as everybody. Whom people judge is chosen by the score; if it changed what their likes
   * come to, the past would no longer be what a new account can be held against.
   */
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
  /** groups of accounts of the past that links have found, in any order, as often as they were found; see weightsOf */
  readonly linked?: Iterable<readonly string[]>;
  /** forests that hardly depend on how many attackers hide in the past; see ROBUST */
  readonly robust?: boolean;
  /** other sizes than the shipped ones, for benchmarks */
  readonly sizes?: Partial<ModelSizes>;
}

export interface ModelSizes {
  readonly draws: number;
  readonly folds: number;
  readonly trees: number;
  readonly tried: number;
  readonly leaf: number;
  readonly depth: number;
  readonly variants: number;
  readonly attacks: number;
  readonly ordinary: number;
  readonly confirmed: number;
  /** an account in a group of n weighs 1 / n to this power */
  readonly power: number;
  /** least part of all weight at a leaf */
  readonly leafPart: number;
  /** scales and what attacks are dressed in follow the accounts' weights, and not their number */
  readonly weighted: boolean;
}

/** Windows of one account that are learnt from, for each length. */
const WINDOWS_EACH = 4;
/** Accounts of the past that are learnt from; of more, a sample. All of them make the nulls. */
const MOST_ACCOUNTS = 4000;

const SIZES: ModelSizes = {
  draws: 16,
  // nine tenths of the past would be little more than the four fifths that each forest learns from
  folds: 5,
  // of one fold in one draw: an account is judged by sixteen times as many
  trees: 6,
  // more than the square root of the number of facts: few of them tell much
  tried: 12,
  leaf: 20,
  depth: 24,
  // copies of each attack that wear families of facts of ordinary accounts: other ones in every forest
  variants: 1,
  // weight of the library's attacks, and of its ordinary accounts, when the past weighs 1
  attacks: 0.75,
  ordinary: 0.75,
  // weight of an account that people confirmed, in accounts of the past: with more, honest accounts rose as other attacks did,
  // measured by leaving each kind of the strangers' first fortnight out of the verdicts in turn
  confirmed: 0.5,
  power: 0.5,
  leafPart: 0,
  weighted: false,
};

/**
 * Sizes of robust forests (docs/design/campaigns.md): a group of n accounts of the past weighs less than one account, no leaf is as
 * small as a group, and nothing else that is learnt follows the number of accounts.
 */
const ROBUST: Partial<ModelSizes> = { draws: 4, power: 2, leafPart: 0.002, weighted: true };

/** A random few of an account's windows that say enough; the same few for the same account and seed. */
export function rowsOf(held: PastAccount, windows: readonly number[], seed: number): AccountRows {
  const uniform = seededRandom(seed + foldOf(held.account, 0x7fffffff));
  const byLength = new Map<number, { rank: number; events: number; row: Float64Array }[]>();
  for (const { hours, window } of looksAt(held, windows)) {
    if (window.counts.events < FEWEST_REQUESTS) continue;
    const kept = byLength.get(hours) ?? [];
    byLength.set(hours, kept);
    const rank = uniform();
    if (kept.length === WINDOWS_EACH && rank >= (kept[WINDOWS_EACH - 1]?.rank ?? 0)) continue;
    const row = readFacts({ window, customer: held.customer, samples: window.samples });
    kept.push({ rank, events: window.counts.events, row });
    kept.sort((a, b) => a.rank - b.rank);
    kept.length = Math.min(kept.length, WINDOWS_EACH);
  }
  const kept = [...byLength.values()].flat();
  return {
    account: held.account,
    rows: kept.map(({ row }) => row),
    events: kept.map(({ events }) => events),
  };
}

/** Rows with a weight each. */
interface Sample {
  readonly rows: Steps[];
  readonly weights: number[];
}

/** All rows of an account weigh together what the account weighs. */
function add(into: Sample, rows: readonly Steps[], weight: number): void {
  for (const row of rows) {
    into.rows.push(row);
    into.weights.push(weight / rows.length);
  }
}

/** What all forests are grown from: accounts as steps, on one scale. */
interface Material {
  readonly ordinary: readonly {
    readonly account: string;
    readonly rows: readonly Steps[];
    readonly weight: number;
  }[];
  readonly confirmed: readonly (readonly Steps[])[];
  readonly attacks: readonly (readonly Steps[])[];
  readonly makersOrdinary: readonly (readonly Steps[])[];
}

/**
 * Learns the forests of all folds of all draws. Deterministic: the same past, library, verdicts and seed give the same bytes.
 * @param past rows of accounts, confirmed ones among them; at least two accounts with rows
 */
export function learnModel(past: readonly AccountRows[], rules: ModelRules): Model {
  const { library, verdicts, seed = 1, linked = [] } = rules;
  const sizes: ModelSizes = { ...SIZES, ...(rules.robust === true ? ROBUST : {}), ...rules.sizes };
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
  const weights = weightsOf(ordinary, linked, sizes.power);
  const facts = sizes.weighted
    ? weightedScales(ordinary, weights, { attacks, makersOrdinary, sizes })
    : scalesOf([...all, ...attacks.flat(), ...makersOrdinary.flat()]);
  const steps = (rows: readonly Float64Array[]): Steps[] =>
    rows.map((row) => Uint8Array.from(facts, (scale, i) => stepOf(row[i] as number, scale)));
  const material: Material = {
    ordinary: ordinary.map(({ account, rows }, i) => ({
      account,
      rows: steps(rows),
      weight: weights[i] as number,
    })),
    confirmed: confirmed.map(({ rows }) => steps(rows)),
    attacks: attacks.map(steps),
    makersOrdinary: makersOrdinary.map(steps),
  };
  const draws = Array.from({ length: sizes.draws }, (_, draw) =>
    Array.from({ length: sizes.folds }, (_, fold) => {
      const others = material.ordinary.filter(({ account }) => foldOf(account, sizes.folds, draw) !== fold);
      const own = seed + 31 * (draw * sizes.folds + fold);
      return grownFrom({ ...material, ordinary: others }, sizes, own);
    }),
  );
  return { facts, draws };
}

/**
 * What each account of the past weighs: 1, and 1 / sqrt(n) (or another power) where it stood in a group of n, the largest that links have found it in. Accounts of
 * one operator are no independent draws of what is ordinary: n of them tell more than one account and less than n, and without that a
 * campaign that nobody has noticed would teach the forests, by its size alone, that it is ordinary. What links is no score, so honest
 * groups are treated as campaigns are.
 */
function weightsOf(
  accounts: readonly { readonly account: string }[],
  linked: Iterable<readonly string[]>,
  power: number,
): readonly number[] {
  const largest = new Map(accounts.map(({ account }) => [account, 1]));
  for (const group of linked) {
    const members = group.filter((account) => largest.has(account));
    for (const account of members)
      largest.set(account, Math.max(members.length, largest.get(account) as number));
  }
  return accounts.map(({ account }) => {
    const n = largest.get(account) as number;
    // the root is exact on every machine
    return 1 / (Math.sqrt(n) * n ** (power - 0.5));
  });
}

/** A forest that knows nothing of ordinary accounts says nothing of anybody. */
const SILENT: Forest = { nodes: [1], column: '/w==', cut: 'AA==', right: 'AAA=', share: 'AA==' };

function grownFrom(
  { ordinary, confirmed, attacks, makersOrdinary }: Material,
  sizes: ModelSizes,
  seed: number,
): Forest {
  const mass = ordinary.reduce((sum, { weight }) => sum + weight, 0);
  if (mass === 0) return SILENT;
  const positive: Sample = { rows: [], weights: [] };
  const wardrobe = {
    donors: sizes.weighted ? byWeight(ordinary, mass) : ordinary.flatMap(({ rows }) => rows),
    variants: sizes.variants,
    uniform: seededRandom(seed + 104_729),
  };
  for (const rows of attacks) addVariants(positive, rows, (sizes.attacks * mass) / attacks.length, wardrobe);
  for (const rows of confirmed) addVariants(positive, rows, sizes.confirmed, wardrobe);
  const negative: Sample = { rows: [], weights: [] };
  for (const rows of makersOrdinary) add(negative, rows, (sizes.ordinary * mass) / makersOrdinary.length);
  for (const { rows, weight } of ordinary) add(negative, rows, weight);
  const leafWeight = sizes.leafPart * mass * (1 + sizes.attacks + sizes.ordinary);
  return growForest(training(positive, negative), { ...sizes, leafWeight, seed });
}

/** Rows to draw from, so many of each account as it weighs, its own in turn. */
const DONORS = 8192;

function byWeight(ordinary: Material['ordinary'], mass: number): Steps[] {
  const donors: Steps[] = [];
  let sum = 0;
  for (const { rows, weight } of ordinary) {
    sum += weight;
    for (let turn = 0; donors.length + 0.5 < (DONORS * sum) / mass && donors.length < DONORS; turn++)
      donors.push(rows[turn % rows.length] as Steps);
  }
  return donors;
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
  readonly donors: readonly Steps[];
  readonly variants: number;
  readonly uniform: Random;
}

function addVariants(
  into: Sample,
  rows: readonly Steps[],
  weight: number,
  { donors, variants, uniform }: Wardrobe,
): void {
  const each = weight / (variants + 1);
  add(into, rows, each);
  for (let copy = 0; copy < variants; copy++)
    add(
      into,
      rows.map((row) => dressed(row, donors[Math.floor(uniform() * donors.length)] as Steps, uniform)),
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

interface LibraryParts {
  readonly attacks: readonly (readonly Float64Array[])[];
  readonly makersOrdinary: readonly (readonly Float64Array[])[];
  readonly sizes: ModelSizes;
}

function weightedScales(
  ordinary: readonly AccountRows[],
  weights: readonly number[],
  { attacks, makersOrdinary, sizes }: LibraryParts,
): FactScale[] {
  const mass = weights.reduce((sum, weight) => sum + weight, 0);
  const rows: Float64Array[] = [];
  const each: number[] = [];
  const take = (of: readonly Float64Array[], weight: number): void => {
    for (const row of of) {
      rows.push(row);
      each.push(weight / of.length);
    }
  };
  for (const [i, held] of ordinary.entries()) take(held.rows, weights[i] as number);
  for (const of of attacks) take(of, (sizes.attacks * mass) / attacks.length);
  for (const of of makersOrdinary) take(of, (sizes.ordinary * mass) / makersOrdinary.length);
  const weighing = Float64Array.from(each);
  return FACTS.map(({ id }, i) =>
    weightedScaleOf(
      id,
      Float64Array.from(rows, (row) => row[i] as number),
      weighing,
    ),
  );
}

function training(positive: Sample, negative: Sample): Training {
  const rows = [...positive.rows, ...negative.rows];
  const columns = FACTS.length;
  const values = new Uint8Array(rows.length * columns);
  for (const [r, row] of rows.entries()) values.set(row, r * columns);
  return {
    rows: { columns, values },
    positive: Uint8Array.from(rows, (_, r) => (r < positive.rows.length ? 1 : 0)),
    weight: Float64Array.from([...positive.weights, ...negative.weights]),
  };
}
