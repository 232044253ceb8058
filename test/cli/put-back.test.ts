import { describe, expect, it } from 'vitest';
import { applyBatch } from '../../lambdas/score/apply-batch.ts';
import { decodeBatch, type KinesisRecord } from '../../lambdas/score/decode-batch.ts';
import { QuarantineBucket, type SetAside } from '../../lib/aws/quarantine.ts';
import { putBack } from '../../lib/cli/redrive/put-back.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { laneName } from '../../lib/profile/lane.ts';
import { defaultCalibration } from '../../lib/scoring/default-calibration.ts';
import { MemoryProfileStore } from '../../lib/stores/profile-memory.ts';
import { createProducer, type ProducerPort } from '../../lib/telemetry/producer.ts';
import { account, HOUR, harvest, iso, START } from '../events.ts';
import { Clients } from '../simulation/functions.ts';
import { World } from '../simulation/world.ts';

const who = account(1);
const rules = { policy: defaultPolicy, calibration: defaultCalibration, code: 't', shadow: false };

/** A stream that ends in `score`. */
class Stream implements ProducerPort {
  readonly store = new MemoryProfileStore();
  arrival = START + 4 * HOUR;
  #sequence = 0;

  async putRecords(entries: Parameters<ProducerPort['putRecords']>[0]) {
    const records = entries.map(
      ({ partitionKey, data }): KinesisRecord => ({
        eventID: `shardId-000000000000:${++this.#sequence}`,
        eventSourceARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/usage',
        kinesis: {
          partitionKey,
          sequenceNumber: String(this.#sequence),
          data: Buffer.from(data).toString('base64'),
          approximateArrivalTimestamp: this.arrival / 1000,
        },
      }),
    );
    const { arrivals } = decodeBatch(records, {
      permittedSkew: 300_000,
      trustReplayClock: false,
      developmentKeys: false,
    });
    await applyBatch(arrivals, this.store, rules);
    return entries.map(() => ({ accepted: true as const }));
  }

  after(milliseconds: number, run: () => void): () => void {
    const timer = setTimeout(run, Math.min(milliseconds, 1));
    return () => clearTimeout(timer);
  }

  random = () => 0.5;
}

const aside = (payload: string, index: number): SetAside => ({
  reason: { field: 'account', value: who, message: 'profile not written: too large' },
  origin: { epoch: 'usage/b1-256', shard: 'shardId-000000000000', sequence: '7', index },
  arrived: iso(START),
  payload,
  encoding: 'utf8',
});

function bucket() {
  const world = new World(START, () => 0);
  const quarantine = new QuarantineBucket(new Clients(world, { dead: false, sure: true }).s3, 'q');
  return {
    put: (entries: readonly SetAside[]) => world.until(quarantine.put(entries)),
    redrive: (stream: Stream | undefined, again = false) =>
      world.until(putBack(quarantine.objects(['events/', 'aws/lambda/'], again), stream)),
    world,
  };
}

const lines = harvest({ account: who, events: 40, everyMs: 60_000 }).map((event) => JSON.stringify(event));

describe('redrive', () => {
  it('counts what it puts back once, after hours and after days, marked or not', async () => {
    const { put, redrive } = bucket();
    await put(lines.map(aside));
    // the same events again, as a batch that was retried in halves leaves them
    await put(lines.slice(0, 20).map(aside));
    const stream = new Stream();
    expect(await redrive(stream)).toMatchObject({ objects: 2, usable: 60, putBack: 60, refused: 0 });
    expect(stream.store.one(who).profile.totals.events).toBe(40);
    expect(await redrive(stream)).toMatchObject({ objects: 0, putBack: 0 });
    for (const later of [3 * HOUR, 30 * HOUR]) {
      stream.arrival += later;
      expect((await redrive(stream, true)).putBack).toBe(60);
      expect(stream.store.one(who).profile.totals.events).toBe(40);
    }
  });

  it('says without a stream what it would put back, what is late, and what stays', async () => {
    const { put, redrive } = bucket();
    const now = harvest({ account: who, events: 2, from: Date.now() - HOUR });
    await put([...lines.slice(0, 3), ...now.map((event) => JSON.stringify(event)), '{"v":1}'].map(aside));
    expect(await redrive(undefined)).toEqual({
      objects: 1,
      usable: 5,
      putBack: 0,
      refused: 1,
      late: 3,
      ofBatches: 0,
      applied: 0,
      unclear: 0,
      ofTables: 0,
    });
    expect((await redrive(new Stream())).putBack).toBe(5);
    // a line that a later version may read: the object is looked at again
    expect((await redrive(undefined)).objects).toBe(1);
  });

  it('takes failed batches too, printed over one line or many', async () => {
    const { redrive, world } = bucket();
    const data = Buffer.from(`${lines.slice(0, 3).join('\n')}\n`).toString('base64');
    const failed = { version: '1.0', payload: JSON.stringify({ Records: [{ kinesis: { data } }] }) };
    world.objects.held.set('q/aws/lambda/1', Buffer.from(JSON.stringify(failed)));
    world.objects.held.set('q/aws/lambda/2', Buffer.from(JSON.stringify(failed, null, 2)));
    expect(await redrive(undefined)).toMatchObject({ objects: 2, usable: 6, refused: 0 });
  });

  it('counts batches of a table apart, which need no redrive, and does not come to them again', async () => {
    const { redrive, world } = bucket();
    const Records = [{ eventSource: 'aws:dynamodb', dynamodb: { Keys: { account: { S: who } } } }];
    const failed = { requestContext: {}, payload: JSON.stringify({ Records }) };
    world.objects.held.set('q/aws/lambda/1', Buffer.from(JSON.stringify(failed)));
    expect(await redrive(new Stream())).toMatchObject({ ofTables: 1, usable: 0, refused: 0 });
    expect(await redrive(new Stream())).toMatchObject({ objects: 0, ofTables: 0 });
  });
});

it('puts what was applied of a divided account back into its lanes, where it is known', async () => {
  const stream = new Stream();
  const sent: { partitionKey: string; data: string }[] = [];
  const put = stream.putRecords.bind(stream);
  stream.putRecords = (entries) => {
    for (const { partitionKey, data } of entries)
      sent.push({ partitionKey, data: Buffer.from(data).toString('base64') });
    return put(entries);
  };
  const producer = createProducer(stream, { split: { accounts: [who], into: 4 } });
  for (const event of harvest({ account: who, events: 60, everyMs: 60_000 })) await producer.put(event);
  await producer.close();
  expect(new Set(sent.map(({ partitionKey }) => partitionKey)).size).toBe(4);
  // all of it was applied, and its invocation died before it could say so
  const text = JSON.stringify({
    payload: JSON.stringify({ Records: sent.map((kinesis) => ({ kinesis })) }),
  });
  stream.arrival += 5 * 60_000;
  const object = { name: 'batch', text, isApplied: () => false, mark: () => Promise.resolve() };
  async function* objects() {
    yield object;
  }
  expect((await putBack(objects(), stream)).putBack).toBe(60);
  const counted = [0, 1, 2, 3].map((lane) => stream.store.one(laneName(who, lane)).profile.totals);
  expect(counted.reduce((sum, { events }) => sum + events, 0)).toBe(60);
  expect(counted.reduce((sum, { repeated }) => sum + repeated, 0)).toBe(60);
});
