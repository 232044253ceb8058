import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { totals } from '../../lambdas/compact/compact.ts';
import { groupOf } from '../../lib/aws/archive.ts';
import { huntPlace } from '../../lib/aws/erasure/objects.ts';
import { HuntObjects } from '../../lib/aws/hunt-objects.ts';
import { eraseFrom } from '../../lib/cli/forget/erase.ts';
import { HUNT_TABLES, huntPrefix, manifestKey } from '../../lib/contract/hunt-names.ts';
import { readFooter } from '../../lib/hunts/parquet.ts';
import { planParts } from '../../lib/hunts/plan-parts.ts';
import { bucketOf, partitionKey } from '../../lib/telemetry/record.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { account, DAY, HOUR, harvest, iso, MINUTE, print, START, usageEvent } from '../events.ts';
import { archived, EmulatedArchive, type FixtureRecord } from './archive-fixture.ts';

let archive: EmulatedArchive;
let count = 0;
beforeAll(async () => {
  archive = await EmulatedArchive.open();
});
afterAll(() => archive.close());
const another = () => archive.another(`archive-${++count}`);

/** Long after all that the tests archive. */
const LATER = START + 20 * DAY;

/** One event at a place in the stream, in the form in which the tests compare it. */
interface Told {
  readonly account: string;
  readonly place: string;
  readonly time: number;
  readonly day: string;
  readonly id: string;
  readonly said: readonly unknown[];
}

const said = ({ model, outcome, usage, customer, shape, behaviours, params }: UsageEvent) => [
  model,
  outcome,
  usage.inputTokens,
  usage.outputTokens,
  customer.plan,
  customer.product,
  customer.createdAt.slice(0, 7),
  shape.turns,
  shape.steps,
  behaviours.includes('reasoning'),
  params.temperature,
];

function toldBy(records: readonly FixtureRecord[]): Told[] {
  return records.flatMap(({ sequence, arrived, events }) =>
    [...events].map(([line, event]) => ({
      account: event.account,
      place: `${sequence}/${line}`,
      time: Date.parse(event.time),
      day: iso(arrived).slice(0, 10),
      id: event.id,
      said: said(event),
    })),
  );
}

async function toldByRows(of: EmulatedArchive): Promise<Told[]> {
  const ids = new Map(
    (await of.rows('prints'))
      .filter(({ newest }) => newest)
      .map((row) => [`${row.sequence}/${row.line}`, row.exchange]),
  );
  return (await of.rows('events')).map((row) => ({
    account: String(row.account),
    place: `${row.sequence}/${row.line}`,
    time: row.time instanceof Date ? row.time.getTime() : Number.NaN,
    day: String(row.day),
    id: String(ids.get(`${row.sequence}/${row.line}`)),
    said: [
      row.model,
      row.outcome,
      row.input_tokens,
      row.output_tokens,
      row.plan,
      row.product,
      row.opened_month,
      row.turns,
      row.steps,
      row.asks_reasoning,
      row.temperature,
    ],
  }));
}

const byPlace = (a: Told, b: Told) => (a.place < b.place ? -1 : Number(a.place > b.place));

const anEvent = fc.record({
  who: fc.integer({ min: 1, max: 6 }),
  model: fc.constantFrom('atlas-2', 'orion "mini"', '模型\u0000x', ''.padEnd(200, 'm')),
  outcome: fc.constantFrom('ok', 'refused', 'truncated', 'error'),
  tokens: fc.integer({ min: 0, max: 1e9 }),
  steps: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
  temperature: fc.option(fc.double({ min: 0, max: 2, noNaN: true }), { nil: undefined }),
  reasoning: fc.boolean(),
  epochs: fc.integer({ min: 1, max: 2 }),
});

