import type { Group } from '../linking/find-groups.ts';
import type { Content } from './contents.ts';
import { ContentVectors } from './contents.ts';
import { type Neighbour, nearestNeighbours } from './nearest.ts';

/**
 * Groups of accounts that ask the same kinds of things: a query set that was dealt out, a course's exercises, one
 * application's customers. A group accuses nobody: it is judged by facts that did not link it.
 *
 * Two accounts are linked where each is among the other's nearest neighbours and prompts of the two are nearly as alike as
 * prompts of one of them, and two further accounts are like both (chains of chance likenesses swallow what touches them).
 * Neighbours are mutual and few, and weights come from the past, so a group depends on its members
 * and their likes: strangers who ask other things change nothing.
 */
export interface ContentGroup {
  /** ascending */
  readonly members: readonly string[];
  /** lowest similarity by which a member is linked */
  readonly similarity: number;
}

/** Similarity relative to one's own from which accounts are linked. */
const LINKED_FROM = 0.75;
/** Accounts that must be like both of two. */
const SUPPORT = 2;

/** @param contents of one key epoch, each account once */
export function contentGroups(contents: readonly Content[], weights: Float32Array): ContentGroup[] {
  const ordered = [...contents].sort((a, b) => (a.account < b.account ? -1 : 1));
  const vectors = new ContentVectors(ordered, weights);
  const near = nearestNeighbours(vectors);
  const linked = linksOf(near);
  const alike = likesOf(vectors, linked, near);
  const parents = Int32Array.from(ordered, (_, i) => i);
  const rootOf = (i: number): number => {
    let at = i;
    while (parents[at] !== at) at = parents[at] as number;
    return at;
  };
  const weakest = new Map<number, number>();
  linked.forEach((links, i) => {
    for (const [index, similarity] of links) {
      if (index < i || shared(alike[i], alike[index]) < SUPPORT) continue;
      const [a, b] = [rootOf(i), rootOf(index)];
      const lowest = Math.min(similarity, weakest.get(a) ?? 1, weakest.get(b) ?? 1);
      parents[b] = a;
      weakest.set(a, lowest);
    }
  });
  const groups = new Map<number, string[]>();
  ordered.forEach(({ account }, i) => {
    const root = rootOf(i);
    const list = groups.get(root);
    if (list === undefined) groups.set(root, [account]);
    else list.push(account);
  });
  return [...groups]
    .filter(([, members]) => members.length > 1)
    .map(([root, members]) => ({ members, similarity: weakest.get(root) ?? 1 }));
}

/** Of each account the others with which it is linked by both their neighbours, with their similarity. */
function linksOf(near: readonly (readonly Neighbour[])[]): readonly ReadonlyMap<number, number>[] {
  const alike = near.map(
    (list) =>
      new Map(
        list.flatMap(({ index, similarity }) => (similarity < LINKED_FROM ? [] : [[index, similarity]])),
      ),
  );
  return alike.map((own, i) => new Map([...own].filter(([index]) => alike[index]?.has(i) === true)));
}

/** Of each account those that it is like, among its own neighbours and those of accounts it is linked with. */
function likesOf(
  vectors: ContentVectors,
  linked: readonly ReadonlyMap<number, number>[],
  near: readonly (readonly Neighbour[])[],
): readonly ReadonlySet<number>[] {
  return linked.map((links, i) => {
    if (links.size === 0) return new Set();
    const others = new Set([i, ...links.keys()].flatMap((at) => (near[at] ?? []).map(({ index }) => index)));
    others.delete(i);
    vectors.spread(i);
    const found = [...others].filter((k) => vectors.relative(i, k, vectors.dot(k)) >= LINKED_FROM);
    vectors.clear(i);
    return new Set(found);
  });
}

/** How many accounts are like both. */
function shared(own: ReadonlySet<number> | undefined, others: ReadonlySet<number> | undefined): number {
  let count = 0;
  for (const index of own ?? []) if (others?.has(index) === true) count++;
  return count;
}

/** The group as a run judges it: linked by what its members ask, and by nothing else. */
export function asGroup({ members }: Pick<ContentGroup, 'members'>): Group {
  const key = `content#${members[0]}`;
  return {
    members,
    links: [{ key, kind: 'content', members, accounts: members.length }],
    bodies: [members],
  };
}
