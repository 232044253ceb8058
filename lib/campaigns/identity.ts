import { type Campaign, campaignId, KEYS, newCampaign } from './campaign.ts';
import type { Group } from './linking/find-groups.ts';
import { kindOf, LINK_KINDS } from './linking/link-facts.ts';

/** What became of known campaigns in one run. */
export interface Matching {
  /** every group of this run with the campaign that it carries on or begins */
  readonly carried: readonly { readonly campaign: Campaign; readonly group: Group }[];
  /** campaigns whose members went on in another one */
  readonly merged: readonly { readonly campaign: Campaign; readonly into: string }[];
}

/**
 * Carries identity from run to run, apart for groups that infrastructure and clocks link and for those that are linked by
 * what they ask: an account may be in one of each, and neither goes on as the other.
 */
export function carryIdentity(known: readonly Campaign[], groups: readonly Group[], at: number): Matching {
  const parts = [false, true].map((content) =>
    carryAlike(
      known.filter(({ keys }) => keys.some(isContent) === content),
      groups.filter(({ links }) => links.some(({ key }) => isContent(key)) === content),
      at,
    ),
  );
  return {
    carried: parts.flatMap(({ carried }) => carried),
    merged: parts.flatMap(({ merged }) => merged),
  };
}

const isContent = (key: string): boolean => kindOf(key) === 'content';

/**
 * Carries identity from run to run: a group goes on as the campaign with which it shares most members, each campaign at
 * most once (most members first, then the older campaign). What a campaign loses in a split becomes a new campaign that
 * keeps the time of the link; a campaign whose members are in another's group has gone on there. A new group without
 * members of a known one, but on its infrastructure, is that one's successor.
 */
function carryAlike(known: readonly Campaign[], groups: readonly Group[], at: number): Matching {
  const groupOf = new Map<string, number>();
  groups.forEach((group, g) => {
    for (const member of group.members) groupOf.set(member, g);
  });
  const overlaps: { campaign: Campaign; group: number; shared: number }[] = [];
  for (const campaign of known) {
    const shared = new Map<number, number>();
    for (const member of campaign.members) {
      const g = groupOf.get(member);
      if (g !== undefined) shared.set(g, (shared.get(g) ?? 0) + 1);
    }
    for (const [group, count] of shared) overlaps.push({ campaign, group, shared: count });
  }
  // a campaign with a finding keeps its thread before one without
  overlaps.sort(
    (a, b) =>
      Number(b.campaign.accused.size > 0) - Number(a.campaign.accused.size > 0) ||
      b.shared - a.shared ||
      a.campaign.linkedAt - b.campaign.linkedAt ||
      (a.campaign.id < b.campaign.id ? -1 : 1),
  );
  const carrier = new Map<number, Campaign>();
  const placed = new Set<string>();
  for (const { campaign, group } of overlaps) {
    if (placed.has(campaign.id) || carrier.has(group)) continue;
    placed.add(campaign.id);
    carrier.set(group, campaign);
  }
  const merged: { campaign: Campaign; into: string }[] = [];
  const parentOf = new Map<number, Campaign>();
  const absorbedBy = new Map<string, string[]>();
  for (const { campaign, group } of overlaps) {
    const into = carrier.get(group);
    if (into === undefined) parentOf.set(group, campaign);
    if (placed.has(campaign.id) || into === undefined) continue;
    placed.add(campaign.id);
    merged.push({ campaign, into: into.id });
    absorbedBy.set(into.id, [...(absorbedBy.get(into.id) ?? []), campaign.id]);
  }
  const taken = new Set(known.map((campaign) => campaign.id));
  const byKey = keysOf(known);
  const carried = groups.flatMap((group, g) => {
    const held = carrier.get(g);
    if (held !== undefined) {
      const absorbed = absorbedBy.get(held.id);
      return [{ campaign: goesOn(held, group, at, absorbed), group }];
    }
    if (taken.has(campaignId(group))) return [];
    const parent = parentOf.get(g);
    const predecessor = parent?.id ?? predecessorOf(group, byKey);
    return [{ campaign: newCampaign(group, at, predecessor, parent?.linkedAt ?? at), group }];
  });
  return { carried, merged };
}

function goesOn(campaign: Campaign, group: Group, at: number, absorbed: readonly string[] = []): Campaign {
  return {
    ...campaign,
    members: group.members,
    keys: [...new Set([...group.links.map((link) => link.key), ...campaign.keys])].slice(0, KEYS),
    absorbed: absorbed.length === 0 ? campaign.absorbed : [...campaign.absorbed, ...absorbed].slice(-KEYS),
    seenAt: at,
  };
}

/** Convicted campaigns by the facts that linked them. */
function keysOf(known: readonly Campaign[]): Map<string, Campaign[]> {
  const byKey = new Map<string, Campaign[]>();
  for (const campaign of known) {
    if (campaign.judgement.episode === 0) continue;
    for (const key of campaign.keys) {
      const list = byKey.get(key);
      if (list === undefined) byKey.set(key, [campaign]);
      else list.push(campaign);
    }
  }
  return byKey;
}

/** Places that a new group must have in common with a known campaign to be its successor; one hard value suffices. */
const SAME_PLACES = 2;

function predecessorOf(group: Group, byKey: ReadonlyMap<string, readonly Campaign[]>): string | undefined {
  const weights = new Map<string, number>();
  for (const { key, kind } of group.links) {
    if (kind === 'network' || kind === 'created' || kind === 'synchrony' || kind === 'content') continue;
    const weight = LINK_KINDS[kindOf(key)].hard ? SAME_PLACES : 1;
    for (const campaign of byKey.get(key) ?? [])
      weights.set(campaign.id, (weights.get(campaign.id) ?? 0) + weight);
  }
  let best: string | undefined;
  let most = SAME_PLACES - 1;
  for (const [id, weight] of weights)
    if (weight > most) {
      most = weight;
      best = id;
    }
  return best;
}
