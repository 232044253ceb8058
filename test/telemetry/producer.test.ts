import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import type { StreamEntry } from '../../lib/telemetry/partitions.ts';
import {
  createProducer,
  MAX_CALL_BYTES,
  MAX_CALL_RECORDS,
  MAX_RECORD_BYTES,
  ProducerFailure,
  type ProducerPort,
  type StreamResult,
} from '../../lib/telemetry/producer.ts';
import { bucketOf, laneIn, partitionKey } from '../../lib/telemetry/record.ts';
import { decodeRecord } from '../../lib/telemetry/record-codec.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { anExchange } from './exchanges.ts';

const recorder = createRecorder({ keys: developmentKeyring('test') });
const made = new Map<string, UsageEvent>();
function event(account: number, id: number, time = '2026-03-01T08:00:00.000Z'): UsageEvent {
  const name = `acct-${account}`;
  const template = made.get(name) ?? recorder.record(anExchange({ account: name }));
  made.set(name, template);
  return { ...template, id: `e-${id}`, time };
}

/** What befalls one call: each entry's fate by turn, or the call fails as a whole, before or after it was taken. */
type Fate = { kind: 'partial'; refuse: boolean[] } | { kind: 'lost' } | { kind: 'answer lost' };

/** A stream that misbehaves as told; time passes at once. */
class FlakyStream implements ProducerPort {
  readonly taken: StreamEntry[] = [];
  readonly calls: (readonly StreamEntry[])[] = [];
  underWay = 0;
  readonly #fates: Fate[];
  constructor(fates: readonly Fate[] = []) {
    this.#fates = [...fates];
  }
  async putRecords(entries: readonly StreamEntry[]): Promise<readonly StreamResult[]> {
    this.calls.push(entries);
    this.underWay++;
    await new Promise((resolve) => setImmediate(resolve));
    this.underWay--;
    const fate = this.#fates.shift();
    if (fate?.kind === 'lost') throw new Error('connection reset');
    const results = entries.map(
      (_, i): StreamResult =>
        fate?.kind === 'partial' && fate.refuse[i % fate.refuse.length] === true
          ? { accepted: false, error: 'ProvisionedThroughputExceededException' }
          : { accepted: true },
    );
    for (const [i, entry] of entries.entries()) if (results[i]?.accepted === true) this.taken.push(entry);
    if (fate?.kind === 'answer lost') throw new Error('socket hang up');
    return results;
  }
  after(_: number, run: () => void): () => void {
    const timer = setImmediate(run);
    return () => clearImmediate(timer);
  }
  random = () => 0.5;
  /** events in the order of the stream */
  events(): UsageEvent[] {
    return this.taken.flatMap((entry) =>
      decodeRecord(entry.data).lines.map((line) => line.event as UsageEvent),
    );
  }
}

const fate: fc.Arbitrary<Fate> = fc.oneof(
  fc.record({
    kind: fc.constant('partial' as const),
    refuse: fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
  }),
  fc.constant({ kind: 'lost' as const }),
  fc.constant({ kind: 'answer lost' as const }),
);

