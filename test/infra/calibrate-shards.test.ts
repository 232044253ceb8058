import { describe, expect, it } from 'vitest';
import { RUN_PREFIX, type StepInput, stepInput } from '../../lib/contract/calibrate-steps.ts';
import { Execution } from '../lambdas/play-states.ts';
import { type Json, referencesIn, resourceOf, resourcesOf, synthesized } from './synthesized.ts';

const SHARDS = 7;
const template = synthesized({ calibrateShards: SHARDS });
const [machineId, { Properties: machine }] = resourceOf(template, 'AWS::StepFunctions::StateMachine', '');
const definition = machine.Definition as Json;

/** Answers as `calibrate` does; keeps what it was asked. */
function asked(broken?: (input: StepInput) => boolean) {
  const inputs: StepInput[] = [];
  const invoke = async (_: Json, payload: Json) => {
    const input = stepInput.parse(payload);
    inputs.push(input);
    if (broken?.(input) === true) throw new Error('the shard fails');
    return input.step === 'plan'
      ? {
          run: input.run,
          shards: input.shards,
          items: Array.from({ length: input.shards }, (__, shard) => ({ shard })),
        }
      : { accounts: 1 };
  };
  return { inputs, invoke };
}

const shardsOf = (inputs: readonly StepInput[], step: 'see' | 'measure') =>
  inputs.flatMap((input) => (input.step === step ? [input.shard] : [])).sort((a, b) => a - b);

describe('the calibration in shards', () => {
  it('is not there unless a setting asks for it', () => {
    const plain = synthesized();
    plain.resourceCountIs('AWS::StepFunctions::StateMachine', 0);
    const [, { Properties }] = resourceOf(plain, 'AWS::Events::Rule', 'PipelineCalibrateSchedule');
    expect(JSON.stringify(Properties.Targets)).toContain('PipelineCalibrateFunction');
  });

  it('asks for each step with what the function reads, and for every shard in both maps', async () => {
    const { inputs, invoke } = asked();
    await new Execution(definition, 'run-1', invoke).run();
    expect(inputs.map(({ step }) => step)).toEqual([
      'plan',
      ...Array.from({ length: SHARDS }, () => 'see'),
      'fit',
      ...Array.from({ length: SHARDS }, () => 'measure'),
      'finish',
    ]);
    const all = Array.from({ length: SHARDS }, (_, shard) => shard);
    expect(shardsOf(inputs, 'see')).toEqual(all);
    expect(shardsOf(inputs, 'measure')).toEqual(all);
    expect(new Set(inputs.map(({ run, shards }) => `${run} ${shards}`))).toEqual(new Set(['run-1 7']));
  });

  it('learns nothing from a part of the fleet, and a redrive asks for what failed alone', async () => {
    let fails = true;
    const { inputs, invoke } = asked((input) => fails && input.step === 'measure' && input.shard === 3);
    const execution = new Execution(definition, 'run-2', invoke);
    await expect(execution.run()).rejects.toThrow('the shard fails');
    expect(inputs.some(({ step }) => step === 'finish')).toBe(false);
    inputs.length = 0;
    fails = false;
    await execution.redrive();
    expect(inputs.map((input) => ('shard' in input ? `${input.step} ${input.shard}` : input.step))).toEqual([
      'measure 3',
      'finish',
    ]);
  });

  it('tolerates no failed shard, and fits its answers into 256 KiB at the most shards there may be', async () => {
    for (const name of ['See', 'Measure'])
      expect(definition).toMatchObject({ States: { [name]: { ToleratedFailurePercentage: 0 } } });
    const most = resourceOf(synthesized({ calibrateShards: 1000 }), 'AWS::StepFunctions::StateMachine', '')[1]
      .Properties.Definition as Json;
    const { inputs, invoke } = asked();
    await new Execution(most, 'run-3', invoke).run();
    expect(inputs).toHaveLength(2003);
  });

  it('is what the schedule starts, by a role that may do nothing else', () => {
    const [, { Properties }] = resourceOf(template, 'AWS::Events::Rule', 'PipelineCalibrateSchedule');
    expect([...referencesIn(Properties.Targets ?? null)]).toContain(machineId);
    const roles = [...resourcesOf(template, 'AWS::IAM::Role')].filter(([id]) =>
      id.includes('CalibrateShards'),
    );
    const actions = roles.map(([, role]) =>
      (
        role.Properties.Policies as unknown as { PolicyDocument: { Statement: { Action: string }[] } }[]
      ).flatMap(({ PolicyDocument }) => PolicyDocument.Statement.flatMap(({ Action }) => Action)),
    );
    expect(actions.map((list) => [...list].sort()).sort()).toEqual([
      [
        'lambda:InvokeFunction',
        'states:DescribeExecution',
        'states:RedriveExecution',
        'states:StartExecution',
        'states:StopExecution',
      ],
      ['states:StartExecution'],
    ]);
    expect(resourcesOf(template, 'AWS::IAM::Policy').size).toBe(0);
  });

  it('leaves nothing of profiles behind: what steps hand each other expires, older versions too', () => {
    const [, { Properties }] = resourceOf(template, 'AWS::S3::Bucket', 'BucketsState');
    expect(Properties.LifecycleConfiguration).toMatchObject({
      Rules: expect.arrayContaining([
        expect.objectContaining({
          Prefix: RUN_PREFIX,
          ExpirationInDays: 2,
          NoncurrentVersionExpiration: { NoncurrentDays: 1 },
        }),
      ]),
    });
  });
});
