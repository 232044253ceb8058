import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import { dynamoDb, s3 } from '../../lib/aws/clients.ts';
import { policySourceOf } from '../../lib/aws/policy-source.ts';
import { readEnvironment } from '../../lib/contract/environment.ts';
import { policyProblems } from '../policy-problems.ts';
import { LinkFunction } from './link.ts';

/** The function's environment: its clients and its own warm state. */

const environment = readEnvironment('link', process.env);
const logger = new Logger();
const metrics = new Metrics();
const link = new LinkFunction({
  environment,
  dynamodb: dynamoDb(),
  s3: s3(),
  policies: policySourceOf(environment, policyProblems(logger, metrics)),
  logger,
  metrics,
});

export const handler = middy({ timeoutEarlyInMillis: 0 }).handler(
  (_event: unknown, context: { getRemainingTimeInMillis(): number }) =>
    link.handle(() => context.getRemainingTimeInMillis()),
);
