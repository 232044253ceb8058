import { Logger } from '@aws-lambda-powertools/logger';
import middy from '@middy/core';
import { dynamoDb } from '../../lib/aws/clients.ts';
import { readEnvironment } from '../../lib/contract/environment.ts';
import { type BatchResponse, LinkIndexFunction, type TableStreamEvent } from './link-index.ts';

/** The function's environment: its client and its own warm state. */

const links = new LinkIndexFunction({
  environment: readEnvironment('index', process.env),
  dynamodb: dynamoDb(),
  logger: new Logger(),
});

export const handler = middy<TableStreamEvent, BatchResponse>({ timeoutEarlyInMillis: 0 }).handler((event) =>
  links.handle(event),
);
