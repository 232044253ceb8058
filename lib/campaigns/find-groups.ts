import { UndirectedGraph } from 'graphology';
import { connectedComponents } from 'graphology-components';
import { bridges } from './bridges.ts';
import { kindOf, LINK_KINDS, type LinkKind } from './link-facts.ts';
import type { LinkIndex } from './link-index.ts';
import { logTail } from './log-tail.ts';
import { seeded, shuffle, type Uniform } from './random.ts';

/** Accounts that infrastructure links. A group accuses nobody: it is judged on behaviour. */
export interface Group {
  /** ascending */
  readonly members: readonly string[];
  /** facts that members share, most members first */
  readonly links: readonly GroupLink[];
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
  /** mean number of joins where owners' accounts were dealt anew */
  readonly expectedFalse: number;
  /** hard values passed over because too many accounts show them */
  readonly tooCommon: number;
}

const UNHELD = (): undefined => undefined;

const DEFAULTS = {
  commonShare: 0.05,
  ownersLimit: 256,
  falseJoins: 0.5,
  permutations: 4,
  seed: 1,
  heldBy: UNHELD,
  synchronous: [],
} as const satisfies GroupOptions;

/** A common value is never one that so few accounts show, however small the base. */
const NEVER_COMMON = 8;
/** Times that the threshold is tightened where dealt owners join too often. */
const TIGHTENINGS = 4;
/** Owners that were together stay so at a chance this many times larger: links do not flicker from run to run. */
const HOLD = 1000;
/** Rounds of joining what was joined before. */
const ROUNDS = 8;
/** Accounts that two owners' hard values must have in common before they count as one owner. */
const THREAD = 2;
/** Kinds of places, tested one by one; `network` alone is none: strangers share address blocks. */
const PLACES = ['client', 'setting'] as const;
type Place = (typeof PLACES)[number];

/** An owner, or owners joined: accounts that share a hard value, and the places that they use. */
interface Owner {
  readonly name: string;
  readonly members: readonly string[];
  /** per kind, how many owners of the body use each place: an owner's accounts in one place count once */
  readonly places: Readonly<Record<Place, ReadonlyMap<string, number>>>;
  /** sampling parameters, without the block */
  readonly parameters: ReadonlySet<string>;
  /** campaigns that its members belonged to */
  readonly held: ReadonlySet<string>;
}

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
  const strangers: string[] = [];
  for (const account of index.accounts()) if (!unitOf.has(account)) strangers.push(account);
  const base = new Base(index, strangers);
  const uniform = seeded(rules.seed);
  let { falseJoins } = rules;
  let expectedFalse = 0;
  for (let attempt = 0; attempt < TIGHTENINGS && strangers.length > 0; attempt++) {
    let joins = 0;
    for (let round = 0; round < rules.permutations; round++)
      joins += joinOwners(dealt(index, owners, strangers, uniform), base, rules, falseJoins).length;
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
  for (const component of connectedComponents(graph))
    groups.push(
      groupOf(
        index,
        component.flatMap((unit) => membersOf.get(unit) ?? [unit]),
        limit,
        partners,
      ),
    );
  for (const [unit, members] of membersOf)
    if (members.length > 1 && !graph.hasNode(unit)) groups.push(groupOf(index, members, limit, partners));
  groups.sort((a, b) => ((a.members[0] as string) < (b.members[0] as string) ? -1 : 1));
  return { groups, falseJoins, expectedFalse, tooCommon };
}

