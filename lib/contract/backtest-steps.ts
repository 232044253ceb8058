import * as z from 'zod';

/**
 * Steps of a backtest in shards, as the state machine asks the function for them: `plan`, `divide`, `replay` for every shard, `merge`. An
 * invocation ends after fifteen minutes (lambda/latest/dg/gettingstarted-limits.html), so a step takes as many turns as it needs:
 * it is asked with the number of the turn until it says that it is done. What turns hand each other lies in the state bucket below
 * the run's name; so nothing of it meets Step Functions' 256 KiB (step-functions/latest/dg/service-quotas.html), and a
 * turn can be asked again.
 */

/** A run's name is the execution's: step-functions/latest/apireference/API_StartExecution.html, "name". */
const run = z.string().regex(/^[A-Za-z0-9_-]{1,80}$/);
/** Each is a file that is open, or a part that is gathered, while events are divided. */
export const MOST_BACKTEST_SHARDS = 256;
/** An execution's history holds 25,000 events, and a turn is seven of them (step-functions/latest/dg/service-quotas.html). */
export const MOST_TURNS = 1000;
/** Objects of the archive that a run may be of: the command holds all their names, some 250 bytes each. */
export const MOST_OBJECTS = 5_000_000;
const shards = z.number().int().min(1).max(MOST_BACKTEST_SHARDS);
const shard = z.number().int().min(0);
const turn = z.number().int().min(0);

export const backtestStepInput = z.discriminatedUnion('step', [
  z.strictObject({ step: z.literal('plan'), run, shards }),
  z.strictObject({ step: z.literal('divide'), run, shards, turn }),
  z.strictObject({ step: z.literal('replay'), run, shards, shard, turn }),
  z.strictObject({ step: z.literal('merge'), run, shards, turn }),
]);
export type BacktestStepInput = z.infer<typeof backtestStepInput>;

/** What a step answers; small, whatever was replayed. */
export interface Asked {
  readonly run: string;
  readonly shards: number;
  /** of the map */
  readonly items?: readonly { readonly shard: number }[];
  /** of a shard in it */
  readonly shard?: number;
  /** the turn that is asked for next: of this step, or where it is done the first of the next one */
  readonly turn: number;
  readonly done: boolean;
}

/** Where a run's parts lie in the state bucket. They expire; the command takes those away of a run whose outcome it has told. */
export const BACKTEST_PREFIX = 'backtest-runs/';
/** Days until they expire: longer than a run may take without a break. One that is resumed goes on as long as its first parts are there. */
export const BACKTEST_DAYS = 7;
/** An execution is given up after so many days: before its first parts expire. */
export const MOST_RUN_DAYS = 5;
