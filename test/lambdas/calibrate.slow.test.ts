import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CalibrationBucket } from '../../lib/aws/calibration-bucket.ts';
import { DynamoFindingStore } from '../../lib/aws/finding-table.ts';
import { DynamoOutbox, PROFILE_OUTBOX } from '../../lib/aws/outbox-items.ts';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import { newAccount } from '../../lib/detection/account-state.ts';
import type { Rules } from '../../lib/detection/judge.ts';
import { processBatch } from '../../lib/detection/process-batch.ts';
import type { Clients } from '../../lib/emulator/services/clients.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { padSequence } from '../../lib/profile/position.ts';
import { trafficOf } from '../../lib/stores/finding-queries.ts';
import { openReview } from '../../lib/stores/reviews.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { testCalibration } from '../calibration.ts';
import { account, DAY, harvest, START } from '../events.ts';
import { type EmulatedCalibrate, emulatedCalibrate } from './emulated-calibrate.ts';

let emulated: EmulatedCalibrate;
let clients: Clients;
const rules: Rules = { policy: defaultPolicy, calibration: testCalibration, code: 'test', shadow: false };

beforeAll(async () => {
  emulated = await emulatedCalibrate();
  clients = emulated.clients;
});
afterAll(() => emulated.close());

async function send(profiles: ProfileTable, events: readonly UsageEvent[]): Promise<void> {
  let stored = newAccount(events[0]?.account ?? '');
  for (let i = 0; i < events.length; i += 20) {
    const arrivals = events.slice(i, i + 20).map((event, j) => ({
      event,
      time: Date.parse(event.time),
      arrived: Date.parse(event.time),
      position: { epoch: 's/b1', sequence: padSequence(String(i + j + 1)), index: 0 },
    }));
    const step = processBatch(stored, arrivals, rules);
    await profiles.save(stored, step.state, step.seal);
    stored = step.state;
  }
}

it('the daily pass calms a silent account, in its outbox, keeps the week of traffic, and learns', async () => {
  const profiles = new ProfileTable(clients.dynamodb, 'profiles', { retentionDays: 35 });
  await send(profiles, harvest({ account: account(1), events: 220 }));
  await send(profiles, harvest({ account: account(2), events: 30, from: START + 20 * DAY, seed: 2 }));
  const { handler } = await import('../../lambdas/calibrate/handler.ts');
  const run = () =>
    (handler as unknown as (event: object, context: object) => Promise<unknown>)(
      {},
      { getRemainingTimeInMillis: () => 60_000 },
    );
  expect(await run()).toMatchObject({ accounts: 2 });
  const newest = new Date(START + 20 * DAY + 29 * 20 * 60_000).toISOString();
  const notices = async () => (await profiles.load([account(1)])).get(account(1))?.judgement.notices ?? [];
  expect((await notices()).at(-1)).toMatchObject({ transition: 'calmed', at: newest });
  const outbox = new DynamoOutbox(clients.dynamodb, 'profiles', PROFILE_OUTBOX);
  expect((await outbox.read(account(1)))?.texts).toHaveLength((await notices()).length);
  const store = new DynamoFindingStore(clients.dynamodb, 'findings');
  expect(await trafficOf(store)).toMatchObject({ requests: 30 });
  // too little has been shown to ask about: an account of 30 requests and one that fell silent are asked about all the same
  const review = await openReview(store);
  expect(review).toMatchObject({ v: 1, entries: expect.any(Array) });
  expect(review?.calibration).toBe((await new CalibrationBucket(clients.s3, 'state').newest())?.id);
  const { Contents } = await clients.s3.send(new ListObjectsV2Command({ Bucket: 'state' }));
  expect(Contents?.map(({ Key }) => Key)).toEqual([expect.stringMatching(/^calibrations\/cal-/)]);
  const bucket = new CalibrationBucket(clients.s3, 'state');
  expect(await bucket.newest()).toMatchObject({ accounts: 2 });
  const id = (await bucket.newest())?.id ?? '';
  expect(await bucket.hold(id)).toBeUndefined();
  await bucket.putHold({ calibration: id, at: newest, moved: ['score, everyone: moved'] });
  expect((await new CalibrationBucket(clients.s3, 'state').hold(id))?.moved).toHaveLength(1);
  // a hold is no calibration
  expect((await bucket.newest())?.id).toBe(id);
  // a run that is repeated says nothing twice
  const said = (await notices()).length;
  // nor does one account that cannot be read keep all others from being learnt from
  await send(profiles, harvest({ account: account(3), events: 30, from: START + 20 * DAY, seed: 3 }));
  await clients.dynamodb.send(
    new UpdateItemCommand({
      TableName: 'profiles',
      Key: { account: { S: account(3) }, item: { S: 'hot' } },
      UpdateExpression: 'SET slices = :damaged',
      ExpressionAttributeValues: { ':damaged': { B: new Uint8Array([99]) } },
    }),
  );
  expect(await run()).toMatchObject({ accounts: 2 });
  expect(await notices()).toHaveLength(said);
});
