import { referenceOf, type ScoredGroup, type ScoredLook } from '../../lib/campaigns/judging/group-history.ts';
import { ranksOf } from '../../lib/campaigns/judging/learn-group-ranks.ts';
import { memberChance, memberEvidence } from '../../lib/campaigns/judging/learned-group.ts';
import { learnedGroupScore } from '../../lib/scoring/group-mean.ts';
import { type GroupPast, groupBudget } from '../../lib/scoring/group-promise.ts';
import { supportedBudget } from '../../lib/scoring/supported-budget.ts';
import { normalFrom, type Random, seededRandom } from '../../lib/statistics/generator.ts';

/**
 * Worlds of honest accounts alone: groups come and go, each with a level of its own that its members share, and differ little within.
 * Levels are drawn from one distribution, whatever it is: what exchangeable groups are.
 */
export interface HonestWorld {
  readonly groups: number;
  /** accounts in no group, for each that is in one */
  readonly loners: number;
  /** level of a new group */
  readonly level: (uniform: Random) => number;
  /** how far a group moves from look to look, and its members lie apart */
  readonly wander: number;
  readonly apart: number;
  /** looks that a group lasts, on average */
  readonly lasts: number;
}

/** All of them far above the least score of a group: it must not be what keeps the promise here. */
export const LEVELS = {
  normal: (uniform: Random): number => 3 + 0.25 * normalFrom(uniform),
  exponential: (uniform: Random): number => 2.5 - 0.4 * Math.log(1 - uniform()),
  heavy: (uniform: Random): number => 2.5 + 0.2 / (1 - uniform()) ** (1 / 3),
} as const;

const LOOKS = 14;
/** Days of a period: a month, so that what is stated for a month is what a period shows. */
const DAYS = 30;

interface Held {
  readonly members: readonly string[];
  readonly apart: readonly number[];
  level: number;
}

class World {
  readonly #of: HonestWorld;
  readonly #uniform: Random;
  #groups: Held[];
  #born = 0;
  readonly accounts = new Set<string>();

  constructor(of: HonestWorld, seed: number) {
    this.#of = of;
    this.#uniform = seededRandom(seed);
    this.#groups = Array.from({ length: of.groups }, () => this.#newGroup());
  }

  #newGroup(): Held {
    const size = 3 + Math.floor(-6 * Math.log(1 - this.#uniform()));
    const name = this.#born++;
    const members = Array.from({ length: size }, (_, i) => `g${name}-${i}`);
    for (const member of members) this.accounts.add(member);
    const apart = members.map(() => this.#of.apart * normalFrom(this.#uniform));
    return { members, apart, level: this.#of.level(this.#uniform) };
  }

  look(at: number): ScoredLook {
    const { wander, lasts } = this.#of;
    this.#groups = this.#groups.map((held) => (this.#uniform() < 1 / lasts ? this.#newGroup() : held));
    const groups = this.#groups.map(({ members, apart, level }): ScoredGroup => {
      const moved = level + wander * normalFrom(this.#uniform);
      const own = apart.map((by) => Math.max(0, moved + by));
      return { members, own, score: learnedGroupScore(own) ?? 0, benign: true };
    });
    return { at, groups };
  }
}

export interface Promised {
  /** share of honest accounts that a period named */
  readonly named: number;
  /** share that was stated, 0 where nobody is named through groups */
  readonly stated: number;
  /** share that ranks among accounts would have named: as if members of one group were strangers */
  readonly byAccounts: number;
}

/** Learns on one period of a world and judges the next. */
export function honestPeriod(of: HonestWorld, seed: number): Promised {
  const world = new World(of, seed);
  const looks = (): ScoredLook[] => Array.from({ length: LOOKS }, (_, at) => world.look(at));
  const past = looks();
  const grouped = world.accounts.size;
  const loners = Array.from({ length: Math.round(of.loners * grouped) }, (_, i) => `l${i}`);
  const held: GroupPast = {
    days: DAYS,
    groups: { ...ranksOf(past, [...world.accounts, ...loners], new Set()), content: [] },
  };
  const size = { accounts: grouped + loners.length, days: DAYS };
  const { suspect = 0 } = supportedBudget(size, { watch: 0.01, suspect: 0.001, critical: 0.0002 });
  const named = new Set<string>();
  const byAccounts = new Set<string>();
  const highest = held.groups?.accounts.values[0] ?? 0;
  for (const { groups } of looks())
    for (const { members, own, score } of groups) {
      const reference = referenceOf(members, held.groups);
      for (const [i, member] of members.entries()) {
        const evidence = memberEvidence(score, own[i]);
        if (evidence > highest) byAccounts.add(member);
        if (memberChance({ evidence, reference }, held, suspect) <= suspect) named.add(member);
      }
    }
  const all = world.accounts.size + loners.length;
  return {
    named: named.size / all,
    stated: groupBudget(held, suspect)?.share ?? 0,
    byAccounts: byAccounts.size / all,
  };
}
