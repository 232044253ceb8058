import { Logger } from '@aws-lambda-powertools/logger';
import middy from '@middy/core';
import { BacktestRuns } from '../../lib/aws/backtest-runs.ts';
import { s3 } from '../../lib/aws/clients.ts';
import { backtestStepInput } from '../../lib/contract/backtest-steps.ts';
import { readEnvironment } from '../../lib/contract/environment.ts';
import { backtestStep } from './steps.ts';

/** The function's environment: its clients, its clock, and which attempt this is. */

const environment = readEnvironment('backtest', process.env);
const logger = new Logger();
const runs = new BacktestRuns(s3(), environment.STATE_BUCKET);

/** What is left of an invocation for what is under way, and for saving it, ms. */
const SAVING_MS = 300_000;

interface Invocation {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

async function run(event: unknown, context: Invocation): Promise<unknown> {
  const input = backtestStepInput.parse(event);
  logger.appendKeys({ ...input });
  const asked = await backtestStep(
    {
      runs,
      attempt: context.awsRequestId,
      timeLeft: () => context.getRemainingTimeInMillis() > SAVING_MS,
      now: Date.now,
    },
    input,
  );
  logger.info('a turn of a backtest', { done: asked.done });
  return asked;
}

export const handler = middy({ timeoutEarlyInMillis: 0 }).handler((event: unknown, context: Invocation) =>
  run(event, context),
);
