import * as z from 'zod';
import { COMMAND } from '../contract/command.ts';
import { calibrationFault } from './calibration-faults.ts';
import { driftBase } from './drift.ts';
import { groupRanks } from './group-ranks.ts';
import { model } from './model.ts';
import { leastTail, MIN_ACCOUNTS, nullDistribution, p90Of, shrink, upperTail } from './null-distribution.ts';
import { countAtLeast, quantileOf, type RankNull, rankNull } from './rank-null.ts';

/**
 * What a deployment has learnt of its own past: the model that scores an account's windows, how the highest scores of the
 * past's accounts are ranked, and how facts spread among peers. Learnt by `calibrate`; dated, versioned, inspectable JSON.
 */

const byGroup = <Held extends z.ZodType>(held: Held) => z.record(z.string(), held);

/** Shares at which the spread of a fact among peers is written down. */
export const SPREAD_AT = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99] as const;

const spread = z
  .array(z.number())
  .length(SPREAD_AT.length)
  .describe('values of a fact at SPREAD_AT, ascending');
export type Spread = z.infer<typeof spread>;

/** Version of what is stored. Of another one nothing is understood: whoever is judged with it is not judged at all. */
export const CALIBRATION_FORMAT = 3;

const fields = z.strictObject({
  v: z.literal(CALIBRATION_FORMAT),
  id: z.string().min(1).max(128).describe('version, named by the policy and by every score judged with it'),
  madeAt: z.iso.datetime().describe('ISO time of the newest slice that it was learnt from'),
  days: z
    .number()
    .positive()
    .describe("length of the period over which an account's maximum was taken, without long pauses"),
  accounts: z
    .number()
    .int()
    .min(0)
    .describe('accounts of the past, those too that never showed enough to be scored'),
  events: z.number().int().min(0),
  foreign: z
    .boolean()
    .describe(
      'learnt from the traffic of somebody else: exchangeability is not given, and it should accuse nobody',
    ),
  library: z.string().describe('version of the library of attack profiles'),
  verdicts: z
    .strictObject({
      extraction: z.number().int().min(0),
      benign: z.number().int().min(0),
      grey: z.number().int().min(0),
      unsupported: z
        .number()
        .int()
        .min(0)
        .optional()
        .describe(
          'of those called extraction: without an effect, as nothing else speaks for it; without, none',
        ),
    })
    .describe('accounts of the past that people had judged, by verdict'),
  windows: z
    .array(z.number().positive())
    .min(1)
    .max(8)
    .describe('window lengths that scores were taken over, hours'),
  model,
  score: byGroup(rankNull).describe("peer group -> ranks of the accounts' highest scores"),
  spread: z
    .record(z.string(), z.record(z.string(), byGroup(spread)))
    .describe('window hours -> fact -> peer group (everyone, product) -> spread over accounts'),
  drift: driftBase
    .optional()
    .describe('what the accounts of the present are compared with; without, drift is not tested'),
  groups: groupRanks.optional().describe('how groups of the past scored; without, no group is judged'),
  groupScore: byGroup(nullDistribution)
    .optional()
    .describe('size class of a linked group -> null of the merged score of that many benign peers'),
});
export type Calibration = z.infer<typeof fields>;

/** A calibration whose parts fit each other. */
export const calibration = fields.superRefine((held, context) => {
  const fault = calibrationFault(held);
  if (fault !== undefined)
    context.addIssue({ code: 'custom', path: [...fault.path], message: fault.message });
});

/**
 * What a calibration knows under a name that the provider or a customer chose: a product that is called `constructor` or `__proto__` is not
 * what every object has under that name.
 */
export function heldUnder<Held>(held: Readonly<Record<string, Held>>, name: string): Held | undefined {
  return Object.hasOwn(held, name) ? held[name] : undefined;
}

/** Accounts that a parent group's opinion is worth when a group is small. */
const PRIOR_ACCOUNTS = 200;

/** Where a value stands among peers. */
export interface PeerRank {
  /** share of peers that show as much, (0, 1] */
  readonly p: number;
  /** value that nine tenths of the peers stay below */
  readonly p90: number;
  /** accounts in the narrowest group known, and its name */
  readonly accounts: number;
  readonly group: string;
}

/**
 * Chance that an account exchangeable with those of the past shows at least the score within the calibration's period:
 * (k + 1) / (n + 1) over all accounts, k of n having shown as much; and where more of a narrower peer group have, the
 * group's share drawn towards that (partial pooling: a group of n accounts counts n, its parent PRIOR_ACCOUNTS). A group
 * never makes a chance smaller than the accounts of everyone support.
 * @param groups narrowest first, everyone last
 */
export function rankAmong(
  nulls: Readonly<Record<string, RankNull>>,
  groups: readonly string[],
  score: number,
): PeerRank | undefined {
  const everyone = heldUnder(nulls, groups[groups.length - 1] as string);
  if (everyone === undefined || everyone.accounts === 0) return undefined;
  const least = (countAtLeast(everyone, score) + 1) / (everyone.accounts + 1);
  let p = least;
  let worst = least;
  let narrowest = { group: groups[groups.length - 1] as string, held: everyone };
  for (let i = groups.length - 2; i >= 0; i--) {
    const group = groups[i] as string;
    const held = heldUnder(nulls, group);
    if (held === undefined || held.accounts < MIN_ACCOUNTS) continue;
    p = shrink(countAtLeast(held, score) / held.accounts, held.accounts, p, PRIOR_ACCOUNTS);
    worst = Math.max(worst, p);
    narrowest = { group, held };
  }
  return {
    p: worst,
    p90: quantileOf(narrowest.held, 0.9),
    accounts: narrowest.held.accounts,
    group: narrowest.group,
  };
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
  let p90 = 0;
  let accounts = 0;
  let seen = 0;
  let scale = 0;
  let group = '';
  for (let i = groups.length - 1; i >= 0; i--) {
    const name = groups[i] as string;
    const own = heldUnder(nulls, name);
    if (own === undefined || own.accounts < (i === groups.length - 1 ? 1 : MIN_ACCOUNTS)) continue;
    seen = Math.max(seen, own.accounts);
    // a small group's few extremes look lighter than they are: its tail is no lighter than its parent's
    scale = Math.max(scale, own.tail.scale);
    const tail = upperTail(own, value, scale);
    const decile = p90Of(own) ?? 0;
    p90 = p === undefined ? decile : shrink(decile, own.accounts, p90, PRIOR_ACCOUNTS);
    p = p === undefined ? tail : shrink(tail, own.accounts, p, PRIOR_ACCOUNTS);
    accounts = own.accounts;
    group = name;
  }
  return p === undefined ? undefined : { p: Math.max(p, leastTail(seen)), p90, accounts, group };
}

/** Customers and their habits change: after a quarter of a year nulls speak of a traffic that is no longer there. */
const STALE_DAYS = 90;

/** That a calibration is too old for traffic of `now` (ms of event time), in words; undefined where it is not. */
export function staleness(held: Pick<Calibration, 'id' | 'madeAt'>, now: number): string | undefined {
  const age = (now - Date.parse(held.madeAt)) / 86_400_000;
  return age > STALE_DAYS
    ? `calibration ${held.id} was learnt ${Math.round(age)} days before this traffic: its error rates are for customers of that time (${COMMAND} calibrate learns a new one)`
    : undefined;
}
