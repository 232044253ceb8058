import { describe, expect, it } from 'vitest';
import { type Campaign, campaignId, newCampaign } from '../../lib/campaigns/campaign.ts';
import { carryIdentity } from '../../lib/campaigns/identity.ts';
import type { Group } from '../../lib/campaigns/linking/find-groups.ts';
import { kindOf } from '../../lib/campaigns/linking/link-facts.ts';

function group(members: readonly string[], keys: readonly string[] = ['payment#p']): Group {
  return {
    members: [...members].sort(),
    bodies: [members],
    links: keys.map((key) => ({ key, kind: kindOf(key), members, accounts: members.length })),
  };
}

/** As judged, with a finding of its own. */
function convicted(campaign: Campaign): Campaign {
  return {
    ...campaign,
    accused: new Map(campaign.members.map((account) => [account, 1])),
    judgement: { ...campaign.judgement, episode: 1 },
  };
}

const only = (matching: ReturnType<typeof carryIdentity>) => matching.carried.map(({ campaign }) => campaign);

describe('identity of a campaign', () => {
  it('stays while members come and go', () => {
    const [first] = only(carryIdentity([], [group(['a', 'b', 'c'])], 1));
    const [second] = only(
      carryIdentity([first as Campaign], [group(['b', 'c', 'd', 'e'], ['payment#q'])], 2),
    );
    expect(second?.id).toBe(first?.id);
    expect(second?.linkedAt).toBe(1);
    expect(second?.members).toEqual(['b', 'c', 'd', 'e']);
  });

  it('is the same again where a run is repeated', () => {
    expect(campaignId(group(['a', 'b']))).toBe(campaignId(group(['a', 'b'])));
    expect(campaignId(group(['a', 'b']))).toMatch(/^c_[a-z0-9]{16}$/);
  });

  it('goes on in the one with a finding when two merge, and the other one is told where', () => {
    const small = convicted(newCampaign(group(['a', 'b', 'c'], ['payment#p']), 1));
    const large = newCampaign(group(['d', 'e', 'f', 'g', 'h'], ['payment#q']), 1);
    const matching = carryIdentity([large, small], [group(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'])], 2);
    expect(only(matching).map(({ id }) => id)).toEqual([small.id]);
    expect(matching.merged).toEqual([{ campaign: large, into: small.id }]);
    expect(only(matching)[0]?.absorbed).toEqual([large.id]);
  });

  it('stays with the larger part of a split; the rest begins anew with the time of the link', () => {
    const whole = newCampaign(group(['a', 'b', 'c', 'd', 'e']), 5);
    const [kept, fresh] = only(
      carryIdentity([whole], [group(['a', 'b', 'c']), group(['d', 'e'], ['payment#q'])], 9),
    );
    expect(kept?.id).toBe(whole.id);
    expect(fresh?.id).not.toBe(whole.id);
    expect(fresh?.linkedAt).toBe(5);
    expect(fresh?.predecessor).toBe(whole.id);
  });

  it('of a new group on the infrastructure of a convicted one is a successor; one shared place is none', () => {
    const old = convicted(
      newCampaign(group(['a', 'b', 'c'], ['payment#p', 'setting#x.1', 'setting#y.1']), 1),
    );
    const [next] = only(carryIdentity([old], [group(['m', 'n', 'o'], ['setting#x.1', 'setting#y.1'])], 9));
    expect(next?.predecessor).toBe(old.id);
    const [other] = only(carryIdentity([old], [group(['q', 'r', 's'], ['setting#x.1', 'network#z'])], 9));
    expect(other?.predecessor).toBeUndefined();
  });
});
