import {
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyBatch } from '../../lambdas/score/apply-batch.ts';
import { profilePlace } from '../../lib/aws/erasure/own-items.ts';
import { FactItems } from '../../lib/aws/fact-items.ts';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import { EarlierPrompts, SampledPrompts } from '../../lib/aws/sampled-prompts.ts';
import { type AccountFacts, collectFacts } from '../../lib/campaigns/linking/link-facts.ts';
import type { AccountState } from '../../lib/detection/account-state.ts';
import type { Rules } from '../../lib/detection/judge.ts';
import { wholeAccount } from '../../lib/detection/lanes.ts';
import { processBatch } from '../../lib/detection/process-batch.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { encodeSlices } from '../../lib/profile/codec.ts';
import { laneName } from '../../lib/profile/lane.ts';
import { padSequence } from '../../lib/profile/position.ts';
import type { IngestedEvent } from '../../lib/profile/profile.ts';
import { countPrompts, NO_PROMPTS, sampleOf, samplePrompts } from '../../lib/profile/prompt-sample.ts';
import { encodePromptSamples } from '../../lib/profile/prompt-sample-codec.ts';
import { joinSlices } from '../../lib/profile/window.ts';
import { MemoryProfileStore } from '../../lib/stores/profile-memory.ts';
import type { ProfileStore } from '../../lib/stores/profile-store.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { testCalibration } from '../calibration.ts';
import { account, HOUR, harvest, print, START, usageEvent } from '../events.ts';
import { type EmulatedTables, emulatedTables } from '../tables.ts';

const rules: Rules = { policy: defaultPolicy, calibration: testCalibration, code: 'test', shadow: false };
const TABLE = 'profiles';

let sequence = 0;
function arrivals(events: readonly UsageEvent[]): IngestedEvent[] {
  return events.map((event) => ({
    event,
    time: Date.parse(event.time),
    arrived: Date.parse(event.time),
    position: { epoch: 's/b1', sequence: padSequence(String(++sequence)), index: 0 },
  }));
}

async function push(
  store: ProfileStore,
  who: string,
  run: readonly IngestedEvent[],
): Promise<'saved' | 'conflict'> {
  const state = (await store.load([who])).get(who);
  if (state === undefined) throw new Error('no state');
  const step = processBatch(state, run, rules);
  return store.save(state, step.state, step.seal);
}

let emulated: EmulatedTables;
let client: DynamoDBClient;

beforeAll(async () => {
  emulated = await emulatedTables();
  client = emulated.client;
  await emulated.create('profile', TABLE);
});
afterAll(() => emulated.close());

/** The same contract for both; `fresh` gives another instance over the same data, as another invocation would have it. */
const STORES: { name: string; make: () => { store: ProfileStore; fresh: () => ProfileStore } }[] = [
  {
    name: 'in memory',
    make: () => {
      const store = new MemoryProfileStore({ warmAccounts: 1 });
      return { store, fresh: () => store };
    },
  },
  {
    name: 'DynamoDB',
    make: () => {
      const make = () => new ProfileTable(client, TABLE, { retentionDays: 35 });
      return { store: make(), fresh: make };
    },
  },
];

/** What `notify` does to the item when all notices are delivered. */
async function deliver(who: string): Promise<void> {
  await client.send(
    new UpdateItemCommand({
      TableName: TABLE,
      Key: { account: { S: who }, item: { S: 'hot' } },
      UpdateExpression: 'REMOVE notices, noticeShard, noticeSince',
    }),
  );
}

let next = 100;

