import type { CustomerFacts } from '../profile/profile.ts';
import type { Slice } from '../profile/slice.ts';
import { type Window, windowMs } from '../profile/window.ts';
import { WindowMemo } from '../profile/window-memo.ts';
import { type Fact, said } from '../signals/facts/fact.ts';
import { FEWEST_REQUESTS, readFacts } from '../signals/facts/index.ts';
import { type Calibration, heldUnder, SPREAD_AT, type Spread } from './calibration.ts';
import { scoreOf } from './learned-score.ts';
import { readModel } from './model.ts';

/** One fact's part in a score. */
export interface Contribution {
  /** id of the fact */
  readonly signal: string;
  readonly title: string;
  readonly value: number;
  /** share of peers whose number lies at least as far out, to the side that the account is on; undefined: not known */
  readonly p: number | undefined;
  /**
   * Points of a hundred that the fact added to the forests' share (below 0: took from it): exact, all parts and the base
   * sum up to the share.
   */
  readonly points: number;
  /** one sentence with numbers, against peers; nothing in it that the account's owner could have chosen */
  readonly evidence: string;
}

export interface WindowScore {
  readonly hours: number;
  readonly from: number;
  readonly to: number;
  readonly events: number;
  readonly score: number;
  /** the score taken apart, largest part first; worked out when it is asked for */
  contributions(): readonly Contribution[];
}

/** Whose windows are scored. */
export interface Scored {
  /** pseudonym: chooses the forest that has not seen the account as ordinary */
  readonly account: string;
  readonly customer: CustomerFacts;
}

class FactPart implements Contribution {
  readonly signal: string;
  readonly title: string;
  readonly value: number;
  readonly p: number | undefined;
  readonly points: number;
  readonly #fact: Fact;
  readonly #spread: Spread | undefined;

  constructor(fact: Fact, value: number, spread: Spread | undefined, points: number) {
    this.signal = fact.id;
    this.title = fact.title;
    this.value = value;
    this.p = spread === undefined ? undefined : beyond(value, spread);
    this.points = points;
    this.#fact = fact;
    this.#spread = spread;
  }

  /** Words are made where somebody reads them: of three parts of sixty, and of most accounts of none. */
  get evidence(): string {
    const spread = this.#spread;
    const own = `${this.title}: ${said(this.#fact, this.value)}`;
    return spread === undefined
      ? own
      : `${own}, of peers half at most ${said(this.#fact, at(spread, 0.5))} and nine tenths at most ${said(this.#fact, at(spread, 0.9))}`;
  }
}

class ScoredWindow implements WindowScore {
  readonly hours: number;
  readonly from: number;
  readonly to: number;
  readonly events: number;
  readonly score: number;
  readonly #of: Scored;
  readonly #window: Window;
  readonly #calibration: Calibration;

  constructor(window: Window, hours: number, of: Scored, calibration: Calibration) {
    this.hours = hours;
    this.from = window.from;
    this.to = window.to;
    this.events = window.counts.events;
    this.#of = of;
    this.#window = window;
    this.#calibration = calibration;
    const row = this.#row();
    this.score =
      row === undefined ? 0 : scoreOf(readModel(calibration.model).share(of.account, row.steps), this.events);
  }

  #row(): { values: Float64Array; steps: Uint8Array } | undefined {
    if (this.events < FEWEST_REQUESTS) return undefined;
    const window = this.#window;
    const values = readFacts({ window, customer: this.#of.customer, samples: window.samples });
    return { values, steps: readModel(this.#calibration.model).row(values) };
  }

  contributions(): readonly Contribution[] {
    const row = this.#row();
    if (row === undefined) return [];
    const read = readModel(this.#calibration.model);
    const byColumn = read.parts(this.#of.account, row.steps);
    const spreads = this.#calibration.spread[String(this.hours)] ?? {};
    return read.facts
      .map((fact, column): Contribution => {
        const value = row.values[read.places[column] as number] as number;
        const known = spreads[fact.id] ?? {};
        const spread = heldUnder(known, this.#of.customer.product) ?? known.everyone;
        return new FactPart(fact, value, spread, 100 * (byColumn[column] as number));
      })
      .sort((a, b) => b.points - a.points);
  }
}

function at(spread: Spread, share: (typeof SPREAD_AT)[number]): number {
  return spread[SPREAD_AT.indexOf(share)] as number;
}

/** Share of peers at least as far out, by the written-down shares; never below what they say. */
function beyond(value: number, spread: Spread): number {
  if (value >= at(spread, 0.5)) {
    const above = SPREAD_AT.filter((share) => at(spread, share) < value);
    return 1 - (above[above.length - 1] ?? 0);
  }
  return SPREAD_AT.find((share) => at(spread, share) > value) ?? 1;
}

/** Score of one window; 0 where there are too few requests to say anything. */
export function scoreWindow(
  window: Window,
  hours: number,
  of: Scored,
  calibration: Calibration,
): WindowScore {
  return new ScoredWindow(window, hours, of, calibration);
}

/**
 * The scores of all windows that end with the slice of `latest` (event time, ms), highest first.
 * @param windows lengths in hours; those that the calibration does not know are left out
 */
export function scoreAt(
  slices: readonly Slice[],
  latest: number,
  of: Scored,
  calibration: Calibration,
  windows: readonly number[] = calibration.windows,
  memo: WindowMemo = new WindowMemo(),
): WindowScore[] {
  return windows
    .filter((hours) => calibration.windows.includes(hours))
    .map((hours) => scoreWindow(memo.ending(slices, latest, windowMs(hours)), hours, of, calibration))
    .sort((a, b) => b.score - a.score);
}
