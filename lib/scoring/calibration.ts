import { z } from 'zod';
import { COMMAND } from '../contract/command.ts';
import { leastTail, MIN_ACCOUNTS, nullDistribution, p90Of, shrink, upperTail } from './null-distribution.ts';

/**
 * What numbers are like among benign peers: per window, signal and peer group the null distribution over accounts,
 * and the null distribution of the score itself. Learnt by `calibrate`; dated, versioned, inspectable JSON.
 * Every value is an account's maximum over the period, so a tail probability holds for the whole period at once.
 */

const byGroup = z.record(z.string(), nullDistribution);

export const calibration = z.strictObject({
  v: z.literal(1),
  id: z.string().min(1).max(128).describe('version, named by the policy and by every score judged with it'),
  madeAt: z.string().describe('ISO time of the newest event that it was learnt from'),
  days: z.number().positive().describe("length of the period over which an account's maximum was taken"),
  accounts: z.number().int().min(0),
  events: z.number().int().min(0),
  contamination: z
    .number()
    .min(0)
    .max(0.5)
    .describe('largest share of accounts that was allowed to be set aside as likely attackers'),
  setAside: z.number().int().min(0).describe('accounts that were set aside as such'),
  signals: z
    .record(z.string(), z.record(z.string(), byGroup))
    .describe('window hours -> signal id -> peer group'),
  score: byGroup.describe('peer group -> null of the score'),
  groupScore: z
    .record(z.string(), nullDistribution)
    .optional()
    .describe('size class of a linked group -> null of the merged score of that many benign peers'),
});
export type Calibration = z.infer<typeof calibration>;

/** Accounts that a parent group's opinion is worth when a group is small. */
const PRIOR_ACCOUNTS = 200;

/** Where a value stands among peers. */
export interface PeerRank {
  /** share of peers that show as much, (0, 1] */
  readonly p: number;
  /** value that nine tenths of the peers stay below */
  readonly ninth: number;
  /** accounts in the narrowest group known, and its name */
  readonly accounts: number;
  readonly group: string;
}

/**
 * Tail probability in the narrowest group that has enough accounts, shrunken through its parents, and never smaller than
 * the accounts seen in the whole chain support.
 * @param groups narrowest first
 */
export function tailAmong(
  nulls: Readonly<Record<string, z.infer<typeof nullDistribution>>> | undefined,
  groups: readonly string[],
  value: number,
): PeerRank | undefined {
  if (nulls === undefined) return undefined;
  let p: number | undefined;
  let ninth = 0;
  let accounts = 0;
  let seen = 0;
  let scale = 0;
  let group = '';
  for (let i = groups.length - 1; i >= 0; i--) {
    const name = groups[i] as string;
    const own = nulls[name];
    if (own === undefined || own.accounts < (i === groups.length - 1 ? 1 : MIN_ACCOUNTS)) continue;
    seen = Math.max(seen, own.accounts);
    // a small group's few extremes look lighter than they are: its tail is no lighter than its parent's
    scale = Math.max(scale, own.tail.scale);
    const tail = upperTail(own, value, scale);
    const decile = p90Of(own) ?? 0;
    ninth = p === undefined ? decile : shrink(decile, own.accounts, ninth, PRIOR_ACCOUNTS);
    p = p === undefined ? tail : shrink(tail, own.accounts, p, PRIOR_ACCOUNTS);
    accounts = own.accounts;
    group = name;
  }
  return p === undefined ? undefined : { p: Math.max(p, leastTail(seen)), ninth, accounts, group };
}

/**
 * The value that nine tenths of the peers stay below, shrunken as in tailAmong; undefined where nothing was learnt.
 * @param groups narrowest first
 */
export function p90Among(
  nulls: Readonly<Record<string, z.infer<typeof nullDistribution>>> | undefined,
  groups: readonly string[],
): number | undefined {
  return tailAmong(nulls, groups, 0)?.ninth;
}

/** Customers and their habits change: after a quarter of a year nulls speak of a traffic that is no longer there. */
const STALE_DAYS = 90;

/** That a calibration is too old for traffic of `now` (ms of event time), in words; undefined where it is not. */
export function staleness(held: Calibration, now: number): string | undefined {
  const age = (now - Date.parse(held.madeAt)) / 86_400_000;
  return age > STALE_DAYS
    ? `calibration ${held.id} was learnt ${Math.round(age)} days before this traffic: its error rates are for customers of that time (${COMMAND} calibrate learns a new one)`
    : undefined;
}
