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
}

export const NO_ALLOWANCE: Allowance = { named: new Set(), left: 0 };

/** How long an account counts after it was named so, ms, and is remembered. */
export const COUNTED_MS = 30 * DAY_MS;

type UnrankedOf = (campaign: Campaign) => readonly Unranked[] | undefined;

/** The allowance of one run, over all campaigns, under the active policy or a candidate. */
export class RunAllowance {
  readonly #named = new Set<string>();
  readonly #most: number;
  readonly #of: UnrankedOf;
  readonly #after: number;

  /** @param at arrival time of the run, ms */
  constructor(
    known: readonly Campaign[],
    at: number,
    rules: Pick<Rules, 'policy' | 'calibration'>,
    of: UnrankedOf,
  ) {
    const { policy, calibration } = rules;
    this.#of = of;
    this.#after = at - COUNTED_MS;
    this.#most = mostUnranked(calibration, levelRules(policy, calibration).suspect);
    for (const campaign of known) this.take(campaign);
  }

  now(): Allowance {
    return { named: this.#named, left: Math.max(0, this.#most - this.#named.size) };
  }

  /** Counts whom a campaign names. */
  take(campaign: Campaign): void {
    for (const [account, since] of this.#of(campaign) ?? [])
      if (since > this.#after) this.#named.add(account);
  }
}
