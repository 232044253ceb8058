import { SLICE_MS } from '../profile/slice.ts';
import { FACTS, FEWEST_REQUESTS, readFacts } from '../signals/facts/index.ts';
import { type AttackLibrary, shippedLibrary } from './attack-library.ts';
import { attackScores } from './attack-scores.ts';
import { CALIBRATION_FORMAT, type Calibration, SPREAD_AT, type Spread } from './calibration.ts';
import { learnDriftBase, type NewestRow } from './drift.ts';
import { type AccountRows, learnModel, NO_VERDICTS, rowsOf, type Verdicts } from './learn-model.ts';
import { scoreOf } from './learned-score.ts';
import { looksAt, type PastAccount } from './looks.ts';
import { foldOf, type Model, readModel } from './model.ts';
import { type ActiveDays, ObservedDays, type ObservedPeriod } from './observed-days.ts';
import { peerGroups } from './peer-group.ts';
import { learnRanks } from './rank-null.ts';
import { type SupportedVerdicts, supportedVerdicts } from './supported-verdicts.ts';

export interface CalibrationRules {
  readonly windows: readonly number[];
  readonly library?: AttackLibrary;
  readonly verdicts?: Verdicts;
  readonly seed?: number;
  /** days that an account's slices are kept for, where no more than a month or two; default: as many as there are */
  readonly keptDays?: number;
}

/** The highest score of an account of the past, and where it was reached. */
export interface Peak {
  readonly account: string;
  readonly score: number;
  readonly hours: number;
  /** start of the slice that the window ended with, ms */
  readonly slice: number;
}

/** Accounts whose rows are kept to learn from, at most twice as many while they are collected. */
const MOST_ROWS = 6000;
const HASHES = 65_536;

/** What a learner has seen of a part of the accounts: plain data that structured cloning keeps. */
export interface SeenPart {
  readonly rows: readonly AccountRows[];
  /** accounts whose hash lies below are sampled */
  readonly kept: number;
  /** ms: start of the first slice and end of the last */
  readonly from: number;
  readonly to: number;
  readonly active: ActiveDays;
  readonly events: number;
  readonly judged: Readonly<Record<keyof Verdicts, number>>;
}

/** What measuring needs of what was learnt from all parts. */
export type Fitted = Omit<SeenPart, 'rows'> & {
  readonly model: Model;
  readonly robust?: Model;
  readonly verdicts: SupportedVerdicts;
  /** see attackScores */
  readonly attacks: readonly number[];
};

/** What was measured of a part of the accounts. */
export interface MeasuredPart {
  readonly peaks: readonly Peak[];
  /** peer groups of each account */
  readonly groups: readonly (readonly [account: string, groups: readonly string[]])[];
  /** rows of the newest windows, by hours */
  readonly latest: readonly (readonly [hours: number, rows: readonly LatestRow[]])[];
}

interface Newest {
  readonly events: number;
  readonly row: Float64Array;
}

/** An account's newest window of a length. */
export interface LatestRow extends Newest {
  readonly account: string;
  readonly product: string;
}

/** As the calibration in force scores it. */
export function newestRow({ account, product, events, row }: LatestRow, model: Model): NewestRow {
  const read = readModel(model);
  return { product, row, score: scoreOf(read.share(account, read.row(row)), events) };
}

/**
 * Learns a calibration in two passes over the accounts of the past, so that never more than a sample of them is in memory:
 * `see` every account, then `fit`, then `measure` every account again, then `finish`. Pure and deterministic; the order of
 * accounts does not matter, nor does it who sees which: parts that several learners saw or measured are merged, in any order,
 * and what comes out is the same bit for bit (test/scoring/shards.test.ts).
 */
