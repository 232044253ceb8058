import { Logger } from '@aws-lambda-powertools/logger';
import { dynamoDb } from '../../lib/aws/clients.ts';
import { DynamoFindingStore } from '../../lib/aws/finding-table.ts';
import { readEnvironment } from '../../lib/contract/environment.ts';
import { answer } from './api-response.ts';
import { authorOf, readEvent } from './request.ts';

/** Findings and verdicts for a team's own tools. Wiring only: see request.ts and answer.ts. */

const environment = readEnvironment('triage', process.env);
const logger = new Logger();
const findings = new DynamoFindingStore(dynamoDb(), environment.FINDING_TABLE, {
  onUnreadable: (error) => logger.error('a finding cannot be read and is left out', { error }),
});

interface UrlResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export async function handler(event: unknown): Promise<UrlResponse> {
  const call = readEvent(event);
  const { status, body, request } = await answer(call, findings, Date.now());
  // Who did what: the trail has the changes, the log has the reading too.
  logger.info('request', {
    by: authorOf(call),
    method: call.requestContext.http.method,
    status,
    // The newest link of the trail stands here too: whoever rewrites the trail cannot rewrite the log.
    ...('entry' in body ? { entry: body.entry } : {}),
    ...(request === undefined ? { refused: body } : { request }),
  });
  return {
    statusCode: status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify(body),
  };
}
