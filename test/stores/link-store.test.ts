import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LinkTable } from '../../lib/aws/link-table.ts';
import type { LinkEntry } from '../../lib/campaigns/linking/blocking.ts';
import type { LinkStore } from '../../lib/campaigns/ports.ts';
import { entryValues, MemoryLinkStore } from '../../lib/stores/link-store.ts';
import { factsOf } from '../campaigns/base.ts';
import { HOUR, MINUTE, START } from '../events.ts';
import { type EmulatedTables, emulatedTables } from '../tables.ts';

let emulated: EmulatedTables;
let client: DynamoDBClient;
let tables = 0;

beforeAll(async () => {
  emulated = await emulatedTables();
  client = emulated.client;
});
afterAll(() => emulated.close());

const newTable = (): Promise<string> => emulated.create('link', `links${++tables}`);

async function entries(store: LinkStore, parts = 1): Promise<string[]> {
  const found: LinkEntry[] = [];
  for (let part = 0; part < parts; part++)
    for await (const entry of store.scan(part, parts)) found.push(entry);
  return found.map(({ value, account }) => `${value} ${account}`).sort();
}

const HOSTILE = '"}{\u0000\'; DROP TABLE links; --\n__proto__ %s <script>';

describe.each([
  ['in memory', async (): Promise<LinkStore> => new MemoryLinkStore()],
  [
    'in DynamoDB',
    async (): Promise<LinkStore> => new LinkTable(client, await newTable(), { retentionDays: 35 }),
  ],
] as const)('link store %s', (_name, make) => {
  it('holds an account once under each of its hard values, however often it is put', async () => {
    const store = await make();
    const facts = factsOf({ payment: 'p', credential: 'k', networks: ['n'] });
    await store.put('a', facts, undefined);
    await store.put('a', facts, facts);
    await store.put('b', factsOf({ payment: 'p' }), undefined);
    expect(await entries(store)).toEqual(['credential#k a', 'payment#p a', 'payment#p b']);
  });

  it('moves an account when its values change, and forgets it', async () => {
    const store = await make();
    const before = factsOf({ payment: 'old' });
    const after = factsOf({ payment: 'new' });
    await store.put('a', before, undefined);
    await store.put('a', after, before);
    expect(await entries(store)).toEqual(['payment#new a']);
    await store.put('a', undefined, after);
    expect(await entries(store)).toEqual([]);
  });

  it('keeps accounts without hard values, so that places know how common they are', async () => {
    const store = await make();
    await store.put('a', factsOf({ networks: ['n'] }), undefined);
    const [only] = await entries(store);
    expect(only).toMatch(/^none#\d+ a$/);
  });

  it('gives every entry in exactly one of its partitions, all of a value together', async () => {
    const store = await make();
    for (let i = 0; i < 40; i++) await store.put(`a${i}`, factsOf({ payment: `p${i % 8}` }), undefined);
    expect((await entries(store, 5)).length).toBe(40);
    const seen: string[] = [];
    for (let part = 0; part < 5; part++)
      for await (const { value } of store.scan(part, 5))
        if (seen[seen.length - 1] !== value) seen.push(value);
    expect(seen.length).toBe(8);
  });

  it('notes who is watched, apart from what links', async () => {
    const store = await make();
    await store.put('a', factsOf({ payment: 'p' }), undefined);
    for (const name of ['b', 'c', 'b']) await store.watch(name, true, { until: 2e12 });
    await store.watch('c', false, { until: 2e12 });
    expect(await store.watched()).toEqual(['b']);
    expect(await entries(store)).toEqual(['payment#p a']);
  });

  it('ends as the newest state of an account says, in whatever order its states come and come again', async () => {
    const state = fc.record({ payments: fc.subarray(['p', 'q', 'r', 's']), watched: fc.boolean() });
    const history = fc.array(state, { minLength: 2, maxLength: 6 });
    const runs = fc.tuple(history, fc.infiniteStream(fc.nat()));
    await fc.assert(
      fc.asyncProperty(runs, async ([states, picks]) => {
        const store = await make();
        const facts = states.map(({ payments }) => factsOf({ payment: payments }));
        // seconds of the stream's clock are rounded, and several writes fall into one
        const from = (i: number) => ({ version: i + 1, at: START + Math.floor(i / 3) * 1000, until: 4e12 });
        const late = (i: number) =>
          Promise.all([
            store.put('a', facts[i], facts[i - 1], from(i)),
            store.watch('a', states[i]?.watched === true, from(i)),
          ]);
        // each once at least: a mapping gives nothing up that has not been taken
        const order = states.map((_, i) => i).sort(() => (Number(picks.next().value) % 2) - 0.5);
        for (const i of [...order, ...order.filter(() => Number(picks.next().value) % 3 === 0)])
          await late(i);
        const last = states.length - 1;
        const must = entryValues('a', facts[last] ?? factsOf({})).map((value) => `${value} a`);
        expect(await entries(store)).toEqual(must.sort());
        expect(await store.watched()).toEqual(states[last]?.watched === true ? ['a'] : []);
      }),
      { numRuns: 6 },
    );
  });

  it('takes an account back whose item was lost or forgotten, and begins with the first version again', async () => {
    const store = await make();
    const [facts, other] = [factsOf({ payment: 'p' }), factsOf({ payment: 'q' })];
    await store.put('a', facts, undefined, { version: 7, at: START });
    await store.watch('a', true, { version: 50, at: START, until: 4e12 });
    await store.watch('a', false, { version: 60, at: START + MINUTE, until: 4e12 });
    // the table was made anew: nobody said that the old life is over
    await store.put('a', other, facts, { version: 2, at: START + HOUR });
    await store.watch('a', true, { version: 1, at: START + HOUR, until: 4e12 });
    expect(await entries(store)).toEqual(['payment#q a']);
    // and an invocation of the old life comes late
    await store.put('a', facts, undefined, { version: 7, at: START });
    await store.watch('a', false, { version: 60, at: START + MINUTE, until: 4e12 });
    expect(await entries(store)).toEqual(['payment#q a']);
    expect(await store.watched()).toEqual(['a']);
  });

  it('looks at the accounts that show a value, past those that showed it before, up to its limit', async () => {
    const store = await make();
    const [old, now] = [factsOf({ payment: 'p' }), factsOf({ payment: 'q' })];
    for (let i = 0; i < 12; i++) {
      await store.put(`a${i}`, old, undefined, { version: 1 });
      await store.put(`a${i}`, now, old, { version: 2 });
    }
    for (let i = 0; i < 3; i++) await store.put(`b${i}`, old, undefined, { version: 1 });
    expect(await store.sharing('payment#p', 4)).toHaveLength(3);
    expect(await store.sharing('payment#p', 2)).toHaveLength(2);
    expect(await store.sharing('payment#q', 4)).toHaveLength(4);
  });

  it('takes hostile strings for what they are', async () => {
    const store = await make();
    const facts = factsOf({ payment: HOSTILE, networks: [HOSTILE.slice(0, 40)] });
    await store.put('a', facts, undefined);
    const found: LinkEntry[] = [];
    for await (const entry of store.scan(0, 1)) found.push(entry);
    expect(found).toEqual([{ value: `payment#${HOSTILE}`, account: 'a', facts }]);
  });
});

describe('the link table', () => {
  it('passes over a damaged item, says so, and reads the rest', async () => {
    const table = await newTable();
    const unreadable: string[] = [];
    const store = new LinkTable(client, table, {
      retentionDays: 35,
      onUnreadable: (value, member) => unreadable.push(`${value} ${member}`),
    });
    await store.put('a', factsOf({ payment: 'p' }), undefined);
    await client.send(
      new PutItemCommand({
        TableName: table,
        Item: { value: { S: 'payment#p' }, member: { S: 'b' }, facts: { S: '{"v":9}' } },
      }),
    );
    expect(await entries(store)).toEqual(['payment#p a']);
    expect(unreadable).toEqual(['payment#p b']);
  });
});
