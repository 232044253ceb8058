import * as z from 'zod';
import { said } from '../signals/facts/fact.ts';
import { FACTS } from '../signals/facts/index.ts';

/**
 * Are the accounts of today still like those that a calibration was learnt from? Ranks and chances are true as long as they
 * are exchangeable, and this tests just that, account by account, for every fact in every peer group.
 *
 * For each fact the past's accounts are counted in a few classes. If the present's accounts are exchangeable with them, the
 * next one falls into a class with a chance that follows from all counts so far (a Polya urn that begins with the past's
 * counts). Against that stand urns that begin with few balls, and so adapt to whatever the present shows. The ratio of the two
 * is an e-process: whatever the number of looks, the chance that it ever reaches 1 / alpha is at most alpha (Ville 1939;
 * conformal test martingales: Vovk et al., "Retrain or not retrain", COPA 2021). With W facts and groups each must reach W / alpha.
 */
const MOST_CUTS = 7;
const CUT_AT = [0.1, 0.25, 0.5, 0.75, 0.9] as const;

export const factClasses = z.strictObject({
  cuts: z
    .array(z.number())
    .max(MOST_CUTS)
    .describe('ascending; a value up to the first cut is of the first class'),
  counts: z
    .array(z.number().int().min(0))
    .max(MOST_CUTS + 1)
    .describe('accounts of the past in each class, one more than cuts'),
});
export type FactClasses = z.infer<typeof factClasses>;

export const driftBase = z.strictObject({
  hours: z.number().positive().describe("length of the accounts' newest windows that were counted"),
  facts: z
    .record(z.string(), z.record(z.string(), factClasses))
    .describe('fact, or score -> peer group (everyone, product) -> classes'),
});
export type DriftBase = z.infer<typeof driftBase>;

/** Chance that the test ever says drift where there is none, over all facts and groups, under one calibration. */
export const DRIFT_ALPHA = 0.01;
/** Balls that the adapting urns begin with. */
const BALLS = [10, 100] as const;
/** Fewer accounts of the past than this say nothing of a group. */
const FEWEST = 50;

/** Facts that move by themselves: everybody grows older. */
const MOVING: ReadonlySet<string> = new Set(['age']);

/** The account's score, which is watched like a fact: the promise rests on it alone. */
export const SCORE = 'score';

/** One account's newest window. */
export interface NewestRow {
  readonly product: string;
  /** facts in the order of FACTS */
  readonly row: Float64Array;
  /** of the window, by forests that have not seen the account */
  readonly score: number;
}

/** What is compared: every fact but those that move by themselves, and the score. */
const WATCHED: readonly { readonly id: string; readonly read: (held: NewestRow) => number }[] = [
  ...FACTS.map(({ id }, i) => ({ id, read: ({ row }: NewestRow) => row[i] as number })).filter(
    ({ id }) => !MOVING.has(id),
  ),
  { id: SCORE, read: ({ score }) => score },
];

/** Counts the past's accounts. */
export function learnDriftBase(hours: number, past: readonly NewestRow[]): DriftBase {
  const groups = new Map<string, readonly NewestRow[]>([['everyone', past]]);
  for (const product of [...new Set(past.map((held) => held.product))].sort())
    if (product !== 'everyone')
      groups.set(
        product,
        past.filter((held) => held.product === product),
      );
  const told = [...groups].filter(([, rows]) => rows.length >= FEWEST);
  const facts = WATCHED.map(({ id, read }) => [
    id,
    Object.fromEntries(told.map(([group, rows]) => [group, classesOf(rows.map(read))])),
  ]);
  return { hours, facts: Object.fromEntries(facts) };
}

function classesOf(values: readonly number[]): FactClasses {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] as number;
  const cuts = [...new Set(CUT_AT.map(at))].filter((cut) => cut < (sorted[sorted.length - 1] as number));
  const counts = new Array<number>(cuts.length + 1).fill(0);
  for (const value of values) {
    const own = classOf(cuts, value);
    counts[own] = (counts[own] as number) + 1;
  }
  return { cuts, counts };
}

function classOf(cuts: readonly number[], value: number): number {
  const at = cuts.findIndex((cut) => value <= cut);
  return at < 0 ? cuts.length : at;
}

