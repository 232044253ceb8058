import { describe, expect, it } from 'vitest';
import {
  LINK_PREFIX,
  type LinkStepInput,
  linkStepInput,
  MOST_LINK_SHARDS,
  SHARD_STEPS,
} from '../../lib/contract/link-steps.ts';
import { Execution } from '../lambdas/play-states.ts';
import { type Json, resourceOf, resourcesOf, synthesized } from './synthesized.ts';

const SHARDS = 7;
const template = synthesized({ linkShards: SHARDS });
const definitionOf = (of: typeof template): Json =>
  resourceOf(of, 'AWS::StepFunctions::StateMachine', '')[1].Properties.Definition as Json;

/** Answers as `link` does; keeps what it was asked. */
function asked(broken?: (input: LinkStepInput) => boolean) {
  const inputs: LinkStepInput[] = [];
  const invoke = async (_: Json, payload: Json) => {
    const input = linkStepInput.parse(payload);
    inputs.push(input);
    if (broken?.(input) === true) throw new Error('the shard fails');
    const { run, shards } = input;
    return input.step === 'plan'
      ? { run, shards, items: Array.from({ length: shards }, (__, shard) => ({ shard })) }
      : { found: 1 };
  };
  return { inputs, invoke };
}

const words = (input: LinkStepInput): string =>
  'shard' in input ? `${input.step} ${input.shard}` : input.step;

describe('runs of link in shards', () => {
  it('are not there unless a setting asks for them', () => {
    const plain = synthesized();
    plain.resourceCountIs('AWS::StepFunctions::StateMachine', 0);
    const [, { Properties }] = resourceOf(plain, 'AWS::Lambda::Function', 'PipelineLink');
    expect(Properties).toMatchObject({ Timeout: 300, Environment: { Variables: { LINK_MACHINE: '' } } });
    // doctor counts them
    expect(template.findOutputs('LinkShards')).toMatchObject({ LinkShards: { Value: String(SHARDS) } });
    expect(plain.findOutputs('LinkShards')).toEqual({});
    expect(() => synthesized({ linkShards: MOST_LINK_SHARDS + 1 })).toThrow(/linkShards.*from 1 to 64/);
  });

  it('ask for each step in its order, and for every shard in every map, at the most shards there may be', async () => {
    for (const [shards, of] of [
      [SHARDS, template],
      [MOST_LINK_SHARDS, synthesized({ linkShards: MOST_LINK_SHARDS })],
    ] as const) {
      const { inputs, invoke } = asked();
      await new Execution(definitionOf(of), 'run-1', invoke).run();
      const map = (step: string) =>
        Array.from({ length: shards }, (_, shard) => `${step} ${shards - 1 - shard}`);
      expect(inputs.map(words)).toEqual([
        'plan',
        ...SHARD_STEPS.slice(0, 4).flatMap(map),
        'group',
        ...map('judge'),
        'finish',
      ]);
      expect(new Set(inputs.map(({ run, shards: n }) => `${run} ${n}`))).toEqual(
        new Set([`run-1 ${shards}`]),
      );
    }
  });

  it('judge nobody by a part of the accounts, and a redrive asks for what failed alone', async () => {
    let fails = true;
    const { inputs, invoke } = asked((input) => fails && words(input) === 'compare 3');
    const execution = new Execution(definitionOf(template), 'run-2', invoke);
    await expect(execution.run()).rejects.toThrow('the shard fails');
    expect(inputs.some(({ step }) => step === 'group')).toBe(false);
    inputs.length = 0;
    fails = false;
    await execution.redrive();
    expect(inputs.map(words).slice(0, 2)).toEqual(['compare 3', 'like 6']);
  });

  it('are started by the function, whatever woke it, which has the time of a step; what they leave expires', () => {
    const [, { Properties: fn }] = resourceOf(template, 'AWS::Lambda::Function', 'PipelineLink');
    expect(fn.Timeout).toBe(900);
    expect(JSON.stringify(fn.Environment)).toContain('stateMachine:Siphonwatch-link');
    const [, role] = resourceOf(template, 'AWS::IAM::Role', 'PipelineLinkRole');
    const { PolicyDocument } = (
      role.Properties.Policies as unknown as [
        { PolicyDocument: { Statement: { Sid: string; Action: Json; Resource: Json }[] } },
      ]
    )[0];
    const start = PolicyDocument.Statement.find(({ Sid }) => Sid === 'Start');
    expect(start?.Action).toEqual(['states:ListExecutions', 'states:StartExecution']);
    expect(JSON.stringify(start?.Resource)).toContain('stateMachine:Siphonwatch-link');
    expect(resourcesOf(template, 'AWS::IAM::Policy').size).toBe(0);
    const [, { Properties: bucket }] = resourceOf(template, 'AWS::S3::Bucket', 'BucketsState');
    expect(bucket.LifecycleConfiguration).toMatchObject({
      Rules: expect.arrayContaining([expect.objectContaining({ Prefix: LINK_PREFIX, ExpirationInDays: 2 })]),
    });
  });
});
