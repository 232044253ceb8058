import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyBatch } from '../../lambdas/score/apply-batch.ts';
import { type DecodeRules, decodeBatch, type KinesisRecord } from '../../lambdas/score/decode-batch.ts';
import { groupOf } from '../../lib/aws/archive.ts';
import type { Rules } from '../../lib/detection/judge.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { laneName } from '../../lib/profile/lane.ts';
import { MemoryProfileStore } from '../../lib/stores/profile-memory.ts';
import type { ProfileStore } from '../../lib/stores/profile-store.ts';
import { bucketOf, laneKey, partitionKey } from '../../lib/telemetry/record.ts';
import { decodeRecord, encodeRecord } from '../../lib/telemetry/record-codec.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { testCalibration } from '../calibration.ts';
import { account, harvest, iso, START, usageEvent } from '../events.ts';

const rules: Rules = { policy: defaultPolicy, calibration: testCalibration, code: 'test', shadow: false };
const live: DecodeRules = { permittedSkew: 300_000, trustReplayClock: false, developmentKeys: false };
const ARRIVED = START + 86_400_000;

/** The key of the first event's bucket, as a producer makes it. */
function keyOf(data: Uint8Array): string {
  const first = decodeRecord(data).lines.find(({ event }) => event !== undefined)?.event;
  return partitionKey(bucketOf(first?.account ?? ''));
}

/** Another account of the same bucket. */
function neighbour(name: string): string {
  for (let n = 3; ; n++) if (bucketOf(account(n)) === bucketOf(name)) return account(n);
}

function record(sequence: number, data: Uint8Array, arrived = ARRIVED): KinesisRecord {
  return {
    eventID: `shardId-000000000000:${sequence}`,
    eventSourceARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/usage',
    kinesis: {
      partitionKey: keyOf(data),
      sequenceNumber: String(sequence),
      data: Buffer.from(data).toString('base64'),
      approximateArrivalTimestamp: arrived / 1000,
    },
  };
}

const pack = (events: readonly UsageEvent[], arrived?: string): Uint8Array =>
  encodeRecord(
    { bucket: bucketOf(events[0]?.account ?? ''), ...(arrived === undefined ? {} : { arrived }) },
    events,
  );

