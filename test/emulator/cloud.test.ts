import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MergeShardsCommand, PutRecordsCommand, SplitShardCommand } from '@aws-sdk/client-kinesis';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cloud, startCloud } from '../../lib/emulator/cloud.ts';
import { resolveTemplate } from '../../lib/emulator/template/template.ts';

/** Counts records per key in a table; each key's change wakes the second function, which sends a mail. */
const COUNT = `
import { createRequire } from 'node:module';
const require = createRequire(process.env.CHECKOUT + '/package.json');
const { DynamoDBClient, UpdateItemCommand } = require('@aws-sdk/client-dynamodb');
const client = new DynamoDBClient({});
export async function handler(event, context) {
  for (const { kinesis } of event.Records) {
    const text = Buffer.from(kinesis.data, 'base64').toString();
    if (text === 'poison') return { batchItemFailures: [{ itemIdentifier: kinesis.sequenceNumber }] };
    if (text === 'die') process.exit(1);
    await client.send(new UpdateItemCommand({
      TableName: process.env.TABLE, Key: { id: { S: kinesis.partitionKey } },
      UpdateExpression: 'SET seen = list_append(if_not_exists(seen, :none), :one)',
      ExpressionAttributeValues: { ':none': { L: [] }, ':one': { L: [{ S: text }] } },
    }));
  }
  console.log(JSON.stringify({ _aws: { Timestamp: 1, CloudWatchMetrics: [{ Namespace: 'Test', Dimensions: [['service']], Metrics: [{ Name: 'records', Unit: 'Count' }] }] }, service: context.functionName, records: event.Records.length }));
  return { batchItemFailures: [] };
}`;
const MAIL = `
import { createRequire } from 'node:module';
const require = createRequire(process.env.CHECKOUT + '/package.json');
const { SNSClient, PublishCommand } = require('@aws-sdk/client-sns');
const { EventBridgeClient, PutEventsCommand } = require('@aws-sdk/client-eventbridge');
const sns = new SNSClient({});
const bridge = new EventBridgeClient({});
export async function handler(event) {
  if (event.source === 'aws.events') return 'swept';
  if (event.sleep) await new Promise((resolve) => setTimeout(resolve, event.sleep));
  for (const { dynamodb } of event.Records ?? []) {
    const id = dynamodb.Keys.id.S;
    await sns.send(new PublishCommand({ TopicArn: process.env.TOPIC, Subject: 'seen ' + id, MessageStructure: 'json',
      Message: JSON.stringify({ default: id, email: 'Dear reader: ' + id }) }));
    await bridge.send(new PutEventsCommand({ Entries: [{ Source: 'test', DetailType: 'Seen', Detail: JSON.stringify({ id }) }] }));
  }
}`;

const fn = (key: string, timeout = 10) => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    Code: { S3Key: key },
    Handler: 'index.handler',
    Runtime: 'nodejs24.x',
    Timeout: timeout,
    MemorySize: 256,
    Environment: { Variables: { TABLE: { Ref: 'Table' }, TOPIC: { Ref: 'Topic' } } },
  },
});
const TEMPLATE = {
  Resources: {
    Stream: { Type: 'AWS::Kinesis::Stream', Properties: { ShardCount: 2 } },
    Table: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
      },
    },
    Topic: { Type: 'AWS::SNS::Topic', Properties: {} },
    Failed: { Type: 'AWS::S3::Bucket', Properties: {} },
    Count: fn('count'),
    // long enough on a busy machine: an invocation that is cut off is retried, and its mails come twice
    Mail: fn('mail', 30),
    Brief: fn('mail', 1),
    CountMapping: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        FunctionName: { Ref: 'Count' },
        EventSourceArn: { 'Fn::GetAtt': ['Stream', 'Arn'] },
        BatchSize: 20,
        BisectBatchOnFunctionError: true,
        MaximumRetryAttempts: 1,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['Failed', 'Arn'] } } },
        StartingPosition: 'TRIM_HORIZON',
        ParallelizationFactor: 2,
      },
    },
    MailMapping: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        FunctionName: { Ref: 'Mail' },
        EventSourceArn: { 'Fn::GetAtt': ['Table', 'StreamArn'] },
        StartingPosition: 'TRIM_HORIZON',
        MaximumBatchingWindowInSeconds: 60,
        FilterCriteria: { Filters: [{ Pattern: '{"eventName":["INSERT"]}' }] },
      },
    },
    Schedule: {
      Type: 'AWS::Events::Rule',
      Properties: {
        ScheduleExpression: 'rate(5 minutes)',
        Targets: [{ Id: 'T', Arn: { 'Fn::GetAtt': ['Mail', 'Arn'] } }],
      },
    },
  },
};

let folder: string;
let cloud: Cloud;

/** Threads start slowly on a machine that is busy with other tests. */
const STARTS_WITHIN_MS = 60_000;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'siphonwatch-cloud-'));
  for (const [name, source] of [
    ['count', COUNT],
    ['mail', MAIL],
  ] as const) {
    const { mkdirSync } = await import('node:fs');
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'index.mjs'), source);
  }
  cloud = await startCloud({
    stack: (queueEndpoint) =>
      resolveTemplate(TEMPLATE, { stackName: 'T', assetPath: (key) => join(folder, key), queueEndpoint }),
    overrides: { '*': { CHECKOUT: process.cwd() } },
  });
}, STARTS_WITHIN_MS);
afterAll(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true });
});

const put = (records: readonly (readonly [key: string, text: string])[]) =>
  cloud.clients.kinesis.send(
    new PutRecordsCommand({
      StreamName: 'T-Stream',
      Records: records.map(([PartitionKey, text]) => ({ PartitionKey, Data: Buffer.from(text) })),
    }),
  );
