import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import { dynamoDb, s3 } from '../../lib/aws/clients.ts';
import { policySourceOf } from '../../lib/aws/policy-source.ts';
import { readEnvironment } from '../../lib/contract/environment.ts';
import { policyProblems } from '../policy-problems.ts';
import { CalibrateFunction } from './calibrate.ts';

/** The function's environment: its clients and its own warm state. */

const environment = readEnvironment('calibrate', process.env);
const logger = new Logger();
const metrics = new Metrics();
const calibrate = new CalibrateFunction({
  environment,
  dynamodb: dynamoDb(),
  s3: s3(),
  policies: policySourceOf(environment, policyProblems(logger, metrics)),
  logger,
  metrics,
});

export const handler = middy({ timeoutEarlyInMillis: 0 }).handler((event: unknown) =>
  calibrate.handle(event),
);
