import { COMPACT } from '../compact-size.ts';
import { recheckDays } from '../optional-settings.ts';
import type { Settings } from '../settings.ts';
import type { Load } from './load.ts';
import { MONTH_HOURS, MONTH_SECONDS, PRICES } from './prices.ts';

/** Measured on the example traffic by `npm run bench:hunts`. */
const MEASURED = {
  /** bytes of an event in each table */
  events: 23,
  prints: 66,
  /** from frames to both tables, in a second of a processor */
  perSecond: 6000,
};
/** Groups of a day, each of which is listed where it is looked at again (lambdas/compact/compact.ts). */
const GROUPS = 17;
const RUNS = (MONTH_HOURS * 60) / COMPACT.everyMinutes;
const BUSY_SHARE = COMPACT.timeoutSeconds / (COMPACT.everyMinutes * 60);

/** The archive in Parquet, USD a month: one of a bill's parts (bill.ts). Queries are not in it: Athena bills what they read. */
export function huntsLine(load: Load, settings: Settings) {
  const { lambda, s3 } = PRICES;
  const { eventsPerSecond } = load;
  const events = eventsPerSecond * MONTH_SECONDS;
  const months = { events: settings.huntDays / 30, prints: settings.archiveDays / 30 };
  const stored = (events * (MEASURED.events * months.events + MEASURED.prints * months.prints)) / 1e9;
  const lists = RUNS * (settings.archiveDays + recheckDays(settings) * GROUPS);
  const cost =
    (events / MEASURED.perSecond) * (COMPACT.memoryMb / 1024) * lambda.gbSecond +
    stored * s3.storageGb +
    (lists / 1000) * s3.putThousand +
    ((load.archiveObjectsPerSecond * MONTH_SECONDS) / 1000) * s3.getThousand;
  return {
    part: 'hunts, without queries',
    onDemand: cost,
    provisioned: cost,
    growth: 'with events, and with huntDays and archiveDays; queries are billed by what they read',
    firstLimit: `one invocation at a time writes ${MEASURED.perSecond * BUSY_SHARE} events a second around the clock`,
  };
}
