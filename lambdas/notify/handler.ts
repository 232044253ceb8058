import { randomUUID } from 'node:crypto';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SecurityHubClient } from '@aws-sdk/client-securityhub';
import { SNSClient } from '@aws-sdk/client-sns';
import { policySourceOf } from '../../lib/aws/policy-source.ts';
import { readEnvironment } from '../../lib/contract/environment.ts';
import { NotifyFunction } from './notify.ts';

/** The function's environment: its clients and its own warm state. One bundle for the streams and the schedule. */

const environment = readEnvironment('notify', process.env);
const logger = new Logger();
const notify = new NotifyFunction({
  environment,
  dynamodb: new DynamoDBClient({}),
  sns: new SNSClient({}),
  eventBridge: new EventBridgeClient({}),
  securityHub: () => new SecurityHubClient({}),
  policies: policySourceOf(environment, (problem) => logger.error('policy', { ...problem })),
  logger,
  metrics: new Metrics(),
  newName: randomUUID,
});

export const handler = (event: Parameters<typeof notify.handle>[0]): Promise<object> => notify.handle(event);
