import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { applyBatch } from '../../lambdas/score/apply-batch.ts';
import { profilePlace } from '../../lib/aws/erasure/own-items.ts';
import { FactItems } from '../../lib/aws/fact-items.ts';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import { SampledPrompts } from '../../lib/aws/sampled-prompts.ts';
import { collectFacts } from '../../lib/campaigns/linking/link-facts.ts';
import { TABLES } from '../../lib/contract/tables.ts';
import type { AccountState } from '../../lib/detection/account-state.ts';
import type { Rules } from '../../lib/detection/judge.ts';
import { wholeAccount } from '../../lib/detection/lanes.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { encodeSlices } from '../../lib/profile/codec.ts';
import { laneName } from '../../lib/profile/lane.ts';
import { padSequence } from '../../lib/profile/position.ts';
import type { IngestedEvent } from '../../lib/profile/profile.ts';
import { NO_PROMPTS, samplePrompts } from '../../lib/profile/prompt-sample.ts';
import { joinSlices } from '../../lib/profile/window.ts';
import { laneOf } from '../../lib/telemetry/record.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { testCalibration } from '../calibration.ts';
import { account, DAY, harvest, MINUTE, print } from '../events.ts';
import { Tables } from '../simulation/services/tables.ts';

const rules: Rules = { policy: defaultPolicy, calibration: testCalibration, code: 'test', shadow: false };
const who = account(5);
const LANES = 4;

/** Of many networks, so that each lane adds facts of its own; with sketches, so that there is a sample. */
const EVENTS: readonly UsageEvent[] = harvest({ account: who, events: 240, everyMs: 8 * MINUTE }).map(
  (event, i) => ({
    ...event,
    prints: event.prints.map((made) => ({
      ...made,
      network: print(Math.floor(i / 40)),
      sketch: Buffer.alloc(32, i).toString('base64url'),
    })),
  }),
);

const arrivalsOf = (events: readonly UsageEvent[]): IngestedEvent[] =>
  events.map((event, i) => ({
    event,
    time: Date.parse(event.time),
    arrived: Date.parse(event.time),
    position: { epoch: 'usage', sequence: padSequence(String(i + 1)), index: 0 },
  }));

const all = arrivalsOf(EVENTS);

const bits = ({ sealed, profile }: AccountState): string =>
  Buffer.from(encodeSlices(joinSlices([sealed, profile.slices]))).toString('base64');

/** Applies the events in batches that hold several lanes, by functions that remember nothing. */
async function played(lanes: number, size = 30) {
  const tables = new Tables({ profiles: TABLES.profile });
  const client: DynamoDBClient = Object.create(DynamoDBClient.prototype, {
    send: { value: async (command: object) => tables.run(command) },
    config: { value: {} },
  });
  const make = () => new ProfileTable(client, 'profiles', { retentionDays: 35 });
  for (let i = 0; i < all.length; i += size) {
    const batch = new Map<string, IngestedEvent[]>();
    for (const arrival of all.slice(i, i + size)) {
      const name = laneName(who, laneOf(arrival.event.id, lanes));
      const list = batch.get(name) ?? [];
      batch.set(name, [...list, arrival]);
    }
    const links = new FactItems(client, 'profiles', { retentionDays: 35 });
    for (const { deferred } of await applyBatch(batch, make(), rules, { links }))
      expect(deferred).toBe(undefined);
  }
  const state = async () => (await make().load([who])).get(who) as AccountState;
  return { client, make, state, tables };
}

describe('lanes in the profile table', () => {
  it('are read with their account: by name, in scans, and where samples are compared', async () => {
    const [one, divided] = [await played(1), await played(LANES)];
    const whole = wholeAccount(await divided.state());
    expect(bits(whole)).toBe(bits(await one.state()));
    const scanned: AccountState[] = [];
    for await (const state of divided.make().scan()) scanned.push(state);
    expect(scanned.map(bits)).toEqual([bits(whole)]);
    expect(scanned[0]?.judgement).toEqual(whole.judgement);
    const samples = await new SampledPrompts(divided.client, 'profiles').samplesOf([who]);
    const most = samplePrompts(NO_PROMPTS, EVENTS);
    const asked = new Set(samples.get(who)?.flatMap(({ prompts }) => prompts.map(({ hash }) => hash)));
    const sealed = most.flatMap(({ prompts }) => prompts).filter(({ hash }) => asked.has(hash));
    // what waits in hot items is not in it
    expect(sealed.length).toBeGreaterThan(most.flatMap(({ prompts }) => prompts).length / 2);
    expect(whole.asked.sealed).toEqual(most);
  });

  it('show link facts of one account, of which no lane drops what another has added', async () => {
    const { client } = await played(LANES);
    const facts = await new FactItems(client, 'profiles', { retentionDays: 35 }).load([who]);
    const must = collectFacts(undefined, EVENTS);
    const networks = (held: typeof must) => held?.values.network?.map(({ value }) => value).sort();
    expect(networks(facts.get(who))).toEqual(networks(must));
  });

  it('leave an account that has none as it was: the same requests, the same items', async () => {
    const { tables } = await played(1);
    const items = tables.items('profiles').map(({ item }) => item?.S ?? '');
    expect(items.filter((name) => name.startsWith('lane'))).toEqual([]);
    expect(tables.items('profiles').filter(({ lanes }) => lanes !== undefined)).toEqual([]);
  });

  it('expire with their account, and not before it', async () => {
    const { tables } = await played(LANES);
    const expiries = tables
      .items('profiles')
      .filter(({ item }) => /^(lane#)?hot/.test(item?.S ?? ''))
      .map(({ expiresAt }) => Number(expiresAt?.N) * 1000);
    expect(expiries).toHaveLength(LANES);
    const newest = all.at(-1)?.time ?? 0;
    for (const at of expiries) expect(at).toBeGreaterThan(newest + 34 * DAY);
  });

  it('are forgotten with their account, and begin anew', async () => {
    const { client, make, state, tables } = await played(LANES);
    for await (const { erase } of profilePlace(client, 'profiles', who).traces()) await erase?.();
    expect(tables.items('profiles')).toEqual([]);
    const [first] = all;
    if (first === undefined) throw new Error('no event');
    await applyBatch(new Map([[laneName(who, 2), [first]]]), make(), rules);
    expect(wholeAccount(await state()).profile.totals.events).toBe(1);
  });
});