describe('decoding a batch', () => {
  it('groups events by account in stream order, with positions that can be compared', () => {
    const a = harvest({ account: account(1), events: 4 });
    const other = neighbour(account(1));
    const b = harvest({ account: other, events: 2 });
    const batch = decodeBatch(
      [record(99, pack([...a.slice(0, 2), ...b])), record(100, pack(a.slice(2)))],
      live,
    );
    expect([...batch.arrivals.keys()]).toEqual([account(1), other]);
    const positions = batch.arrivals.get(account(1))?.map(({ position }) => position);
    expect(positions?.map(({ index }) => index)).toEqual([0, 1, 0, 1]);
    expect((positions?.[2]?.sequence ?? '') > (positions?.[1]?.sequence ?? '')).toBe(true);
    expect(batch).toMatchObject({ read: 6, setAside: [] });
  });

  it.each([
    ['not JSON', '{"v":1,', 'JSON'],
    ['a wrong type', JSON.stringify({ ...usageEvent(), model: 7 }), 'model'],
    ['a missing field', JSON.stringify({ ...usageEvent(), account: undefined }), 'account'],
    [
      'an absurd number',
      JSON.stringify({ ...usageEvent(), usage: { inputTokens: 1e30, outputTokens: 1 } }),
      'inputTokens',
    ],
    ['a version that is not known', JSON.stringify({ ...usageEvent(), v: 9 }), 'v'],
    ['a time in the future', JSON.stringify(usageEvent({ time: iso(ARRIVED + 3_600_000) })), 'time'],
  ])('sets %s aside whole with its reason, and uses its neighbours', (_, line, names) => {
    const good = harvest({ account: account(1), events: 2 });
    const data = Buffer.from(`${JSON.stringify(good[0])}\n${line}\n${JSON.stringify(good[1])}\n`);
    const batch = decodeBatch([record(5, data)], live);
    expect(batch.arrivals.get(account(1))).toHaveLength(2);
    expect(batch.setAside).toHaveLength(1);
    expect(batch.setAside[0]).toMatchObject({
      // what is not JSON may hold anything that people wrote
      payload: names === 'JSON' ? '' : line,
      encoding: 'utf8',
      origin: { sequence: '5', index: 1 },
    });
    const { field, message } = batch.setAside[0]?.reason ?? { field: '', message: '' };
    expect(`${field} ${message}`).toContain(names);
  });

  it('sets aside what lies under another partition key, and says which one it must be', () => {
    const [event] = harvest({ account: account(1), events: 1 });
    const made = record(5, pack([event as UsageEvent]));
    const strayed = { ...made, kinesis: { ...made.kinesis, partitionKey: 'by-hand' } };
    const { arrivals, setAside, accepted } = decodeBatch([strayed], live);
    expect([arrivals.size, accepted.length]).toEqual([0, 0]);
    expect(setAside[0]).toMatchObject({
      reason: { field: 'partitionKey', value: 'a text of 7 characters' },
      payload: JSON.stringify(event),
    });
    expect(setAside[0]?.reason.message).toContain(keyOf(pack([event as UsageEvent])));
  });

  it('gives each lane of an account a profile of its own, and sets aside what names none that there is', () => {
    const name = account(1);
    const [a, b, c] = harvest({ account: name, events: 3 }).map((event) => pack([event]));
    const under = (data: Uint8Array | undefined, lane: number) => {
      const made = record(5, data ?? new Uint8Array());
      return { ...made, kinesis: { ...made.kinesis, partitionKey: laneKey(bucketOf(name), lane) } };
    };
    const { arrivals, setAside, accepted } = decodeBatch([under(a, 0), under(b, 15), under(c, 16)], live);
    expect([...arrivals.keys()]).toEqual([name, laneName(name, 15)]);
    expect(accepted.map(({ partitionKey: key }) => groupOf(key))).toEqual(
      Array(2).fill(groupOf(partitionKey(bucketOf(name)))),
    );
    expect(setAside.map(({ reason }) => [reason.field, reason.message])).toEqual([
      ['partitionKey', 'names lane 16, and an account has the lanes 0 to 15'],
    ]);
  });

  it('uses the lines after a bad first one', () => {
    const [event] = harvest({ account: account(1), events: 1 });
    const bad = Buffer.from([0x7b, 0xff, 0xfe, 0x80, 0x7d]);
    const data = Buffer.concat([Buffer.from('oops\n'), bad, Buffer.from(`\n${JSON.stringify(event)}\n`)]);
    const { arrivals, setAside } = decodeBatch([record(5, data)], live);
    expect([...arrivals.keys()]).toEqual([account(1)]);
    expect(setAside.map(({ origin }) => origin.index)).toEqual([0, 1]);
  });

  it('never throws and never loses a line, on anything', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 80 }), { maxLength: 5 }), (records) => {
        const batch = decodeBatch(
          records.map((data, i) => record(i + 1, data)),
          live,
        );
        for (const entry of batch.setAside) expect(entry.reason.message).not.toBe('');
        expect(batch.setAside.length + [...batch.arrivals.values()].flat().length).toBe(batch.read);
      }),
    );
  });

  it('believes the replay clock of a header only where it was told to', () => {
    const data = pack([usageEvent({ time: iso(START) })], iso(START));
    const arrivedAt = (trustReplayClock: boolean) =>
      [...decodeBatch([record(1, data)], { ...live, trustReplayClock }).arrivals.values()][0]?.[0]?.arrived;
    expect(arrivedAt(true)).toBe(START);
    expect(arrivedAt(false)).toBe(ARRIVED);
  });
});

