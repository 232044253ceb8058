import { randomUUID } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { PublishCommand } from '@aws-sdk/client-sns';
import { GetQueueUrlCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { nameOfArn } from '../names.ts';
import type { Clients } from '../services/clients.ts';
import type { MappingSpec } from '../template/resource-shapes.ts';
import { failureObjectKey, type GivenUp, invocationRecord } from './invocation-record.ts';

/**
 * Brings what a mapping gave up to its on-failure destination, if it has one: S3 gets the whole event, SQS and SNS the
 * metadata.
 */
export async function deliverFailure(given: GivenUp, spec: MappingSpec, clients: Clients): Promise<void> {
  const { destination } = spec;
  if (!destination) return;
  const [, , service] = destination.split(':');
  switch (service) {
    case 's3':
      await clients.s3.send(
        new PutObjectCommand({
          Bucket: nameOfArn(destination),
          Key: failureObjectKey(spec.logicalId, given.shardId, given.at, randomUUID()),
          Body: invocationRecord(given, true),
          ContentType: 'application/json',
        }),
      );
      return;
    case 'sqs': {
      const { QueueUrl } = await clients.sqs.send(
        new GetQueueUrlCommand({ QueueName: nameOfArn(destination) }),
      );
      await clients.sqs.send(
        new SendMessageCommand({ QueueUrl, MessageBody: invocationRecord(given, false) }),
      );
      return;
    }
    case 'sns':
      await clients.sns.send(
        new PublishCommand({ TopicArn: destination, Message: invocationRecord(given, false) }),
      );
      return;
    default:
      throw new Error(`${spec.logicalId}: no on-failure destination at ${destination}`);
  }
}
