import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { readArchivedEvents } from '../../lib/aws/archived-events.ts';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import { QuarantineBucket } from '../../lib/aws/quarantine.ts';
import { putBack } from '../../lib/cli/redrive/put-back.ts';
import { fold, newProfile } from '../../lib/profile/profile.ts';
import { seeded } from '../../lib/statistics/random.ts';
import type { ProducerPort } from '../../lib/telemetry/producer.ts';
import { bucketOf, partitionKey } from '../../lib/telemetry/record.ts';
import { encodeRecord } from '../../lib/telemetry/record-codec.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { quarantinedWithout } from '../../lib/telemetry/without-account.ts';
import { account, DAY, HOUR, harvest, MINUTE, START } from '../events.ts';
import { Clients, start } from './functions.ts';
import { Rebuild } from './rebuilding.ts';
import { inVirtualTime } from './virtual-time.ts';
import { World } from './world.ts';

/** The first is throttled; all of one bucket, so that they are in one record, and the first has the least share of it. */
const BUCKET = bucketOf(account(1));
const NAMES = Array.from({ length: 40_000 }, (_, i) => account(i + 1))
  .filter((name) => bucketOf(name) === BUCKET)
  .slice(0, 3);
const FAILED = 'quarantine/aws/lambda/given-up';
const sure = { dead: false, sure: true };

/** A stream of one shard that ends in `score`. */
class Stream implements ProducerPort {
  readonly world = new World(START + 30 * HOUR, seeded(1));
  readonly score = start('score', this.world, sure);
  #sequence = 100;

  record(partition: string, data: Uint8Array) {
    const sequenceNumber = String(++this.#sequence);
    return {
      eventID: `shardId-000000000000:${sequenceNumber}`,
      eventSourceARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/usage',
      kinesis: {
        ...{ partitionKey: partition, sequenceNumber, data: Buffer.from(data).toString('base64') },
        approximateArrivalTimestamp: this.world.now / 1000,
      },
    };
  }

  send(events: readonly UsageEvent[]): Promise<unknown> {
    const data = encodeRecord({ bucket: BUCKET }, events);
    return this.world.until(this.score({ Records: [this.record(partitionKey(BUCKET), data)] }));
  }

  async putRecords(entries: Parameters<ProducerPort['putRecords']>[0]) {
    for (const { partitionKey: partition, data } of entries)
      await this.score({ Records: [this.record(partition, data)] });
    return entries.map(() => ({ accepted: true as const }));
  }

  after(milliseconds: number, run: () => void): () => void {
    const timer = setTimeout(run, Math.min(milliseconds, 1));
    return () => clearTimeout(timer);
  }

  random = () => 0.5;

  /** From now on no write of these accounts gets through. */
  throttle(...accounts: readonly string[]): void {
    this.world.interference = (call) => {
      const { command } = call;
      const key = command instanceof UpdateItemCommand ? command.input.Key?.account?.S : undefined;
      if (key === undefined || !accounts.includes(key)) return false;
      this.world.answer(call, () => {
        throw Object.assign(new Error('slow down'), { name: 'ThrottlingException' });
      });
      return true;
    };
  }

  /** Lambda gives up, and its on-failure destination keeps the payload (services-kinesis-errors). */
  giveUp(records: readonly object[]): void {
    const failed = {
      requestContext: { condition: 'RetryAttemptsExhausted' },
      payload: JSON.stringify({ Records: records }),
    };
    this.world.objects.held.set(FAILED, Buffer.from(JSON.stringify(failed)));
  }