/** Records around a midnight, each of one account, with lines that were set aside between the accepted ones. */
const someRecords = fc
  .array(
    fc.record({
      events: fc.array(fc.record({ event: anEvent, gap: fc.integer({ min: 0, max: 2 }) }), {
        minLength: 1,
        maxLength: 5,
      }),
      minutes: fc.integer({ min: -30, max: 30 }),
      gateway: fc.option(fc.constantFrom('eu-1', 'us-1'), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((records): FixtureRecord[] =>
    records.map(({ events, minutes, gateway }, i) => {
      const arrived = START + DAY + minutes * MINUTE;
      let line = -1;
      const who = account(events[0]?.event.who ?? 1);
      return {
        sequence: 1000 + i,
        arrived,
        header: gateway === undefined ? {} : { gateway },
        events: new Map(
          events.map(({ event, gap }, at) => {
            line += 1 + gap;
            const { steps, temperature } = event;
            const base = usageEvent();
            return [
              line,
              usageEvent({
                id: `x-${i}-${at}`,
                account: who,
                time: iso(arrived - 1000),
                model: event.model,
                outcome: event.outcome,
                usage: { inputTokens: event.tokens, outputTokens: event.tokens },
                params: temperature === undefined ? {} : { temperature },
                shape: { ...base.shape, ...(steps === undefined ? {} : { steps }) },
                behaviours: event.reasoning ? ['reasoning'] : [],
                prints: Array.from({ length: event.epochs }, (_, epoch) => ({
                  epoch: `e${2 - epoch}`,
                  prompt: print(i * 10 + at),
                  payment: print(event.who),
                })),
              }),
            ] as const;
          }),
        ),
      };
    }),
  );

describe('the archive in Parquet', () => {
  it('has a row for every accepted event, once, whatever batches it lay in and wherever parts are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        someRecords,
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 300, max: 6000 }),
        async (records, batch, partBytes) => {
          const of = await another();
          const all = records.map(archived);
          for (let i = 0; i < all.length; i += batch) await of.archive.put(all.slice(i, i + batch));
          // a batch that came again, cut in halves
          await of.archive.put(all.slice(0, Math.ceil(all.length / 2)));
          const { made, waiting } = await of.compact(LATER, { partBytes });
          const expected = toldBy(records).sort(byPlace);
          expect((await toldByRows(of)).sort(byPlace)).toEqual(expected);
          expect(waiting).toBe(0);
          expect(totals(made)).toEqual({
            records: records.length,
            events: expected.length,
            prints: records.flatMap(({ events }) => [...events.values()].flatMap(({ prints }) => prints))
              .length,
            refused: 0,
            damaged: 0,
          });
        },
      ),
      { numRuns: 4 },
    );
  });

  it('is the same byte for byte when it is made again, and is not made again for nothing', async () => {
    const records = harvestedRecords(account(1), 20);
    const [one, two] = [await another(), await another()];
    await inBatches(one, records);
    for (const record of [...records].reverse()) await two.archive.put([archived(record)]);
    await one.compact(LATER, { partBytes: 2000 });
    await two.compact(LATER);
    expect((await toldByRows(two)).sort(byPlace)).toEqual((await toldByRows(one)).sort(byPlace));
    const before = await one.dump();
    expect(before.size).toBeGreaterThan(6);
    expect((await one.compact(LATER)).made).toEqual([]);
    for (const key of before.keys()) if (key.includes('/manifests/')) await one.s3.send(deleted(one, key));
    await one.compact(LATER, { partBytes: 2000 });
    expect(await one.dump()).toEqual(before);
  });

  it('leaves an open day alone, and makes a closed one again when a late batch comes', async () => {
    const of = await another();
    const [first, ...late] = harvestedRecords(account(2), 3);
    if (first === undefined) throw new Error('no record');
    await of.archive.put([archived(first)]);
    expect((await of.compact(START + 23 * HOUR)).made).toEqual([]);
    expect((await of.compact(START + DAY + 20 * MINUTE)).made).toHaveLength(1);
    await of.archive.put(late.map(archived));
    await of.compact(START + 2 * DAY);
    expect(await of.rows('events')).toHaveLength(3);
  });

  it('goes on where it was interrupted, without making a part twice', async () => {
    const of = await another();
    await inBatches(of, harvestedRecords(account(3), 20));
    const whole = await of.another(`archive-${++count}`);
    await inBatches(whole, harvestedRecords(account(3), 20));
    await whole.compact(LATER, { partBytes: 1500 });
    let runs = 0;
    for (let waiting = 1; waiting > 0; runs++) {
      // the first two questions are whether to begin a group, and a part of it
      let asked = 0;
      ({ waiting } = await of.compact(LATER, { partBytes: 1500, timeLeft: () => asked++ < 2 }));
      if (waiting > 0) expect(await of.keys(manifestKey('2026-03-02', '').slice(0, -5))).toEqual([]);
    }
    expect(runs).toBeGreaterThan(2);
    expect(await of.dump()).toEqual(await whole.dump());
  });

  it('loses nothing of late batches that it could not get through with before their time was over', async () => {
    const of = await another();
    const records = harvestedRecords(account(8), 40);
    await inBatches(of, records.slice(10, 30));
    const inTime = START + DAY + 20 * MINUTE;
    await of.compact(inTime, { partBytes: 1500 });
    // they move every part: sequence numbers before all others
    await inBatches(of, records.slice(0, 10));
    let asked = 0;
    const { waiting } = await of.compact(inTime + DAY, { partBytes: 1500, timeLeft: () => asked++ < 3 });
    expect([waiting, (await of.objects.manifests()).size]).toEqual([1, 0]);
    await of.compact(LATER, { partBytes: 1500 });
    expect((await toldByRows(of)).sort(byPlace)).toEqual(toldBy(records.slice(0, 30)).sort(byPlace));
    // nor of batches that no run saw in their time: S3 says when the manifest was written
    await inBatches(of, records.slice(30));
    const objects = new HuntObjects(of.s3, of.bucket);
    const manifests = objects.manifests.bind(objects);
    objects.manifests = async () =>
      new Map(
        [...(await manifests())].map(([day, groups]) => [
          day,
          new Map([...groups].map(([g]) => [g, inTime])),
        ]),
      );
    expect((await of.compact(START + 12 * DAY, { objects })).made).toEqual([]);
    await of.compact(START + 8 * DAY, { objects });
    expect(await of.rows('events')).toHaveLength(40);
  });

  it('counts what is damaged or no event any more, and keeps the rest', async () => {
    const of = await another();
    const records = harvestedRecords(account(4), 6);
    await of.archive.put(records.slice(0, 4).map(archived));
    const [key = ''] = await of.keys('events/');
    const whole = of.bytes(key);
    const bytes = Buffer.from(await whole);
    bytes.fill(0x55, bytes.length - 60, bytes.length - 30);
    await of.s3.send(new PutObjectCommand({ Bucket: of.bucket, Key: key, Body: bytes }));
    const foreign = archived(records[4] as FixtureRecord);
    const text = `${JSON.stringify({ siphonwatch: 1, bucketing: 'b1-256', bucket: 1, events: 2 })}\n{}\n{"v":9,"id":"of a later version"}\n`;
    await of.archive.put([{ ...foreign, data: Buffer.from(text), size: Buffer.byteLength(text) }]);
    const { made } = await of.compact(LATER);
    expect(totals(made)).toMatchObject({ events: 3, refused: 1, damaged: 1 });
    const objects = new HuntObjects(of.s3, of.bucket);
    expect(await objects.damagedGroups()).toBe(1);
    // it says so until somebody has mended it and had it made anew
    await of.compact(LATER + DAY);
    expect(await objects.damagedGroups()).toBe(1);
    const [one = '', two = ''] = await of.keys('events/');
    await of.s3.send(new PutObjectCommand({ Bucket: of.bucket, Key: key, Body: Buffer.from(await whole) }));
    await of.s3.send(deleted(of, one === key ? two : one));
    for (const made of await of.keys('hunts/')) await of.s3.send(deleted(of, made));
    await of.compact(LATER + DAY);
    expect(await objects.damagedGroups()).toBe(0);
    expect(await of.rows('events')).toHaveLength(4);
  });

  it('is made again where frames change while it is made', async () => {
    const of = await another();
    const [first, second] = harvestedRecords(account(5), 2);
    await of.archive.put([archived(first as FixtureRecord)]);
    let meddled = false;
    const objects = new HuntObjects(of.s3, of.bucket);
    const putPart = objects.putPart.bind(objects);
    objects.putPart = async (...args) => {
      await putPart(...args);
      if (!meddled) await of.archive.put([archived(second as FixtureRecord)]);
      meddled = true;
    };
    const { made } = await of.compact(LATER, { objects });
    expect(totals(made).events).toBe(2);
    expect(await of.rows('events')).toHaveLength(2);
  });

  it('holds no print and no id of an exchange in the table of analysts', async () => {
    const of = await another();
    const records = harvestedRecords(account(6), 20);
    await of.archive.put(records.map(archived));
    await of.compact(LATER);
    const events = records.flatMap((record) => [...record.events.values()]);
    const secrets = events.flatMap(({ id, prints }) => [
      id,
      ...prints.flatMap(({ epoch: _, ...values }) => Object.values(values)),
    ]);
    const text = JSON.stringify(await of.rows('events'), (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    expect(secrets.filter((secret = '') => text.includes(secret))).toEqual([]);
  });
});

describe('forget in the archive in Parquet', () => {
  it('takes out one account, leaves the rows of others, and keeps the parts countable', async () => {
    const of = await another();
    // two accounts of one group of buckets
    const [gone, stays] = neighbours();
    const records = [...harvestedRecords(gone, 10), ...harvestedRecords(stays, 10, 100)];
    await of.archive.put(records.map(archived));
    const { made } = await of.compact(LATER);
    const others = (await toldByRows(of)).filter((row) => row.account === stays);
    const place = huntPlace(of.s3, of.bucket, gone, { everywhere: false });
    const erased = await eraseFrom(place, false, Date.now());
    expect(erased).toMatchObject({ place: 'hunts', found: 20, removed: 20, left: [] });
    expect(await toldByRows(of)).toEqual(others);
    for (const table of HUNT_TABLES) {
      const keys = await of.keys(huntPrefix(table));
      const footers = await Promise.all(keys.map(async (key) => readFooter(await of.bytes(key))));
      const sum = (what: 'rows' | 'erased') => footers.reduce((all, footer) => all + footer[what], 0);
      expect([table, sum('rows'), sum('rows') + sum('erased')]).toEqual([table, 10, totals(made)[table]]);
      for (const key of keys) expect((await of.text(key)).includes(gone)).toBe(false);
    }
  });

  it('leaves a damaged part, and says what to do', async () => {
    const of = await another();
    await of.archive.put(harvestedRecords(account(7), 4).map(archived));
    await of.compact(LATER);
    const [key = ''] = await of.keys(huntPrefix('events'));
    await of.s3.send(new PutObjectCommand({ Bucket: of.bucket, Key: key, Body: 'PAR1 no more PAR1' }));
    const place = huntPlace(of.s3, of.bucket, account(7), { everywhere: true });
    const { left } = await eraseFrom(place, false, Date.now());
    expect(left).toEqual([
      { at: key, count: 0, why: expect.stringMatching(/^damaged, .*delete it by hand/) },
    ]);
  });
});

describe('the plan of parts', () => {
  const object = fc.record({
    first: fc.integer({ min: 0, max: 40 }),
    length: fc.integer({ min: 0, max: 9 }),
    bytes: fc.integer({ min: 1, max: 50 }),
  });

  it('gives every sequence number to one part, which reads every object that may hold it', () => {
    fc.assert(
      fc.property(
        fc.array(object, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 200 }),
        (objects, bytes) => {
          const pad = (n: number) => String(n).padStart(4, '0');
          const listing = objects.map(({ first, length, bytes: size }, i) => ({
            key: `k${i}`,
            etag: `e${i}`,
            bytes: size,
            first: pad(first),
            last: pad(first + length),
          }));
          const parts = planParts(listing, bytes);
          for (let n = 0; n <= 50; n++) {
            const at = pad(n);
            const owners = parts.filter(({ from, to }) => at >= from && (to === undefined || at < to));
            expect(owners).toHaveLength(1);
            const holders = listing.filter(({ first, last }) => first <= at && at <= last);
            expect(holders.every(({ key }) => owners[0]?.keys.includes(key))).toBe(true);
          }
        },
      ),
    );
  });
});

/** Two accounts of the same group of buckets. */
function neighbours(): readonly [string, string] {
  const gone = account(11);
  const group = groupOf(partitionKey(bucketOf(gone)));
  for (let n = 12; ; n++)
    if (groupOf(partitionKey(bucketOf(account(n)))) === group) return [gone, account(n)];
}

/** Five records a batch: an object of the archive is the smallest thing that a part is made of. */
async function inBatches(of: EmulatedArchive, records: readonly FixtureRecord[]): Promise<void> {
  for (let i = 0; i < records.length; i += 5) await of.archive.put(records.slice(i, i + 5).map(archived));
}

function deleted(of: EmulatedArchive, Key: string): DeleteObjectCommand {
  return new DeleteObjectCommand({ Bucket: of.bucket, Key });
}

/** A record an event, of one account, within a day. */
function harvestedRecords(who: string, events: number, from = 0): FixtureRecord[] {
  return harvest({ account: who, events, everyMs: 10_000 }).map((event, i) => ({
    sequence: 5000 + from + i,
    arrived: Date.parse(event.time) + 500,
    events: new Map([[0, event]]),
  }));
}