const seen = async (id: string): Promise<string[]> => {
  const { GetItemCommand } = await import('@aws-sdk/client-dynamodb');
  const { Item } = await cloud.clients.dynamodb.send(
    new GetItemCommand({ TableName: 'T-Table', Key: { id: { S: id } }, ConsistentRead: true }),
  );
  return Item?.seen?.L?.map(({ S = '' }) => S) ?? [];
};

describe('a stack on this machine', () => {
  it('carries records from stream to function to table to stream to function to mail', async () => {
    await put([...'abcabcab'].map((key, i) => [key, String(i)]));
    await cloud.settled({ hurry: true });
    expect(await seen('a')).toEqual(['0', '3', '6']);
    expect(await seen('b')).toEqual(['1', '4', '7']);
    const mails = await cloud.inbox('Topic');
    expect(mails.map(({ subject, text }) => [subject, text]).sort()).toEqual(
      ['a', 'b', 'c'].map((id) => [`seen ${id}`, `Dear reader: ${id}`]),
    );
    expect(await cloud.inbox('Topic')).toEqual([]);
    expect(cloud.emulators.bus.events.map((event) => JSON.parse(event.Detail).id).sort()).toEqual([
      'a',
      'b',
      'c',
    ]);
    const counted = cloud.metrics.filter((metric) => metric.name === 'records');
    expect(counted.reduce((sum, metric) => sum + metric.value, 0)).toBe(8);
    expect(counted[0]).toMatchObject({
      namespace: 'Test',
      unit: 'Count',
      dimensions: { service: 'T-Count' },
    });
  });

  it('a poison record ends in the bucket with its payload, and its neighbours do not', async () => {
    await put([
      ['p', 'before'],
      ['p', 'poison'],
      ['p', 'after'],
    ]);
    await cloud.settled({ hurry: true });
    expect(await seen('p')).toEqual(['before', 'after']);
    const { Contents = [] } = await cloud.clients.s3.send(new ListObjectsV2Command({ Bucket: 't-failed' }));
    expect(Contents).toHaveLength(1);
    expect(Contents[0]?.Key).toMatch(
      /^aws\/lambda\/CountMapping\/shardId-\d+\/\d{4}\/\d\d\/\d\d\/\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[0-9a-f-]{36}$/,
    );
    const { Body } = await cloud.clients.s3.send(
      new GetObjectCommand({ Bucket: 't-failed', Key: Contents[0]?.Key }),
    );
    const record = JSON.parse((await Body?.transformToString()) ?? '');
    expect(record).toMatchObject({
      requestContext: { condition: 'RetryAttemptsExhausted', functionArn: cloud.function('Count').spec.arn },
      KinesisBatchInfo: { batchSize: 1 },
      version: '1.0',
    });
    const [given] = JSON.parse(record.payload).Records;
    expect(Buffer.from(given.kinesis.data, 'base64').toString()).toBe('poison');
    expect(given).toMatchObject({
      eventID: `${record.KinesisBatchInfo.shardId}:${given.kinesis.sequenceNumber}`,
      eventName: 'aws:kinesis:record',
      eventSourceARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/T-Stream',
    });
  });

  it('a function that kills its own process is replaced, and its record given up', async () => {
    const given = cloud.givenUp.length;
    await put([
      ['d', 'die'],
      ['d', 'after'],
    ]);
    await cloud.settled({ hurry: true });
    expect(await seen('d')).toEqual(['after']);
    expect(cloud.givenUp).toHaveLength(given + 1);
  });

  it('keeps the order of a key over a split and a merge of shards', async () => {
    const texts = (from: number) =>
      Array.from({ length: 30 }, (_, i): [string, string] => [`r${i % 3}`, String(from + i)]);
    const shards = ['shardId-000000000000', 'shardId-000000000001'] as const;
    await put(texts(0));
    await cloud.clients.kinesis.send(
      new SplitShardCommand({
        StreamName: 'T-Stream',
        ShardToSplit: shards[0],
        NewStartingHashKey: '1000000',
      }),
    );
    await put(texts(30));
    await cloud.clients.kinesis.send(
      new MergeShardsCommand({
        StreamName: 'T-Stream',
        ShardToMerge: 'shardId-000000000003',
        AdjacentShardToMerge: shards[1],
      }),
    );
    await put(texts(60));
    await cloud.settled({ hurry: true });
    for (const key of [0, 1, 2]) {
      expect(await seen(`r${key}`)).toEqual(Array.from({ length: 30 }, (_, i) => String(key + 3 * i)));
    }
  });

  it('invokes as the schedule would, and with an event of the caller', async () => {
    expect(await cloud.wake('Mail')).toMatchObject({ ok: true, response: 'swept' });
    expect(await cloud.invoke('Mail', {})).toMatchObject({ ok: true, response: null });
    await expect(cloud.invoke('Nothing', {})).rejects.toThrow('0 matches for function "Nothing"');
    await expect(cloud.wake('Count')).rejects.toThrow('no schedule wakes Count');
  });

  it('ends an invocation at the timeout of the template', async () => {
    const invocation = await cloud.invoke('Brief', { sleep: 5000 });
    expect(invocation).toMatchObject({
      ok: false,
      error: { errorMessage: expect.stringContaining('Task timed out after 1.00 seconds') },
    });
    expect(await cloud.invoke('Brief', {})).toMatchObject({ ok: true });
  });

  it('an invocation fails when its instance is crashed under it', async () => {
    const pending = cloud.invoke('Mail', { sleep: 20_000 });
    setTimeout(() => void cloud.function('Mail').crash(), 300);
    expect(await pending).toMatchObject({ ok: false, error: { errorType: 'Runtime.ExitError' } });
  });

  it('had no problems of its own', () => {
    expect(cloud.problems).toEqual([]);
  });
});
