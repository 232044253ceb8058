import type { CustomerFacts } from '../profile/profile.ts';
import type { Samples } from '../profile/slice.ts';
import type { Window } from '../profile/window.ts';

/** When models came out: model name to event time, ms. */
export type Releases = ReadonlyMap<string, number>;

/** What a signal may look at: one window of one account or group. */
export interface SignalInput {
  readonly window: Window;
  readonly customer: CustomerFacts;
  /** of the key epoch that covers most of the window */
  readonly samples: Samples | undefined;
  /** as the policy names them */
  readonly releases: Releases;
  /** worked out once for all signals that ask: see novelty.ts */
  novel?: number;
}

/** A value with its evidence: what a signal, or a group's own measure, says of a sight. */
export interface Measurement {
  /** the number that is placed among the peers; larger means more like extraction */
  readonly value: number;
  /** one sentence of evidence, with numbers, without anything that an account's owner could have chosen */
  evidence(): string;
}

/** A signal is a small declared thing: what it measures, why, what it costs to evade, and the measure itself. */
export interface Signal {
  readonly id: string;
  readonly title: string;
  /** what it measures and who reported it */
  readonly why: string;
  /** what an attacker who knows it would do, and what that costs them */
  readonly evasion: string;
  /**
   * What counts as one step beyond nine tenths of the peers, in units of the value: points are steps times weight.
   * Declared, not learnt: a scale learnt from a tail would be set by the few accounts in it.
   */
  readonly unit: number;
  /** weight in the shipped policy; 0 = measured and shown, counts for nothing (and `why` says what is missing) */
  readonly weight: number;
  /** undefined: abstains, there is too little to say */
  value(sight: SignalInput): number | undefined;
  /** of a sight in which it does not abstain; see Measurement */
  evidence(sight: SignalInput): string;
}

export function measurementOf(signal: Signal, sight: SignalInput): Measurement | undefined {
  const value = signal.value(sight);
  return value === undefined ? undefined : { value, evidence: () => signal.evidence(sight) };
}

export const NO_RELEASES: Releases = new Map();

class WindowInput implements SignalInput {
  readonly window: Window;
  readonly customer: CustomerFacts;
  readonly releases: Releases;
  novel?: number;
  constructor(window: Window, customer: CustomerFacts, releases: Releases) {
    this.window = window;
    this.customer = customer;
    this.releases = releases;
  }
  get samples(): Samples | undefined {
    return this.window.samples;
  }
}

export function signalInput(
  window: Window,
  customer: CustomerFacts,
  releases: Releases = NO_RELEASES,
): SignalInput {
  return new WindowInput(window, customer, releases);
}

/**
 * Lower end of Wilson's score interval for a share (one-sided, z standard deviations): small numbers of trials
 * give small values, so an account is judged by what it has shown, not by a lucky first handful.
 * (Wilson 1927; Brown, Cai, DasGupta 2001.)
 */
export function lowerShare(hits: number, trials: number, z = 1.645): number {
  if (trials <= 0) return 0;
  const share = Math.min(1, hits / trials);
  const square = (z * z) / trials;
  const centre = share + square / 2;
  const half = z * Math.sqrt((share * (1 - share)) / trials + square / (4 * trials));
  return Math.max(0, (centre - half) / (1 + square));
}

/**
 * Independent trials that a window's events amount to: an event in a burst says little that its neighbours did
 * not say, so no more than `perCell` a five-minute cell count.
 */
export function effectiveTrials(window: Window, perCell = 2): number {
  return Math.min(window.counts.events, window.cells.active * perCell);
}

export const percent = (share: number): string => `${Math.round(share * 100)} %`;