/** A fact that moved in a group. */
export interface Drifted {
  readonly fact: string;
  readonly group: string;
  /** greatest value that the e-process reached, decimal logarithm */
  readonly log10E: number;
  /** one sentence with numbers */
  readonly evidence: string;
}

export interface DriftReport {
  /** accounts of the present that were compared */
  readonly accounts: number;
  /** facts times groups that are watched */
  readonly watched: number;
  readonly alpha: number;
  /** strongest first; empty where nothing speaks against exchangeability */
  readonly drifted: readonly Drifted[];
}

/** One fact in one group. */
interface Watch {
  readonly fact: string;
  readonly read: (held: NewestRow) => number;
  readonly group: string;
  readonly classes: FactClasses;
  readonly past: number;
  readonly seen: number[];
  accounts: number;
  /** natural logarithms of the ratios, by BALLS */
  readonly ratios: number[];
  greatest: number;
}

/** Compares accounts of the present with the past, one after the other. */
export class DriftTest {
  readonly #watches: Watch[] = [];
  #accounts = 0;

  constructor({ facts }: DriftBase) {
    for (const { id, read } of WATCHED)
      for (const [group, classes] of Object.entries(facts[id] ?? {})) {
        const past = classes.counts.reduce((sum, count) => sum + count, 0);
        // where all of the past are of one class, another value is news for people, and not a matter of chance
        if (classes.cuts.length === 0 || past < FEWEST) continue;
        const seen = classes.counts.map(() => 0);
        const ratios = BALLS.map(() => 0);
        this.#watches.push({
          fact: id,
          read,
          group,
          classes,
          past,
          seen,
          accounts: 0,
          ratios,
          greatest: 0,
        });
      }
  }

  /** Takes in one account of the present, each only once. */
  see(held: NewestRow): void {
    this.#accounts++;
    for (const watch of this.#watches)
      if (watch.group === 'everyone' || watch.group === held.product) look(watch, watch.read(held));
  }

  report(alpha = DRIFT_ALPHA): DriftReport {
    const watched = this.#watches.length;
    const needed = Math.log(watched / alpha);
    return {
      accounts: this.#accounts,
      watched,
      alpha,
      drifted: this.#watches
        .filter(({ greatest }) => greatest >= needed)
        .sort((a, b) => b.greatest - a.greatest)
        .map((watch) => ({
          fact: watch.fact,
          group: watch.group,
          log10E: Number((watch.greatest / Math.LN10).toFixed(1)),
          evidence: evidenceOf(watch),
        })),
    };
  }
}

function look(watch: Watch, value: number): void {
  const { classes, seen, past, ratios } = watch;
  const own = classOf(classes.cuts, value);
  // half a ball for each class besides: a class that the past did not show is not impossible
  const share = ((classes.counts[own] as number) + 0.5) / (past + 0.5 * seen.length);
  const already = seen[own] as number;
  const expected = (share * (past + 1) + already) / (past + 1 + watch.accounts);
  BALLS.forEach((balls, i) => {
    const adapted = (share * balls + already) / (balls + watch.accounts);
    ratios[i] = (ratios[i] as number) + Math.log(adapted / expected);
  });
  seen[own] = already + 1;
  watch.accounts++;
  const most = Math.max(...ratios);
  const mean =
    most + Math.log(ratios.reduce((sum, ratio) => sum + Math.exp(ratio - most), 0) / ratios.length);
  watch.greatest = Math.max(watch.greatest, mean);
}

/** How the score is said. */
const SCORED = { title: 'likeness to the library of attacks (score)', unit: 'ratio' } as const;

/** The cut over which most accounts went. */
function evidenceOf({ fact: id, group, classes, past, seen, accounts }: Watch): string {
  const fact = FACTS.find((held) => held.id === id) ?? SCORED;
  let before = 0;
  let now = 0;
  let widest = { gap: -1, cut: 0, before: 0, now: 0 };
  for (const [i, cut] of classes.cuts.entries()) {
    before += (classes.counts[i] as number) / past;
    now += (seen[i] as number) / Math.max(1, accounts);
    const gap = Math.abs(now - before);
    if (gap > widest.gap) widest = { gap, cut, before, now };
  }
  const percent = (share: number): string => `${Math.round(100 * share)} %`;
  return `${fact.title}, ${group}: at most ${said(fact, widest.cut)} in ${percent(widest.before)} of the past's ${past} accounts, in ${percent(widest.now)} of ${accounts} now`;
}
