import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LinkTable } from '../../lib/aws/link-table.ts';
import { RunRequests } from '../../lib/aws/run-requests.ts';
import { SampledPrompts } from '../../lib/aws/sampled-prompts.ts';
import { encodeFacts } from '../../lib/campaigns/linking/facts-codec.ts';
import type { Rules } from '../../lib/detection/judge.ts';
import { processBatch } from '../../lib/detection/process-batch.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { padSequence } from '../../lib/profile/position.ts';
import { NO_PROMPTS, samplePrompts } from '../../lib/profile/prompt-sample.ts';
import { encodePromptSamples } from '../../lib/profile/prompt-sample-codec.ts';
import { contentValue, watchedValue } from '../../lib/stores/link-store.ts';
import { toItem } from '../../lib/stores/profile-item.ts';
import { MemoryProfileStore } from '../../lib/stores/profile-memory.ts';
import { testCalibration } from '../calibration.ts';
import { factsOf } from '../campaigns/base.ts';
import { account, HOUR, MINUTE, print, START, usageEvent } from '../events.ts';
import { type EmulatedTables, emulatedTables } from '../tables.ts';

let emulated: EmulatedTables;
let client: DynamoDBClient;
let links: LinkTable;
let handler: (event: unknown, context: unknown) => Promise<unknown>;
const TABLE = 'links';
const CAMPAIGNS = 'campaigns';
const PROFILES = 'profiles';

beforeAll(async () => {
  emulated = await emulatedTables();
  client = emulated.client;
  for (const [name, value] of Object.entries({
    PROFILE_TABLE: 'profiles',
    LINK_TABLE: TABLE,
    CAMPAIGN_TABLE: CAMPAIGNS,
    LINK_PRESSURE_MINUTES: '5',
    POWERTOOLS_SERVICE_NAME: 'index',
    POWERTOOLS_METRICS_NAMESPACE: 'test',
    LOG_LEVEL: 'SILENT',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: emulated.endpoint,
  }))
    vi.stubEnv(name, value);
  await emulated.create('link', TABLE);
  await emulated.create('campaign', CAMPAIGNS);
  await emulated.create('profile', PROFILES);
  links = new LinkTable(client, TABLE, {
    retentionDays: 35,
    samplesOf: (accounts, earlier) => new SampledPrompts(client, PROFILES).samplesOf(accounts, earlier),
  });
  handler = (await import('../../lambdas/link-index/handler.ts')).handler as unknown as typeof handler;
}, 240_000);

afterAll(() => {
  vi.unstubAllEnvs();
  return emulated.close();
});

type Image = Record<string, { S: string } | { N: string } | { B: Uint8Array }>;

function record(item: string, name: string, now: Image | undefined, before?: Image) {
  return {
    eventName: before === undefined ? 'INSERT' : 'MODIFY',
    dynamodb: {
      SequenceNumber: '1',
      Keys: { account: { S: name }, item: { S: item } },
      ...(now === undefined ? {} : { NewImage: now }),
      ...(before === undefined ? {} : { OldImage: before }),
    },
  };
}

/** The hot item of an account whose newest event arrived at `arrived` (ms). */
function hotRecord(name: string, arrived: number) {
  const event = usageEvent({ account: name, time: new Date(arrived).toISOString() });
  const position = { epoch: 's', sequence: padSequence('1'), index: 0 };
  const rules: Rules = { policy: defaultPolicy, calibration: testCalibration, code: 't', shadow: false };
  const batch = [{ event, time: arrived, arrived, position }];
  const { state } = processBatch(new MemoryProfileStore().one(name), batch, rules);
  return record('hot', name, { meta: { B: toItem(state).meta } });
}

const facts = (payment: string): Image => ({ facts: { S: encodeFacts(factsOf({ payment })) } });
const push = (...records: unknown[]) =>
  handler({ Records: records }, { getRemainingTimeInMillis: () => 60_000 });

async function entries(): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of links.scan(0, 1)) found.push(`${entry.value} ${entry.account}`);
  return found.sort();
}

