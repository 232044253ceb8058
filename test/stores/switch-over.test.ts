import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect, it } from 'vitest';
import { applyBatch } from '../../lambdas/score/apply-batch.ts';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import { RebuiltTable } from '../../lib/aws/rebuilt-table.ts';
import { TABLES } from '../../lib/contract/tables.ts';
import { wholeAccount } from '../../lib/detection/lanes.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { laneName } from '../../lib/profile/lane.ts';
import { padSequence } from '../../lib/profile/position.ts';
import type { IngestedEvent } from '../../lib/profile/profile.ts';
import { testCalibration } from '../calibration.ts';
import { account, harvest, MINUTE } from '../events.ts';
import { Tables } from '../simulation/services/tables.ts';

const who = account(7);
const rules = { policy: defaultPolicy, calibration: testCalibration, code: 'test', shadow: false };
const all = harvest({ account: who, events: 60, everyMs: 10 * MINUTE }).map(
  (event, i): IngestedEvent => ({
    event,
    time: Date.parse(event.time),
    arrived: Date.parse(event.time),
    position: { epoch: 'usage', sequence: padSequence(String(i + 1)), index: 0 },
  }),
);

it('a lane that is named while an account is rebuilt is not forgotten by the switch', async () => {
  const tables = new Tables({ live: TABLES.profile, rebuilt: TABLES.profile });
  const client = Object.create(DynamoDBClient.prototype, {
    send: { value: async (command: object) => tables.run(command as never) },
    config: { value: {} },
  }) as DynamoDBClient;
  const store = (table: string) => new ProfileTable(client, table, { retentionDays: 35 });
  const put = (table: string, lane: number, part: readonly IngestedEvent[]) =>
    applyBatch(new Map([[laneName(who, lane), part]]), store(table), rules);
  const eventsOf = async (): Promise<number> => {
    const state = (await store('live').load([who])).get(who);
    return state === undefined ? 0 : wholeAccount(state).profile.totals.events;
  };
  // the first slice is over and was looked at: the lane's first event asks for no look
  await put('live', 0, all.slice(0, 38));
  await put('live', 0, all.slice(38, 40));
  await put('rebuilt', 0, all.slice(0, 45));
  const rebuilt = new RebuiltTable(client, 'live', 'rebuilt');
  const before = await rebuilt.liveVersions(who);
  await put('live', 2, all.slice(45, 55));
  expect(await eventsOf()).toBe(50);
  expect(await rebuilt.switchOver(who, before)).toBe('switched');
  expect(await eventsOf()).toBe(55);
});
