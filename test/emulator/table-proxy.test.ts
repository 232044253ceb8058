import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  CreateTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tableStreamArn } from '../../lib/emulator/names.ts';
import { type Emulators, LOCAL_CREDENTIALS, startEmulators } from '../../lib/emulator/services/emulators.ts';
import type { TableStreamRecord } from '../../lib/emulator/streams/source-record.ts';
import type { TableMeter } from '../../lib/emulator/tables/table-meter.ts';
import { TableProxy } from '../../lib/emulator/tables/table-proxy.ts';
import { tableStreamSource } from '../../lib/emulator/tables/table-stream-source.ts';

let emulators: Emulators;
let client: DynamoDBClient;

/** Threads start slowly on a machine that is busy with other tests. */
const STARTS_WITHIN_MS = 60_000;

beforeAll(async () => {
  emulators = await startEmulators();
  client = new DynamoDBClient({
    region: 'us-east-1',
    credentials: LOCAL_CREDENTIALS,
    endpoint: emulators.endpoints.dynamodb,
  });
  for (const TableName of ['streamed', 'plain']) {
    await client.send(
      new CreateTableCommand({
        TableName,
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
        ...(TableName === 'streamed' && {
          StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
        }),
      }),
    );
  }
}, STARTS_WITHIN_MS);
afterAll(async () => {
  client.destroy();
  await emulators.close();
});

const images = async (id: string): Promise<TableStreamRecord[]> => {
  const source = tableStreamSource(emulators.endpoints.dynamodb, tableStreamArn('streamed'));
  const [shard] = await source.shards();
  const reader = await source.open(shard?.id ?? '', { kind: 'TRIM_HORIZON' });
  const { arrivals } = await reader.read(1000, true);
  return arrivals
    .map(({ record }) => JSON.parse(record.json) as TableStreamRecord)
    .filter((record) => JSON.stringify(record.dynamodb.Keys) === JSON.stringify({ id: { S: id } }));
};

const meter = async (table: string): Promise<TableMeter> => {
  const response = await fetch(`${emulators.endpoints.dynamodb}/_meter`);
  return ((await response.json()) as Record<string, TableMeter>)[table] as TableMeter;
};

const add = (id: string, values: { returning?: 'ALL_OLD' | 'ALL_NEW' | 'UPDATED_NEW' } = {}) =>
  client.send(
    new UpdateItemCommand({
      TableName: 'streamed',
      Key: { id: { S: id } },
      UpdateExpression: 'ADD hits :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
      ...(values.returning && { ReturnValues: values.returning }),
    }),
  );

