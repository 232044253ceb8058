import { got, type Procedure, runNow } from '../eventual.ts';
import type { Group } from '../linking/find-groups.ts';
import { type Blocks, featuresShown, inOrder, startsOf } from './blocks.ts';
import { type Content, ContentVectors } from './contents.ts';
import { FeatureIndex, type Neighbour, nearestNeighbours, postingsOf, similarities } from './nearest.ts';

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
export function contentGroups(
  contents: readonly Content[],
  weights: Float32Array,
  shown = featuresShown(contents),
): ContentGroup[] {
  const vectors = new ContentVectors(inOrder(contents), weights);
  const blocks = { sizes: [contents.length], load: () => vectors };
  const index = new FeatureIndex(shown, contents.length);
  index.add(0, postingsOf(vectors, shown, contents.length));
  const near = [runNow(nearIn(0, blocks, index))];
  return groupsOf(near, [runNow(likesIn(0, blocks, near, index.own))]);
}

/** An account that is like others, with its nearest; plain data. */
export interface NearAccount {
  readonly account: string;
  /** its number among all that are compared */
  readonly index: number;
  readonly near: readonly Neighbour[];
}

/** A linked account, and whom it is like; plain data. */
export interface LikingAccount {
  readonly index: number;
  readonly alike: ReadonlySet<number>;
}

/** The accounts of a block that are like any other: all that have to be known of it to link. */
export function* nearIn(block: number, blocks: Blocks, index: FeatureIndex): Procedure<NearAccount[]> {
  const near = yield* nearestNeighbours(block, blocks, index);
  const { contents } = yield* got(blocks.load(block));
  const from = startsOf(blocks.sizes)[block] as number;
  return contents.flatMap(({ account }, i) => {
    const own = near[i] ?? [];
    return own.some(isAlike) ? [{ account, index: from + i, near: own }] : [];
  });
}

/**
 * Of each linked account of a block those that it is like, among its own neighbours and those of accounts it is linked with.
 * @param found in all blocks
 * @param own similarity of each account of all blocks
 */
export function* likesIn(
  block: number,
  blocks: Blocks,
  found: readonly (readonly NearAccount[])[],
  own: Float64Array,
): Procedure<LikingAccount[]> {
  const near = byIndex(found);
  const from = startsOf(blocks.sizes)[block] as number;
  const vectors = yield* got(blocks.load(block));
  const linked = linksOf(near);
  const around = vectors.contents.map((_, i): ReadonlySet<number> => {
    const links = linked.get(from + i);
    if (links === undefined) return new Set();
    const concerned = [from + i, ...links.map(([other]) => other)];
    const others = new Set(concerned.flatMap((at) => (near.get(at)?.near ?? []).map(({ index }) => index)));
    others.delete(from + i);
    return others;
  });
  const compared = yield* similarities(vectors, from, around, { blocks, own });
  return compared.flatMap((list, i) =>
    linked.has(from + i)
      ? [{ index: from + i, alike: new Set(list.filter(isAlike).map(({ index }) => index)) }]
      : [],
  );
}

/** The groups of all accounts, from what was found in each block. */
export function groupsOf(
  found: readonly (readonly NearAccount[])[],
  likes: readonly (readonly LikingAccount[])[],
): ContentGroup[] {
  const near = byIndex(found);
  const linked = linksOf(near);
  const alike = new Map(likes.flat().map((held) => [held.index, held.alike]));
  const parents = new Map([...linked.keys()].map((index) => [index, index]));
  const rootOf = (index: number): number => {
    let at = index;
    for (let up = parents.get(at); up !== undefined && up !== at; up = parents.get(at)) at = up;
    return at;
  };
  const weakest = new Map<number, number>();
  for (const [index, links] of linked)
    for (const [other, similarity] of links) {
      if (other < index || shared(alike.get(index), alike.get(other)) < SUPPORT) continue;
      const [a, b] = [rootOf(index), rootOf(other)];
      const lowest = Math.min(similarity, weakest.get(a) ?? 1, weakest.get(b) ?? 1);
      parents.set(b, a);
      weakest.set(a, lowest);
    }
  const groups = new Map<number, string[]>();
  for (const index of linked.keys()) {
    const root = rootOf(index);
    const { account } = near.get(index) as NearAccount;
    const list = groups.get(root);
    if (list === undefined) groups.set(root, [account]);
    else list.push(account);
  }
  return [...groups]
    .filter(([, members]) => members.length > 1)
    .map(([root, members]) => ({ members: members.sort(), similarity: weakest.get(root) ?? 1 }))
    .sort((a, b) => ((a.members[0] as string) < (b.members[0] as string) ? -1 : 1));
}

function byIndex(found: readonly (readonly NearAccount[])[]): ReadonlyMap<number, NearAccount> {
  return new Map(found.flat().map((held) => [held.index, held]));
}

function isAlike({ similarity }: Neighbour): boolean {
  return similarity >= LINKED_FROM;
}

/** Of each account that is linked by both their neighbours the others, with their similarity; in the order of accounts. */
function linksOf(
  near: ReadonlyMap<number, NearAccount>,
): ReadonlyMap<number, readonly (readonly [number, number])[]> {
  const alike = new Map(
    [...near].map(([index, held]) => [index, new Set(held.near.filter(isAlike).map((other) => other.index))]),
  );
  const linked = new Map<number, readonly (readonly [number, number])[]>();
  for (const index of [...near.keys()].sort((a, b) => a - b)) {
    const links = (near.get(index) as NearAccount).near.flatMap((other) =>
      isAlike(other) && alike.get(other.index)?.has(index) === true
        ? [[other.index, other.similarity] as const]
        : [],
    );
    if (links.length > 0) linked.set(index, links);
  }
  return linked;
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