describe('the index function', () => {
  it('follows facts as they come, change and go; a redelivered batch changes nothing', async () => {
    const batch = [
      record('facts', account(1), facts('p')),
      record('facts', account(2), facts('p')),
      record('facts', account(2), facts('q'), facts('p')),
      record('sealed#000001', account(1), { slices: { S: 'x' } }),
    ];
    expect(await push(...batch)).toEqual({ batchItemFailures: [] });
    await push(...batch);
    expect(await entries()).toEqual([`payment#p ${account(1)}`, `payment#q ${account(2)}`]);
    await push(record('facts', account(2), undefined, facts('q')));
    expect(await entries()).toEqual([`payment#p ${account(1)}`]);
  });

  it('forgets entries with the facts that they came from', async () => {
    const expires = 1_900_000_000;
    await push(record('facts', account(30), { ...facts('r'), expiresAt: { N: String(expires) } }));
    const Key = { value: { S: 'payment#r' }, member: { S: account(30) } };
    const { Item } = await client.send(new GetItemCommand({ TableName: TABLE, Key, ConsistentRead: true }));
    expect(Number(Item?.expiresAt?.N)).toBe(expires);
    await push(record('facts', account(30), undefined, facts('r')));
  });

  it('keeps whose contents are compared, apart from what infrastructure links', async () => {
    const asks = (from: number, to: number): Image => ({
      prompts: {
        B: encodePromptSamples(
          samplePrompts(
            NO_PROMPTS,
            Array.from({ length: to - from }, (_, i) =>
              usageEvent({
                prints: [
                  {
                    epoch: 'e1',
                    prompt: print(from + i),
                    sketch: Buffer.alloc(32, from + i).toString('base64url'),
                  },
                ],
              }),
            ),
          ),
        ),
      },
    });
    const until = { content: { N: String(Date.now() + 86_400_000) } };
    const compared = async (): Promise<string[]> => {
      const found: string[] = [];
      for await (const { account: name, samples } of links.prompts())
        found.push(`${name} ${samples[0]?.prompts.length}`);
      return found.sort();
    };
    const before = await entries();
    // the stream tells of a part; those that compare read all parts
    const parts: [number, string, Image][] = [
      [15, 'sealed#000001#a', asks(0, 20)],
      [15, 'sealed#000002#b', { ...asks(20, 30), ...until }],
      [16, 'sealed#000001#c', asks(0, 10)],
      [17, 'sealed#000001#d', { prompts: { B: Uint8Array.of(9, 9) }, ...until }],
      // of a version before: one item, and an entry that does not say where the sample lies
      [18, 'prompts', asks(0, 26)],
      [18, 'sealed#000001#e', asks(26, 28)],
    ];
    for (const [n, item, image] of parts)
      await client.send(
        new PutItemCommand({
          TableName: PROFILES,
          Item: { account: { S: account(n) }, item: { S: item }, ...image },
        }),
      );
    const Item = { value: { S: contentValue(account(18)) }, member: { S: account(18) } };
    await client.send(new PutItemCommand({ TableName: TABLE, Item }));
    await push(...parts.map(([n, item, image]) => record(item, account(n), image)));
    expect(await compared()).toEqual([`${account(15)} 30`, `${account(18)} 28`]);
    expect(await entries()).toEqual(before);
    // a part that expires says nothing, a hot item that goes says that its account is gone
    await push(record('sealed#000001#a', account(15), undefined, asks(0, 20)));
    expect(await compared()).toEqual([`${account(15)} 30`, `${account(18)} 28`]);
    await push(record('hot', account(15), undefined, { version: { N: '7' } }));
    expect(await compared()).toEqual([`${account(18)} 28`]);
    await push(record('sealed#000003#f', account(18), { content: { N: '0' } }));
    expect(await compared()).toEqual([]);
  });

  it('notes whose level is not clear', async () => {
    const level = (name: string): Image => ({ level: { S: name }, expiresAt: { N: '2000000000' } });
    await push(record('hot', account(5), level('watch')), record('hot', account(6), level('clear')));
    expect(await links.watched()).toEqual([account(5)]);
    // who stays watched is noted again before the entry expires: 2,592,000 s later
    const later = { ...level('watch'), expiresAt: { N: '2002592000' } };
    await push(record('hot', account(5), later, level('watch')));
    const Key = { value: { S: watchedValue(account(5)) }, member: { S: account(5) } };
    const { Item } = await client.send(new GetItemCommand({ TableName: TABLE, Key, ConsistentRead: true }));
    expect(Item?.expiresAt?.N).toBe('2002592000');
    await push(record('hot', account(5), level('clear'), level('watch')));
    expect(await links.watched()).toEqual([]);
  });

  it('notes within a day who stays watched, though the batch was lost in which that began', async () => {
    const at = (seconds: number): Image => ({ level: { S: 'high' }, expiresAt: { N: String(seconds) } });
    const day = 20_000 * 86_400;
    await push(record('hot', account(7), at(day + 7200), at(day + 3600)));
    expect(await links.watched()).toEqual([]);
    await push(record('hot', account(7), at(day + 86_400), at(day + 7200)));
    expect(await links.watched()).toEqual([account(7)]);
    await push(record('hot', account(7), { level: { S: 'clear' } }, at(day + 86_400)));
  });

  it('tells link the newest arrival of all accounts, linked or not, and never goes back', async () => {
    const clock = new RunRequests(client, CAMPAIGNS, { minutes: 5 });
    expect(await clock.newestArrival()).toBe(0);
    await push(hotRecord(account(10), START + HOUR), hotRecord(account(11), START));
    expect(await clock.newestArrival()).toBe(START + HOUR);
    await push(hotRecord(account(12), START + 30 * MINUTE));
    expect(await clock.newestArrival()).toBe(START + HOUR);
    // another instance, which does not know what the first one wrote
    await clock.moveClock(START + 2 * HOUR);
    await new RunRequests(client, CAMPAIGNS, { minutes: 5 }).moveClock(START + HOUR);
    expect(await clock.newestArrival()).toBe(START + 2 * HOUR);
    const damaged = record('hot', account(13), { meta: { S: '{' }, level: { S: 'clear' } });
    expect(await push(damaged)).toEqual({ batchItemFailures: [] });
  });

  it('indexes a batch though the time cannot be told', async () => {
    const move = vi.spyOn(RunRequests.prototype, 'moveClock').mockRejectedValueOnce(new Error('down'));
    await push(record('facts', account(14), facts('timeless')));
    expect(await entries()).toContain(`payment#timeless ${account(14)}`);
    move.mockRestore();
  });

  it('passes over facts that cannot be read, and applies the rest', async () => {
    await push(record('facts', account(7), { facts: { S: '{' } }), record('facts', account(8), facts('z')));
    expect(await entries()).toContain(`payment#z ${account(8)}`);
  });

  it('names the record that failed, so that it is taken up from there', async () => {
    const huge = factsOf({ payment: 'x'.repeat(3000) });
    const answer = await push(record('facts', account(9), { facts: { S: JSON.stringify(huge) } }));
    expect(answer).toEqual({ batchItemFailures: [] });
    const send = vi.spyOn(DynamoDBClient.prototype, 'send').mockRejectedValueOnce(new Error('down') as never);
    expect(await push(record('facts', account(9), facts('later')))).toEqual({
      batchItemFailures: [{ itemIdentifier: '1' }],
    });
    send.mockRestore();
  });
});

