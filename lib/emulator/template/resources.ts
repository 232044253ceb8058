import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import {
  CreateStreamCommand,
  DescribeStreamSummaryCommand,
  IncreaseStreamRetentionPeriodCommand,
} from '@aws-sdk/client-kinesis';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateTopicCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { queueArn, topicArn } from '../names.ts';
import type { Clients } from '../services/clients.ts';
import type { LocalTemplate } from './template.ts';

/** Shards of a new on-demand stream, as in AWS (https://docs.aws.amazon.com/streams/latest/dev/how-do-i-size-a-stream.html). */
export const ON_DEMAND_SHARDS = 4;

/** Queue that gets everything that is published to a topic, so that somebody reads the mail. */
export const inboxQueue = (topic: string): string => `inbox-${topic}`.slice(0, 80);

/** A stream is made with a day's retention, and changed when it is active. */
async function keepFor(
  { kinesis }: Clients,
  StreamName: string,
  RetentionPeriodHours: number,
): Promise<void> {
  for (;;) {
    const { StreamDescriptionSummary } = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName }));
    if (StreamDescriptionSummary?.StreamStatus === 'ACTIVE') break;
    await sleep(5);
  }
  await kinesis.send(new IncreaseStreamRetentionPeriodCommand({ StreamName, RetentionPeriodHours }));
}

/** Makes what a template declares in the emulators, and an inbox for each topic. */
export async function createResources(
  template: LocalTemplate,
  clients: Clients,
  onDemandShards: number = ON_DEMAND_SHARDS,
): Promise<void> {
  await Promise.all([
    ...template.streams.map(async ({ name, shards, retentionHours }) => {
      await clients.kinesis.send(
        new CreateStreamCommand({ StreamName: name, ShardCount: shards ?? onDemandShards }),
      );
      if (retentionHours > 24) await keepFor(clients, name, retentionHours);
    }),
    ...template.tables.map(async ({ name, request, timeToLive }) => {
      await clients.dynamodb.send(new CreateTableCommand(request as unknown as CreateTableCommandInput));
      if (timeToLive === undefined) return;
      await clients.dynamodb.send(
        new UpdateTimeToLiveCommand({
          TableName: name,
          TimeToLiveSpecification: { AttributeName: timeToLive, Enabled: true },
        }),
      );
    }),
    ...template.buckets.map((Bucket) => clients.s3.send(new CreateBucketCommand({ Bucket }))),
    ...template.topics.map((Name) => clients.sns.send(new CreateTopicCommand({ Name }))),
    ...template.queues.map(({ name, attributes }) =>
      clients.sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes })),
    ),
    ...template.topics.map((topic) =>
      clients.sqs.send(new CreateQueueCommand({ QueueName: inboxQueue(topic) })),
    ),
  ]);
  await Promise.all([
    ...template.topics.map((topic) =>
      clients.sns.send(
        new SubscribeCommand({
          TopicArn: topicArn(topic),
          Protocol: 'sqs',
          Endpoint: queueArn(inboxQueue(topic)),
        }),
      ),
    ),
    ...template.subscriptions.map((subscription) =>
      clients.sns.send(
        new SubscribeCommand({
          TopicArn: subscription.topicArn,
          Protocol: subscription.protocol,
          Endpoint: subscription.endpoint,
          Attributes: subscription.attributes,
        }),
      ),
    ),
  ]);
}
