import { type Asked, type BacktestStepInput, MOST_RUN_DAYS } from '../contract/backtest-steps.ts';
import { ANSWERED, type Parameters, RETRY, shardMap, tasksOf } from './machine-tasks.ts';

/**
 * The state machine of a backtest in shards (lib/infra/machine-tasks.ts): plan, divide, a Distributed Map over the shards, merge. Each step is
 * asked for turn after turn until it says that it is done (lib/contract/backtest-steps.ts).
 */

/** Of a step. `shard` is there in the map only. */
function parametersOf(step: BacktestStepInput['step'], shards: number): Parameters {
  if (step === 'plan') return { step, 'run.$': '$$.Execution.Name', shards };
  const asked = { step, 'run.$': '$.run', 'shards.$': '$.shards', 'turn.$': '$.turn' };
  return step === 'replay' ? { ...asked, 'shard.$': '$.shard' } : asked;
}

const TIMEOUT_SECONDS = MOST_RUN_DAYS * 24 * 3600;

/**
 * What is wrong with the input is wrong the next time too: a function's error is known by its name (connect-lambda.html). What S3 refuses for a
 * while (PassingError) is tried again for some half an hour: a run of days is not given up for that.
 */
const RETRIED = [
  { ErrorEquals: ['InputError', 'OtherVersion'], MaxAttempts: 0 },
  {
    ErrorEquals: ['PassingError', 'SlowDown', 'ServiceUnavailable', 'InternalError', 'TimeoutError'],
    IntervalSeconds: 30,
    MaxAttempts: 6,
    BackoffRate: 2,
    MaxDelaySeconds: 900,
  },
  ...RETRY,
];

/**
 * @param functionArn of `backtest`
 * @param shards in the map; all run at once
 * @param partition of AWS
 */
export function backtestMachine(functionArn: string, shards: number, partition = 'aws') {
  const invoke = tasksOf(functionArn, partition, RETRIED);
  const turns = (name: string, step: BacktestStepInput['step'], next: string) => ({
    [name]: { ...invoke(parametersOf(step, shards)), ...ANSWERED, Next: `Is${name}Done` },
    [`Is${name}Done`]: {
      Type: 'Choice',
      Choices: [{ Variable: `$.${'done' satisfies keyof Asked}`, BooleanEquals: true, Next: next }],
      Default: name,
    },
  });
  return {
    Comment: 'A backtest of the archive in shards, merged exactly',
    StartAt: 'Plan',
    TimeoutSeconds: TIMEOUT_SECONDS,
    States: {
      Plan: { ...invoke(parametersOf('plan', shards)), ...ANSWERED, Next: 'Divide' },
      ...turns('Divide', 'divide', 'Replay'),
      Replay: shardMap({
        label: 'replay',
        parameters: { 'run.$': '$.run', 'shards.$': '$.shards', 'turn.$': '$.turn' },
        states: { ...turns('Shard', 'replay', 'Replayed'), Replayed: { Type: 'Succeed' } },
        ...{ shards, next: 'Merge' },
      }),
      ...turns('Merge', 'merge', 'Merged'),
      Merged: { Type: 'Succeed' },
    },
  };
}