  async counted(): Promise<(number | undefined)[]> {
    const { dynamodb } = new Clients(this.world, sure);
    const table = new ProfileTable(dynamodb, 'profiles', { retentionDays: 35 });
    const states = await this.world.until(table.load(NAMES));
    return NAMES.map((name) => states.get(name)?.profile.totals.events);
  }
}

const fromBatches = ['events/', 'aws/lambda/'];
const [A = '', B = '', C = ''] = NAMES;

/** One account is throttled until Lambda gives up on the batch, and three hours of arrivals follow: no id of it is remembered any more. */
async function giveUp(stream: Stream, sick: string): Promise<void> {
  const { world } = stream;
  const of = NAMES.map((name, i) => harvest({ account: name, events: 40, everyMs: 6 * MINUTE, seed: i }));
  // in turns, so that what is applied and what is not lie in one record
  const first = Array.from({ length: 10 }, (_, i) => of.map((events) => events[i])).flat();
  stream.throttle(sick);
  const records = [first.slice(0, 9), first.slice(9, 20), first.slice(20)].map((events) =>
    stream.record(partitionKey(BUCKET), encodeRecord({ bucket: BUCKET }, events as UsageEvent[])),
  );
  for (let attempt = 0; attempt < 3; attempt++)
    expect(await world.until(stream.score({ Records: records }))).toEqual({
      batchItemFailures: [{ itemIdentifier: records[0]?.kinesis.sequenceNumber }],
    });
  stream.giveUp(records);
  stream.throttle();
  for (let i = 10; i < 40; i += 5) {
    world.now += HOUR / 2;
    await stream.send(of.flatMap((events) => events.slice(i, i + 5)));
  }
}

const redrive = ({ world }: Stream, stream: Stream, again = false) => {
  const quarantine = new QuarantineBucket(new Clients(world, sure).s3, 'quarantine');
  return world.until(putBack(quarantine.objects(fromBatches, again), stream));
};

describe('a batch that Lambda gave up on, of which some accounts were applied', () => {
  it.each([
    ['first', A, [30, 40, 40]],
    ['last', C, [40, 40, 30]],
  ] as const)(
    'is put back hours later and counts once: who waits stands %s in its records',
    async (_, sick, before) => {
      const stream = new Stream();
      const { world } = stream;
      await inVirtualTime(world, async () => {
        await giveUp(stream, sick);
        expect(await stream.counted()).toEqual(before);
        expect(await redrive(stream, stream)).toMatchObject({ usable: 10, putBack: 10, applied: 20 });
        expect(await stream.counted()).toEqual([40, 40, 40]);
        await redrive(stream, stream, true);
        expect(await stream.counted()).toEqual([40, 40, 40]);
        // what was left out stands in the archive where it stood, what was put back where it was put back
        const rebuild = new Rebuild(world);
        expect(await world.until(rebuild.run())).toMatchObject({ used: 120 });
        expect(await world.until(rebuild.compare())).toMatchObject({ accounts: 3, same: 3 });
      });
    },
  );

  it('counts once though the tables are rebuilt from the archive before it is put back', async () => {
    const stream = new Stream();
    const { world } = stream;
    await inVirtualTime(world, async () => {
      await giveUp(stream, C);
      const rebuild = new Rebuild(world);
      expect(await world.until(rebuild.run())).toMatchObject({ used: 120 });
      await world.until(rebuild.compare(true));
      expect(await stream.counted()).toEqual([40, 40, 40]);
      await redrive(stream, stream);
      expect(await stream.counted()).toEqual([40, 40, 40]);
    });
  });

  it('is put back rightly after a customer of the same records was forgotten', async () => {
    const stream = new Stream();
    await inVirtualTime(stream.world, async () => {
      await giveUp(stream, B);
      const { left } = quarantinedWithout(stream.world.objects.held.get(FAILED)?.toString() ?? '', A);
      stream.world.objects.held.set(FAILED, Buffer.from(left));
      expect(await redrive(stream, stream)).toMatchObject({ putBack: 10, applied: 10 });
      expect(await stream.counted()).toEqual([40, 40, 40]);
    });
  });

  it('stays where it is while a note of what is applied of it is damaged, and holds up nothing else', async () => {
    const stream = new Stream();
    const { objects } = stream.world;
    await inVirtualTime(stream.world, async () => {
      await giveUp(stream, B);
      const [note = ''] = objects.names('quarantine', 'applied/');
      const whole = objects.text('quarantine', note);
      objects.held.set(`quarantine/${note}`, Buffer.from(whole.slice(0, 40)));
      expect(await redrive(stream, stream)).toMatchObject({ unclear: 1, putBack: 0 });
      objects.held.set(`quarantine/${note}`, Buffer.from(whole));
      expect(await redrive(stream, stream)).toMatchObject({ unclear: 0, putBack: 10 });
      expect(await stream.counted()).toEqual([40, 40, 40]);
    });
  });

  it('loses nothing to an invocation of it that goes on after later batches', async () => {
    const stream = new Stream();
    const { world } = stream;
    await inVirtualTime(world, async () => {
      const of = NAMES.map((name, i) => harvest({ account: name, events: 40, everyMs: 6 * MINUTE, seed: i }));
      const first = Array.from({ length: 10 }, (_, i) => [of[1]?.[i], of[0]?.[i], of[2]?.[i]]).flat();
      const records = [
        stream.record(partitionKey(BUCKET), encodeRecord({ bucket: BUCKET }, first as UsageEvent[])),
      ];
      stream.throttle(A, B);
      await world.until(stream.score({ Records: records }));
      stream.giveUp(records);
      stream.throttle(B);
      await stream.send(of[0]?.slice(10, 15) ?? []);
      // the late one finds the guard of the first account beyond its own events, which were never applied
      await world.until(start('score', world, sure)({ Records: records }));
      stream.throttle();
      for (let i = 15; i < 40; i += 5) {
        world.now += HOUR / 2;
        await stream.send(of.flatMap((events, n) => events.slice(n === 0 || i > 15 ? i : 10, i + 5)));
      }
      await redrive(stream, stream);
      expect(await stream.counted()).toEqual([40, 40, 40]);
    });
  });

  it('counts once what a producer had put twice, first in a record that was applied', async () => {
    const stream = new Stream();
    const { world } = stream;
    await inVirtualTime(world, async () => {
      const of = harvest({ account: A, events: 40, everyMs: 6 * MINUTE, seed: 1 });
      await stream.send(of.slice(0, 10));
      world.now += 5000;
      const data = encodeRecord({ bucket: BUCKET }, of.slice(0, 10));
      const repeat = [stream.record(partitionKey(BUCKET), data)];
      stream.throttle(A);
      await world.until(stream.score({ Records: repeat }));
      stream.giveUp(repeat);
      stream.throttle();
      for (let i = 10; i < 40; i += 5) {
        world.now += HOUR / 2;
        await stream.send(of.slice(i, i + 5));
      }
      expect(await redrive(stream, stream)).toMatchObject({ putBack: 0, applied: 10 });
      expect((await stream.counted())[0]).toBe(40);
    });
  });
});

describe('what a redrive put back', () => {
  it('is read from the archive once, as it was counted, however often it was put back', async () => {
    const stream = new Stream();
    const { world } = stream;
    await inVirtualTime(world, async () => {
      const of = harvest({ account: A, events: 40, everyMs: 6 * MINUTE, seed: 1 });
      await stream.send(of.slice(0, 10));
      const key = { account: { S: A }, item: { S: 'hot' } };
      const saved = world.tables
        .items('profiles')
        .find((item) => item.account?.S === A && item.item?.S === 'hot');
      world.tables.damage('profiles', key, (item) => ({ ...item, slices: { B: new Uint8Array([99]) } }));
      world.now += 10 * MINUTE;
      await stream.send(of.slice(10, 20)); // set aside
      world.tables.damage('profiles', key, () => saved ?? {});
      for (let i = 20; i < 40; i += 5) {
        world.now += HOUR / 2;
        await stream.send(of.slice(i, i + 5));
      }
      await redrive(stream, stream);
      world.now += 2 * HOUR;
      await redrive(stream, stream, true);
      expect((await stream.counted())[0]).toBe(40);
      const { s3 } = new Clients(world, sure);
      const days = [world.now - 3 * DAY, world.now] as const;
      const { events } = await world.until(readArchivedEvents(s3, 'archive', new Set([A]), ...days));
      expect(events).toHaveLength(40);
      expect(events.filter(({ redriven }) => redriven)).toHaveLength(10);
      const rules = { allowedLateness: 48 * HOUR, permittedSkew: 300_000 };
      expect(fold(newProfile(A), events, rules).profile.totals).toMatchObject({ events: 40, repeated: 0 });
    });
  });
});
