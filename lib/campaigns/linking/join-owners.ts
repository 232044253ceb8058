import { UndirectedGraph } from 'graphology';
import { connectedComponents } from 'graphology-components';
import { logTail } from '../../statistics/log-tail.ts';
import { type Background, LINK_CONTEXTS, type LinkContext, type Owner, union } from './owners.ts';

/** Owners that were together stay so at a chance this many times larger: links do not flicker from run to run. */
const HOLD = 1000;
/** Rounds of joining what was joined before. */
const ROUNDS = 8;

export interface Join {
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
export function joinOwners(
  owners: readonly Owner[],
  base: Background,
  rules: { readonly ownersLimit: number },
  falseJoins: number,
): Join[] {
  const joins: Join[] = [];
  let bodies = owners;
  let grown = new Set<Owner>(owners);
  for (let round = 0; round < ROUNDS && grown.size > 0; round++) {
    const pairs = round === 0 ? (bodies.length * (bodies.length - 1)) / 2 : grown.size * (bodies.length - 1);
    const threshold = Math.log(falseJoins / Math.max(1, pairs * LINK_CONTEXTS.length));
    const found = pairTests(bodies, grown, base, rules.ownersLimit, threshold);
    if (found.length === 0) break;
    for (const join of found) joins.push(join);
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

/** Pairs of owners that share more places than strangers would, by chances below `threshold`. */
function pairTests(
  owners: readonly Owner[],
  grown: ReadonlySet<Owner>,
  base: Background,
  ownersLimit: number,
  threshold: number,
): Join[] {
  const found = new Map<string, Join>();
  for (const place of LINK_CONTEXTS) {
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

function uses(owner: Owner, place: LinkContext): number {
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