describe.each(STORES)('profile store $name', ({ make }) => {
  it('gives a new account for one that is not stored', async () => {
    const { store } = make();
    const who = account(next++);
    expect((await store.load([who])).get(who)?.profile).toMatchObject({ account: who, version: 0 });
  });

  it('gives back what was saved, over seals and many flushes', async () => {
    const { store, fresh } = make();
    const who = account(next++);
    const other = account(next++);
    const events = harvest({ account: who, events: 150, everyMs: HOUR });
    for (let i = 0; i < events.length; i += 10)
      expect(await push(store, who, arrivals(events.slice(i, i + 10)))).toBe('saved');
    await push(store, other, arrivals(harvest({ account: other, events: 5 })));
    const state = (await fresh().load([who, other])).get(who);
    expect(state?.profile.totals.events).toBe(150);
    expect(state?.profile.sealed).toBeGreaterThan(2);
    const all = joinSlices([state?.sealed ?? [], state?.profile.slices ?? []]);
    const inWindow = all.filter((slice) => slice.start >= START + 60 * HOUR);
    expect(inWindow.reduce((sum, slice) => sum + slice.counts.events, 0)).toBe(90);
    expect(state?.judgement.finding?.id).toMatch(/^f-/);
    expect(state?.judgement.notices[0]?.transition).toBe('opened');
  });

  it('refuses a zombie that read an older version, even when it has more to say', async () => {
    const { store } = make();
    const who = account(next++);
    const events = arrivals(harvest({ account: who, events: 30 }));
    await push(store, who, events.slice(0, 10));
    const zombie = (await store.load([who])).get(who);
    await push(store, who, events.slice(10, 20));
    const step = processBatch(zombie as never, events.slice(10, 30), rules);
    expect(await store.save(zombie as never, step.state, step.seal)).toBe('conflict');
    expect((await store.load([who])).get(who)?.profile.totals.events).toBe(20);
  });

  it('writes the same seal whoever writes it, and loses none of the slices in a race', async () => {
    const { store, fresh } = make();
    const who = account(next++);
    const events = arrivals(harvest({ account: who, events: 100, everyMs: HOUR }));
    await push(store, who, events.slice(0, 60));
    const zombie = (await store.load([who])).get(who);
    const late = processBatch(zombie as never, events.slice(60, 100), rules);
    expect(late.seal).toBeDefined();
    await push(store, who, events.slice(60, 62));
    expect(await store.save(zombie as never, late.state, late.seal)).toBe('conflict');
    await push(store, who, events.slice(62, 100));
    const state = (await fresh().load([who])).get(who);
    const all = joinSlices([state?.sealed ?? [], state?.profile.slices ?? []]);
    expect(all.reduce((sum, slice) => sum + slice.counts.events, 0)).toBe(100);
  });

  it('remembers the ids of a busy account beyond its hot item', async () => {
    const { store, fresh } = make();
    const who = account(next++);
    const busy = Array.from({ length: 120 }, (_, i) =>
      usageEvent({ account: who, id: `busy-${i}`, time: new Date(START + i * 1000).toISOString() }),
    );
    for (let i = 0; i < busy.length; i += 30) await push(store, who, arrivals(busy.slice(i, i + 30)));
    const again = arrivals(busy.slice(0, 40));
    const state = (await fresh().load([who])).get(who);
    const step = processBatch(state as never, again, rules);
    expect(step).toMatchObject({ used: 0, repeated: 40 });
  });
});

describe('link facts', () => {
  it('are stored when they change, and read back by another invocation', async () => {
    const who = account(next++);
    const events = harvest({ account: who, events: 3 }).map((event) => ({
      ...event,
      prints: event.prints.map((prints) => ({ ...prints, payment: print(77), network: print(78) })),
    }));
    const make = () => new FactItems(client, TABLE, { retentionDays: 35 });
    const facts = collectFacts(undefined, events);
    await make().save(who, facts as AccountFacts);
    const read = (await make().load([who, account(next++)])).get(who);
    expect(read).toEqual(facts);
    expect(collectFacts(read, events)).toBe(read);
  });
});