describe('the producer', () => {
  it('loses nothing, reorders no account, and keeps within limits, whatever the stream does', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fate, { maxLength: 25 }),
        fc.array(fc.nat(12), { minLength: 1, maxLength: 120 }),
        fc.integer({ min: 700, max: 6000 }),
        fc.boolean(),
        async (fates, accounts, bufferBytes, waiting) => {
          const stream = new FlakyStream(fates);
          const producer = createProducer(stream, { buckets: 4, recordBytes: 2000, bufferBytes, calls: 3 });
          const puts: Promise<void>[] = [];
          for (const [id, account] of accounts.entries()) {
            const put = producer.put(event(account, id));
            if (waiting) await put;
            else puts.push(put);
          }
          await Promise.all([...puts, producer.close()]);

          const repeats = fates.some((each) => each.kind === 'answer lost');
          const events = stream.events();
          expect(new Set(events.map((each) => each.id)).size).toBe(accounts.length);
          if (!repeats) expect(events.length).toBe(accounts.length);
          // First deliveries of an account come in the order of the calls to put.
          const seen = new Set<string>();
          const last = new Map<string, number>();
          for (const each of events) {
            if (seen.has(each.id)) continue;
            seen.add(each.id);
            const number = Number(each.id.slice(2));
            expect(number).toBeGreaterThan(last.get(each.account) ?? -1);
            last.set(each.account, number);
          }
          expect(producer.counts.events).toBe(accounts.length);
        },
      ),
      { numRuns: 120 },
    );
  });

  it('puts an account into its bucket, under the partition key of the bucket, and says so in the header', async () => {
    const stream = new FlakyStream();
    const producer = createProducer(stream);
    for (let i = 0; i < 40; i++) await producer.put(event(i % 9, i));
    await producer.close();
    for (const entry of stream.taken) {
      const { header, lines } = decodeRecord(entry.data);
      expect(entry.partitionKey).toBe(partitionKey(header?.bucket as number));
      expect(header?.events).toBe(lines.length);
      for (const line of lines) expect(bucketOf(line.event?.account as string)).toBe(header?.bucket);
    }
  });

  it('says what of a split cannot be used, by its name', () => {
    const refused: readonly (readonly [unknown, RegExp])[] = [
      [null, /^split: accounts/],
      [{ into: 8 }, /^split\.accounts: a list/],
      [{ accounts: 'a_b', into: 8 }, /^split\.accounts: a list/],
      [{ accounts: ['acct-7'], into: 8 }, /^split\.accounts: not a pseudonym/],
      [{ accounts: [], into: 17 }, /^split\.into: /],
    ];
    for (const [split, said] of refused)
      expect(() => createProducer(new FlakyStream(), { split: split as never })).toThrow(said);
    expect(() => createProducer(new FlakyStream(), { lane: 16 })).toThrow(/^lane: /);
  });

  it('puts an account that is split into lanes, each event wherever it is put again, and nobody else', async () => {
    const large = event(1, 0).account;
    const lanesOf = async (ids: readonly number[]) => {
      const stream = new FlakyStream();
      const producer = createProducer(stream, { split: { accounts: [large], into: 8 }, linger: 1 });
      for (const id of ids) await producer.put(event(id % 3, id));
      await producer.close();
      return new Map(
        stream.taken.flatMap(({ partitionKey: key, data }) =>
          decodeRecord(data).lines.map(({ event: held }) => [held?.id ?? '', { key, event: held }] as const),
        ),
      );
    };
    const ids = Array.from({ length: 600 }, (_, id) => id);
    const [first, again] = [await lanesOf(ids), await lanesOf(ids.toReversed())];
    const lanes = new Map<number, number>();
    for (const [id, { key, event: held }] of first) {
      const { bucketKey, lane } = laneIn(key);
      expect(again.get(id)?.key).toBe(key);
      expect(bucketKey).toBe(partitionKey(bucketOf(held?.account ?? '')));
      if (held?.account === large) lanes.set(lane, (lanes.get(lane) ?? 0) + 1);
      else expect(lane).toBe(0);
    }
    // two hundred events, of which each lane has its share: that of lane 0 is judged with
    expect([...lanes.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    for (const share of lanes.values()) expect(share).toBeGreaterThan(10);
  });

  it('refuses to split what is no pseudonym, or into more lanes than there are', () => {
    const [account, port] = [event(1, 1).account, new FlakyStream()];
    const split = (accounts: string[], into: number) => () =>
      createProducer(port, { split: { accounts, into } });
    expect(split(['acct-1'], 4)).toThrow('split.accounts');
    for (const into of [0, 1, 2.5, 17, Number.NaN]) expect(split([account], into)).toThrow('split.into');
    expect(split([account], 16)).not.toThrow();
  });

  it('keeps within the limits of records and calls when everything is due at once', async () => {
    const stream = new FlakyStream();
    const producer = createProducer(stream, {
      buckets: 1024,
      recordBytes: 10 * 1024 * 1024,
      bufferBytes: 1e9,
      calls: 1,
    });
    for (let i = 0; i < 4000; i++) await producer.put(event(i % 700, i));
    const big = event(1, 0);
    for (let i = 0; i < 1500; i++) await producer.put({ ...big, id: `${i}`.padStart(4, '0').repeat(100) });
    await producer.close();
    for (const call of stream.calls) {
      expect(call.length).toBeLessThanOrEqual(MAX_CALL_RECORDS);
      let bytes = 0;
      for (const entry of call) {
        expect(entry.data.length + entry.partitionKey.length).toBeLessThanOrEqual(MAX_RECORD_BYTES);
        bytes += entry.data.length + entry.partitionKey.length;
      }
      expect(bytes).toBeLessThanOrEqual(MAX_CALL_BYTES);
    }
    expect(producer.counts.events).toBe(5500);
  });

  it('retries only what was refused', async () => {
    const stream = new FlakyStream([{ kind: 'partial', refuse: [true, false] }]);
    const producer = createProducer(stream, { linger: 0 });
    for (let i = 0; i < 6; i++) await producer.put(event(i, i));
    await producer.close();
    const first = stream.calls[0] as readonly StreamEntry[];
    expect(stream.calls[1]).toEqual(first.filter((_, i) => i % 2 === 0));
    expect(producer.counts.refused).toBe(Math.ceil(first.length / 2));
  });

  it('holds put back while the buffer is full', async () => {
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const port: ProducerPort = {
      putRecords: async (entries) => {
        await gate;
        return entries.map(() => ({ accepted: true }));
      },
      after: () => () => {},
      random: () => 0,
    };
    const producer = createProducer(port, { bufferBytes: 1500 });
    await producer.put(event(1, 1));
    await producer.put(event(1, 2));
    let through = false;
    const held = producer.put(event(1, 3)).then(() => {
      through = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(through).toBe(false);
    release();
    await held;
    await producer.close();
    expect(producer.counts.events).toBe(3);
    await expect(producer.put(event(1, 4))).rejects.toThrow('after close');
  });

  it('sends on its own after lingering', async () => {
    const stream = new FlakyStream();
    const producer = createProducer(stream, { linger: 1 });
    await producer.put(event(1, 1));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(stream.events()).toHaveLength(1);
  });

  it('gives the events back when no retry helps', async () => {
    const port: ProducerPort = {
      putRecords: async () => {
        throw Object.assign(new Error('no such stream'), { permanent: true });
      },
      after: () => () => {},
      random: () => 0,
    };
    const producer = createProducer(port);
    await producer.put(event(1, 1));
    await producer.put(event(2, 2));
    const failure: unknown = await producer.close().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ProducerFailure);
    const ids = (failure as ProducerFailure).undelivered.map((line) => (JSON.parse(line) as UsageEvent).id);
    expect(ids.sort()).toEqual(['e-1', 'e-2']);
    await expect(producer.put(event(1, 3))).rejects.toBe(failure);
  });

  it('stamps the replay clock: the running maximum of event time', async () => {
    const stream = new FlakyStream();
    const producer = createProducer(stream, { stampArrived: true, buckets: 1, recordBytes: 1 });
    for (const [i, second] of [10, 30, 20, 40].entries())
      await producer.put(event(1, i, `2026-03-01T08:00:${second}.000Z`));
    await producer.close();
    expect(stream.taken.map((entry) => decodeRecord(entry.data).header?.arrived?.slice(17, 19))).toEqual([
      '10',
      '30',
      '30',
      '40',
    ]);
  });
});
