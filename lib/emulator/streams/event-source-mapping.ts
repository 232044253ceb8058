import { compareSequences, EVENT_ENVELOPE_BYTES, type SourceRecord } from './source-record.ts';

/**
 * How Lambda moves a stream's records into a function, as a state machine without clock, network or randomness.
 * A shard is split into `parallelizationFactor` lanes by key; each lane has at most one batch in flight, so that
 * records of one key are never reordered. `next` says what a lane must do now, `settle` takes what came of it.
 *
 * Documented, and followed here:
 * - batches end at BatchSize, at the payload limit of 6 MB, or when the batching window expires
 *   (https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html);
 * - a failed batch blocks its lane until it succeeds, exhausts MaximumRetryAttempts, or grows older than
 *   MaximumRecordAge; splitting a batch uses up no retry; what is given up goes to the on-failure destination
 *   (https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html);
 * - throttles and errors before the function ran use up no retry (same page);
 * - partial responses: the lowest sequence number is the checkpoint and everything from it is tried again; an empty
 *   or null list is success; an empty, null or misnamed identifier fails the batch; with bisecting on, the batch is
 *   split at the returned sequence number
 *   (https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html).
 *
 * Not documented, and modelled on the harsher side, so that what survives here survives there:
 * - a partial response whose checkpoint is the first record leaves nothing to split off: the rest is halved, as
 *   after an error;
 * - without bisecting, a retry from a checkpoint counts as a retry of the records that remain;
 * - an identifier that is not in the batch, or a response that is neither object nor null, fails the batch.
 */
export interface MappingSettings {
  /** records, 1 to 10,000 */
  readonly batchSize: number;
  readonly maximumBatchingWindowMs: number;
  /** batches of one shard at a time, 1 to 10 */
  readonly parallelizationFactor: number;
  /** Infinity where the template says -1 */
  readonly maximumRetryAttempts: number;
  /** Infinity where the template says -1 */
  readonly maximumRecordAgeMs: number;
  readonly bisectBatchOnFunctionError: boolean;
  readonly reportBatchItemFailures: boolean;
  /** bytes of a rendered event */
  readonly payloadLimitBytes: number;
  /** how long a lane waits before the n-th invocation of a failing batch; AWS backs off, by how much is not stated */
  readonly backoffMs: (invocations: number) => number;
}

/** Limit of a synchronous invocation's payload. */
export const PAYLOAD_LIMIT_BYTES = 6 * 1024 * 1024;

/** AWS's defaults (https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html). */
export const DEFAULT_SETTINGS: MappingSettings = {
  batchSize: 100,
  maximumBatchingWindowMs: 0,
  parallelizationFactor: 1,
  maximumRetryAttempts: Number.POSITIVE_INFINITY,
  maximumRecordAgeMs: Number.POSITIVE_INFINITY,
  bisectBatchOnFunctionError: false,
  reportBatchItemFailures: false,
  payloadLimitBytes: PAYLOAD_LIMIT_BYTES,
  backoffMs: (invocations) => Math.min(100 * 2 ** Math.min(invocations - 1, 10), 10_000),
};

/** Records that are invoked together, and what they have been through. */
export interface Batch<R extends SourceRecord = SourceRecord> {
  readonly records: readonly R[];
  /** retries used up of MaximumRetryAttempts */
  readonly retries: number;
  /** invocations that these records have seen together or in a larger batch */
  readonly invocations: number;
  /** MaximumRetryAttempts is used up: to be given up, not invoked */
  readonly exhausted: boolean;
}

export interface Lane<R extends SourceRecord = SourceRecord> {
  /** read, not yet in a batch */
  readonly waiting: readonly R[];
  /** when the batching window of `waiting` began, epoch milliseconds */
  readonly windowStart: number | undefined;
  /** failed batches and their splits, oldest record first; they go before `waiting` */
  readonly retrying: readonly Batch<R>[];
  readonly inFlight: Batch<R> | undefined;
  /** no invocation before this moment */
  readonly notBefore: number;
}

export type DiscardReason = 'RetryAttemptsExhausted' | 'RecordAgeExceeded';

export type MappingStep<R extends SourceRecord = SourceRecord> =
  | { readonly kind: 'invoke'; readonly batch: Batch<R> }
  | { readonly kind: 'discard'; readonly batch: Batch<R>; readonly reason: DiscardReason }
  /** nothing to do before `until`; undefined: before the next record or settlement */
  | { readonly kind: 'wait'; readonly until: number | undefined };

