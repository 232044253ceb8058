import { describe, expect, it } from 'vitest';
import {
  type Asked,
  BACKTEST_DAYS,
  BACKTEST_PREFIX,
  type BacktestStepInput,
  backtestStepInput,
  MOST_BACKTEST_SHARDS,
} from '../../lib/contract/backtest-steps.ts';
import { backtestMachine } from '../../lib/infra/backtest-machine.ts';
import { readSettings } from '../../lib/infra/settings.ts';
import { Execution } from '../lambdas/play-states.ts';
import { type Json, resourceOf, resourcesOf, synthesized } from './synthesized.ts';

const SHARDS = 7;
const template = synthesized({ backtestShards: SHARDS });
const definition = resourceOf(template, 'AWS::StepFunctions::StateMachine', '')[1].Properties
  .Definition as Json;

/** Answers as `backtest` does where every step takes so many turns; keeps what it was asked. */
function asked(turns: number, broken?: (input: BacktestStepInput) => boolean) {
  const inputs: BacktestStepInput[] = [];
  const invoke = async (_: Json, payload: Json): Promise<Asked> => {
    const input = backtestStepInput.parse(payload);
    inputs.push(input);
    if (broken?.(input) === true) throw new Error('the turn fails');
    const { run, shards } = input;
    const turn = input.step === 'plan' ? -1 : input.turn;
    const done = turn === turns - 1;
    const next = { run, shards, turn: done ? 0 : turn + 1, done };
    return input.step === 'replay'
      ? { ...next, shard: input.shard }
      : { ...next, items: Array.from({ length: shards }, (__, shard) => ({ shard })) };
  };
  return { inputs, invoke };
}

const words = (input: BacktestStepInput): string =>
  [input.step, ...('shard' in input ? [input.shard] : []), ...('turn' in input ? [input.turn] : [])].join(
    ' ',
  );

describe('backtests in shards', () => {
  it('are not there unless a setting asks for them, and not without an archive', () => {
    const plain = synthesized();
    plain.resourceCountIs('AWS::StepFunctions::StateMachine', 0);
    expect([...resourcesOf(plain, 'AWS::Lambda::Function').keys()].join()).not.toContain('Backtest');
    expect(() => readSettings({ 'siphonwatch:backtestShards': 2, 'siphonwatch:archive': false })).toThrow(
      /backtestShards is 2 while siphonwatch:archive is false/,
    );
  });

  it('ask for turn after turn of each step, and for every shard', async () => {
    const { inputs, invoke } = asked(2);
    await new Execution(definition, 'run-1', invoke).run();
    const shards = Array.from({ length: SHARDS }, (_, shard) => `replay ${shard} 0,replay ${shard} 1`);
    expect(inputs.map(words).join()).toBe(
      ['plan', 'divide 0', 'divide 1', ...shards.reverse(), 'merge 0', 'merge 1'].join(),
    );
    expect(new Set(inputs.map(({ run, shards: of }) => `${run} ${of}`))).toEqual(new Set(['run-1 7']));
  });

  it('merge nothing where a shard has failed, and a redrive asks for the turn that failed and what follows', async () => {
    let fails = true;
    const { inputs, invoke } = asked(2, (input) => fails && words(input) === 'replay 3 1');
    const execution = new Execution(definition, 'run-2', invoke);
    await expect(execution.run()).rejects.toThrow('the turn fails');
    expect(inputs.some(({ step }) => step === 'merge')).toBe(false);
    inputs.length = 0;
    fails = false;
    await execution.redrive();
    expect(inputs.map(words)).toEqual(['replay 3 1', 'merge 0', 'merge 1']);
  });

  it('fit into the 256 KiB of a state with the most shards there may be, and into the history with hundreds of turns', async () => {
    for (const [shards, turns] of [
      [MOST_BACKTEST_SHARDS, 1],
      [1, 300],
    ] as const) {
      const { inputs, invoke } = asked(turns);
      const machine = backtestMachine('backtest', shards) as unknown as Json;
      await new Execution(machine, 'r'.repeat(80), invoke).run();
      expect(inputs).toHaveLength(1 + turns * (shards + 2));
    }
  });

  it('try again what passes and not what is wrong with the input, nor tolerate a failed shard', () => {
    expect(definition).toMatchObject({
      States: {
        Divide: {
          Retry: expect.arrayContaining([
            { ErrorEquals: ['InputError', 'OtherVersion'], MaxAttempts: 0 },
            expect.objectContaining({
              ErrorEquals: expect.arrayContaining(['PassingError', 'SlowDown']),
              MaxAttempts: 6,
            }),
          ]),
        },
        Replay: { ToleratedFailurePercentage: 0 },
      },
    });
  });

  it('read the archive and their own parts alone, which expire', () => {
    const statements = JSON.stringify(
      resourceOf(template, 'AWS::IAM::Role', 'BacktestsBacktestRole')[1].Properties.Policies,
    );
    expect(statements).not.toMatch(/dynamodb|kinesis|sns:|s3:DeleteObject|calibrations/);
    expect(statements.match(/s3:PutObject/g)).toHaveLength(1);
    const [, { Properties }] = resourceOf(template, 'AWS::S3::Bucket', 'BucketsState');
    expect(Properties.LifecycleConfiguration).toMatchObject({
      Rules: expect.arrayContaining([
        expect.objectContaining({
          Prefix: BACKTEST_PREFIX,
          ExpirationInDays: BACKTEST_DAYS,
          NoncurrentVersionExpiration: { NoncurrentDays: 1 },
        }),
      ]),
    });
    // before the first parts of a run expire, the run is given up
    expect(definition).toMatchObject({ TimeoutSeconds: expect.any(Number) });
    expect((definition as { TimeoutSeconds: number }).TimeoutSeconds / 86_400).toBeLessThan(BACKTEST_DAYS);
  });
});
