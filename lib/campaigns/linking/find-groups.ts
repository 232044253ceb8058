import { UndirectedGraph } from 'graphology';
import { connectedComponents } from 'graphology-components';
import { seeded } from '../../statistics/random.ts';
import { bridges } from './bridges.ts';
import { joinOwners } from './join-owners.ts';
import { kindOf, type LinkKind } from './link-facts.ts';
import type { LinkIndex } from './link-index.ts';
import { Background, NO_PREVIOUS, ownerOf, ownersOf, permuted } from './owners.ts';

/** Accounts that infrastructure links. A group accuses nobody: it is judged on behaviour. */
export interface Group {
  /** ascending */
  readonly members: readonly string[];
  /** facts that members share, most members first */
  readonly links: readonly GroupLink[];
  /** members by what holds them together without clocks, largest first: several where clocks alone join them */
  readonly bodies: readonly (readonly string[])[];
}

export interface GroupLink {
  readonly key: string;
  readonly kind: LinkKind;
  /** members of the group that show it */
  readonly members: readonly string[];
  /** accounts of the whole base that show it */
  readonly accounts: number;
}

export interface GroupOptions {
  /** a value that a larger share of all accounts shows links nobody */
  readonly commonShare?: number;
  /** a place where more owners meet says nothing about two of them */
  readonly ownersLimit?: number;
  /** expected number of false joins of owners by chance, per run */
  readonly falseJoins?: number;
  /** rounds of the permutation null */
  readonly permutations?: number;
  readonly seed?: number;
  /** pairs of accounts that one dispatcher seems to drive (see synchrony.ts); they join what they belong to */
  readonly synchronous?: readonly { readonly a: string; readonly b: string }[];
  /** accounts of the whole base, where the index holds a part of it; default: those in the index */
  readonly totalAccounts?: number;
  /**
   * Name of the campaign that an account belonged to in the last run, or of the thread of findings that names it. Owners
   * of one name are held together by less than it takes to bring them together.
   */
  readonly heldBy?: (account: string) => string | undefined;
}

export interface GroupSearch {
  readonly groups: readonly Group[];
  /** expected false joins that were allowed by formula, after tightening */
  readonly falseJoins: number;
  /** mean number of joins where owners' accounts were permuted anew */
  readonly expectedFalse: number;
  /** hard values passed over because too many accounts show them */
  readonly tooCommon: number;
}

const DEFAULTS = {
  commonShare: 0.05,
  ownersLimit: 256,
  falseJoins: 0.5,
  permutations: 4,
  seed: 1,
  heldBy: NO_PREVIOUS,
  synchronous: [],
} as const satisfies GroupOptions;

/** A common value is never one that so few accounts show, however small the base. */
const NEVER_COMMON = 8;
/** Times that the threshold is tightened where permuted owners join too often. */
const TIGHTENINGS = 4;

/**
 * Groups of accounts that infrastructure links.
 *
 * First by what belongs to one owner (payment, credential): the accounts of one value are one owner, unless a twentieth
 * of all accounts show it. Two values make one owner where at least two accounts show both: a single account that has
 * used two large owners' payments is a thread.
 *
 * Then owners join through the places that their accounts use (address block with client, address block with sampling
 * parameters). Places are where strangers meet, so how rare a place is comes from the accounts that
 * share nothing hard with anybody: owner B joins A where it uses more of A's places than the same number of such
 * strangers would, so rarely that fewer than `falseJoins` joins are expected in the whole base. The threshold is
 * checked by dealing: owners keep their number of accounts, and each account is replaced by a stranger drawn at random.
 * One common place never suffices, and accounts that share nothing hard join nobody by places.
 */
