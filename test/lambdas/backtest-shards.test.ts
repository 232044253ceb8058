import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backtestStep } from '../../lambdas/backtest/steps.ts';
import { BacktestRuns } from '../../lib/aws/backtest-runs.ts';
import { requireListed } from '../../lib/cli/backtest/distributed/bounds.ts';
import {
  BACKTEST_PREFIX,
  type BacktestStepInput,
  MOST_OBJECTS,
  MOST_TURNS,
} from '../../lib/contract/backtest-steps.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { eventsOf, text, type World, whole } from '../backtest/shard-worlds.ts';
import { testCalibration } from '../calibration.ts';
import { START } from '../events.ts';
import type { Json } from '../infra/synthesized.ts';
import {
  archived,
  type EmulatedBacktest,
  emulatedBacktest,
  execution,
  invoker,
  outcomeOf,
  requestOf,
} from './emulated-backtest.ts';

/** The function's own code against emulated S3, asked by the state machine as the stack declares it; larger worlds: backtest-shards.slow.test.ts. */

const SMALL: World = {
  harvesters: 2,
  others: 1,
  workers: 0,
  seed: 1,
  faults: [
    [0.3, 'late'],
    [0.5, 'again'],
  ],
  policy: defaultPolicy,
  calibration: testCalibration,
};
const expected = text(whole(SMALL));
let emulated: EmulatedBacktest;

beforeAll(async () => {
  emulated = await emulatedBacktest();
  await archived(emulated.client, eventsOf(SMALL));
});
afterAll(() => emulated.close());

/** Asks for a run. */
async function asked(run: string, shards = 2): Promise<string> {
  await emulated.runs.ask(run, await requestOf(SMALL, shards));
  return run;
}

/** One turn, by an attempt that has time for so much. */
const turn = (attempt: string, input: BacktestStepInput, time = 1) => {
  let left = time;
  return backtestStep({ runs: emulated.runs, attempt, timeLeft: () => --left > 0, now: () => START }, input);
};

