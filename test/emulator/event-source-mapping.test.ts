import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Batch,
  DEFAULT_SETTINGS,
  type DiscardReason,
  emptyLane,
  firstFailure,
  isIdle,
  type Lane,
  laneOf,
  type MappingOutcome,
  type MappingSettings,
  next,
  offer,
  settle,
} from '../../lib/emulator/streams/event-source-mapping.ts';
import type { SourceRecord } from '../../lib/emulator/streams/source-record.ts';

const record = (index: number, key = 'k', arrivedAt = 0, bytes = 100): SourceRecord => ({
  // Real sequence numbers do not have a fixed number of digits either.
  sequence: String(9_990 + index),
  key,
  arrivedAt,
  json: '{}',
  bytes,
});

const returned = (...identifiers: string[]): MappingOutcome => ({
  kind: 'returned',
  response: { batchItemFailures: identifiers.map((itemIdentifier) => ({ itemIdentifier })) },
});
const FAILED: MappingOutcome = { kind: 'failed' };
const DONE: MappingOutcome = { kind: 'returned', response: null };

interface Run {
  readonly invocations: {
    readonly sequences: readonly string[];
    readonly lane: number;
    readonly outcome: MappingOutcome;
  }[];
  readonly discarded: {
    readonly sequences: readonly string[];
    readonly reason: DiscardReason;
    batch: Batch;
  }[];
  /** sequences in the order in which they were done with, by lane */
  readonly finished: string[][];
}

/** Runs records through a function until nothing is left, on a clock that jumps to whatever is waited for. */
function simulate(
  records: readonly SourceRecord[],
  settings: MappingSettings,
  behave: (batch: readonly SourceRecord[], invocation: number) => MappingOutcome,
): Run {
  const run: Run = { invocations: [], discarded: [], finished: [] };
  const lanes: Lane[] = Array.from({ length: settings.parallelizationFactor }, () => emptyLane());
  for (const one of records) {
    const lane = laneOf(one.key, settings.parallelizationFactor);
    lanes[lane] = offer(lanes[lane] ?? emptyLane(), [one], 0);
  }
  for (let lane = 0; lane < lanes.length; lane++) {
    const finished: string[] = [];
    run.finished.push(finished);
    let now = 0;
    let state = lanes[lane] ?? emptyLane();
    for (let steps = 0; !isIdle(state); steps++) {
      if (steps > 100_000) throw new Error('the lane does not come to an end');
      const { lane: after, step } = next(state, settings, now);
      state = after;
      if (step.kind === 'wait') {
        expect(step.until).toBeGreaterThan(now);
        now = step.until ?? now;
        continue;
      }
      const sequences = step.batch.records.map((one) => one.sequence);
      if (step.kind === 'discard') {
        run.discarded.push({ sequences, reason: step.reason, batch: step.batch });
        finished.push(...sequences);
        continue;
      }
      const outcome = behave(step.batch.records, run.invocations.length);
      run.invocations.push({ sequences, lane, outcome });
      const failedFrom =
        outcome.kind === 'returned' ? firstFailure(step.batch.records, outcome.response, settings) : 0;
      finished.push(...sequences.slice(0, failedFrom ?? sequences.length));
      state = settle(state, settings, outcome, now);
    }
  }
  return run;
}

const settings = (changes: Partial<MappingSettings> = {}): MappingSettings => ({
  ...DEFAULT_SETTINGS,
  reportBatchItemFailures: true,
  backoffMs: () => 1,
  ...changes,
});

describe('batches', () => {
  const lane = (count: number, bytes?: number): Lane =>
    offer(
      emptyLane(),
      Array.from({ length: count }, (_, i) => record(i, 'k', 0, bytes)),
      1000,
    );

  it('hold at most BatchSize records', () => {
    const { lane: after, step } = next(lane(250), settings(), 1000);
    expect(step).toMatchObject({ kind: 'invoke' });
    expect(after.inFlight?.records).toHaveLength(100);
    expect(after.waiting).toHaveLength(150);
  });

  it('wait for the window unless they are full', () => {
    const window = settings({ maximumBatchingWindowMs: 5000 });
    expect(next(lane(99), window, 1000).step).toEqual({ kind: 'wait', until: 6000 });
    expect(next(lane(99), window, 6000).step.kind).toBe('invoke');
    expect(next(lane(100), window, 1000).step.kind).toBe('invoke');
  });

  it('end at the payload limit of 6 MB, and always hold one record', () => {
    const megabyte = 1024 * 1024;
    const { lane: after } = next(lane(10, megabyte), settings({ maximumBatchingWindowMs: 5000 }), 1000);
    expect(after.inFlight?.records).toHaveLength(5);
    expect(next(lane(1, 7 * megabyte), settings(), 1000).lane.inFlight?.records).toHaveLength(1);
  });

  it('do not overlap within a lane', () => {
    const { lane: after } = next(lane(250), settings(), 1000);
    expect(next(after, settings(), 1000).step).toEqual({ kind: 'wait', until: undefined });
  });
});

