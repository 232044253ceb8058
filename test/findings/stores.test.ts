import { type AttributeValue, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DynamoFindingStore } from '../../lib/aws/finding-table.ts';
import { noticeAttribute } from '../../lib/aws/notice-attribute.ts';
import { DynamoOutbox, PROFILE_OUTBOX, waitingIn } from '../../lib/aws/outbox-items.ts';
import { type Clients, localClients } from '../../lib/emulator/services/clients.ts';
import { type Emulators, startEmulators } from '../../lib/emulator/services/emulators.ts';
import { rowOf } from '../../lib/findings/digest-message.ts';
import { applyNotice, deliveryId, type Notice } from '../../lib/findings/finding.ts';
import { triage, undo } from '../../lib/findings/triage.ts';
import { MemoryFindingStore } from '../../lib/stores/finding-memory.ts';
import type { FindingStore } from '../../lib/stores/finding-store.ts';
import { change, verdictsByAccount } from '../../lib/stores/verdicts.ts';
import { account, iso } from '../events.ts';
import { createTable } from '../tables.ts';
import { ACCOUNT, calmed, campaign, escalated, NOW, opened } from './notices.ts';

let emulators: Emulators;
let clients: Clients;

beforeAll(async () => {
  emulators = await startEmulators();
  clients = localClients(emulators.endpoints);
  await createTable(clients.dynamodb, 'finding', 'findings');
  await createTable(clients.dynamodb, 'profile', 'profiles');
});
afterAll(async () => {
  clients.close();
  await emulators.close();
});

const of = (n: number, notice: Notice = opened) =>
  applyNotice(undefined, {
    ...notice,
    finding: `f-${n}-1`,
    at: new Date(NOW + n * 1000).toISOString(),
    subject: { ...notice.subject, id: `a_${n}` },
  });

it('an answer to the review expires after three years', async () => {
  const answer = {
    account: account(8),
    verdict: 'benign',
    at: iso(NOW),
    by: 'ada',
    decision: 'd-8',
  } as const;
  await createTable(clients.dynamodb, 'finding', 'answered');
  await new DynamoFindingStore(clients.dynamodb, 'answered').putAnswer(answer);
  const Key = { finding: { S: 'answers' }, item: { S: `${answer.account}#d-8` } };
  const { Item } = await clients.dynamodb.send(new GetItemCommand({ TableName: 'answered', Key }));
  expect(Number(Item?.expiresAt?.N)).toBe(Math.ceil(NOW / 1000) + 1096 * 86_400);
});