describe('applying a batch', () => {
  const events = [
    ...harvest({ account: account(1), events: 30 }),
    ...harvest({ account: account(2), events: 30 }),
  ];
  const batch = () =>
    decodeBatch(
      events.map((event, i) => record(i + 1, pack([event]))),
      live,
    ).arrivals;

  it('changes nothing when the same batch is delivered again, or a part of it', async () => {
    const store = new MemoryProfileStore();
    await applyBatch(batch(), store, rules);
    const before = store.one(account(1));
    const again = await applyBatch(batch(), store, rules);
    expect(again.every(({ steps }) => steps.every(({ changed }) => !changed))).toBe(true);
    const part = decodeBatch(
      events.slice(10, 50).map((event, i) => record(i + 11, pack([event]))),
      live,
    ).arrivals;
    await applyBatch(part, store, rules);
    expect(store.one(account(1))).toBe(before);
  });

  const failingWith = (store: MemoryProfileStore, name: string): ProfileStore => ({
    load: (accounts) => store.load(accounts),
    whole: (state) => store.whole(state),
    save: (stored, next, seal) =>
      next.profile.account === account(2)
        ? Promise.reject(Object.assign(new Error('refused'), { name }))
        : store.save(stored, next, seal),
  });

  it('hands back exactly the events of an account whose item cannot be written', async () => {
    const store = new MemoryProfileStore();
    const applied = await applyBatch(batch(), failingWith(store, 'ValidationException'), rules);
    const failed = applied.filter(({ unusable }) => unusable.length > 0);
    expect(failed.map(({ account: name }) => name)).toEqual([account(2)]);
    expect(failed[0]?.unusable[0]?.arrivals).toHaveLength(30);
    expect(failed[0]?.deferred).toBeUndefined();
    expect(store.one(account(1)).profile.totals.events).toBe(30);
  });

  it.each(['ProvisionedThroughputExceededException', 'TimeoutError', 'AccessDeniedException'])(
    'leaves the events of an account in the stream while its writes fail with %s',
    async (name) => {
      const store = new MemoryProfileStore();
      const applied = await applyBatch(batch(), failingWith(store, name), rules);
      expect(applied.flatMap(({ unusable }) => unusable)).toEqual([]);
      const [waiting] = applied.filter(({ deferred }) => deferred !== undefined);
      expect(waiting).toMatchObject({ account: account(2), deferred: { from: { index: 0 } } });
      expect(store.one(account(1)).profile.totals.events).toBe(30);
    },
  );

  it('sets nothing aside that was applied before the item could no longer be written', async () => {
    const store = new MemoryProfileStore();
    const mine = events.filter((event) => event.account === account(2));
    const part = (from: number, to: number) =>
      decodeBatch(
        mine.slice(from, to).map((event, i) => record(from + i + 1, pack([event]))),
        live,
      ).arrivals;
    await applyBatch(part(0, 10), store, rules);
    const [result] = await applyBatch(part(0, 20), failingWith(store, 'ValidationException'), rules);
    expect(result?.unusable[0]?.arrivals.map(({ event }) => event.id)).toEqual(
      mine.slice(10, 20).map(({ id }) => id),
    );
  });

  it('reads again and applies on top where somebody else was faster', async () => {
    const store = new MemoryProfileStore();
    let raced = false;
    const racing: ProfileStore = {
      load: (accounts) => store.load(accounts),
      whole: (state) => store.whole(state),
      async save(stored, next, seal) {
        if (!raced) {
          raced = true;
          await applyBatch(
            decodeBatch([record(1, pack([events[0] as UsageEvent]))], live).arrivals,
            store,
            rules,
          );
        }
        return store.save(stored, next, seal);
      },
    };
    const one = decodeBatch(
      events.slice(0, 30).map((event, i) => record(i + 1, pack([event]))),
      live,
    ).arrivals;
    const [result] = await applyBatch(one, racing, rules);
    expect(result).toMatchObject({ unusable: [] });
    expect(result?.deferred).toBeUndefined();
    expect(store.one(account(1)).profile.totals.events).toBe(30);
  });
});