describe('the table proxy', () => {
  it('keeps old and new image of concurrent updates in one unbroken chain', async () => {
    await Promise.all(Array.from({ length: 50 }, () => add('chain')));
    const chain = await images('chain');
    expect(chain).toHaveLength(50);
    expect(chain[0]).toMatchObject({
      eventName: 'INSERT',
      eventSource: 'aws:dynamodb',
      dynamodb: { Keys: { id: { S: 'chain' } }, NewImage: { hits: { N: '1' } } },
      eventSourceARN: tableStreamArn('streamed'),
    });
    expect(chain[0]?.dynamodb.OldImage).toBeUndefined();
    for (let i = 1; i < chain.length; i++) {
      expect(chain[i]?.eventName).toBe('MODIFY');
      expect(chain[i]?.dynamodb.OldImage).toEqual(chain[i - 1]?.dynamodb.NewImage);
    }
  });

  it('answers what the caller asked for, not what it needed itself', async () => {
    expect((await add('answers')).Attributes).toBeUndefined();
    expect((await add('answers', { returning: 'ALL_OLD' })).Attributes).toEqual({
      id: { S: 'answers' },
      hits: { N: '1' },
    });
    expect((await add('answers', { returning: 'ALL_NEW' })).Attributes?.hits).toEqual({ N: '3' });
    expect((await add('answers', { returning: 'UPDATED_NEW' })).Attributes).toEqual({ hits: { N: '4' } });
    expect((await images('answers')).map((one) => one.dynamodb.NewImage?.hits)).toEqual(
      ['1', '2', '3', '4'].map((N) => ({ N })),
    );
  });

  it('records removals, and nothing for a write that changes nothing', async () => {
    const Item = { id: { S: 'same' }, tags: { SS: ['a', 'b'] } };
    await client.send(new PutItemCommand({ TableName: 'streamed', Item }));
    await client.send(new PutItemCommand({ TableName: 'streamed', Item }));
    await client.send(
      new BatchWriteItemCommand({
        RequestItems: {
          streamed: [
            { DeleteRequest: { Key: { id: { S: 'same' } } } },
            { PutRequest: { Item: { id: { S: 'put' } } } },
          ],
        },
      }),
    );
    expect((await images('same')).map((one) => one.eventName)).toEqual(['INSERT', 'REMOVE']);
    expect((await images('put')).map((one) => one.eventName)).toEqual(['INSERT']);
  });

  it('gives the item that was there when a condition fails, and leaves no image', async () => {
    await add('guarded');
    const refused = client.send(
      new PutItemCommand({
        TableName: 'streamed',
        Item: { id: { S: 'guarded' } },
        ConditionExpression: 'attribute_not_exists(id)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    await expect(refused).rejects.toSatisfy(
      (error) => error instanceof ConditionalCheckFailedException && error.Item?.hits?.N === '1',
    );
    expect(await images('guarded')).toHaveLength(1);
    expect((await meter('streamed')).conditionFailures).toBe(1);
  });

  it("gives the emulator's own words for a bad key", async () => {
    const bad = client.send(
      new UpdateItemCommand({
        TableName: 'streamed',
        Key: { other: { S: 'x' } },
        UpdateExpression: 'SET a = id',
      }),
    );
    await expect(bad).rejects.toThrow('The provided key element does not match the schema');
  });

  it('shows the stream in the table, and keeps the time to live', async () => {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: 'streamed' }));
    expect(Table?.LatestStreamArn).toBe(tableStreamArn('streamed'));
    await client.send(
      new UpdateTimeToLiveCommand({
        TableName: 'plain',
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      }),
    );
    const { TimeToLiveDescription } = await client.send(
      new DescribeTimeToLiveCommand({ TableName: 'plain' }),
    );
    expect(TimeToLiveDescription).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: 'expiresAt' });
  });

  it('meters what AWS would bill, without showing it to who did not ask', async () => {
    const Item = { id: { S: 'big' }, text: { S: 'x'.repeat(5000) } };
    await client.send(new PutItemCommand({ TableName: 'plain', Item }));
    const got = await client.send(new GetItemCommand({ TableName: 'plain', Key: { id: { S: 'big' } } }));
    expect(got.ConsumedCapacity).toBeUndefined();
    await client.send(
      new GetItemCommand({ TableName: 'plain', Key: { id: { S: 'big' } }, ConsistentRead: true }),
    );
    expect(await meter('plain')).toMatchObject({ writes: 1, writeUnits: 5, reads: 2, readUnits: 1 + 2 });
  });
});

describe('when the emulator behind drops a connection', () => {
  it('no write goes by without its image: the caller gets an error and the write is not made', async () => {
    const asked: string[] = [];
    const upstream = createServer((incoming, outgoing) => {
      const operation = String(incoming.headers['x-amz-target']).split('.')[1] ?? '';
      asked.push(operation);
      if (operation === 'GetItem') incoming.socket.destroy();
      else outgoing.end('{"TableDescription":{"TableName":"held"}}');
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const proxy = await TableProxy.start((upstream.address() as AddressInfo).port);
    try {
      const call = (operation: string, body: object) =>
        fetch(`http://127.0.0.1:${proxy.port}`, {
          method: 'POST',
          headers: { 'x-amz-target': `DynamoDB_20120810.${operation}` },
          body: JSON.stringify(body),
        });
      await call('CreateTable', {
        TableName: 'held',
        KeySchema: [{ AttributeName: 'id' }],
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' },
      });
      const answer = await call('PutItem', { TableName: 'held', Item: { id: { S: 'a' } } });
      expect(answer.status).toBe(500);
      expect(asked).toEqual(['CreateTable', 'GetItem']);
    } finally {
      await proxy.close();
      upstream.close();
    }
  });
});
