import { LINK_RUN_SECONDS, type LinkStepInput, type ShardStep } from '../contract/link-steps.ts';
import { ANSWERED, type Parameters, shardMap, tasksOf } from './machine-tasks.ts';

/**
 * The state machine of a run of `link` in shards (lib/infra/machine-tasks.ts): plan, four Distributed Maps over the shards, group, another one,
 * finish. Each task asks `link` for one step (lib/contract/link-steps.ts).
 */

/** Of a step. `shard` is there in the maps only. */
function parametersOf(step: LinkStepInput['step'], shards: number): Parameters {
  if (step === 'plan') return { step, 'run.$': '$$.Execution.Name', shards };
  return { step, 'run.$': '$.run', 'shards.$': '$.shards' };
}

/**
 * @param functionArn of `link`
 * @param shards in each map; all run at once
 * @param partition of AWS
 */
export function linkMachine(functionArn: string, shards: number, partition = 'aws') {
  const invoke = tasksOf(functionArn, partition);
  const map = (step: ShardStep, next: string) =>
    shardMap({
      label: step,
      parameters: parametersOf(step, shards),
      states: { Shard: { ...invoke(), ...ANSWERED, End: true } },
      ...{ shards, next },
    });
  return {
    Comment: 'A run of link in shards, merged exactly',
    StartAt: 'Plan',
    TimeoutSeconds: LINK_RUN_SECONDS,
    States: {
      Plan: { ...invoke(parametersOf('plan', shards)), ...ANSWERED, Next: 'Read' },
      Read: map('read', 'Index'),
      Index: map('index', 'Compare'),
      Compare: map('compare', 'Like'),
      Like: map('like', 'Group'),
      Group: { ...invoke(parametersOf('group', shards)), ResultPath: null, Next: 'Judge' },
      Judge: map('judge', 'Finish'),
      Finish: { ...invoke(parametersOf('finish', shards)), ...ANSWERED, End: true },
    },
  };
}
