import type { StepInput } from '../contract/calibrate-steps.ts';
import { ANSWERED, type Parameters, shardMap, tasksOf } from './machine-tasks.ts';

/**
 * The state machine of a calibration in shards, in the Amazon States Language (states-language.net/spec.html): plan, a Distributed
 * Map over the shards, fit, another one, finish. Each task asks `calibrate` for one step (lib/contract/calibrate-steps.ts).
 */

/** Of a step. `shard` is there in the maps only. */
function parametersOf(step: StepInput['step'], shards: number): Parameters {
  if (step === 'plan') return { step, 'run.$': '$$.Execution.Name', shards };
  return { step, 'run.$': '$.run', 'shards.$': '$.shards' };
}

/** A run is given up after this: long before its parts expire (RUN_PREFIX). */
const TIMEOUT_SECONDS = 12 * 3600;

/**
 * @param functionArn of `calibrate`
 * @param shards in each map; all run at once
 * @param partition of AWS: its name is part of every ARN (IAM user guide, "Amazon Resource Names")
 */
export function calibrateMachine(functionArn: string, shards: number, partition = 'aws') {
  const invoke = tasksOf(functionArn, partition);
  const map = (step: 'see' | 'measure', next: string) =>
    shardMap({
      label: step,
      parameters: parametersOf(step, shards),
      states: { Shard: { ...invoke(), ...ANSWERED, End: true } },
      ...{ shards, next },
    });
  return {
    Comment: 'A calibration of all accounts in shards, merged exactly',
    StartAt: 'Plan',
    TimeoutSeconds: TIMEOUT_SECONDS,
    States: {
      Plan: { ...invoke(parametersOf('plan', shards)), ...ANSWERED, Next: 'See' },
      See: map('see', 'Fit'),
      Fit: {
        ...invoke(parametersOf('fit', shards)),
        ResultPath: null,
        Next: 'Measure',
      },
      Measure: map('measure', 'Finish'),
      Finish: { ...invoke(parametersOf('finish', shards)), ...ANSWERED, End: true },
    },
  };
}