export class CalibrationLearner {
  readonly #rules: Required<CalibrationRules>;
  #rows: AccountRows[] = [];
  #kept = HASHES;
  #from = Number.POSITIVE_INFINITY;
  #to = 0;
  readonly #days = new ObservedDays();
  #observed: ObservedPeriod | undefined;
  #events = 0;
  #model: Model | undefined;
  #robust: Model | undefined;
  #attacks: readonly number[] = [];
  readonly #peaks: Peak[] = [];
  readonly #groupOf = new Map<string, readonly string[]>();
  readonly #latest = new Map<number, LatestRow[]>();
  #judged = { extraction: 0, benign: 0, grey: 0 };
  #verdicts: SupportedVerdicts;

  constructor(rules: CalibrationRules) {
    this.#rules = {
      library: shippedLibrary,
      verdicts: NO_VERDICTS,
      seed: 1,
      keptDays: Number.POSITIVE_INFINITY,
      ...rules,
    };
    this.#verdicts = { ...this.#rules.verdicts, unsupported: [] };
  }

  /** First pass. */
  see(held: PastAccount): void {
    for (const { start, counts } of held.slices) {
      this.#from = Math.min(this.#from, start);
      this.#to = Math.max(this.#to, start + SLICE_MS);
      this.#events += counts.events;
    }
    this.#days.see(held.slices.map(({ start }) => start));
    const { verdicts, windows, seed } = this.#rules;
    for (const verdict of ['extraction', 'benign', 'grey'] as const)
      if (verdicts[verdict].has(held.account)) this.#judged[verdict]++;
    // whom people judged is always learnt from; of the others a fixed share, chosen by the keyed pseudonym
    if (foldOf(held.account, HASHES) >= this.#kept && !this.#isJudged(held.account)) return;
    const own = rowsOf(held, windows, seed);
    if (own.rows.length === 0) return;
    this.#rows.push(own);
    this.#trim();
  }

  /** Halves the share that is sampled until there is room: the same share whatever the order, as numbers only grow. */
  #trim(): void {
    while (this.#rows.length >= 2 * MOST_ROWS && this.#kept >= 1) {
      this.#kept /= 2;
      this.#rows = this.#sampled(this.#rows);
    }
  }

  #sampled(rows: readonly AccountRows[]): AccountRows[] {
    return rows.filter(({ account }) => foldOf(account, HASHES) < this.#kept || this.#isJudged(account));
  }

  /** What this learner has seen. */
  seen(): SeenPart {
    return {
      rows: this.#rows,
      kept: this.#kept,
      from: this.#from,
      to: this.#to,
      active: this.#days.part(),
      events: this.#events,
      judged: { ...this.#judged },
    };
  }

  /** Takes in what another learner with the same rules has seen of other accounts. */
  mergeSeen(part: SeenPart): void {
    this.#kept = Math.min(this.#kept, part.kept);
    this.#rows = this.#sampled([...this.#rows, ...part.rows]);
    this.#from = Math.min(this.#from, part.from);
    this.#to = Math.max(this.#to, part.to);
    this.#days.merge(part.active);
    this.#events += part.events;
    for (const verdict of ['extraction', 'benign', 'grey'] as const)
      this.#judged[verdict] += part.judged[verdict];
    this.#trim();
  }

  /** What others need to measure accounts as this learner would. @throws Error before `fit` */
  fitted(): Fitted {
    if (this.#model === undefined) throw new Error('fit comes before measure');
    const { rows: _, ...seen } = this.seen();
    return {
      ...seen,
      model: this.#model,
      ...(this.#robust === undefined ? {} : { robust: this.#robust }),
      verdicts: this.#verdicts,
      attacks: this.#attacks,
    };
  }

  /** A learner that measures with what another has fitted. */
  static measuring(rules: CalibrationRules, fitted: Fitted): CalibrationLearner {
    const learner = new CalibrationLearner(rules);
    learner.#model = fitted.model;
    learner.#robust = fitted.robust;
    learner.#verdicts = fitted.verdicts;
    learner.#attacks = fitted.attacks;
    learner.#kept = fitted.kept;
    learner.#from = fitted.from;
    learner.#to = fitted.to;
    learner.#days.merge(fitted.active);
    learner.#events = fitted.events;
    learner.#judged = { ...fitted.judged };
    return learner;
  }

  /** What this learner has measured. */
  measured(): MeasuredPart {
    return { peaks: this.#peaks, groups: [...this.#groupOf], latest: [...this.#latest] };
  }

  /** Takes in what another learner has measured of other accounts, with the same fitted model. */
  mergeMeasured(part: MeasuredPart): void {
    for (const peak of part.peaks) this.#peaks.push(peak);
    for (const [account, groups] of part.groups) this.#groupOf.set(account, groups);
    for (const [hours, rows] of part.latest) {
      const list = this.#latest.get(hours) ?? [];
      this.#latest.set(hours, list);
      for (const row of rows) list.push(row);
    }
  }

  #isJudged(account: string): boolean {
    const { extraction, benign, grey } = this.#rules.verdicts;
    return extraction.has(account) || benign.has(account) || grey.has(account);
  }

  /** Whether enough accounts have shown enough to learn from. */
  get ready(): boolean {
    return this.#rows.length >= 2;
  }

  /**
   * Grows the forests.
   * @param linked groups of accounts that links have found, in any order: their members weigh less; without, everybody weighs 1, and
   *   no robust forests are grown
   * @throws RangeError where fewer than two accounts showed enough to learn from
   */
  fit(linked?: Iterable<readonly string[]>): Model {
    const rows = this.#rows.toSorted((a, b) => (a.account < b.account ? -1 : 1));
    if (!this.ready)
      throw new RangeError(
        `a calibration needs at least two accounts with ${FEWEST_REQUESTS} requests in a window`,
      );
    const together = [...(linked ?? [])];
    const rules = { ...this.#rules, linked: together };
    this.#verdicts = supportedVerdicts(rows, rules);
    const verdicts = this.#verdicts;
    this.#model = learnModel(rows, { ...rules, verdicts });
    if (linked !== undefined) this.#robust = learnModel(rows, { ...rules, verdicts, robust: true });
    return this.#model;
  }

  /** The verdicts as they have an effect, and whose has none; before `fit` as they were given. */
  get verdicts(): SupportedVerdicts {
    return this.#verdicts;
  }

  /**
   * Scores the library's attacks by forests that have not seen them, for a learning curve: a third as much work as `fit`, after it and where the first
   * pass was made.
   * @param linked as for fit
   */
  scoreAttacks(linked: Iterable<readonly string[]> = []): void {
    const rows = this.#rows.toSorted((a, b) => (a.account < b.account ? -1 : 1));
    this.#attacks = attackScores(rows, { ...this.#rules, linked, verdicts: this.#verdicts });
  }

  /** Those scores, ascending; empty before. */
  get attacks(): readonly number[] {
    return this.#attacks;
  }

  /** The robust forests (learn-model.ts), where it was said which accounts hang together. */
  get robust(): Model | undefined {
    return this.#robust;
  }

  /** Second pass; returns the account's highest score, undefined where it showed too little. */
  measure(held: PastAccount): Peak | undefined {
    const found = this.#highest(held);
    const peak = found?.peak;
    const newest = found?.newest ?? new Map<number, Newest>();
    const inSpread = foldOf(held.account, HASHES) < this.#kept;
    const { extraction, grey } = this.#verdicts;
    if (extraction.has(held.account) || grey.has(held.account)) return peak;
    if (inSpread)
      for (const [hours, { row, events }] of newest) {
        const list = this.#latest.get(hours) ?? [];
        this.#latest.set(hours, list);
        list.push({ account: held.account, product: held.customer.product, events, row });
      }
    this.#peaks.push(peak ?? { account: held.account, score: 0, hours: 0, slice: 0 });
    this.#groupOf.set(held.account, peerGroups(held.customer, this.#period().to));
    return peak;
  }

  /** The past as far as it was observed: no account is added once measuring has begun. */
  #period(): ObservedPeriod {
    this.#observed ??= this.#days.period({ from: this.#from, to: this.#to }, this.#rules.keptDays);
    return this.#observed;
  }

  #highest(held: PastAccount): { peak: Peak; newest: Map<number, Newest> } | undefined {
    if (this.#model === undefined) throw new Error('fit comes before measure');
    const read = readModel(this.#model);
    const newest = new Map<number, Newest>();
    let peak: Peak | undefined;
    for (const { hours, slice, window } of looksAt(held, this.#rules.windows)) {
      const { events } = window.counts;
      if (events < FEWEST_REQUESTS) continue;
      const row = readFacts({ window, customer: held.customer, samples: window.samples });
      newest.set(hours, { row, events });
      const score = scoreOf(read.share(held.account, read.row(row)), events);
      if (peak === undefined || score > peak.score) peak = { account: held.account, score, hours, slice };
    }
    return peak === undefined ? undefined : { peak, newest };
  }

  /** Highest score of an account that is not of the past; 0 where it showed too little. */
  score(held: PastAccount): number {
    return this.#highest(held)?.peak.score ?? 0;
  }

  /** Accounts of the past by their highest score, those with verdicts left out that left the past. Descending. */
  peaks(): readonly Peak[] {
    return this.#peaks.toSorted((a, b) => b.score - a.score || (a.account < b.account ? -1 : 1));
  }

  /** @param about id of the calibration, and whether it is to be used by others than who made it */
  finish(about: { readonly id?: string; readonly foreign?: boolean } = {}): Calibration {
    if (this.#model === undefined) throw new Error('fit comes before finish');
    const fitted = this.#model;
    const { to, days } = this.#period();
    const madeAt = new Date(to).toISOString();
    const accounts = this.#peaks.length;
    const longest = Math.max(...this.#rules.windows);
    const byGroup = new Map<string, number[]>();
    // a product may be called `everyone`: nobody counts twice
    for (const { account, score } of this.#peaks)
      for (const group of new Set(this.#groupOf.get(account))) {
        const list = byGroup.get(group);
        if (list === undefined) byGroup.set(group, [score]);
        else list.push(score);
      }
    return {
      v: CALIBRATION_FORMAT,
      id: about.id ?? `cal-${madeAt.slice(0, 10)}-${accounts}`,
      madeAt,
      days,
      accounts,
      events: this.#events,
      foreign: about.foreign ?? false,
      library: this.#rules.library.id,
      verdicts: {
        ...this.#judged,
        ...(this.#verdicts.unsupported.length === 0
          ? {}
          : { unsupported: this.#verdicts.unsupported.length }),
      },
      windows: [...this.#rules.windows],
      model: fitted,
      score: Object.fromEntries(
        [...byGroup]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([group, values]) => [group, learnRanks(values)]),
      ),
      spread: Object.fromEntries(
        [...this.#latest].sort(([a], [b]) => a - b).map(([hours, list]) => [String(hours), spreadsOf(list)]),
      ),
      drift: learnDriftBase(
        longest,
        (this.#latest.get(longest) ?? []).map((held) => newestRow(held, fitted)),
      ),
    };
  }
}

/** Fewer accounts than this say nothing of a product's spread. */
const FEWEST_PEERS = 20;

function spreadsOf(list: readonly LatestRow[]): Record<string, Record<string, Spread>> {
  const groups = new Map<string, Float64Array[]>([['everyone', list.map(({ row }) => row)]]);
  for (const product of [...new Set(list.map((held) => held.product))].sort()) {
    const own = list.filter((held) => held.product === product).map(({ row }) => row);
    if (own.length >= FEWEST_PEERS && product !== 'everyone') groups.set(product, own);
  }
  return Object.fromEntries(
    FACTS.map(({ id }, i) => [
      id,
      Object.fromEntries(
        [...groups].map(([group, rows]) => [group, spreadOf(rows.map((row) => row[i] as number))]),
      ),
    ]),
  );
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).sort();
  return SPREAD_AT.map((share) =>
    Number((sorted[Math.floor(share * (sorted.length - 1))] as number).toPrecision(4)),
  );
}
