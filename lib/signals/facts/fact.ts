import type { CustomerFacts } from '../../profile/profile.ts';
import type { Samples } from '../../profile/slice.ts';
import type { Window } from '../../profile/window.ts';

/**
 * A fact is one number about a window of an account that means the same in any deployment, in any language and under any
 * key: a share, a mean of size classes, a logarithm of a count, a ratio of distinct values. What facts come to is learnt
 * (scoring/forest.ts); none of them decides alone.
 */

/** What facts are read from. */
export interface FactInput {
  readonly window: Window;
  readonly customer: CustomerFacts;
  /** of the key epoch that covers most of the window */
  readonly samples: Samples | undefined;
}

/**
 * Facts that an attacker changes together, with one measure of one cost. The learner is taught not to rest on one family
 * (scoring/attack-variants.ts).
 */
export const FAMILIES = [
  'form',
  'text',
  'length',
  'behaviour',
  'variety',
  'pace',
  'origin',
  'tenure',
] as const;
export type Family = (typeof FAMILIES)[number];

export interface Fact {
  /** stable name, in calibrations */
  readonly id: string;
  readonly family: Family;
  /** what is high when the number is high, for people: "requests that ... " */
  readonly title: string;
  /** how the number is said */
  readonly unit: Unit;
  /** finite for every window with at least one event */
  value(input: FactInput): number;
}

/** share: 0 to 1; class: half-octaves of a number; log: log2(1 + number); octaves: log2(number), of any sign; ratio: any number from 0. */
export type Unit = 'share' | 'class' | 'log' | 'octaves' | 'ratio';

/** A number as a reader wants it: a percentage, a plain size, a count. */
export function said(fact: Pick<Fact, 'unit'>, value: number): string {
  switch (fact.unit) {
    case 'share':
      return `${trim(value * 100)} %`;
    case 'class':
      return trim(2 ** (value / 2) - 1);
    case 'log':
      return trim(2 ** value - 1);
    case 'octaves':
      return trim(2 ** value);
    case 'ratio':
      return trim(value);
  }
}

function trim(value: number): string {
  if (Math.abs(value) >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(2)));
}

/** Part of a whole, 0 where there is no whole. */
export function part(hits: number, whole: number): number {
  return whole <= 0 ? 0 : hits / whole;
}

/** Variance of numbers whose sum and sum of squares are known; never below 0. */
export function variance(sum: number, squares: number, count: number): number {
  if (count < 2) return 0;
  const mean = sum / count;
  return Math.max(0, squares / count - mean * mean);
}
