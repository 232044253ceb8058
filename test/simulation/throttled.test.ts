import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { expect, it } from 'vitest';
import { seeded } from '../../lib/statistics/random.ts';
import { bucketOf, partitionKey } from '../../lib/telemetry/record.ts';
import { encodeRecord } from '../../lib/telemetry/record-codec.ts';
import { account, harvest, START } from '../events.ts';
import { start } from './functions.ts';
import { inVirtualTime } from './virtual-time.ts';
import { World } from './world.ts';

/** A record of the stream with the first events of an account. */
function record(sequence: number, name: string) {
  const bucket = bucketOf(name);
  return {
    eventID: `shardId-000000000000:${sequence}`,
    eventSourceARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/usage',
    kinesis: {
      partitionKey: partitionKey(bucket),
      sequenceNumber: String(sequence),
      data: Buffer.from(encodeRecord({ bucket }, harvest({ account: name, events: 3 }))).toString('base64'),
      approximateArrivalTimestamp: START / 1000,
    },
  };
}

it('a batch of which several accounts are throttled comes again from the first record that waits', async () => {
  const world = new World(START, seeded(1));
  const caller = { dead: false, sure: false };
  world.interference = (call) => {
    const { command } = call;
    const key = command instanceof UpdateItemCommand ? command.input.Key?.account?.S : undefined;
    if (key !== account(2) && key !== account(3)) return false;
    world.answer(call, () => {
      throw Object.assign(new Error('slow down'), { name: 'ThrottlingException' });
    });
    return true;
  };
  await inVirtualTime(world, async () => {
    const score = start('score', world, caller);
    const Records = [1, 3, 2, 4].map((n, i) => record(101 + i, account(n)));
    expect(await world.until(score({ Records }))).toEqual({ batchItemFailures: [{ itemIdentifier: '102' }] });
  });
  const stored = world.tables.items('profiles').filter(({ item }) => item?.S === 'hot');
  expect(stored.map(({ account: name }) => name?.S).sort()).toEqual([account(1), account(4)]);
});
