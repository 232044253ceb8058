import { z } from 'zod';
import { SLICE_MS } from '../profile/slice.ts';
import { SIGNALS } from '../signals/index.ts';

const HOUR = 3_600_000;

/**
 * The policy: all that an operator may change without a deploy. Versioned data; every field says its unit and effect.
 */
const probability = z.number().min(1e-9).max(1);
const hours = z
  .number()
  .positive()
  .max(24 * 366);

const windowHours = hours.refine((value) => (value * HOUR) % SLICE_MS === 0, {
  message: `must be a multiple of the slice, ${SLICE_MS / HOUR} hours`,
});

export const policy = z
  .strictObject({
    v: z.literal(1).describe('version of this schema'),
    id: z
      .string()
      .min(1)
      .max(64)
      .regex(/^[A-Za-z0-9._-]+$/)
      .describe('version of the policy, named on every score, finding and log line'),
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
      .describe('window lengths in hours, several at once; changing them keeps the stored slices'),
    allowedLatenessHours: hours
      .default(48)
      .describe('events older than the watermark by more are counted and archived, not scored'),
    permittedSkewSeconds: z
      .number()
      .min(0)
      .max(86_400)
      .default(300)
      .describe('event times this far ahead of arrival are accepted; beyond it they are set aside'),
    sealAfterHours: hours
      .default(12)
      .describe('slices that ended so long before the watermark move out of the hot item'),
    retentionDays: z
      .number()
      .min(1)
      .max(400)
      .default(35)
      .describe('sealed slices and idle profiles are forgotten after so many days'),
    weights: z
      .record(z.string(), z.number().min(0).max(10))
      .default({})
      .describe('weight per signal id; signals that are not named have their shipped weight'),
    stepCap: z
      .number()
      .min(1)
      .max(100)
      .default(12)
      .describe('most steps beyond its peers that one signal may bring'),
    budget: z
      .strictObject({
        watch: probability.default(0.01),
        suspect: probability.default(0.001),
        critical: probability.default(0.0002),
      })
      .prefault({})
      .describe(
        'error budget: share of benign accounts that may reach the level within a month; must fall from watch to critical',
      ),
    calmHours: hours.default(72).describe('a level is left after so long without support'),
    cooldownHours: hours
      .default(24)
      .describe('no second notice of the same kind within so long, escalation apart'),
    exceptions: z
      .array(
        z.strictObject({
          account: z
            .string()
            .regex(/^a_[a-z2-7]{26}$/)
            .describe('pseudonym'),
          until: z.iso.datetime().describe('when it expires; there are no exceptions for ever'),
          reason: z.string().min(1).max(500),
        }),
      )
      .default([])
      .describe('accounts that are judged but not notified until the date'),
    prices: z
      .record(
        z.string(),
        z.strictObject({ inputPerMillion: z.number().min(0), outputPerMillion: z.number().min(0) }),
      )
      .default({})
      .describe('list price in USD per million tokens by model: what is at stake'),
    campaigns: z
      .strictObject({
        enabled: z.boolean().default(true),
        budget: z
          .number()
          .min(1e-9)
          .max(1)
          .default(0.01)
          .describe('expected number of false campaigns a month over all customers'),
        smallest: z.number().int().min(2).default(3).describe('fewest members of a campaign'),
      })
      .prefault({}),
  })
  .superRefine((held, context) => {
    const { watch, suspect, critical } = held.budget;
    if (!(watch >= suspect && suspect >= critical))
      context.addIssue({
        code: 'custom',
        path: ['budget'],
        message: `must not grow from watch (${watch}) over suspect (${suspect}) to critical (${critical})`,
      });
    const known = new Set(SIGNALS.map((signal) => signal.id));
    for (const id of Object.keys(held.weights))
      if (!known.has(id))
        context.addIssue({
          code: 'custom',
          path: ['weights', id],
          message: `is not a signal; known are ${[...known].join(', ')}`,
        });
  });

export type Policy = z.infer<typeof policy>;

/** The policy that ships: safe defaults, and what an operator starts from. */
export const defaultPolicy: Policy = policy.parse({ v: 1, id: 'default-1' });