/** Owner of every account that shares a hard value; accounts that share none are strangers, not listed. */
function ownersOf(index: LinkIndex, limit: number): { unitOf: Map<string, string>; tooCommon: number } {
  let tooCommon = 0;
  const values = new Map<string, ReadonlySet<string>>();
  const valuesOf = new Map<string, string[]>();
  for (const [key, members, accounts] of index.shared()) {
    if (!LINK_KINDS[kindOf(key)].hard) continue;
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

function placesOf(index: LinkIndex, accounts: readonly string[]): Record<Place, Map<string, number>> {
  const places: Record<Place, Map<string, number>> = { client: new Map(), setting: new Map() };
  for (const account of accounts)
    for (const key of index.keys(account)) {
      const kind = kindOf(key);
      if (kind === 'client' || kind === 'setting') places[kind].set(key, 1);
    }
  return places;
}

function ownerOf(
  index: LinkIndex,
  name: string,
  members: readonly string[],
  heldBy: (account: string) => string | undefined = UNHELD,
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
class Base {
  readonly #counts = new Map<string, number>();
  readonly #strangers: number;

  constructor(index: LinkIndex, strangers: readonly string[]) {
    this.#strangers = strangers.length;
    for (const account of strangers)
      for (const key of index.keys(account)) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** Chance that a stranger uses one of the places; a place that no stranger was seen at counts as one stranger. */
  share(places: Iterable<string>): number {
    let used = 0;
    for (const key of places) used += (this.#counts.get(key) ?? 0) + 1;
    return Math.min(1, used / (this.#strangers + 1));
  }
}

/**
 * Each owner's accounts replaced by strangers, each dealt once as long as they last: what places owners would share
 * if they had nothing to do with each other.
 */
function dealt(
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

interface Join {
  readonly a: string;
  readonly b: string;
  /** log chance among strangers, in units of the log chance that was required */
  readonly strength: number;
  /** together before */
  readonly held: boolean;
}

/**
 * Joins owners, then what was joined with the rest, until nothing more is rarer than chance allows: what two small
 * owners cannot show, an owner and a grown body can. A round has as many tests as pairs that are new in it.
 * @param falseJoins expected number of joins by chance in a round
 */
function joinOwners(
  owners: readonly Owner[],
  base: Base,
  rules: { readonly ownersLimit: number },
  falseJoins: number,
): Join[] {
  const joins: Join[] = [];
  let bodies = owners;
  let grown = new Set<Owner>(owners);
  for (let round = 0; round < ROUNDS && grown.size > 0; round++) {
    const pairs = round === 0 ? (bodies.length * (bodies.length - 1)) / 2 : grown.size * (bodies.length - 1);
    const threshold = Math.log(falseJoins / Math.max(1, pairs * PLACES.length));
    const found = pairTests(bodies, grown, base, rules.ownersLimit, threshold);
    if (found.length === 0) break;
    joins.push(...found);
    const graph = new UndirectedGraph();
    for (const { a, b } of found) graph.mergeUndirectedEdge(a, b);
    const byName = new Map(bodies.map((body) => [body.name, body]));
    const merged = connectedComponents(graph).map((names) =>
      union(names.flatMap((name) => byName.get(name) ?? [])),
    );
    bodies = [...bodies.filter((body) => !graph.hasNode(body.name)), ...merged];
    grown = new Set(merged);
  }
  return joins;
}

function union(owners: readonly Owner[]): Owner {
  const places: Record<Place, Map<string, number>> = { client: new Map(), setting: new Map() };
  const parameters = new Set<string>();
  for (const owner of owners) {
    for (const place of PLACES)
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

/** Pairs of owners that share more places than strangers would, by chances below `threshold`. */
function pairTests(
  owners: readonly Owner[],
  grown: ReadonlySet<Owner>,
  base: Base,
  ownersLimit: number,
  threshold: number,
): Join[] {
  const found = new Map<string, Join>();
  for (const place of PLACES) {
    const users = new Map<string, Owner[]>();
    for (const owner of owners)
      for (const key of owner.places[place].keys()) {
        const list = users.get(key);
        if (list === undefined) users.set(key, [owner]);
        else list.push(owner);
      }
    const common = new Map<string, { a: Owner; b: Owner; inA: number; inB: number }>();
    for (const [key, list] of users) {
      if (list.length < 2 || list.length > ownersLimit) continue;
      for (let i = 0; i < list.length; i++)
        for (let j = i + 1; j < list.length; j++) {
          const [a, b] = ordered(list[i] as Owner, list[j] as Owner);
          if (!grown.has(a) && !grown.has(b)) continue;
          const pair = `${a.name}\n${b.name}`;
          let held = common.get(pair);
          if (held === undefined) {
            held = { a, b, inA: 0, inB: 0 };
            common.set(pair, held);
          }
          held.inA += a.places[place].get(key) ?? 0;
          held.inB += b.places[place].get(key) ?? 0;
        }
    }
    for (const [pair, { a, b, inA, inB }] of common) {
      if (place === 'client' && differ(a, b)) continue;
      const usesA = uses(a, place);
      const usesB = uses(b, place);
      const p =
        usesA <= usesB
          ? logTail(usesA, inA, base.share(b.places[place].keys()))
          : logTail(usesB, inB, base.share(a.places[place].keys()));
      const together = meet(a.held, b.held);
      const strength = p / (together ? Math.min(-1, threshold + Math.log(HOLD)) : threshold);
      if (strength > 1 && strength > (found.get(pair)?.strength ?? 0))
        found.set(pair, { a: a.name, b: b.name, strength, held: together });
    }
  }
  return [...found.values()];
}

function uses(owner: Owner, place: Place): number {
  let count = 0;
  for (const owners of owner.places[place].values()) count += owners;
  return count;
}

/** True where each owner keeps to sampling parameters of its own: one client in one block is then two programs. */
function differ(a: Owner, b: Owner): boolean {
  if (meet(a.parameters, b.parameters)) return false;
  return a.parameters.size <= 2 && b.parameters.size <= 2;
}

function meet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  for (const name of a) if (b.has(name)) return true;
  return false;
}

function ordered(a: Owner, b: Owner): [Owner, Owner] {
  return a.name < b.name ? [a, b] : [b, a];
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
  accounts: readonly string[],
  limit: number,
  partners: ReadonlyMap<string, ReadonlySet<string>>,
): Group {
  const members = [...accounts].sort();
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
  return { members, links };
}
