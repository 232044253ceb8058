import type { Campaign } from '../campaigns/campaign.ts';
import type { CampaignMembershipIndex, CampaignStore, OpenMembership } from '../campaigns/ports.ts';

/** What a stored campaign says of an account. */
export function openMembership(campaign: Campaign | undefined, account: string): OpenMembership | undefined {
  const finding = campaign?.judgement.finding;
  if (campaign === undefined || finding === undefined || finding.calmed || !campaign.accused.has(account))
    return undefined;
  return { id: campaign.id, finding: finding.id, level: campaign.judgement.level.level };
}

/** The twin in memory. */
export class MemoryMembershipIndex implements CampaignMembershipIndex {
  readonly #by = new Map<string, string>();
  readonly #campaigns: Pick<CampaignStore, 'find'>;

  constructor(campaigns: Pick<CampaignStore, 'find'>) {
    this.#campaigns = campaigns;
  }

  async note(campaign: string, accounts: readonly string[]): Promise<void> {
    for (const account of accounts) this.#by.set(account, campaign);
  }

  async forget(campaign: string, accounts: readonly string[]): Promise<void> {
    for (const account of accounts) if (this.#by.get(account) === campaign) this.#by.delete(account);
  }

  async of(account: string): Promise<OpenMembership | undefined> {
    const by = this.#by.get(account);
    return by === undefined ? undefined : openMembership((await this.#campaigns.find(by))?.campaign, account);
  }
}