describe('a warm function', () => {
  const counted = (state: AccountState | undefined): number =>
    joinSlices([state?.sealed ?? [], state?.profile.slices ?? []]).reduce(
      (sum, slice) => sum + slice.counts.events,
      0,
    );

  it('sees what another one sealed since it read', async () => {
    const make = () => new ProfileTable(client, TABLE, { retentionDays: 35 });
    const [warm, other] = [make(), make()];
    const who = account(next++);
    const events = arrivals(harvest({ account: who, events: 140, everyMs: HOUR }));
    for (let i = 0; i < 70; i += 10) await push(warm, who, events.slice(i, i + 10));
    for (let i = 70; i < 140; i += 10) await push(other, who, events.slice(i, i + 10));
    expect(counted((await warm.load([who])).get(who))).toBe(140);
  });

  it('reads parts at half the price, and again where a read is late by the newest one, or has it and lacks one before', async () => {
    const who = account(next++);
    const writer = new ProfileTable(client, TABLE, { retentionDays: 35 });
    const events = arrivals(harvest({ account: who, events: 140, everyMs: HOUR }));
    for (let i = 0; i < 140; i += 10) await push(writer, who, events.slice(i, i + 10));
    const read: string[] = [];
    const parts = async (missing?: number): Promise<number> => {
      read.length = 0;
      const send = async (command: unknown): Promise<unknown> => {
        if (!(command instanceof QueryCommand)) return client.send(command as never);
        const answer = await client.send(command);
        const { ConsistentRead } = command.input;
        read.push(ConsistentRead === true ? 'consistent' : 'eventual');
        if (missing === undefined || ConsistentRead === true) return answer;
        return { ...answer, Items: answer.Items?.toSpliced(-missing, 1) };
      };
      const behind: DynamoDBClient = Object.create(client, { send: { value: send } });
      const cold = new ProfileTable(behind, TABLE, { retentionDays: 35 });
      const hot = (await cold.load([who], undefined, 'recent')).get(who);
      expect({ partsUnread: hot?.partsUnread, read }).toEqual({ partsUnread: true, read: [] });
      return counted(hot && (await cold.whole(hot)));
    };
    expect(await parts()).toBe(140);
    expect(read).toEqual(['eventual']);
    for (const missing of [1, 2]) {
      expect(await parts(missing)).toBe(140);
      expect(read).toEqual(['eventual', 'consistent']);
    }
  });

  it('has what a longer window needs as soon as a policy asks for it', async () => {
    const warm = new ProfileTable(client, TABLE, { retentionDays: 35, longestWindow: 24 * HOUR });
    const day = { ...rules, policy: { ...defaultPolicy, windows: [24] } };
    const who = account(next++);
    const events = arrivals(harvest({ account: who, events: 200, everyMs: HOUR }));
    for (let i = 0; i < 200; i += 10) {
      const state = (await warm.load([who])).get(who) as AccountState;
      const step = processBatch(state, events.slice(i, i + 10), day);
      await warm.save(state, step.state, step.seal);
    }
    expect(counted((await warm.load([who])).get(who))).toBeLessThan(100);
    warm.follow({ retentionDays: 35, longestWindow: 336 * HOUR });
    expect(counted((await warm.load([who])).get(who))).toBe(200);
  });

  it('with the policy of before destroys no part that was sealed under the new one', async () => {
    const store = new ProfileTable(client, TABLE, { retentionDays: 35 });
    const under = (sealAfterHours: number): Rules => ({
      ...rules,
      policy: { ...defaultPolicy, sealAfterHours },
    });
    const who = account(next++);
    // so little a slice that only age seals
    const events = arrivals(
      Array.from({ length: 80 }, (_, i) =>
        usageEvent({
          account: who,
          id: `x-${i}`,
          outcome: 'error',
          prints: [],
          time: new Date(START + i * HOUR).toISOString(),
        }),
      ),
    );
    for (let i = 0; i < 72; i += 8) {
      const state = (await store.load([who])).get(who) as AccountState;
      const step = processBatch(state, events.slice(i, i + 8), under(500));
      await store.save(state, step.state, step.seal);
    }
    const read = (await store.load([who])).get(who) as AccountState;
    const [before, now] = [36, 12].map((hours) => processBatch(read, events.slice(72), under(hours)));
    expect(before?.seal?.slices.length).not.toBe(now?.seal?.slices.length);
    expect(now && (await store.save(read, now.state, now.seal))).toBe('saved');
    expect(before && (await store.save(read, before.state, before.seal))).toBe('conflict');
    const fresh = new ProfileTable(client, TABLE, { retentionDays: 35 });
    expect(counted((await fresh.load([who])).get(who))).toBe(80);
  });
});