describe.each([
  ['in memory', () => new MemoryFindingStore()],
  ['in DynamoDB', () => new DynamoFindingStore(clients.dynamodb, 'findings')],
] as const)('findings %s', (_, make) => {
  let store: FindingStore;
  beforeAll(() => {
    store = make();
  });

  it('one of two writers wins, the other is told', async () => {
    expect(await store.find('f-0-1')).toBeUndefined();
    expect(await store.write(of(0), undefined)).toBe(true);
    expect(await store.write(of(0), undefined)).toBe(false);
    const held = await store.find('f-0-1');
    expect(held).toEqual({ finding: of(0), version: 1 });
    const next = applyNotice(of(0), { ...escalated, finding: 'f-0-1' });
    expect(await store.write(next, 1)).toBe(true);
    expect(await store.write(next, 1)).toBe(false);
    expect((await store.find('f-0-1'))?.finding).toEqual(next);
  });

  it('lists the newest change first, shadow findings apart', async () => {
    for (let n = 1; n <= 20; n++) await store.write(of(n), undefined);
    await store.write(of(21, { ...opened, shadow: true }), undefined);
    const page = await store.list(5);
    expect(page.findings.map(({ id }) => id).filter((id) => id !== 'f-0-1')[0]).toBe('f-20-1');
    expect(page.findings).toHaveLength(5);
    expect(page.more).toBe(true);
    expect((await store.list(100)).findings).toHaveLength(21);
    expect((await store.list(100)).more).toBe(false);
    expect((await store.list(5, true)).findings.map(({ id }) => id)).toEqual(['f-21-1.shadow']);
  });

  it('keeps a verdict with its exception, what was before, and takes both back', async () => {
    const until = NOW + 10 * 86_400_000;
    await change(store, 'f-3-1', (held) =>
      triage(held, { verdict: 'benign', by: 'ada', at: NOW, until, note: 'red team' }),
    );
    expect((await store.find('f-3-1'))?.finding).toMatchObject({
      state: 'closed',
      verdict: { verdict: 'benign' },
    });
    expect(await store.exceptionFor('a_3', NOW)).toMatchObject({
      by: 'ada',
      finding: 'f-3-1',
      note: 'red team',
    });
    expect(await store.exceptionFor('a_3', until)).toBeUndefined();
    expect([...(await verdictsByAccount(store))]).toEqual([['a_3', 'benign']]);
    await change(store, 'f-3-1', (held) => undo(held, 'grace', NOW + 1, undefined));
    expect((await store.find('f-3-1'))?.finding.verdict).toBeUndefined();
    expect((await store.find('f-3-1'))?.finding.state).toBe('open');
    expect(await store.exceptionFor('a_3', NOW)).toBeUndefined();
    expect((await store.audit('f-3-1')).map(({ n, by, action }) => [n, by, action])).toEqual([
      [1, 'ada', 'triage'],
      [2, 'grace', 'undo'],
    ]);
    await expect(change(store, 'f-99-1', (held) => undo(held, 'x', NOW, undefined))).rejects.toThrow(
      'there is no finding f-99-1',
    );
  });

  it('keeps the whole trail, more than the finding itself carries', async () => {
    for (let n = 0; n < 25; n++)
      await change(store, 'f-4-1', (held) =>
        triage(held, { verdict: 'unsure', by: 'ada', at: NOW + n, until: undefined, note: `${n}` }),
      );
    const trail = await store.audit('f-4-1');
    expect(trail.map(({ n }) => n)).toEqual(Array.from({ length: 25 }, (_, i) => i + 1));
    expect((await store.find('f-4-1'))?.finding.audit).toHaveLength(20);
  });

  it('a line that is put into a list again is in it once, and never where it left the list', async () => {
    const row = rowOf(opened, deliveryId(opened), 'storm');
    await store.enlist('storm#s#1', row, NOW);
    await store.enlist('storm#s#1', row, NOW);
    await store.enlist('storm#s#1', { ...row, delivery: 'z' }, NOW);
    expect((await store.rows('storm#s#1')).map(({ delivery }) => delivery)).toEqual([
      deliveryId(opened),
      'z',
    ]);
    expect(await store.rows('storm#s#2')).toEqual([]);
    const enlisted = [
      await store.isEnlisted('storm#s#1', 'z'),
      await store.isEnlisted('storm#s#1', 'y'),
      await store.isEnlisted('storm#s#2', 'z'),
    ];
    expect(enlisted).toEqual([true, false, false]);
    const y = { ...row, delivery: 'y' };
    const left = [
      await store.leave('storm#s#1', 'z', NOW),
      await store.leave('storm#s#1', 'y', NOW),
      await store.leave('storm#s#1', 'y', NOW),
      await store.enlist('storm#s#1', y, NOW),
      await store.isEnlisted('storm#s#1', 'y'),
      await store.enlist('storm#s#2', y, NOW),
    ];
    expect(left).toEqual([false, true, true, false, false, true]);
    expect((await store.rows('storm#s#1')).map(({ delivery }) => delivery)).toEqual([
      deliveryId(opened),
      'z',
    ]);
  });

  it('a finding waits for Security Hub until the change that was read is imported', async () => {
    await store.awaitImport('f-5-1', 'a_5/1');
    const [first] = await store.awaitingImport(10);
    expect(first).toEqual({ id: 'f-5-1', token: 'a_5/1' });
    await store.awaitImport('f-5-1', 'a_5/2');
    if (first !== undefined) await store.imported(first);
    expect(await store.awaitingImport(10)).toEqual([{ id: 'f-5-1', token: 'a_5/2' }]);
    for (let n = 6; n < 30; n++) await store.awaitImport(`f-${n}-1`, 't');
    expect(await store.awaitingImport(7)).toHaveLength(7);
    const all = await store.awaitingImport(100);
    expect(new Set(all.map(({ id }) => id)).size).toBe(25);
    for (const held of all) await store.imported(held);
    expect(await store.awaitingImport(100)).toEqual([]);
  });

  it('state is changed by whoever read it last', async () => {
    expect(await store.state('x')).toBeUndefined();
    expect(await store.writeState('x', 'one', undefined)).toBe(true);
    expect(await store.writeState('x', 'two', undefined)).toBe(false);
    expect(await store.writeState('x', 'two', 1)).toBe(true);
    expect(await store.state('x')).toEqual({ body: 'two', version: 2 });
  });
});