describe('what a function returns', () => {
  const records = [record(8), record(9), record(10), record(11)];
  const identifiers = records.map((one) => one.sequence);
  const cases: [string, unknown, number | undefined][] = [
    ['nothing', undefined, undefined],
    ['null', null, undefined],
    ['an empty response', {}, undefined],
    ['an empty list', { batchItemFailures: [] }, undefined],
    ['a null list', { batchItemFailures: null }, undefined],
    ['one identifier', { batchItemFailures: [{ itemIdentifier: identifiers[2] }] }, 2],
    // 9998 < 9999 < 10000: numbers, not strings.
    [
      'several: the lowest number wins',
      { batchItemFailures: [{ itemIdentifier: identifiers[2] }, { itemIdentifier: identifiers[1] }] },
      1,
    ],
    ['an empty identifier', { batchItemFailures: [{ itemIdentifier: '' }] }, 0],
    ['a null identifier', { batchItemFailures: [{ itemIdentifier: null }] }, 0],
    ['a misnamed identifier', { batchItemFailures: [{ sequenceNumber: identifiers[2] }] }, 0],
    ['an identifier of another batch', { batchItemFailures: [{ itemIdentifier: '123' }] }, 0],
    ['a list that is none', { batchItemFailures: 'all' }, 0],
  ];
  it.each(cases)('%s', (_, response, from) => {
    expect(firstFailure(records, response, settings())).toBe(from);
  });

  it('is ignored where the mapping does not report item failures', () => {
    const response = { batchItemFailures: [{ itemIdentifier: identifiers[2] }] };
    expect(firstFailure(records, response, { reportBatchItemFailures: false })).toBeUndefined();
  });
});

describe('retries', () => {
  const four = [0, 1, 2, 3].map((i) => record(i));

  it('try the whole batch again and give it up after MaximumRetryAttempts', () => {
    const run = simulate(four, settings({ maximumRetryAttempts: 2 }), () => FAILED);
    expect(run.invocations).toHaveLength(3);
    expect(run.discarded).toMatchObject([
      {
        sequences: four.map((one) => one.sequence),
        reason: 'RetryAttemptsExhausted',
        batch: { invocations: 3 },
      },
    ]);
  });

  it('bisecting uses up no retry: a poison record is still tried 1 + MaximumRetryAttempts times alone', () => {
    const poison = '9992';
    const run = simulate(
      four,
      settings({ maximumRetryAttempts: 2, bisectBatchOnFunctionError: true }),
      (batch) => (batch.some((one) => one.sequence === poison) ? FAILED : DONE),
    );
    expect(run.discarded.map((given) => given.sequences)).toEqual([[poison]]);
    expect(
      run.invocations.filter((one) => one.sequences.length === 1 && one.sequences[0] === poison),
    ).toHaveLength(3);
  });

  it('with bisecting, a partial response splits at the sequence number that it returned', () => {
    const run = simulate(
      four,
      settings({ maximumRetryAttempts: 5, bisectBatchOnFunctionError: true }),
      (_, i) => (i === 0 ? returned('9992') : DONE),
    );
    expect(run.invocations.map((one) => one.sequences)).toEqual([
      ['9990', '9991', '9992', '9993'],
      ['9992', '9993'],
    ]);
  });

  it('a throttle uses up no retry', () => {
    const run = simulate(four, settings({ maximumRetryAttempts: 0 }), (_, i) =>
      i < 20 ? { kind: 'throttled' } : DONE,
    );
    expect(run.discarded).toEqual([]);
    expect(run.invocations).toHaveLength(21);
  });

  it('end when a record grows too old, also for records that were never tried', () => {
    const old = [record(0, 'k', 0), record(1, 'k', 0), record(2, 'k', 50_000)];
    const run = simulate(
      old,
      settings({ batchSize: 1, maximumRecordAgeMs: 60_000, backoffMs: () => 61_000 }),
      () => FAILED,
    );
    expect(run.discarded.map(({ sequences, reason }) => [sequences, reason])).toEqual([
      [['9990'], 'RecordAgeExceeded'],
      [['9991'], 'RecordAgeExceeded'],
      [['9992'], 'RecordAgeExceeded'],
    ]);
    expect(run.discarded[1]?.batch.invocations).toBe(0);
  });
});

