import { UndirectedGraph } from 'graphology';
import { connectedComponents } from 'graphology-components';
import { shuffle, type Uniform } from '../../statistics/random.ts';
import { kindOf } from './link-facts.ts';
import type { LinkIndex } from './link-index.ts';

/** Owners: accounts of one payer or credential, and the places that they use. */

/** Kinds of places, tested one by one; `network` alone is none: strangers share address blocks. */
export const LINK_CONTEXTS = ['client', 'setting'] as const;
export type LinkContext = (typeof LINK_CONTEXTS)[number];

/** Accounts that two owners' hard values must have in common before they count as one owner. */
const THREAD = 2;

/** No account belonged to a campaign before. */
export const NO_PREVIOUS = (): undefined => undefined;

/** An owner, or owners joined: accounts that share a hard value, and the places that they use. */
export interface Owner {
  readonly name: string;
  readonly members: readonly string[];
  /** per kind, how many owners of the body use each place: an owner's accounts in one place count once */
  readonly places: Readonly<Record<LinkContext, ReadonlyMap<string, number>>>;
  /** sampling parameters, without the block */
  readonly parameters: ReadonlySet<string>;
  /** campaigns that its members belonged to */
  readonly held: ReadonlySet<string>;
}

/** Owner of every account that shares a hard value; accounts that share none are strangers, not listed. */
export function ownersOf(
  index: LinkIndex,
  limit: number,
): { unitOf: Map<string, string>; tooCommon: number } {
  let tooCommon = 0;
  const values = new Map<string, ReadonlySet<string>>();
  const valuesOf = new Map<string, string[]>();
  for (const [key, members, accounts] of index.sharedOwners()) {
    if (accounts > limit || accounts > members.size) {
      tooCommon++;
      continue;
    }
    values.set(key, members);
    for (const member of members) {
      const list = valuesOf.get(member);
      if (list === undefined) valuesOf.set(member, [key]);
      else list.push(key);
    }
  }
  const graph = new UndirectedGraph<object, { shared: number }>();
  for (const key of values.keys()) graph.addNode(key);
  for (const keys of valuesOf.values())
    for (let i = 0; i < keys.length; i++)
      for (let j = i + 1; j < keys.length; j++)
        graph.updateUndirectedEdge(keys[i], keys[j], (held) => ({ shared: (held.shared ?? 0) + 1 }));
  for (const edge of graph.edges()) if (graph.getEdgeAttribute(edge, 'shared') < THREAD) graph.dropEdge(edge);
  const unitOfValue = new Map<string, string>();
  for (const component of connectedComponents(graph)) {
    const name = component.toSorted()[0] as string;
    for (const key of component) unitOfValue.set(key, name);
  }
  const unitOf = new Map<string, string>();
  for (const account of valuesOf.keys()) {
    // where a thread was cut, the account stays with its newest value: facts are listed newest first
    const key = index.keys(account).find((held) => values.has(held));
    const unit = key === undefined ? undefined : unitOfValue.get(key);
    if (unit !== undefined) unitOf.set(account, unit);
  }
  return { unitOf, tooCommon };
}

function placesOf(index: LinkIndex, accounts: readonly string[]): Record<LinkContext, Map<string, number>> {
  const places: Record<LinkContext, Map<string, number>> = { client: new Map(), setting: new Map() };
  for (const account of accounts)
    for (const key of index.keys(account)) {
      const kind = kindOf(key);
      if (kind === 'client' || kind === 'setting') places[kind].set(key, 1);
    }
  return places;
}

export function ownerOf(
  index: LinkIndex,
  name: string,
  members: readonly string[],
  heldBy: (account: string) => string | undefined = NO_PREVIOUS,
): Owner {
  const held = new Set<string>();
  for (const member of members) {
    const campaign = heldBy(member);
    if (campaign !== undefined) held.add(campaign);
  }

  const places = placesOf(index, members);
  const parameters = new Set<string>();
  for (const key of places.setting.keys()) parameters.add(key.slice(key.indexOf('.') + 1));
  return { name, members, places, parameters, held };
}

/** How common places are among strangers. */
export class Background {
  readonly #index: LinkIndex;
  /** accounts of owners that use a place: they are no strangers */
  readonly #owned = new Map<string, number>();
  readonly #strangers: number;

  /** @param owned accounts that have an owner; all others of the index are strangers */
  constructor(index: LinkIndex, owned: Iterable<string>) {
    this.#index = index;
    let strangers = index.size;
    for (const account of owned) {
      strangers--;
      for (const key of index.keys(account)) this.#owned.set(key, (this.#owned.get(key) ?? 0) + 1);
    }
    this.#strangers = strangers;
  }

  /** Chance that a stranger uses one of the places; a place that no stranger was seen at counts as one stranger. */
  share(places: Iterable<string>): number {
    let used = 0;
    for (const key of places) used += this.#index.showing(key) - (this.#owned.get(key) ?? 0) + 1;
    return Math.min(1, used / (this.#strangers + 1));
  }
}

/**
 * Each owner's accounts replaced by strangers, each permuted once as long as they last: what places owners would share
 * if they had nothing to do with each other.
 */
export function permuted(
  index: LinkIndex,
  owners: readonly Owner[],
  strangers: readonly string[],
  uniform: Uniform,
): Owner[] {
  const deck = shuffle([...strangers], uniform);
  let next = 0;
  return owners.map(({ name, members }) =>
    ownerOf(
      index,
      name,
      members.map(() => deck[next++ % deck.length] as string),
    ),
  );
}

/** Owners joined to one. */
export function union(owners: readonly Owner[]): Owner {
  const places: Record<LinkContext, Map<string, number>> = { client: new Map(), setting: new Map() };
  const parameters = new Set<string>();
  for (const owner of owners) {
    for (const place of LINK_CONTEXTS)
      for (const [key, count] of owner.places[place])
        places[place].set(key, (places[place].get(key) ?? 0) + count);
    for (const name of owner.parameters) parameters.add(name);
  }
  return {
    name: owners[0]?.name ?? '',
    members: owners.flatMap((owner) => owner.members),
    places,
    parameters,
    held: new Set(owners.flatMap((owner) => [...owner.held])),
  };
}
