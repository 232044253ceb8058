import type { AccountState } from '../../lib/detection/account-state.ts';
import { TrafficBySlice } from '../../lib/findings/traffic.ts';
import { hashShare } from '../../lib/profile/hashes.ts';
import { joinSlices } from '../../lib/profile/window.ts';
import type { CalibrationLearner, SeenPart } from '../../lib/scoring/learn-calibration.ts';
import type { PastAccount } from '../../lib/scoring/looks.ts';
import { type SentAccount, StoredPast } from '../../lib/scoring/stored-past.ts';
import { IdleSweep, type SilentPart } from './idle-sweep.ts';

/** Accounts whose stored slices fit into the function's memory: groups are drawn from them, beyond it from a fixed, key-chosen share. */
const MAX_ACCOUNTS = 50_000;

export function pastAccount({ profile, sealed }: AccountState): PastAccount {
  const { account, customer } = profile;
  return { account, customer, slices: joinSlices([sealed, profile.slices]) };
}

/**
 * Accounts that groups are drawn from, in order of their pseudonyms. The pseudonym is a keyed hash: a share of it is a fair sample, the same
 * one every day, and the same whoever saw which part: shares only halve, and a part needs no smaller one than the whole.
 */
export class AccountSample {
  readonly #most: number;
  #accounts: StoredPast[] = [];
  #share = 1;

  constructor(most = MAX_ACCOUNTS) {
    this.#most = most;
  }

  see(held: PastAccount): void {
    if (hashShare(held.account) >= this.#share) return;
    this.#accounts.push(StoredPast.of(held));
    this.#trim();
  }

  merge({ accounts, share }: SamplePart): void {
    this.#share = Math.min(this.#share, share);
    this.#accounts = [...this.#accounts, ...accounts.map((held) => new StoredPast(held))].filter(
      ({ account }) => hashShare(account) < this.#share,
    );
    this.#trim();
  }

  #trim(): void {
    while (this.#accounts.length > this.#most) {
      this.#share /= 2;
      this.#accounts = this.#accounts.filter(({ account }) => hashShare(account) < this.#share);
    }
  }

  part(): SamplePart {
    return { accounts: this.#accounts.map((held) => held.sent()), share: this.#share };
  }

  /** Segments of a table end in any order. */
  accounts(): readonly StoredPast[] {
    return this.#accounts.toSorted((a, b) => (a.account < b.account ? -1 : 1));
  }
}

export interface SamplePart {
  readonly accounts: readonly SentAccount[];
  readonly share: number;
}

/** What the first pass over a part of the accounts found: plain data that structured cloning keeps. */
export interface FirstPart {
  readonly seen: SeenPart;
  readonly sample: SamplePart;
  readonly silent: SilentPart;
  /** requests by start of slice */
  readonly traffic: ReadonlyMap<number, number>;
}

/** The first pass over profiles: what is learnt from, whom groups are drawn from, who fell silent, and the week's traffic. */
export class FirstPass {
  readonly learner: CalibrationLearner;
  readonly silent = new IdleSweep();
  readonly traffic = new TrafficBySlice();
  readonly sample: AccountSample;

  constructor(learner: CalibrationLearner, mostAccounts?: number) {
    this.learner = learner;
    this.sample = new AccountSample(mostAccounts);
  }

  see(state: AccountState): void {
    this.silent.see(state);
    const held = pastAccount(state);
    this.traffic.add(held.slices);
    this.learner.see(held);
    this.sample.see(held);
  }

  part(): FirstPart {
    return {
      seen: this.learner.seen(),
      sample: this.sample.part(),
      silent: this.silent.part(),
      traffic: this.traffic.part(),
    };
  }

  merge({ seen, sample, silent, traffic }: FirstPart): void {
    this.learner.mergeSeen(seen);
    this.sample.merge(sample);
    this.silent.merge(silent);
    this.traffic.merge(traffic);
  }
}
