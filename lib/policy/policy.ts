import * as z from 'zod';
import { LIMITS } from '../limits.ts';
import { SLICE_MS } from '../profile/slice.ts';
import { PSEUDONYM } from '../telemetry/usage-event.ts';
import { HOUR_MS } from '../time.ts';

/** The version of the schema that this code reads. */
export const POLICY_VERSION = 1;

/**
 * The policy: all that an operator may change without a deploy. Versioned data; every field says its unit and effect.
 */
const probability = z.number().min(1e-9).max(1);
const hours = z
  .number()
  .positive()
  .max(24 * 366)
  .describe('hours');

/** As lib/scoring/peer-group.ts names them. */
const PEER_GROUP = /^[^/\s]{1,64}(\/[^/\s]{1,64}(\/(new|settled|old))?)?$/;

const windowHours = hours.refine((value) => (value * HOUR_MS) % SLICE_MS === 0, {
  message: `must be a multiple of the slice, ${SLICE_MS / HOUR_MS} hours`,
});

const route = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,31}$/)
    .describe(
      'small letters, digits, -; the message attribute `route`, which subscriptions filter by: {"route": ["pager"]}',
    ),
  levels: z
    .array(z.enum(['suspect', 'critical']))
    .min(1)
    .optional()
    .describe('levels that it is for; default all'),
  subjects: z
    .array(z.enum(['account', 'campaign']))
    .min(1)
    .optional()
    .describe('kinds of subjects that it is for; default all'),
  peerGroups: z
    .array(z.string().regex(PEER_GROUP))
    .min(1)
    .optional()
    .describe('product, product/plan or product/plan/tenure that it is for; default all'),
  delivery: z
    .enum(['now', 'digest'])
    .default('now')
    .describe(
      'now: openings and escalations at once. digest: in the one message of the day, nobody is called',
    ),
});

