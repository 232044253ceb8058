import type { Asked } from '../contract/backtest-steps.ts';
import type { Planned } from '../contract/calibrate-steps.ts';
import type { LinkPlanned } from '../contract/link-steps.ts';

/**
 * Tasks of our state machines, in the Amazon States Language (states-language.net/spec.html): each asks a function for one step.
 */

/** How a step's input is written: names that end in .$ are paths into the state's input or the context object. */
export type Parameters = Readonly<Record<string, string | number>>;

/** Of what Lambda answers, what the step said. */
export const ANSWERED = { OutputPath: '$.Payload' };

/**
 * Lambda's own faults, and throttling where other functions need the account's concurrency: step-functions/latest/dg/connect-lambda.html.
 * A step that fails by itself is tried twice; what it has put meanwhile is there.
 */
export const RETRY = [
  {
    ErrorEquals: [
      'Lambda.ClientExecutionTimeoutException',
      'Lambda.ServiceException',
      'Lambda.AWSLambdaException',
      'Lambda.SdkClientException',
      'Lambda.TooManyRequestsException',
    ],
    IntervalSeconds: 10,
    MaxAttempts: 6,
    BackoffRate: 2,
    JitterStrategy: 'FULL',
  },
  { ErrorEquals: ['States.TaskFailed'], IntervalSeconds: 30, MaxAttempts: 2, BackoffRate: 2 },
] as const;

/**
 * @param functionArn of the function that is asked
 * @param partition of AWS: its name is part of every ARN (IAM user guide, "Amazon Resource Names")
 * @param retry first what is not tried again
 */
export function tasksOf(
  functionArn: string,
  partition: string,
  retry: readonly object[] = RETRY,
): (parameters?: Parameters) => object {
  return (parameters) => ({
    Type: 'Task',
    Resource: `arn:${partition}:states:::lambda:invoke`,
    Parameters: {
      FunctionName: functionArn,
      ...(parameters === undefined ? { 'Payload.$': '$' } : { Payload: parameters }),
    },
    Retry: retry,
  });
}

/** A Distributed Map whose children are executions of their own, redriven by themselves: step-functions/latest/dg/state-map-distributed.html. */
const DISTRIBUTED = { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' } as const;

/** Where a step says the items of all maps: `items` of its answer. */
const ITEMS_PATH = `$.${'items' satisfies keyof Planned & keyof LinkPlanned & keyof Asked}`;

/** A map over the shards. */
interface ShardMap {
  readonly label: string;
  /** what each shard is asked with, beside its number */
  readonly parameters: Parameters;
  /** what is done for each, the first being `Shard` */
  readonly states: Readonly<Record<string, object>>;
  /** all run at once */
  readonly shards: number;
  readonly next: string;
}

/** The state of a map: all or nothing, as nothing is made of a part of the accounts. What a shard answers is for whoever looks at the map; the next state gets the map's own input. */
export function shardMap({ label, parameters, states, shards, next }: ShardMap): object {
  return {
    Type: 'Map',
    Label: label,
    ItemsPath: ITEMS_PATH,
    ItemSelector: { ...parameters, 'shard.$': '$$.Map.Item.Value.shard' },
    ItemProcessor: { ProcessorConfig: DISTRIBUTED, StartAt: 'Shard', States: states },
    MaxConcurrency: shards,
    ToleratedFailurePercentage: 0,
    ResultPath: null,
    Next: next,
  };
}