describe('the outbox in an item', () => {
  const outbox = () => new DynamoOutbox(clients.dynamodb, 'profiles', PROFILE_OUTBOX);
  const put = (texts: readonly string[], version = 1) =>
    clients.dynamodb.send(
      new PutItemCommand({
        TableName: 'profiles',
        Item: {
          account: { S: ACCOUNT },
          item: { S: 'hot' },
          version: { N: String(version) },
          // a list may hold notices of the version before, and of this one
          notices: { L: texts.map((text, i) => (i === 0 ? { S: text } : noticeAttribute(text))) },
          noticeShard: { S: 'n3' },
          noticeSince: { S: '2026-03-04T09:12:00.000Z' },
        },
      }),
    );
  const stored = async () =>
    (
      await clients.dynamodb.send(
        new GetItemCommand({
          TableName: 'profiles',
          Key: { account: { S: ACCOUNT }, item: { S: 'hot' } },
          ConsistentRead: true,
        }),
      )
    ).Item;
  const inBase64 = ({ B }: AttributeValue) => ({ B: Buffer.from(B ?? []).toString('base64') });
  const texts = [opened, escalated, calmed].map((notice) => JSON.stringify(notice));
  const [first = '', second = '', third = ''] = texts;

  it('is found when overdue, emptied when delivered, and the version is not touched', async () => {
    await put([first], 7);
    const here = outbox();
    expect(await here.overdue('2026-03-04T09:13:00.000Z', 10)).toEqual([
      { key: ACCOUNT, since: '2026-03-04T09:12:00.000Z' },
    ]);
    expect(await here.overdue('2026-03-04T09:12:00.000Z', 10)).toEqual([]);
    const waiting = await here.read(ACCOUNT);
    expect(waiting?.texts).toEqual([first]);
    if (waiting) await here.remove(waiting, new Set([first]));
    expect(Object.keys((await stored()) ?? {}).sort()).toEqual(['account', 'item', 'version']);
    expect((await stored())?.version).toEqual({ N: '7' });
    expect(await here.read(ACCOUNT)).toBeUndefined();
    expect(await here.overdue('9999', 10)).toEqual([]);
  });

  it('keeps what the score side appended meanwhile', async () => {
    await put([first, second]);
    const here = outbox();
    const waiting = await here.read(ACCOUNT);
    await put(texts, 2);
    if (waiting) await here.remove(waiting, new Set([first, second]));
    const item = await stored();
    expect(waitingIn(item, PROFILE_OUTBOX)?.texts).toEqual([third]);
    // as an image in an event of Lambda has them, and one that is damaged
    const image: unknown = { ...item, notices: { L: (item?.notices?.L ?? []).map(inBase64) } };
    expect(waitingIn(image as typeof item, PROFILE_OUTBOX)?.texts).toEqual([third]);
    const damaged = { ...item, notices: { L: [{ B: Uint8Array.of(1, 7, 7) }, { B: Uint8Array.of(9) }] } };
    expect(waitingIn(damaged, PROFILE_OUTBOX)?.texts).toEqual(['', '']);
    expect(item?.noticeShard).toEqual({ S: 'n3' });
    if (waiting) await here.remove(waiting, new Set([first]));
    expect((await here.read(ACCOUNT))?.texts).toEqual([third]);
  });
});

it('a verdict on a campaign is one on its members; one on the account itself comes first', async () => {
  const store = new MemoryFindingStore();
  const said = (verdict: 'confirmed' | 'benign', at: string) => ({ verdict, by: 'ada', at });
  const ring = applyNotice(undefined, campaign);
  const [first, second] = campaign.subject.members ?? [];
  if (first === undefined || second === undefined) throw new Error('the fixture has members');
  const own = applyNotice(undefined, {
    ...opened,
    subject: { ...opened.subject, id: second.account },
  });
  await store.write({ ...ring, verdict: said('confirmed', '2026-03-09T00:00:00Z') }, undefined);
  await store.write({ ...own, verdict: said('benign', '2026-03-01T00:00:00Z') }, undefined);
  // while a deployment learns, what it would have flagged is in the shadow
  const shadowed = of(9, { ...opened, shadow: true });
  await store.write({ ...shadowed, verdict: said('confirmed', '2026-03-02T00:00:00Z') }, undefined);
  const verdicts = await verdictsByAccount(store);
  expect(verdicts.get('a_9')).toBe('confirmed');
  expect(verdicts.get(first.account)).toBe('confirmed');
  expect(verdicts.get(second.account)).toBe('benign');
});