/** What came of an invocation. `throttled`: it never reached the function. */
export type MappingOutcome =
  | { readonly kind: 'returned'; readonly response: unknown }
  | { readonly kind: 'failed' }
  | { readonly kind: 'throttled' };

export function emptyLane<R extends SourceRecord>(): Lane<R> {
  return { waiting: [], windowStart: undefined, retrying: [], inFlight: undefined, notBefore: 0 };
}

/** The lane of a key: FNV-1a over its UTF-16 units, modulo the parallelization factor. */
export function laneOf(key: string, parallelizationFactor: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) {
    hash ^= key.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  return (hash >>> 0) % parallelizationFactor;
}

/** Adds records that were read from the shard, in the shard's order. */
export function offer<R extends SourceRecord>(lane: Lane<R>, records: readonly R[], now: number): Lane<R> {
  if (records.length === 0) return lane;
  return { ...lane, waiting: [...lane.waiting, ...records], windowStart: lane.windowStart ?? now };
}

/** True when the lane holds nothing that is still to be processed. */
export function isIdle(lane: Lane): boolean {
  return lane.waiting.length === 0 && lane.retrying.length === 0 && lane.inFlight === undefined;
}

/** Records that the lane still holds. */
export function backlog(lane: Lane): number {
  const retrying = lane.retrying.reduce((sum, batch) => sum + batch.records.length, 0);
  return lane.waiting.length + retrying + (lane.inFlight?.records.length ?? 0);
}

/** What the lane must do at `now` (epoch milliseconds), and the lane as it is once that has begun. */
export function next<R extends SourceRecord>(
  lane: Lane<R>,
  settings: MappingSettings,
  now: number,
): { readonly lane: Lane<R>; readonly step: MappingStep<R> } {
  if (lane.inFlight) return { lane, step: { kind: 'wait', until: undefined } };
  const [failed, ...later] = lane.retrying;
  if (failed) return retry(lane, failed, later, settings, now);
  return lane.waiting.length > 0
    ? begin(lane, settings, now)
    : { lane, step: { kind: 'wait', until: undefined } };
}

function retry<R extends SourceRecord>(
  lane: Lane<R>,
  failed: Batch<R>,
  later: readonly Batch<R>[],
  settings: MappingSettings,
  now: number,
): { readonly lane: Lane<R>; readonly step: MappingStep<R> } {
  if (failed.exhausted) {
    return {
      lane: { ...lane, retrying: later },
      step: { kind: 'discard', batch: failed, reason: 'RetryAttemptsExhausted' },
    };
  }
  const expired = expiredPrefix(failed.records, settings, now);
  if (expired > 0) {
    const rest = failed.records.slice(expired);
    return {
      lane: { ...lane, retrying: rest.length > 0 ? [{ ...failed, records: rest }, ...later] : later },
      step: {
        kind: 'discard',
        batch: { ...failed, records: failed.records.slice(0, expired) },
        reason: 'RecordAgeExceeded',
      },
    };
  }
  if (now < lane.notBefore) return { lane, step: { kind: 'wait', until: lane.notBefore } };
  const batch = { ...failed, invocations: failed.invocations + 1 };
  return { lane: { ...lane, retrying: later, inFlight: batch }, step: { kind: 'invoke', batch } };
}

function begin<R extends SourceRecord>(
  lane: Lane<R>,
  settings: MappingSettings,
  now: number,
): { readonly lane: Lane<R>; readonly step: MappingStep<R> } {
  const take = (count: number): { taken: readonly R[]; left: Lane<R> } => {
    const waiting = lane.waiting.slice(count);
    return {
      taken: lane.waiting.slice(0, count),
      left: { ...lane, waiting, windowStart: waiting.length > 0 ? now : undefined },
    };
  };
  const fresh = { retries: 0, invocations: 0, exhausted: false };
  const expired = expiredPrefix(lane.waiting, settings, now);
  if (expired > 0) {
    const { taken, left } = take(expired);
    return {
      lane: left,
      step: { kind: 'discard', batch: { ...fresh, records: taken }, reason: 'RecordAgeExceeded' },
    };
  }
  if (now < lane.notBefore) return { lane, step: { kind: 'wait', until: lane.notBefore } };
  const { count, full } = batchLength(lane.waiting, settings);
  const closes = (lane.windowStart ?? now) + settings.maximumBatchingWindowMs;
  if (!full && now < closes) return { lane, step: { kind: 'wait', until: closes } };
  const { taken, left } = take(count);
  const batch: Batch<R> = { ...fresh, records: taken, invocations: 1 };
  return { lane: { ...left, inFlight: batch }, step: { kind: 'invoke', batch } };
}

