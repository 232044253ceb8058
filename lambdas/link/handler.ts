import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import { dynamoDb, s3 } from '../../lib/aws/clients.ts';
import type { Started } from '../../lib/aws/link-machine.ts';
import { policySourceOf } from '../../lib/aws/policy-source.ts';
import { readEnvironment } from '../../lib/contract/environment.ts';
import { policyProblems } from '../policy-problems.ts';
import { LinkFunction } from './link.ts';

/** The function's environment: its clients and its own warm state. */

const environment = readEnvironment('link', process.env);
const logger = new Logger();
const metrics = new Metrics();
/** The client of Step Functions is loaded only where a run is started. */
async function start(run: string): Promise<Started> {
  const { LinkMachine } = await import('../../lib/aws/link-machine.ts');
  return new LinkMachine(environment.LINK_MACHINE).start(run);
}

const link = new LinkFunction({
  environment,
  dynamodb: dynamoDb(),
  s3: s3(),
  policies: policySourceOf(environment, policyProblems(logger, metrics)),
  logger,
  metrics,
  start: environment.LINK_MACHINE === '' ? undefined : start,
});

export const handler = middy({ timeoutEarlyInMillis: 0 }).handler(
  (event: unknown, context: { getRemainingTimeInMillis(): number }) =>
    link.handle(event, () => context.getRemainingTimeInMillis()),
);
