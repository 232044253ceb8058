import { ContentLinker, FrequencyLearner } from '../../lib/campaigns/content/link-contents.ts';
import type { CampaignStore, LinkStore } from '../../lib/campaigns/ports.ts';
import { SLICE_MS } from '../../lib/profile/slice.ts';
import type { GroupRanks } from '../../lib/scoring/group-ranks.ts';
import type { PastAccount } from '../../lib/scoring/looks.ts';
import { largest } from '../../lib/statistics/extremes.ts';

export interface GroupPorts {
  readonly links: Pick<LinkStore, 'prompts'>;
  readonly campaigns: Pick<CampaignStore, 'all'>;
}

/** What is stored of groups. */
export interface StoredGroups {
  readonly groups: readonly (readonly string[])[];
  readonly content: GroupRanks['content'];
}

/**
 * The groups that `link` knows by infrastructure and clocks, and those that accounts form now by what they ask. Who belonged together earlier and
 * no longer does is not stored; `siphonwatch calibrate` on recorded events knows that too.
 * @param accounts of the past, those too that were confirmed
 */
export async function storedGroups(
  { links, campaigns }: GroupPorts,
  accounts: readonly PastAccount[],
): Promise<StoredGroups> {
  const frequencies = new FrequencyLearner();
  for await (const { samples } of links.prompts()) frequencies.add(samples);
  const content = frequencies.learnt();
  const newest = largest(
    accounts.map(({ slices }) => slices[slices.length - 1]?.start ?? 0),
    0,
  );
  const linker = new ContentLinker(newest + SLICE_MS, content);
  for await (const { account, samples } of links.prompts()) linker.add(account, samples);
  const groups: (readonly string[])[] = linker.groups().map(({ members }) => members);
  for await (const { campaign } of campaigns.all())
    if (campaign.members.length > 1 && !campaign.keys.some((key) => key.startsWith('content#')))
      groups.push(campaign.members);
  return { groups, content };
}