export const policy = z
  .strictObject({
    v: z
      .literal(POLICY_VERSION)
      .describe('version of this schema; a policy from a newer version is refused, never half understood'),
    id: z
      .string()
      .min(1)
      .max(64)
      .regex(/^[A-Za-z0-9._-]+$/)
      .describe(
        'version of the policy, named on every finding and log line; give every change a new one (letters, digits, . _ -)',
      ),
    calibration: z
      .string()
      .min(1)
      .max(128)
      .default('default')
      .describe('id of the calibration that accounts are judged with; `default` is the shipped one'),
    windows: z
      .array(windowHours)
      .min(1)
      .max(4)
      .default([24, 168])
      .describe(
        'window lengths in hours, one to four, multiples of 6. Short windows show bursts, long ones slow collection. Changing them keeps the stored slices, so a new window is meaningful at once as far back as slices are kept',
      ),
    allowedLatenessHours: hours
      .default(48)
      .describe(
        'hours; events older than the watermark by more are counted and archived, not scored. Larger keeps slices open longer',
      ),
    permittedSkewSeconds: z
      .number()
      .min(0)
      .max(86_400)
      .default(300)
      .describe('seconds; how far the watermark may run ahead of arrival when a clock is fast'),
    sealAfterHours: hours
      .default(12)
      .describe(
        'hours; slices that ended so long before the watermark move out of the hot item, earlier where it would outgrow a kilobyte. Smaller keeps items small, late events then cost one more segment',
      ),
    retentionDays: z
      .number()
      .min(1)
      .max(400)
      .default(35)
      .describe('days; sealed slices and idle profiles expire after so many. At least the longest window'),
    budget: z
      .strictObject({
        watch: probability.default(0.01).describe('share a month; shown in the console, nobody is notified'),
        suspect: probability
          .default(0.001)
          .describe(
            'share a month; a finding is opened and people are notified. Half the share means half the false positives, and later detection',
          ),
        critical: probability.default(0.0002).describe('share a month; notified as urgent'),
      })
      .prefault({})
      .describe(
        'error budget: share of benign accounts that may reach the level within a month; must fall from watch to critical',
      ),
    peerGroups: z
      .record(
        z
          .string()
          .regex(PEER_GROUP)
          .describe('product, product/plan or product/plan/tenure (new, settled, old)'),
        z.strictObject({
          watch: probability.optional().describe('share a month, instead of budget.watch'),
          suspect: probability.optional().describe('share a month, instead of budget.suspect'),
          critical: probability.optional().describe('share a month, instead of budget.critical'),
        }),
      )
      .default({})
      .describe(
        'error budget by peer group where it is to differ: the narrowest group that is named counts, levels it leaves out stay as in `budget`',
      ),
    calmHours: hours.default(72).describe('hours; hysteresis: a level is left after so long without support'),
    cooldownHours: hours
      .default(24)
      .describe('hours; no second update of a finding within so long, escalation apart'),
    exceptions: z
      .array(
        z.strictObject({
          account: z
            .string()
            .regex(PSEUDONYM)
            .describe('pseudonym, a_ and 26 letters or digits (siphonwatch resolve)'),
          until: z.iso
            .datetime()
            .describe(
              `when it expires: at most ${LIMITS.longestSilenceDays.most} days ahead when the policy is pushed`,
            ),
          reason: z
            .string()
            .min(1)
            .max(500)
            .describe('why, in words; shown with the finding that it silences'),
        }),
      )
      .default([])
      .describe('accounts that are judged but not notified until the date'),
    prices: z
      .record(
        z.string(),
        z.strictObject({
          inputPerMillion: z.number().min(0).describe('USD per million input tokens'),
          outputPerMillion: z.number().min(0).describe('USD per million output tokens'),
        }),
      )
      .default({})
      .describe('list price in USD per million tokens by model: what is at stake'),
    campaigns: z
      .strictObject({
        enabled: z.boolean().default(true).describe('whether linked accounts are judged together'),
        budget: z
          .number()
          .min(1e-9)
          .max(1)
          .default(0.01)
          .describe('expected number of false campaigns a month over all customers'),
        smallest: z.number().int().min(2).default(3).describe('fewest members of a campaign, 2 or more'),
      })
      .prefault({})
      .describe('accounts that are linked by infrastructure or timing, judged together on behaviour'),
    notifications: z
      .strictObject({
        routes: z
          .array(route)
          .max(20)
          .default([])
          .describe(
            'who is notified of which findings; the first route that fits counts. What none fits is sent at once to all subscribers, which is also what happens without routes. Everything goes to the event bus and into the table, whatever stands here',
          ),
      })
      .prefault({})
      .describe('how people are notified'),
  })
  .superRefine((held, context) => {
    const { watch, suspect, critical } = held.budget;
    if (!(watch >= suspect && suspect >= critical))
      context.addIssue({
        code: 'custom',
        path: ['budget'],
        message: `must not grow from watch (${watch}) over suspect (${suspect}) to critical (${critical})`,
      });
    for (const [group, own] of Object.entries(held.peerGroups)) {
      const merged = { ...held.budget, ...stripped(own) };
      if (!(merged.watch >= merged.suspect && merged.suspect >= merged.critical))
        context.addIssue({
          code: 'custom',
          path: ['peerGroups', group],
          message: `must not grow from watch (${merged.watch}) over suspect (${merged.suspect}) to critical (${merged.critical}), with what it takes from budget`,
        });
    }
    const longest = Math.max(...held.windows);
    if (held.retentionDays * 24 < longest)
      context.addIssue({
        code: 'custom',
        path: ['retentionDays'],
        message: `must be at least ${Math.ceil(longest / 24)}: the longest window is ${longest} hours`,
      });
    if (new Set(held.windows).size !== held.windows.length)
      context.addIssue({ code: 'custom', path: ['windows'], message: 'names a length twice' });
    const names = held.notifications.routes.map(({ name }) => name);
    for (const [at, name] of names.entries())
      if (names.indexOf(name) < at)
        context.addIssue({
          code: 'custom',
          path: ['notifications', 'routes', at, 'name'],
          message: `is the name of another route too (${name})`,
        });
  });

export type Policy = z.infer<typeof policy>;

/** Largest share of benign accounts a month, per level. */
export interface Budget {
  readonly watch: number;
  readonly suspect: number;
  readonly critical: number;
}

/** Only what is given: an absent level does not overrule the general budget. */
function stripped(own: Readonly<Record<string, number | undefined>>): Partial<Budget> {
  return Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
}

/**
 * The error budget of an account's peers.
 * @param groups its peer groups, narrowest first
 */
export function budgetFor(held: Policy, groups: readonly string[]): Budget {
  for (const group of groups) {
    const own = Object.hasOwn(held.peerGroups, group) ? held.peerGroups[group] : undefined;
    if (own !== undefined) return { ...held.budget, ...stripped(own) };
  }
  return held.budget;
}

/** The policy that ships: safe defaults, and what an operator starts from. */
export const defaultPolicy: Policy = policy.parse({ v: 1, id: 'default-1' });
