import { binomialInterval } from '../statistics/binomial-interval.ts';
import type { TuningAccount } from './tuning-account.ts';

/** What a policy does to accounts that it was not made from. */
export interface Effect {
  readonly benign: number;
  readonly wronged: number;
  readonly fpr: number;
  readonly fprInterval: readonly [number, number];
  readonly extraction: number;
  readonly caught: number;
  readonly tpr: number;
  readonly tprInterval: readonly [number, number];
  readonly campaigns: number;
  readonly campaignsCaught: number;
  /** of those wronged and caught, the ones that only a campaign's finding names */
  readonly wrongedByCampaign: number;
  readonly caughtByCampaign: number;
}

/** How an account is flagged: by its own evidence, only as a member of a campaign, or not. */
export type Via = 'account' | 'campaign' | undefined;

export function effectOf(
  accounts: readonly Pick<TuningAccount, 'label' | 'campaign'>[],
  via: (i: number) => Via,
): Effect {
  const counts = { benign: 0, wronged: 0, caught: 0, wrongedByCampaign: 0, caughtByCampaign: 0 };
  const campaigns = new Map<string, boolean>();
  accounts.forEach((held, i) => {
    const how = via(i);
    if (held.label === 'benign') {
      counts.benign++;
      if (how !== undefined) counts.wronged++;
      if (how === 'campaign') counts.wrongedByCampaign++;
      return;
    }
    if (how !== undefined) counts.caught++;
    if (how === 'campaign') counts.caughtByCampaign++;
    if (held.campaign !== '')
      campaigns.set(held.campaign, how !== undefined || campaigns.get(held.campaign) === true);
  });
  const { benign, wronged, caught } = counts;
  const extraction = accounts.length - benign;
  return {
    ...counts,
    fpr: benign === 0 ? 0 : wronged / benign,
    fprInterval: binomialInterval(wronged, benign),
    extraction,
    tpr: extraction === 0 ? 0 : caught / extraction,
    tprInterval: binomialInterval(caught, extraction),
    campaigns: campaigns.size,
    campaignsCaught: [...campaigns.values()].filter(Boolean).length,
  };
}