describe('an account that was erased', () => {
  const make = () => {
    const store = new ProfileTable(client, TABLE, { retentionDays: 35 });
    const beside = {
      links: new FactItems(client, TABLE, { retentionDays: 35 }),
      prompts: new EarlierPrompts(client, TABLE),
    };
    return {
      load: (who: string) => store.load([who]),
      apply: async (run: readonly IngestedEvent[]) => {
        const [applied] = await applyBatch(
          new Map([[run[0]?.event.account ?? '', run]]),
          store,
          rules,
          beside,
        );
        expect(applied?.unusable).toEqual([]);
        return applied?.steps.reduce((sum, { used }) => sum + used, 0);
      },
    };
  };
  /** Requests of one life of the account, with prompts and a network of that life alone. */
  const life = (who: string, seed: number) =>
    arrivals(
      harvest({ account: who, events: 130, seed, everyMs: 1000, from: START + seed * HOUR }).map((event) => ({
        ...event,
        prints: event.prints.map((made) => ({
          ...made,
          sketch: 'A'.repeat(43),
          network: print(9000 + seed),
        })),
      })),
    );
  const apart = (run: readonly IngestedEvent[]) => [0, 40, 80].map((at) => run.slice(at, at + 40));
  const again = (run: readonly IngestedEvent[]) => arrivals(run.map(({ event }) => event));
  const stateOf = async (who: string) =>
    (await new ProfileTable(client, TABLE, { retentionDays: 35 }).load([who])).get(who) as AccountState;
  const stored = async (who: string) => ({
    prompts: sampleOf((await stateOf(who)).asked),
    facts: (await new FactItems(client, TABLE, { retentionDays: 35 }).load([who])).get(who),
  });

  it('is not known any more to a function that was warm, whoever wrote its new profile', async () => {
    for (const between of [true, false]) {
      const [who, never] = [account(next++), account(next++)];
      const warm = make();
      for (const part of apart(life(who, 1))) await warm.apply(part);
      await warm.load(who);
      for await (const { erase } of profilePlace(client, TABLE, who).traces()) await erase?.();
      const [began, cold] = [make(), make()];
      const [first, other] = [life(who, 2), life(never, 2)];
      for (const part of apart(first)) await (between ? began : warm).apply(part);
      for (const part of apart(other)) await cold.apply(part);
      expect(await warm.apply(first.slice(120))).toBe(10);
      expect(await cold.apply(other.slice(120))).toBe(10);
      expect(await warm.apply(again(first.slice(0, 40)))).toBe(0);
      expect(await stored(who)).toEqual(await stored(never));
    }
  });
});

it('an account in lanes is stored and read by an emulated DynamoDB as by the stand-in', async () => {
  const who = account(next++);
  const run = arrivals(harvest({ account: who, events: 40 }));
  const lanes = new Map(
    [0, 1, 2].map((lane) => [laneName(who, lane), run.filter((_, i) => i % 3 === lane)] as const),
  );
  const table = () => new ProfileTable(client, TABLE, { retentionDays: 35 });
  for (const { deferred } of await applyBatch(lanes, table(), rules)) expect(deferred).toBe(undefined);
  const state = (await table().load([who])).get(who) as AccountState;
  expect(state.lanes?.numbers).toEqual([1, 2]);
  expect([state.profile.totals.events, wholeAccount(state).profile.totals.events]).toEqual([14, 40]);
  const scanned: AccountState[] = [];
  for await (const found of table().scan()) if (found.profile.account === who) scanned.push(found);
  expect(scanned.map(({ profile }) => profile.totals.events)).toEqual([40]);
});

describe('a sample of prompts', () => {
  const arrive = (from: number, to: number, who: string) =>
    arrivals(
      Array.from({ length: to - from }, (_, i) =>
        usageEvent({
          account: who,
          id: `p-${from + i}`,
          time: new Date(START + (from + i) * HOUR).toISOString(),
          prints: [
            {
              epoch: 'e1',
              prompt: print(from + i),
              sketch: Buffer.alloc(32, from + i).toString('base64url'),
            },
          ],
        }),
      ),
    ).map((arrival, i) => ({ ...arrival, position: { ...arrival.position, index: from + i } }));
  const apply = async (run: readonly IngestedEvent[], who: string) => {
    const beside = { prompts: new EarlierPrompts(client, TABLE) };
    const store = new ProfileTable(client, TABLE, { retentionDays: 35 });
    await applyBatch(new Map([[who, run]]), store, rules, beside);
  };
  const stateOf = async (who: string) =>
    (await new ProfileTable(client, TABLE, { retentionDays: 35 }).load([who])).get(who) as AccountState;
  const sampleIn = (run: readonly IngestedEvent[]) =>
    samplePrompts(
      NO_PROMPTS,
      run.map(({ event }) => event),
    );

  it('moves with the slices into sealed parts, where those read it that compare contents', async () => {
    const who = account(next++);
    const run = arrive(0, 90, who);
    for (let i = 0; i < 90; i += 10) await apply(run.slice(i, i + 10), who);
    const { asked, profile } = await stateOf(who);
    expect(profile.sealed).toBeGreaterThan(1);
    expect(sampleOf(asked)).toEqual(sampleIn(run));
    const read = (await new SampledPrompts(client, TABLE).samplesOf([who])).get(who);
    expect(read).toEqual(asked.sealed);
  });

  it('that a version before kept in an item of its own moves into the next sealed part', async () => {
    const who = account(next++);
    const [old, run] = [arrive(0, 40, who), arrive(40, 50, who)];
    await apply(run.slice(0, 1), who);
    const state = await stateOf(who);
    const named = { ...state, asked: { ...state.asked, written: 'abc' } };
    const store = new ProfileTable(client, TABLE, { retentionDays: 35 });
    await store.save(state, { ...named, profile: { ...named.profile, version: 2 } }, undefined);
    await client.send(
      new PutItemCommand({
        TableName: TABLE,
        Item: {
          account: { S: who },
          item: { S: 'prompts' },
          prompts: { B: encodePromptSamples(sampleIn(old)) },
        },
      }),
    );
    await apply(run.slice(1), who);
    const { asked } = await stateOf(who);
    expect(asked.written).toBe('');
    expect(sampleOf(asked)).toEqual(sampleIn([...old, ...run]));
    expect(countPrompts(asked.sealed)).toBeGreaterThan(40);
  });
});