const anySettings = fc.record({
  batchSize: fc.integer({ min: 1, max: 12 }),
  parallelizationFactor: fc.integer({ min: 1, max: 4 }),
  maximumRetryAttempts: fc.integer({ min: 0, max: 4 }),
  bisectBatchOnFunctionError: fc.boolean(),
  reportBatchItemFailures: fc.boolean(),
  maximumBatchingWindowMs: fc.constantFrom(0, 500),
  payloadLimitBytes: fc.constantFrom(250, 1000, DEFAULT_SETTINGS.payloadLimitBytes),
  maximumRecordAgeMs: fc.constantFrom(5, 100, Number.POSITIVE_INFINITY),
});
const anyRecords = fc
  .array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 40 })
  .map((keys) => keys.map((key, i) => record(i, key)));
/** What the n-th invocation does: all well, an error, a throttle, or a partial response at a place in the batch. */
const anyBehaviour = fc.infiniteStream(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant('done' as const) },
    { weight: 2, arbitrary: fc.constant('failed' as const) },
    { weight: 1, arbitrary: fc.constant('throttled' as const) },
    { weight: 3, arbitrary: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }) },
  ),
);

describe('laws', () => {
  it('nothing is lost, nothing done twice, and no key is reordered, whatever fails', () => {
    fc.assert(
      fc.property(anySettings, anyRecords, anyBehaviour, (changes, records, behaviour) => {
        const run = simulate(records, settings(changes), (batch) => {
          const draw = behaviour.next().value ?? 'done';
          if (typeof draw === 'number')
            return returned(batch[Math.floor(draw * batch.length)]?.sequence ?? '');
          return draw === 'done' ? DONE : { kind: draw };
        });
        const finished = run.finished.flat();
        expect([...finished].sort()).toEqual(records.map((one) => one.sequence).sort());
        const keyOf = new Map(records.map((one) => [one.sequence, one.key]));
        for (const key of new Set(keyOf.values())) {
          const order = finished.filter((sequence) => keyOf.get(sequence) === key);
          expect(order).toEqual(records.filter((one) => one.key === key).map((one) => one.sequence));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('a record is invoked only after every earlier record of its lane is done with or beside it', () => {
    fc.assert(
      fc.property(anySettings, anyRecords, anyBehaviour, (changes, records, behaviour) => {
        const full = settings({ ...changes, maximumRecordAgeMs: Number.POSITIVE_INFINITY });
        const done = new Set<string>();
        const discardedBefore: string[] = [];
        const run = simulate(records, full, (batch) => {
          const lane = laneOf(batch[0]?.key ?? '', full.parallelizationFactor);
          const first = records.findIndex((one) => one.sequence === batch[0]?.sequence);
          const earlier = records
            .slice(0, first)
            .filter((one) => laneOf(one.key, full.parallelizationFactor) === lane);
          for (const one of earlier) if (!done.has(one.sequence)) discardedBefore.push(one.sequence);
          const draw = behaviour.next().value ?? 'done';
          const outcome: MappingOutcome =
            typeof draw === 'number'
              ? returned(batch[Math.floor(draw * batch.length)]?.sequence ?? '')
              : draw === 'done'
                ? DONE
                : { kind: draw };
          const from = outcome.kind === 'returned' ? firstFailure(batch, outcome.response, full) : 0;
          for (const one of batch.slice(0, from ?? batch.length)) done.add(one.sequence);
          return outcome;
        });
        const discarded = new Set(run.discarded.flatMap((given) => given.sequences));
        // Whatever was passed by without being done was given up.
        expect(discardedBefore.every((sequence) => discarded.has(sequence))).toBe(true);
        for (const { sequences } of run.invocations)
          expect(sequences.length).toBeLessThanOrEqual(full.batchSize);
      }),
      { numRuns: 300 },
    );
  });

  it('with bisecting, poison records end in the destination, alone, and block nobody', () => {
    fc.assert(
      fc.property(
        anyRecords,
        fc.infiniteStream(fc.boolean()),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 3 }),
        fc.boolean(),
        (records, draws, batchSize, maximumRetryAttempts, partial) => {
          const poison = new Set(records.filter(() => draws.next().value).map((one) => one.sequence));
          const full = settings({ batchSize, maximumRetryAttempts, bisectBatchOnFunctionError: true });
          const run = simulate(records, full, (batch) => {
            const bad = batch.find((one) => poison.has(one.sequence));
            if (!bad) return DONE;
            return partial ? returned(bad.sequence) : FAILED;
          });
          expect(run.discarded.flatMap((given) => given.sequences).sort()).toEqual([...poison].sort());
          for (const given of run.discarded) {
            expect(given.sequences).toHaveLength(1);
            expect(given.batch.retries).toBe(maximumRetryAttempts);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
