import { PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { expect, it } from 'vitest';
import { DynamoOutbox, PROFILE_OUTBOX } from '../../lib/aws/outbox-items.ts';
import { account, START } from '../events.ts';
import { Clients } from './functions.ts';
import { World } from './world.ts';

it('a notice that comes while others are delivered stays in the outbox', async () => {
  const world = new World(START, () => 0);
  const { dynamodb } = new Clients(world, { dead: false, sure: true });
  const Key = { account: { S: account(1) }, item: { S: 'hot' } };
  const texts = (...of: string[]) => ({ L: of.map((S) => ({ S })) });
  const waits = { noticeShard: { S: 'n1' }, noticeSince: { S: '2026-03-02' } };
  const outbox = new DynamoOutbox(dynamodb, 'profiles', PROFILE_OUTBOX);
  const left = async () => (await world.until(outbox.read(account(1))))?.texts;
  const Item = { ...Key, ...waits, notices: texts('1', '2') };
  await world.until(dynamodb.send(new PutItemCommand({ TableName: 'profiles', Item })));
  const read = await world.until(outbox.read(account(1)));
  await world.until(
    dynamodb.send(
      new UpdateItemCommand({
        TableName: 'profiles',
        Key,
        UpdateExpression: 'SET notices = list_append(notices, :more)',
        ExpressionAttributeValues: { ':more': texts('3') },
      }),
    ),
  );
  if (read !== undefined) await world.until(outbox.remove(read, new Set(['1', '2'])));
  expect(await left()).toEqual(['3']);
});
