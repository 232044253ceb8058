import { buildGroupInput, groupSignificance, scoreGroup } from '../lib/campaigns/judging/group-score.ts';
import { campaignLevels } from '../lib/campaigns/judging/judge-campaign.ts';
import { customerOf } from '../lib/campaigns/judging/member.ts';
import { copySlice, type Slice } from '../lib/profile/slice.ts';
import type { Calibration } from '../lib/scoring/calibration.ts';
import { binomialInterval } from '../lib/statistics/binomial-interval.ts';
import { type Account, FOLDS, policy } from './campaign-base.ts';
import { random, shuffled } from './random.ts';

/** What innocents would be accused of: does the promise hold for benign groups, and for groups of ten times their size? */

export interface PromiseRow {
  readonly groups: number;
  /** benign groups that reached so small a chance within fourteen days, by chance, with the 95 % interval of the share */
  readonly reached: Readonly<
    Record<string, { readonly groups: number; readonly interval: readonly number[] }>
  >;
}

/** Groups drawn per fold, product and size. */
const DRAWS = 40;
/** Two groups of which this share of the smaller one is the same are one group drawn twice. */
const SAME_GROUP = 0.5;

/**
 * Does the promise hold? Benign groups of one fold, half of them of one kind, under the nulls of the others. No group
 * counts twice: what shares half its members with a group that was drawn before, of whatever size, is left out.
 */
export function measurePromise(
  accounts: readonly Account[],
  calibrations: readonly Calibration[],
): PromiseRow {
  const draw = random(17);
  const drawn: { kind: string; members: readonly Account[]; chance: number }[] = [];
  for (let fold = 0; fold < FOLDS; fold++)
    for (const product of ['api', 'chat']) {
      const pool = accounts.filter(
        (held) => held.label === 'benign' && held.fold === fold && held.customer.product === product,
      );
      const kinds = [...new Set(pool.map((held) => held.kind))];
      for (const size of [24, 12, 6, 3])
        for (let r = 0; r < DRAWS; r++) {
          const kind = kinds[Math.floor(draw() * kinds.length)] ?? '';
          const from = r % 2 === 0 ? pool : pool.filter((held) => held.kind === kind);
          const members = shuffled(from, draw).slice(0, size);
          if (members.length < size || drawn.some((held) => overlap(held.members, members) >= SAME_GROUP))
            continue;
          const calibration = { ...(calibrations[fold] as Calibration), days: 30 };
          const slices = members.map((held) => held.slices);
          drawn.push({
            kind: r % 2 === 0 ? 'any' : kind,
            members,
            chance: smallestChance(slices, members, calibration),
          });
        }
    }
  const reached = Object.fromEntries(
    [0.1, 0.05, 0.01, 0.001].map((p) => {
      const groups = drawn.filter(({ chance }) => chance <= p);
      return [
        String(p),
        {
          groups: groups.length,
          interval: binomialInterval(groups.length, drawn.length),
          kinds: groups.map(({ kind, members }) => `${kind} ${members.length}`),
        },
      ];
    }),
  );
  return { groups: drawn.length, reached };
}

function overlap(a: readonly Account[], b: readonly Account[]): number {
  const names = new Set(a.map((held) => held.account));
  return b.filter((held) => names.has(held.account)).length / Math.min(a.length, b.length);
}

export interface TenfoldRow {
  readonly group: string;
  readonly members: number;
  /** clones ask what the originals ask */
  readonly copies: number;
  /** clones behave like the originals, but every opening is one of their own: the hardest case */
  readonly fresh: number;
  /** chance that a finding needs */
  readonly needed: number;
}

/** Smallest chance (per month) that each group of innocents reaches at ten times its size, all fourteen days in view. */
export function measureTenfold(
  accounts: readonly Account[],
  calibrations: readonly Calibration[],
): TenfoldRow[] {
  const groups = new Map<string, Account[]>();
  const add = (name: string, held: Account): void => {
    const list = groups.get(name);
    if (list === undefined) groups.set(name, [held]);
    else list.push(held);
  };
  for (const held of accounts) {
    if (held.label !== 'benign') continue;
    if (held.kind === 'course') add(`course ${held.payment}`, held);
    else if (held.kind === 'coding-tool') add('coding-tool', held);
    else if (held.kind === 'gateway') add('gateway', held);
  }
  const companies = new Map<string, Account[]>();
  for (const held of accounts)
    if (held.label === 'benign' && held.kind !== 'course' && held.payment !== undefined)
      companies.set(held.payment, [...(companies.get(held.payment) ?? []), held]);
  for (const [payment, list] of companies) if (list.length > 1) groups.set(`company ${payment}`, list);
  const needed = campaignLevels(policy, 25).suspect;
  const rows = [...groups].map(([name, list]) => {
    const calibration = calibrations[list[0]?.fold ?? 0] as Calibration;
    const ten = Array.from({ length: 10 }, () => list).flat();
    return {
      group: name.split(' ')[0] ?? name,
      members: ten.length,
      copies: smallestChance(
        ten.map((held) => held.slices),
        list,
        calibration,
      ),
      fresh: smallestChance(
        ten.map((held, clone) => held.slices.map((slice) => withOwnOpenings(slice, clone))),
        list,
        calibration,
      ),
      needed,
    };
  });
  return rows.sort((a, b) => a.fresh - b.fresh);
}

/**
 * The slice with openings that no other clone has, while the account repeats its own as before: the last bits of each hash
 * are the clone's own, which keeps the order of a sample and what it estimates.
 */
function withOwnOpenings(slice: Slice, clone: number): Slice {
  const copy = copySlice(slice);
  for (const { opening } of copy.samples.values()) {
    const made = opening.hashes
      .map((hash, i) => ({
        hash: (hash ^ (clone + 1)) >>> 0,
        count: opening.counts[i] ?? 0,
        flags: opening.flags[i] ?? 0,
      }))
      .sort((a, b) => a.hash - b.hash);
    opening.hashes = made.map(({ hash }) => hash);
    opening.counts = made.map(({ count }) => count);
    opening.flags = made.map((held) => held.flags);
  }
  return copy;
}

function smallestChance(
  slicesOf: readonly (readonly Slice[])[],
  originals: readonly Account[],
  calibration: Calibration,
): number {
  const customer = customerOf(
    originals.map(({ account, customer: facts, first, slices }) => ({
      account,
      customer: facts,
      firstSeen: first,
      lastSeen: first,
      slices,
    })),
  );
  const starts = [...new Set(slicesOf.flatMap((slices) => slices.map(({ start }) => start)))];
  let least = 1;
  for (const at of starts)
    for (const hours of policy.windows) {
      const sight = buildGroupInput(slicesOf, customer, at, hours, 0);
      const { score } = scoreGroup(sight, calibration.groupScore ?? {});
      const kind = { product: customer.product, members: slicesOf.length };
      least = Math.min(least, groupSignificance(score, kind, calibration).p);
    }
  return least;
}
