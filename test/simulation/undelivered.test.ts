import { PublishCommand } from '@aws-sdk/client-sns';
import { expect, it } from 'vitest';
import { seeded } from '../../lib/statistics/random.ts';
import { bucketOf, partitionKey } from '../../lib/telemetry/record.ts';
import { encodeRecord } from '../../lib/telemetry/record-codec.ts';
import { account, DAY, HOUR, harvest, START } from '../events.ts';
import { start } from './functions.ts';
import { findingsIn } from './people.ts';
import { inVirtualTime } from './virtual-time.ts';
import { World } from './world.ts';

const caller = { dead: false, sure: false };
const name = account(1);

/** A record of the stream with a day of an account that harvests. */
function record() {
  const bucket = bucketOf(name);
  return {
    eventID: 'shardId-000000000000:101',
    eventSourceARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/usage',
    kinesis: {
      partitionKey: partitionKey(bucket),
      sequenceNumber: '101',
      data: Buffer.from(encodeRecord({ bucket }, harvest({ account: name, events: 200 }))).toString('base64'),
      approximateArrivalTimestamp: (START + DAY) / 1000,
    },
  };
}

it('a notice that cannot be published is named by its record, and told when the topic is back', async () => {
  const world = new World(START + DAY, seeded(1));
  await inVirtualTime(world, async () => {
    const [score, notify] = [start('score', world, caller), start('notify', world, caller)];
    await world.until(score({ Records: [record()] }));
    const changes = (world.tables.streams.get('profiles') ?? []).filter(
      ({ dynamodb }) => dynamodb.NewImage?.notices !== undefined,
    );
    const first = changes[0]?.dynamodb.SequenceNumber;
    expect(first).toBeDefined();

    world.interference = (call) => {
      if (!(call.command instanceof PublishCommand)) return false;
      world.answer(call, () => {
        throw Object.assign(new Error('away'), { name: 'ServiceUnavailable' });
      });
      return true;
    };
    expect(await world.until(notify({ Records: changes }))).toEqual({
      batchItemFailures: [{ itemIdentifier: first }],
    });
    expect(world.messages.published).toEqual([]);
    expect(findingsIn(world).map(({ toldAt }) => toldAt)).toEqual([undefined]);

    world.interference = undefined;
    world.now += HOUR;
    expect(await world.until(notify({ Records: changes }))).toEqual({ batchItemFailures: [] });
    expect(world.messages.published).toHaveLength(1);
    const told = findingsIn(world).map(({ toldAt }) => Date.parse(toldAt ?? ''));
    expect(told[0]).toBeGreaterThanOrEqual(START + DAY + HOUR);
    expect(told[0]).toBeLessThanOrEqual(world.now);
  });
});