async function asked(): Promise<{ at: number; because: string } | undefined> {
  const { Item } = await client.send(
    new GetItemCommand({
      TableName: CAMPAIGNS,
      Key: { campaign: { S: 'link-run' }, item: { S: 'asked' } },
      ConsistentRead: true,
    }),
  );
  return Item && { at: Number(Item.at?.N), because: Item.because?.S ?? '' };
}

describe('pressure on link', () => {
  it('does not come from accounts that share nothing, nor from a value that many have shown for long', async () => {
    const lone = Array.from({ length: 30 }, (_, i) => record('facts', account(100 + i), facts(`lone-${i}`)));
    expect(await push(...lone)).toEqual({ batchItemFailures: [] });
    for (let i = 0; i < 60; i++)
      await links.put(account(200 + i), factsOf({ payment: 'invoice' }), undefined);
    await push(record('facts', account(270), facts('invoice')));
    expect(await asked()).toBeUndefined();
  });

  it('asks for a run when a burst of new accounts shares a payment, once in five minutes however it goes on', async () => {
    await push(...[0, 1, 2, 3].map((i) => record('facts', account(300 + i), facts('burst'))));
    expect(await asked()).toBeUndefined();
    await push(record('facts', account(304), facts('burst')));
    const first = await asked();
    expect(first?.because).toBe('bursts');
    for (let i = 5; i < 40; i++) await push(record('facts', account(300 + i), facts('burst')));
    expect(await asked()).toEqual(first);
  });

  it('is gone once a run has begun, and asks again for what it did not let through', async () => {
    const requests = new RunRequests(client, CAMPAIGNS, { minutes: 5 });
    const minute = 60_000;
    const now = Date.now() + 60 * minute;
    const none = { changes: 0, watched: 0, bursts: 0 };
    await requests.begin(now);
    expect(await requests.add({ ...none, changes: 4999 }, now + 6 * minute)).toBe('calm');
    expect(await requests.add({ ...none, watched: 20 }, now + 2 * minute)).toBe('early');
    // the first change after the interval, however small
    expect(await requests.add({ ...none, changes: 1 }, now + 6 * minute)).toBe('asked');
    expect(await requests.add({ ...none, bursts: 1 }, now + 7 * minute)).toBe('early');
    // two who ask at once
    const both = [1, 2].map(() => requests.add({ ...none, bursts: 1 }, now + 20 * minute));
    expect((await Promise.all(both)).sort()).toEqual(['asked', 'early']);
    await requests.begin(now + 20 * minute);
    expect(await requests.add({ ...none, changes: 1 }, now + 30 * minute)).toBe('calm');
    expect(await requests.add(none, now + 30 * minute)).toBe('calm');
  });

  it('keeps no batch from being indexed when it cannot be told', async () => {
    const add = vi.spyOn(RunRequests.prototype, 'add').mockRejectedValueOnce(new Error('down'));
    expect(await push(record('facts', account(400), facts('quiet')))).toEqual({ batchItemFailures: [] });
    expect(await entries()).toContain(`payment#quiet ${account(400)}`);
    add.mockRestore();
  });
});
