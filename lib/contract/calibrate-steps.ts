import * as z from 'zod';

/**
 * Steps of a calibration in shards, as the state machine asks `calibrate` for them: `plan`, `see` for every shard, `fit`, `measure`
 * for every shard, `finish`. What they hand each other lies in the state bucket below the run's name, so that nothing of it
 * meets Step Functions' 256 KiB (step-functions/latest/dg/service-quotas.html) and every step can be asked again.
 */

/** A run's name is the execution's: step-functions/latest/apireference/API_StartExecution.html, "name". */
const run = z.string().regex(/^[A-Za-z0-9_-]{1,80}$/);
/** More than a Distributed Map starts at once without asking (its default is 10,000), and than a fleet needs. */
export const MOST_SHARDS = 1000;
const shards = z.number().int().min(1).max(MOST_SHARDS);
const shard = z.number().int().min(0);

export const stepInput = z.discriminatedUnion('step', [
  z.strictObject({ step: z.literal('plan'), run, shards }),
  z.strictObject({ step: z.literal('see'), run, shards, shard }),
  z.strictObject({ step: z.literal('fit'), run, shards }),
  z.strictObject({ step: z.literal('measure'), run, shards, shard }),
  z.strictObject({ step: z.literal('finish'), run, shards }),
]);
export type StepInput = z.infer<typeof stepInput>;

/** What `plan` answers: the items of both maps. */
export interface Planned {
  readonly run: string;
  readonly shards: number;
  readonly items: readonly { readonly shard: number }[];
}

/** Where a run's parts lie in the state bucket; they expire after two days, those of a run that ended at once but for a note of what it made. */
export const RUN_PREFIX = 'calibration-runs/';
