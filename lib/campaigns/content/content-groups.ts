import { got, type Procedure, runNow } from '../eventual.ts';
import type { Group } from '../linking/find-groups.ts';
import { type Blocks, featuresShown, inOrder, startsOf } from './blocks.ts';
import { type Content, ContentVectors } from './contents.ts';
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
export function contentGroups(
  contents: readonly Content[],
  weights: Float32Array,
  shown = featuresShown(contents),
): ContentGroup[] {
  const vectors = new ContentVectors(inOrder(contents), weights);
  const blocks = { sizes: [contents.length], load: () => vectors };
  return runNow(
    (function* () {
      return yield* groupsOf([yield* nearIn(0, blocks, shown)], blocks);
    })(),
  );
}

/** An account that is like others, with its nearest; plain data. */
export interface NearAccount {
  readonly account: string;
  /** its number among all that are compared */
  readonly index: number;
  readonly near: readonly Neighbour[];
}

/**
 * The accounts of a block that are like any other: all that have to be known of it to link.
 * @param shown how many accounts of all blocks show each feature
 */
export function* nearIn(block: number, blocks: Blocks, shown: Uint32Array): Procedure<NearAccount[]> {
  const near = yield* nearestNeighbours(block, blocks, shown);
  const { contents } = yield* got(blocks.load(block));
  const from = startsOf(blocks.sizes)[block] as number;
  return contents.flatMap(({ account }, i) => {
    const own = near[i] ?? [];
    return own.some(isAlike) ? [{ account, index: from + i, near: own }] : [];
  });
}

/** The groups of all accounts, from what was found in each block. Takes the blocks once more: for whom linked accounts are like. */
export function* groupsOf(
  found: readonly (readonly NearAccount[])[],
  blocks: Blocks,
): Procedure<ContentGroup[]> {
  const near = new Map(found.flat().map((held) => [held.index, held]));
  const linked = linksOf(near);
  const alike = yield* likesOf(linked, near, blocks);
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

/** Of each linked account those that it is like, among its own neighbours and those of accounts it is linked with. */
function* likesOf(
  linked: ReadonlyMap<number, readonly (readonly [number, number])[]>,
  near: ReadonlyMap<number, NearAccount>,
  blocks: Blocks,
): Procedure<ReadonlyMap<number, ReadonlySet<number>>> {
  const neighbours = (index: number): readonly Neighbour[] => near.get(index)?.near ?? [];
  const others = new Map<number, Set<number>>();
  const concerned = new Set<number>();
  for (const [index, links] of linked) {
    const around = [index, ...links.map(([other]) => other)].flatMap((at) =>
      neighbours(at).map((other) => other.index),
    );
    const own = new Set(around);
    own.delete(index);
    others.set(index, own);
    concerned.add(index);
    for (const other of own) concerned.add(other);
  }
  const { vectors, placeOf } = yield* vectorsOf(concerned, blocks);
  const likes = new Map<number, ReadonlySet<number>>();
  for (const [index, own] of others) {
    const i = placeOf.get(index) as number;
    vectors.spread(i);
    const found = [...own].filter((other) => {
      const k = placeOf.get(other) as number;
      const both = [vectors.own[i] as number, vectors.own[k] as number] as const;
      return vectors.relative(i, vectors, k, both) >= LINKED_FROM;
    });
    vectors.clear(i);
    likes.set(index, new Set(found));
  }
  return likes;
}

/** What some accounts ask, by their numbers. */
function* vectorsOf(
  concerned: ReadonlySet<number>,
  blocks: Blocks,
): Procedure<{ vectors: ContentVectors; placeOf: ReadonlyMap<number, number> }> {
  const contents: Content[] = [];
  const placeOf = new Map<number, number>();
  let weights = new Float32Array();
  let start = 0;
  for (const [at, size] of blocks.sizes.entries()) {
    const block = yield* got(blocks.load(at));
    weights = block.weights as Float32Array<ArrayBuffer>;
    for (const [i, held] of block.contents.entries()) {
      if (!concerned.has(start + i)) continue;
      placeOf.set(start + i, contents.length);
      contents.push(held);
    }
    start += size;
  }
  const vectors = new ContentVectors(contents, weights);
  // worked out before any vector is spread
  void vectors.own;
  return { vectors, placeOf };
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
