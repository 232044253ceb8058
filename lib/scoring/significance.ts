import type { CustomerFacts } from '../profile/profile.ts';
import { type Calibration, rankAmong } from './calibration.ts';
import { peerGroups } from './peer-group.ts';

/**
 * Sequential evidence of one account (or group): the highest score within the running budget period.
 *
 * Why this is anytime-valid: the calibration holds, for benign peers, the distribution of the *maximum* of the score
 * over a period. An account's running maximum never exceeds its maximum at the end of the period, so the tail
 * probability of the running maximum is at any moment, at any stopping time, and however its events hang together
 * within the account, no smaller in distribution than a p-value of one test per account and period. What is assumed
 * is that a benign account is exchangeable with the benign accounts of its peer group; nothing is assumed about events.
 */
export interface RunningMax {
  /** start of the budget period, event time ms */
  since: number;
  /** highest score in the period, and when it was reached */
  peak: number;
  peakAt: number;
}

/** The error budget's unit: a month of thirty days. */
export const BUDGET_PERIOD_MS = 30 * 86_400_000;

export function emptyRunningMax(since: number): RunningMax {
  return { since, peak: 0, peakAt: since };
}

/** RunningMax after a score at event time `at`. A new budget period starts with empty hands. */
export function updateRunningMax(evidence: RunningMax, score: number, at: number): RunningMax {
  const current = at >= evidence.since + BUDGET_PERIOD_MS ? emptyRunningMax(at) : evidence;
  return score > current.peak ? { since: current.since, peak: score, peakAt: at } : current;
}

export interface Significance {
  /** chance that a benign peer shows this much within a budget period (a month), (0, 1] */
  readonly p: number;
  /** e-value: its mean over benign peers is at most one; evidence of several accounts may be averaged */
  readonly log10E: number;
  /** accounts that the nearest null rests on, and its name */
  readonly accounts: number;
  readonly group: string;
}

/** Smallest p that the e-value distinguishes. */
const MIN_P = 1e-6;

/**
 * p-to-e calibrator, the log-uniform mixture cut off at MIN_P: e(p) = 1 / (C max(p, MIN_P)), C = 1 + ln(1 / MIN_P);
 * its integral over p in (0, 1] is one, so it is an e-value (Vovk and Wang, "E-values: calibration, combination and
 * applications", Annals of Statistics 2021).
 */
export function toEvalue(p: number): number {
  return 1 / ((1 + Math.log(1 / MIN_P)) * Math.max(p, MIN_P));
}

/**
 * RunningMax of several accounts merged: the mean of their e-values is an e-value again however the accounts hang together,
 * and no other symmetric way of merging is better under any dependence (Vovk and Wang 2021, Proposition 3.1). It says
 * whether the accounts show something one by one; what they show only together is a group's own test (campaigns).
 * @param log10Es at least one
 * @throws RangeError where there is none
 */
export function mergedLog10E(log10Es: readonly number[]): number {
  if (log10Es.length === 0) throw new RangeError('no evidence to merge');
  let sum = 0;
  for (const log10E of log10Es) sum += 10 ** log10E;
  return Math.log10(sum / log10Es.length);
}

/** How sure the evidence makes us, under a calibration; undefined where the calibration knows no score. */
export function significanceOf(
  evidence: RunningMax,
  customer: CustomerFacts,
  calibration: Calibration,
): Significance | undefined {
  const place = rankAmong(calibration.score, peerGroups(customer, evidence.peakAt), evidence.peak);
  if (place === undefined) return undefined;
  return toSignificance(place, calibration.days);
}

/** How many times a calibration's period of `days` goes into the budget's month, at least once. */
export function periodsAMonth(days: number): number {
  return Math.max(1, BUDGET_PERIOD_MS / 86_400_000 / days);
}

/** From a tail probability over the calibration's period to one over the budget period (union bound). */
export function toSignificance(
  place: { p: number; accounts: number; group: string },
  days: number,
): Significance {
  const p = Math.min(1, place.p * periodsAMonth(days));
  return { p, log10E: Math.log10(toEvalue(p)), accounts: place.accounts, group: place.group };
}
