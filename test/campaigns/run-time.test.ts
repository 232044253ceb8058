import { expect, it } from 'vitest';
import { newCampaign } from '../../lib/campaigns/campaign.ts';
import type { Group } from '../../lib/campaigns/linking/find-groups.ts';
import { runTime } from '../../lib/campaigns/stored-run.ts';
import { account } from '../events.ts';

it('a run has a time, however many campaigns are stored', async () => {
  const group: Group = { members: [account(1), account(2)], links: [], bodies: [] };
  const campaign = newCampaign(group, 9);
  const clock = { newestArrival: () => Promise.resolve(5) };
  expect(await runTime({ clock }, new Array(200_000).fill(campaign))).toBe(9);
  expect(await runTime({ clock }, [])).toBe(5);
});
