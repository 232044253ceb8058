import {
  BatchGetItemCommand,
  type BatchGetItemCommandOutput,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { expect, it } from 'vitest';
import { applyBatch } from '../../lambdas/score/apply-batch.ts';
import { FactItems } from '../../lib/aws/fact-items.ts';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import { collectFacts } from '../../lib/campaigns/linking/link-facts.ts';
import type { Rules } from '../../lib/detection/judge.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { padSequence } from '../../lib/profile/position.ts';
import type { IngestedEvent } from '../../lib/profile/profile.ts';
import { testCalibration } from '../calibration.ts';
import { account, HOUR, harvest, print } from '../events.ts';
import { MeteredTables } from '../simulation/services/metered-tables.ts';

const rules: Rules = { policy: defaultPolicy, calibration: testCalibration, code: 'test', shadow: false };
const who = account(5);
/** Each of the last three events comes from a network of its own. */
const all: IngestedEvent[] = harvest({ account: who, events: 12, everyMs: HOUR }).map((event, i) => ({
  event: { ...event, prints: event.prints.map((made) => ({ ...made, network: print(Math.max(8, i)) })) },
  time: Date.parse(event.time),
  arrived: Date.parse(event.time),
  position: { epoch: 'usage', sequence: padSequence(String(i + 1)), index: 0 },
}));
const whole = collectFacts(
  undefined,
  all.map(({ event }) => event),
);

/** Tables whose eventual reads of facts answer as they stood some time ago; `asked` says how facts were read. */
function lateTables() {
  const client = new MeteredTables().client();
  const asked: (boolean | undefined)[] = [];
  let before: BatchGetItemCommandOutput | undefined;
  const send = async (command: object): Promise<unknown> => {
    const answer = await client.send(command as BatchGetItemCommand);
    if (!(command instanceof BatchGetItemCommand)) return answer;
    const [of] = Object.values(command.input.RequestItems ?? {});
    if (of?.Keys?.[0]?.item?.S !== 'facts') return answer;
    asked.push(of.ConsistentRead);
    return of.ConsistentRead === true ? answer : (before ?? answer);
  };
  const late: DynamoDBClient = Object.create(client, { send: { value: send } });
  const apply = async (arrivals: readonly IngestedEvent[]) => {
    // a function that remembers nothing
    const links = new FactItems(late, 'profiles', { retentionDays: 35 });
    const profiles = new ProfileTable(late, 'profiles', { retentionDays: 35 });
    for (const one of arrivals) await applyBatch(new Map([[who, [one]]]), profiles, rules, { links });
  };
  const stored = async () =>
    (await new FactItems(client, 'profiles', { retentionDays: 35 }).load([who])).get(who);
  /** From now on reads are late by all that follows. */
  const fallBehind = async () => {
    const Keys = [{ account: { S: who }, item: { S: 'facts' } }];
    before = await client.send(new BatchGetItemCommand({ RequestItems: { profiles: { Keys } } }));
  };
  return { apply, asked, stored, fallBehind };
}

it('reads facts as they stand until the eighth write of a profile, and at half the price from then on', async () => {
  const { apply, asked, stored } = lateTables();
  for (const one of all) await apply([one]);
  expect(asked).toEqual([...Array(8).fill(true), ...Array(4).fill(false)]);
  expect(await stored()).toEqual(whole);
});

it('loses no fact to a read that is late: who adds to older facts is refused, and adds to the newest', async () => {
  const { apply, asked, stored, fallBehind } = lateTables();
  await apply(all.slice(0, 9));
  await fallBehind();
  for (const one of all.slice(9)) await apply([one]);
  expect(await stored()).toEqual(whole);
  // the first of them missed nothing
  expect(asked.slice(-5)).toEqual([false, false, true, false, true]);
});
