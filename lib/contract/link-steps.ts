import * as z from 'zod';

/**
 * Steps of a run of `link` in shards, as the state machine asks the function for them: `plan`; `read`, `index`, `compare` and `like` for
 * every shard; `group`; `judge` for every shard; `finish`. What they hand each other lies in the state bucket below the run's name, so that
 * nothing of it meets Step Functions' 256 KiB (step-functions/latest/dg/service-quotas.html) and every step can be asked again.
 */

/** A run's name is the execution's: step-functions/latest/apireference/API_StartExecution.html, "name". */
const run = z.string().regex(/^[A-Za-z0-9_-]{1,80}$/);
/** Accounts whose contents are compared lie in so many buckets, and a shard takes whole ones (lib/campaigns/content/blocks.ts). */
export const MOST_LINK_SHARDS = 64;
const shards = z.number().int().min(1).max(MOST_LINK_SHARDS);
const shard = z.number().int().min(0);

/** Steps that every shard takes. */
export const SHARD_STEPS = ['read', 'index', 'compare', 'like', 'judge'] as const;
export type ShardStep = (typeof SHARD_STEPS)[number];

export const linkStepInput = z.discriminatedUnion('step', [
  z.strictObject({ step: z.enum(['plan', 'group', 'finish']), run, shards }),
  z.strictObject({ step: z.enum(SHARD_STEPS), run, shards, shard }),
]);
export type LinkStepInput = z.infer<typeof linkStepInput>;

/** What `plan` answers: the items of all maps. */
export interface LinkPlanned {
  readonly run: string;
  readonly shards: number;
  readonly items: readonly { readonly shard: number }[];
}

/** Where a run's parts lie in the state bucket; they expire after two days, those of a run that ended at once but for a note of what it did. */
export const LINK_PREFIX = 'link-runs/';
/** A run is given up after this, s; no other one names accounts by count until then (lib/campaigns/allowance.ts). */
export const LINK_RUN_SECONDS = 2 * 3600;
