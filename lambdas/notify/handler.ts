import { randomUUID } from 'node:crypto';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { dynamoDb, eventBridge, sns } from '../../lib/aws/clients.ts';
import { policySourceOf } from '../../lib/aws/policy-source.ts';
import { readEnvironment } from '../../lib/contract/environment.ts';
import { NotifyFunction } from './notify.ts';

/** The function's environment: its clients and its own warm state. One bundle for the streams and the schedule. */

const environment = readEnvironment('notify', process.env);
const logger = new Logger();
/** Its client is a fifth of the bundle, and is loaded only where findings go to Security Hub. */
const securityHub =
  environment.SECURITY_HUB === '' ? undefined : (await import('../../lib/aws/security-hub.ts')).securityHub();
const notify = new NotifyFunction({
  environment,
  dynamodb: dynamoDb(),
  sns: sns(),
  eventBridge: eventBridge(),
  securityHub,
  policies: policySourceOf(environment, (problem) => logger.error('policy', { ...problem })),
  logger,
  metrics: new Metrics(),
  newName: randomUUID,
});

export const handler = (event: Parameters<typeof notify.handle>[0]): Promise<object> => notify.handle(event);