describe('a backtest in shards', () => {
  it('is the single replay bit for bit, though turn after turn runs out of time', async () => {
    const run = await asked('short');
    const inputs: BacktestStepInput[] = [];
    const invoke = invoker(emulated.runs, 20);
    await execution(2, run, (fn, payload) => {
      inputs.push(payload as unknown as BacktestStepInput);
      return invoke(fn, payload);
    }).run();
    expect(text(await outcomeOf(emulated.runs, run))).toBe(expected);
    expect(inputs.filter(({ step }) => step === 'merge').length).toBeGreaterThan(2);
  });

  it('goes on after a map that was cut in the middle, and no turn is made twice', async () => {
    const run = await asked('cut', 3);
    const made: string[] = [];
    let left = 4;
    const invoke = invoker(emulated.runs);
    const cut = async (fn: Json, payload: Json): Promise<unknown> => {
      if (left-- === 0) throw new Error('cut');
      const answer = await invoke(fn, payload);
      made.push(JSON.stringify(payload));
      return answer;
    };
    // plan, divide and two of three shards
    const playing = execution(3, run, cut);
    await expect(playing.run()).rejects.toThrow('cut');
    await expect(emulated.runs.turns(run, 'merge')).rejects.toThrow('has not ended');
    left = Number.POSITIVE_INFINITY;
    await playing.redrive();
    expect(text(await outcomeOf(emulated.runs, run))).toBe(expected);
    expect(new Set(made).size).toBe(made.length);
  });

  it('is the same where an attempt that was given up goes on beside the next one', async () => {
    const run = await asked('zombie');
    const input = { step: 'divide', run, shards: 2, turn: 0 } as const;
    await turn('plan', { step: 'plan', run, shards: 2 });
    const [one, other] = await Promise.all([turn('first', input, 1), turn('second', input, 3)]);
    expect(one).toEqual(other);
    // and comes to its end when the other has long gone on
    await execution(2, run, invoker(emulated.runs)).run();
    expect(text(await outcomeOf(emulated.runs, run))).toBe(expected);
  });

  it('refuses what it cannot go on with, and says why', async () => {
    const run = await asked('refused');
    const { runs } = emulated;
    const request = await requestOf(SMALL, 2);
    await runs.ask('older', { ...request, code: '0.0.1' });
    await runs.ask('gone', { ...request, files: [`${request.files[0]}-gone`] });
    for (const [input, why] of [
      [{ step: 'plan', run: 'never', shards: 2 }, /nothing is asked under this name/],
      [{ step: 'plan', run: 'older', shards: 2 }, /asked by version 0\.0\.1/],
      [{ step: 'plan', run, shards: 3 }, /asked with 2 shards, the machine has 3/],
      [{ step: 'divide', run, shards: 2, turn: 5 }, /no turn 5 of divide/],
      [{ step: 'divide', run, shards: 2, turn: MOST_TURNS }, /has not ended after 1000 turns/],
      [{ step: 'replay', run, shards: 2, shard: 0, turn: 0 }, /divide\/0 is not there/],
      [{ step: 'merge', run, shards: 2, turn: 0 }, /replay-0\/0 is not there/],
      [{ step: 'divide', run: 'gone', shards: 2, turn: 0 }, /-gone: cannot be read: NoSuchKey/],
    ] as const)
      await expect(turn('refused', input)).rejects.toThrow(why);
  });

  it('names a part that is damaged', async () => {
    const run = await asked('damaged');
    const state = { Bucket: 'state-of-backtests' };
    const damage = (name: string): unknown =>
      emulated.objects.run(
        new PutObjectCommand({ ...state, Key: `${BACKTEST_PREFIX}${run}/${name}`, Body: 'damaged' }),
      );
    const divide = { step: 'divide', run, shards: 2, turn: 0 } as const;
    await turn('whole', divide);
    damage('divide/0/whole/state/0');
    await expect(turn('next', { ...divide, turn: 1 })).rejects.toThrow(
      /backtest-runs\/damaged\/divide\/0\/whole\/state\/0 is damaged \(incorrect header check\)/,
    );
    damage('turns/divide/0');
    await expect(turn('next', { ...divide, turn: 1 })).rejects.toThrow(/turns\/divide\/0 is damaged/);
  });

  it('lists objects in parts, however many there are, and reads one part where it stands', async () => {
    const gets: string[] = [];
    const send = (command: object): unknown => {
      if (command instanceof GetObjectCommand) gets.push(command.input.Key ?? '');
      return emulated.objects.run(command);
    };
    const client = Object.create(S3Client.prototype, { send: { value: send } }) as S3Client;
    const runs = new BacktestRuns(client, 'lists');
    const name = (index: number): string => `s3://archive/events/${index}`;
    const files = Array.from({ length: 20_001 }, (_, index) => name(index));
    await runs.ask('long', { ...(await requestOf(SMALL, 2)), files });
    const held = emulated.objects.names('lists', `${BACKTEST_PREFIX}long/`);
    expect(held.map((one) => one.slice(`${BACKTEST_PREFIX}long/`.length))).toEqual([
      ...['files/0', 'files/1', 'files/2', 'request'],
    ]);
    const request = await runs.needRequest('long');
    gets.length = 0;
    const list = runs.files('long', request);
    expect(list.length).toBe(20_001);
    for (const index of [9_999, 10_000, 9_999, 10_001, 20_000])
      expect(await list.at(index)).toBe(name(index));
    expect(await list.at(20_001)).toBeUndefined();
    expect(gets.map((one) => one.slice(-1))).toEqual(['0', '1', '2']);
    expect(() => requireListed(MOST_OBJECTS)).not.toThrow();
    expect(() => requireListed(MOST_OBJECTS + 1)).toThrow(/5,000,001 objects: .* 5,000,000 at most/);
  });
});
