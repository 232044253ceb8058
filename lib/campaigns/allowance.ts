import type { Rules } from '../detection/judge.ts';
import { levelRules } from '../detection/judge.ts';
import { mostUnranked } from '../scoring/group-promise.ts';
import { DAY_MS } from '../time.ts';
import type { Campaign, Unranked } from './campaign.ts';

/**
 * How many accounts may still be named although no rank supports it. Where groups of the past look like attacks and nobody has said
 * what they are, no new group is beyond all of them, and ranks name nobody. A count needs no ranks: of n accounts no more than
 * a share is named so within thirty days, whoever they are, so that whatever the past holds no more than that share of honest accounts can be.
 */
export interface Allowance {
  /** accounts that were named so within thirty days, by any campaign: they are not counted again */
  readonly named: ReadonlySet<string>;
  /** how many more may be */
  readonly left: number;
  /** arrival time of the run, ms: the clock that thirty days are counted by. Event times are not: whoever sends late would be counted less long */
  readonly at: number;
}

export const NO_ALLOWANCE: Allowance = { named: new Set(), left: 0, at: 0 };

/**
 * Stands for an allowance that is not known yet, as other campaigns are being judged elsewhere: it names nobody, and remembers
 * whether it was asked. A verdict that did not ask is the one under any allowance, and takes nothing from it: whom such a
 * campaign names on this ground, it named before.
 */
export class UndecidedAllowance implements Allowance {
  readonly at: number;
  #asked = false;

  constructor(at: number) {
    this.at = at;
  }

  get asked(): boolean {
    return this.#asked;
  }

  get named(): ReadonlySet<string> {
    this.#asked = true;
    return NO_ALLOWANCE.named;
  }

  get left(): number {
    this.#asked = true;
    return 0;
  }
}

/** How long an account counts after it was named so, ms, and is remembered. */
export const COUNTED_MS = 30 * DAY_MS;

type UnrankedOf = (campaign: Campaign) => readonly Unranked[] | undefined;

/** The allowance of one run, over all campaigns, under the active policy or a candidate. */
export class RunAllowance {
  readonly #named = new Set<string>();
  readonly #most: number;
  readonly #of: UnrankedOf;
  readonly #at: number;

  /** @param at arrival time of the run, ms */
  constructor(
    known: readonly Campaign[],
    at: number,
    rules: Pick<Rules, 'policy' | 'calibration'>,
    of: UnrankedOf,
  ) {
    const { policy, calibration } = rules;
    this.#of = of;
    this.#at = at;
    this.#most = mostUnranked(calibration, levelRules(policy, calibration).suspect);
    for (const campaign of known) this.take(campaign);
  }

  /** @param alone no other run is on; else nobody more is named, as both would count from the same */
  now(alone = true): Allowance {
    const left = alone ? Math.max(0, this.#most - this.#named.size) : 0;
    return { named: this.#named, left, at: this.#at };
  }

  /** Counts whom a campaign names. */
  take(campaign: Campaign): void {
    for (const [account, since] of this.#of(campaign) ?? [])
      if (this.#at - since < COUNTED_MS) this.#named.add(account);
  }
}
