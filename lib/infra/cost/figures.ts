import * as z from 'zod';
import measured from './measured.json' with { type: 'json' };

/** What `npm run bench:cost -- --data DIR --write` measures, and plans are made with. */

const windowFigures = z.object({
  /** seconds of which an account's events are written together */
  seconds: z.number().nonnegative(),
  writeUnitsPerEvent: z.number().positive(),
  /** accounts that are written, for each event */
  flushesPerEvent: z.number().positive(),
});

const figures = z.object({
  /** what was measured on, in words */
  traffic: z.string(),
  windows: z.array(windowFigures).min(2),
  /**
   * read units of an account that is written, by accounts of the fleet: a function keeps the states of some thousands, and of all others
   * it reads parts and facts again
   */
  reads: z.array(z.object({ accounts: z.number().positive(), unitsPerFlush: z.number().positive() })).min(2),
  bytes: z.object({
    perEvent: z.number().positive(),
    perRecord: z.number().positive(),
    /** the line before a record in the archive, and the line break behind it */
    archiveFrame: z.number().positive(),
  }),
  /** profile, facts, samples, sealed parts and link entries of an account at the end of the traffic */
  bytesPerAccount: z.number().positive(),
  millis: z.object({
    /** computing an event, measured; waiting for a batch's first load and for an account's writes, assumed */
    event: z.number().positive(),
    batch: z.number().positive(),
    account: z.number().positive(),
  }),
});
export type CostFigures = z.infer<typeof figures>;
export const costFigures = figures;

/** The figures that ship. */
export const MEASURED: CostFigures = figures.parse(measured);
