/** Names below which objects lie in the buckets: the stack allows them, the owners in lib/aws write and read them. */

/** Events, set aside in the quarantine bucket and accepted in the archive; the rest is by day. */
export const EVENTS_PREFIX = 'events/';
/** Where Lambda itself writes batches that it gave up on, in the quarantine bucket; the prefix is Lambda's. */
export const FAILED_BATCH_PREFIX = 'aws/lambda/';
/** Where `score` notes what is applied of batches that fail, in the quarantine bucket. */
export const APPLIED_PREFIX = 'applied/';
/** Calibrations, in the state bucket. */
export const CALIBRATION_PREFIX = 'calibrations/';

/** Where what can be put back lies in the quarantine bucket. */
export const QUARANTINED_PREFIXES = [EVENTS_PREFIX, FAILED_BATCH_PREFIX] as const;
