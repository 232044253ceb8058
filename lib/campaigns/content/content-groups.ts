import type { Group } from '../linking/find-groups.ts';
import type { Content } from './contents.ts';
import { ContentVectors } from './contents.ts';
import { nearestNeighbours } from './nearest.ts';

/**
 * Groups of accounts that ask the same kinds of things: a query set that was dealt out, a course's exercises, one
 * application's customers. A group accuses nobody: it is judged by facts that did not link it.
 *
 * Two accounts are linked where each is among the other's nearest neighbours and prompts of the two are nearly as alike as
 * prompts of one of them. Neighbours are mutual and few, and weights come from the past, so a group depends on its members
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

/** @param contents of one key epoch, each account once */
export function contentGroups(contents: readonly Content[], weights: Float32Array): ContentGroup[] {
  const ordered = [...contents].sort((a, b) => (a.account < b.account ? -1 : 1));
  const near = nearestNeighbours(new ContentVectors(ordered, weights));
  const parents = Int32Array.from(ordered, (_, i) => i);
  const rootOf = (i: number): number => {
    let at = i;
    while (parents[at] !== at) at = parents[at] as number;
    return at;
  };
  const weakest = new Map<number, number>();
  near.forEach((list, i) => {
    for (const { index, similarity } of list) {
      if (similarity < LINKED_FROM || index < i) continue;
      if (near[index]?.some((back) => back.index === i) !== true) continue;
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

/** The group as a run judges it: linked by what its members ask, and by nothing else. */
export function asGroup({ members }: ContentGroup): Group {
  const key = `content#${members[0]}`;
  return {
    members,
    links: [{ key, kind: 'content', members, accounts: members.length }],
    bodies: [members],
  };
}