export function findGroups(index: LinkIndex, options: GroupOptions = {}): GroupSearch {
  const rules = { ...DEFAULTS, ...options };
  const limit = Math.max(NEVER_COMMON, (options.totalAccounts ?? index.size) * rules.commonShare);
  const { unitOf, tooCommon } = ownersOf(index, limit);
  const membersOf = new Map<string, string[]>();
  for (const [account, unit] of unitOf) {
    const list = membersOf.get(unit);
    if (list === undefined) membersOf.set(unit, [account]);
    else list.push(account);
  }
  const owners = [...membersOf].map(([name, members]) => ownerOf(index, name, members, rules.heldBy));
  const base = new Background(index, unitOf.keys());
  // only who deals needs to know every stranger by name
  const strangers: string[] = [];
  if (rules.permutations > 0)
    for (const account of index.accounts()) if (!unitOf.has(account)) strangers.push(account);
  const uniform = seeded(rules.seed);
  let { falseJoins } = rules;
  let expectedFalse = 0;
  for (let attempt = 0; attempt < TIGHTENINGS && strangers.length > 0; attempt++) {
    let joins = 0;
    for (let round = 0; round < rules.permutations; round++)
      joins += joinOwners(permuted(index, owners, strangers, uniform), base, rules, falseJoins).length;
    expectedFalse = joins / Math.max(1, rules.permutations);
    if (expectedFalse < 2 * rules.falseJoins) break;
    falseJoins /= 8;
  }

  const graph = new UndirectedGraph<object, { strength: number; held: boolean }>();
  for (const { a, b, strength, held } of joinOwners(owners, base, rules, falseJoins))
    graph.mergeUndirectedEdge(a, b, { strength, held });
  for (const edge of bridges(graph)) {
    const { strength, held } = graph.getEdgeAttributes(edge);
    if (!held && strength < 1.5 && cutsTwoBodies(graph, edge)) graph.dropEdge(edge);
  }

  const bodyOf = new Map<string, number>();
  for (const [i, component] of connectedComponents(graph).entries())
    for (const unit of component) bodyOf.set(unit, i);
  const partners = new Map<string, Set<string>>();
  for (const { a, b } of rules.synchronous) {
    if (index.facts(a) === undefined || index.facts(b) === undefined) continue;
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const set = partners.get(from);
      if (set === undefined) partners.set(from, new Set([to]));
      else set.add(to);
    }
    const [left, right] = [unitOf.get(a) ?? a, unitOf.get(b) ?? b];
    if (left !== right) graph.mergeUndirectedEdge(left, right, { strength: 1, held: false });
  }

  const groups: Group[] = [];
  for (const component of connectedComponents(graph)) {
    const bodies = new Map<number | string, string[]>();
    for (const unit of component) {
      const body = bodyOf.get(unit) ?? unit;
      const members = membersOf.get(unit) ?? [unit];
      bodies.set(body, [...(bodies.get(body) ?? []), ...members]);
    }
    groups.push(groupOf(index, [...bodies.values()], limit, partners));
  }
  for (const [unit, members] of membersOf)
    if (members.length > 1 && !graph.hasNode(unit)) groups.push(groupOf(index, [members], limit, partners));
  groups.sort((a, b) => ((a.members[0] as string) < (b.members[0] as string) ? -1 : 1));
  return { groups, falseJoins, expectedFalse, tooCommon };
}

/** True where both ends of a bridge keep neighbours of their own once it is gone. */
function cutsTwoBodies(
  graph: UndirectedGraph<object, { strength: number; held: boolean }>,
  edge: string,
): boolean {
  const [a, b] = graph.extremities(edge);
  return graph.degree(a) >= 3 && graph.degree(b) >= 3;
}

function groupOf(
  index: LinkIndex,
  parts: readonly (readonly string[])[],
  limit: number,
  partners: ReadonlyMap<string, ReadonlySet<string>>,
): Group {
  const members = parts.flat().sort();
  const inside = new Map<string, string[]>();
  for (const account of members)
    for (const key of index.keys(account)) {
      const list = inside.get(key);
      if (list === undefined) inside.set(key, [account]);
      else list.push(account);
    }
  const links: GroupLink[] = [];
  for (const [key, list] of inside) {
    const accounts = index.popularity(key);
    if (list.length >= 2 && accounts <= limit)
      links.push({ key, kind: kindOf(key), members: list, accounts });
  }
  const synchronous = members.filter((account) => partners.has(account));
  if (synchronous.length >= 2)
    links.push({
      key: `synchrony#${synchronous[0]}`,
      kind: 'synchrony',
      members: synchronous,
      accounts: synchronous.length,
    });
  links.sort((a, b) => b.members.length - a.members.length || (a.key < b.key ? -1 : 1));
  const bodies = parts.map((part) => [...part].sort());
  bodies.sort((a, b) => b.length - a.length || ((a[0] as string) < (b[0] as string) ? -1 : 1));
  return { members, links, bodies };
}