/** How many records make the next batch, and whether it can take no more. At least one, however large. */
function batchLength(
  waiting: readonly SourceRecord[],
  settings: MappingSettings,
): { readonly count: number; readonly full: boolean } {
  let bytes = EVENT_ENVELOPE_BYTES;
  let count = 0;
  for (const record of waiting) {
    if (count === settings.batchSize) return { count, full: true };
    bytes += record.bytes + (count > 0 ? 1 : 0);
    if (count > 0 && bytes > settings.payloadLimitBytes) return { count, full: true };
    count++;
  }
  return { count, full: count === settings.batchSize };
}

/** Arrival times do not fall within a shard: what is too old is a prefix. */
function expiredPrefix(records: readonly SourceRecord[], settings: MappingSettings, now: number): number {
  const oldest = now - settings.maximumRecordAgeMs;
  const firstYoung = records.findIndex((record) => record.arrivedAt >= oldest);
  return firstYoung === -1 ? records.length : firstYoung;
}

/** Takes the outcome of the lane's batch in flight. */
export function settle<R extends SourceRecord>(
  lane: Lane<R>,
  settings: MappingSettings,
  outcome: MappingOutcome,
  now: number,
): Lane<R> {
  const batch = lane.inFlight;
  if (!batch) throw new Error('a lane without an invocation in flight cannot be settled');
  const settled = { ...lane, inFlight: undefined };
  if (outcome.kind === 'throttled') {
    const again = { ...batch, invocations: batch.invocations - 1 };
    return {
      ...settled,
      retrying: [again, ...lane.retrying],
      notBefore: now + settings.backoffMs(batch.invocations),
    };
  }
  const failedFrom = outcome.kind === 'failed' ? 0 : firstFailure(batch.records, outcome.response, settings);
  if (failedFrom === undefined) return { ...settled, notBefore: 0 };
  return {
    ...settled,
    retrying: [...afterFailure(batch, failedFrom, settings), ...lane.retrying],
    notBefore: now + settings.backoffMs(batch.invocations),
  };
}

/** The batches that remain of a batch whose records from `failedFrom` on are to be tried again. */
function afterFailure<R extends SourceRecord>(
  batch: Batch<R>,
  failedFrom: number,
  settings: MappingSettings,
): readonly Batch<R>[] {
  const records = batch.records.slice(failedFrom);
  if (settings.bisectBatchOnFunctionError) {
    if (failedFrom > 0) return [{ ...batch, records }];
    if (records.length > 1) {
      const middle = Math.ceil(records.length / 2);
      return [
        { ...batch, records: records.slice(0, middle) },
        { ...batch, records: records.slice(middle) },
      ];
    }
  }
  return batch.retries >= settings.maximumRetryAttempts
    ? [{ ...batch, records, exhausted: true }]
    : [{ ...batch, records, retries: batch.retries + 1 }];
}

/** Index of the first record to be tried again after a function returned; undefined: all succeeded. */
export function firstFailure(
  records: readonly SourceRecord[],
  response: unknown,
  settings: Pick<MappingSettings, 'reportBatchItemFailures'>,
): number | undefined {
  if (!settings.reportBatchItemFailures || response === null || response === undefined) return undefined;
  if (typeof response !== 'object') return 0;
  const failures: unknown = 'batchItemFailures' in response ? response.batchItemFailures : undefined;
  if (failures === null || failures === undefined) return undefined;
  if (!Array.isArray(failures)) return 0;
  let lowest: string | undefined;
  for (const failure of failures as readonly unknown[]) {
    const identifier =
      typeof failure === 'object' && failure !== null && 'itemIdentifier' in failure
        ? failure.itemIdentifier
        : undefined;
    if (typeof identifier !== 'string' || identifier === '') return 0;
    if (lowest === undefined || compareSequences(identifier, lowest) < 0) lowest = identifier;
  }
  if (lowest === undefined) return undefined;
  const at = records.findIndex((record) => record.sequence === lowest);
  return at === -1 ? 0 : at;
}
