import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { DeleteObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CalibrateSteps } from '../../lambdas/calibrate/steps.ts';
import { CalibrateWork } from '../../lambdas/calibrate/work.ts';
import { CalibrationBucket } from '../../lib/aws/calibration-bucket.ts';
import { CalibrationRuns } from '../../lib/aws/calibration-runs.ts';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import { RUN_PREFIX, stepInput } from '../../lib/contract/calibrate-steps.ts';
import { readEnvironment } from '../../lib/contract/environment.ts';
import { newAccount } from '../../lib/detection/account-state.ts';
import { processBatch } from '../../lib/detection/process-batch.ts';
import type { Clients } from '../../lib/emulator/services/clients.ts';
import { calibrateMachine } from '../../lib/infra/calibrate-machine.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { padSequence } from '../../lib/profile/position.ts';
import { testCalibration } from '../calibration.ts';
import { account, application, DAY, harvest } from '../events.ts';
import type { Json } from '../infra/synthesized.ts';
import { type EmulatedCalibrate, emulatedCalibrate } from './emulated-calibrate.ts';
import { Execution } from './play-states.ts';

/** The function's own code against emulated AWS, asked by the state machine as the stack declares it. */

const rules = { policy: defaultPolicy, calibration: testCalibration, code: 'test', shadow: false };
const ACCOUNTS = 24;
let emulated: EmulatedCalibrate;
let clients: Clients;
let handler: (event: unknown, context: object) => Promise<unknown>;

beforeAll(async () => {
  emulated = await emulatedCalibrate();
  clients = emulated.clients;
  const profiles = new ProfileTable(clients.dynamodb, 'profiles', { retentionDays: 35 });
  for (let n = 1; n <= ACCOUNTS; n++) {
    const of = { account: account(n * 7919), events: 25 + (n % 9) * 6, seed: n };
    // the first fell silent with an open finding
    const events = n === 1 ? harvest({ ...of, events: 220 }) : n % 3 === 0 ? harvest(of) : application(of);
    let stored = newAccount(of.account);
    for (let i = 0; i < events.length; i += 20) {
      const arrivals = events.slice(i, i + 20).map((event, j) => ({
        event,
        time: Date.parse(event.time),
        arrived: Date.parse(event.time) + (n === 2 ? 20 * DAY : 0),
        position: { epoch: 's/b1', sequence: padSequence(String(i + j + 1)), index: 0 },
      }));
      const step = processBatch(stored, arrivals, rules);
      await profiles.save(stored, step.state, step.seal);
      stored = step.state;
    }
  }
  ({ handler } = (await import('../../lambdas/calibrate/handler.ts')) as unknown as {
    handler: typeof handler;
  });
});
afterAll(() => emulated.close());

const invoke = (event: unknown) => handler(event, { getRemainingTimeInMillis: () => 60_000 });
const play = (shards: number, name: string, lambda: (event: unknown) => Promise<unknown> = invoke) =>
  new Execution(calibrateMachine('calibrate', shards) as unknown as Json, name, (_, payload) =>
    lambda(payload),
  );

async function below(prefix: string): Promise<string[]> {
  const { Contents = [] } = await clients.s3.send(
    new ListObjectsV2Command({ Bucket: 'state', Prefix: prefix }),
  );
  return Contents.flatMap(({ Key }) => Key ?? []);
}

describe('the daily calibration', () => {
  it('is the same in 2, 7 and 16 shards as in one invocation, bit for bit', async () => {
    const bucket = new CalibrationBucket(clients.s3, 'state');
    // the id ends in a hash of all that was learnt
    const whole = (await invoke({ source: 'aws.events' })) as { id: string; accounts: number };
    expect(whole.accounts).toBe(ACCOUNTS);
    const expected = JSON.stringify(await bucket.get(whole.id));
    for (const shards of [2, 7, 16]) {
      expect([shards, await play(shards, `run-of-${shards}`).run()]).toEqual([shards, whole]);
      expect(JSON.stringify(await new CalibrationBucket(clients.s3, 'state').get(whole.id))).toBe(expected);
      expect(await below(RUN_PREFIX)).toContain(`${RUN_PREFIX}run-of-${shards}/ended`);
      expect((await below(RUN_PREFIX)).filter((key) => !key.endsWith('/ended'))).toEqual([]);
    }
    expect(await below('calibrations/')).toHaveLength(1);
  });

  it('goes on after a map that was cut in the middle, with the shards that are missing', async () => {
    let left = 5;
    const made: string[] = [];
    const cut = async (event: unknown) => {
      if (left-- === 0) throw new Error('cut');
      const answer = await invoke(event);
      made.push(JSON.stringify(event));
      return answer;
    };
    const execution = play(3, 'cut', cut);
    // plan and three shards, then fit, and cut at the first shard of the second map
    await expect(execution.run()).rejects.toThrow('cut');
    expect((await below(`${RUN_PREFIX}cut/`)).length).toBeGreaterThan(4);
    left = Number.POSITIVE_INFINITY;
    expect(await execution.redrive()).toMatchObject({ accounts: ACCOUNTS });
    // and a step that is asked once more makes nothing again
    expect(new Set(made).size).toBe(made.length);
    expect((await below(RUN_PREFIX)).filter((key) => !key.endsWith('/ended'))).toEqual([]);
  });

  it('is made where the policy names a calibration that is not there, and the run is resumed once it does not', async () => {
    let missing: Error | undefined = new Error('cal-9 is not there');
    const pair = { policy: defaultPolicy, calibration: testCalibration };
    const work = new CalibrateWork({
      environment: readEnvironment('calibrate', process.env),
      dynamodb: clients.dynamodb,
      calibrations: new CalibrationBucket(clients.s3, 'state'),
      policies: { active: async () => defaultPolicy, shadow: async () => undefined },
      rulesOf: {
        active: async () => pair,
        shadow: async () => undefined,
        inForce: async () => {
          if (missing !== undefined) throw missing;
          return rules;
        },
      },
      logger: new Logger(),
      metrics: new Metrics(),
    });
    const steps = new CalibrateSteps(work, new CalibrationRuns(clients.s3, 'state'));
    const before = await below('calibrations/');
    for (const key of before) await clients.s3.send(new DeleteObjectCommand({ Bucket: 'state', Key: key }));
    const execution = play(3, 'missing', async (event) => steps.run(stepInput.parse(event)));
    await expect(execution.run()).rejects.toThrow('cal-9 is not there');
    const made = await below('calibrations/cal-');
    expect(made).toHaveLength(1);
    missing = undefined;
    expect(await execution.redrive()).toMatchObject({ accounts: ACCOUNTS });
    expect(await below('calibrations/cal-')).toEqual(made);
    expect((await below(RUN_PREFIX)).filter((key) => !key.endsWith('/ended'))).toEqual([]);
  });

  it('refuses to finish without every shard, and steps of another version or shape', async () => {
    await invoke({ step: 'plan', run: 'parts', shards: 3 });
    await invoke({ step: 'see', run: 'parts', shards: 3, shard: 0 });
    await expect(invoke({ step: 'fit', run: 'parts', shards: 3 })).rejects.toThrow(
      /seen-1-of-3 is not there/,
    );
    await expect(invoke({ step: 'see', run: '../calibrations', shards: 3, shard: 0 })).rejects.toThrow();
    await expect(invoke({ step: 'finish', run: 'never', shards: 3 })).rejects.toThrow(/is not there/);
    await new CalibrationRuns(clients.s3, 'state').drop('parts');
    expect((await below(RUN_PREFIX)).filter((key) => !key.endsWith('/ended'))).toEqual([]);
  });
});