describe('the hot item', () => {
  it('keeps notices that delivery has not taken yet, and none that it has', async () => {
    const store = new ProfileTable(client, TABLE, { retentionDays: 35 });
    const who = account(next++);
    const events = arrivals(harvest({ account: who, events: 90 }));
    await push(store, who, events.slice(0, 60));
    const waiting = (await store.load([who])).get(who)?.judgement.notices ?? [];
    expect(waiting.length).toBeGreaterThan(0);
    // delivery empties the outbox without touching the version; the score side, which read before, still saves
    const before = (await store.load([who])).get(who);
    await deliver(who);
    const step = processBatch(before as never, events.slice(60), rules);
    expect(await store.save(before as never, step.state, step.seal)).toBe('saved');
    const after = (await store.load([who])).get(who)?.judgement;
    expect(after?.notices.map((held) => held.number)).not.toContain(1);
    expect(after?.numbered).toBeGreaterThanOrEqual(waiting.length);
  });

  it('hardly ever takes more than one write unit for an account of a campaign, seals included', async () => {
    const store = new ProfileTable(client, TABLE, { retentionDays: 35 });
    const who = account(next++);
    const events = harvest({ account: who, events: 26 * 7, everyMs: 55 * 60_000 });
    let units = 0;
    let flushes = 0;
    for (let i = 0; i < events.length; i += 2) {
      const before = store.writeUnits;
      await push(store, who, arrivals(events.slice(i, i + 2)));
      await deliver(who);
      units += store.writeUnits - before;
      flushes++;
    }
    expect(units / flushes).toBeLessThan(1.5);
  });
});

describe('a scan of the table', () => {
  it('gives every account once with all its slices, in 1, 2, 7 or 16 segments', async () => {
    const table = await emulated.create('profile', 'scanned').then(() => 'scanned');
    const store = new ProfileTable(client, table, { retentionDays: 35 });
    const names = Array.from({ length: 9 }, (_, n) => account(1000 + n));
    for (const [n, who] of names.entries())
      for (let day = 0; day < 6; day++)
        await push(
          store,
          who,
          arrivals(
            harvest({
              account: who,
              events: 8 + n,
              everyMs: HOUR,
              from: START + day * 24 * HOUR,
              seed: day,
            }),
          ),
        );
    const loaded = await new ProfileTable(client, table, { retentionDays: 35 }).load(names);
    const slicesOf = ({ profile, sealed }: AccountState): Buffer =>
      Buffer.from(encodeSlices(joinSlices([sealed, profile.slices])));
    expect([...loaded.values()].some(({ sealed }) => sealed.length > 0)).toBe(true);
    for (const segments of [1, 2, 7, 16]) {
      const found = new Map<string, Buffer>();
      for (let segment = 0; segment < segments; segment++)
        for await (const state of store.scan({ segment, segments })) {
          expect(found.has(state.profile.account)).toBe(false);
          found.set(state.profile.account, slicesOf(state));
        }
      expect([...found.keys()].sort()).toEqual([...names].sort());
      for (const [who, slices] of found)
        expect(slices.equals(slicesOf(loaded.get(who) as AccountState))).toBe(true);
    }
  });
});
