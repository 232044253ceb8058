import { type DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CampaignTable, PART_MEMBERS } from '../../lib/aws/campaign-table.ts';
import { MembershipItems } from '../../lib/aws/membership-items.ts';
import { CAMPAIGN_OUTBOX, DynamoOutbox } from '../../lib/aws/outbox-items.ts';
import { type Campaign, newCampaign } from '../../lib/campaigns/campaign.ts';
import type { CampaignStore } from '../../lib/campaigns/ports.ts';
import type { Notice } from '../../lib/findings/finding.ts';
import { decodeCampaign, encodeMeta, MemoryCampaignStore } from '../../lib/stores/campaign-store.ts';
import { MemoryMembershipIndex } from '../../lib/stores/membership-index.ts';
import { account, START } from '../events.ts';
import { type EmulatedTables, emulatedTables } from '../tables.ts';

let emulated: EmulatedTables;
let client: DynamoDBClient;
let tables = 0;

beforeAll(async () => {
  emulated = await emulatedTables();
  client = emulated.client;
});
afterAll(() => emulated.close());

const newTable = (): Promise<string> => emulated.create('campaign', `campaigns${++tables}`);

function campaign(members = 3): Campaign {
  const accounts = Array.from({ length: members }, (_, i) => account(i));
  const made = newCampaign(
    {
      members: accounts,
      bodies: [accounts],
      links: [{ key: 'payment#p', kind: 'payment', members: accounts, accounts: members }],
    },
    START,
  );
  return { ...made, accused: new Map(accounts.slice(0, members - 1).map((held) => [held, START + 5])) };
}

function notice(number: number, id: string): Notice {
  return {
    v: 1,
    number,
    transition: number === 1 ? 'opened' : 'updated',
    finding: 'fc-1',
    subject: { type: 'campaign', id, plan: 'payg', product: 'api', memberCount: 3 },
    at: new Date(START).toISOString(),
    since: new Date(START).toISOString(),
    level: 'suspect',
    previous: 'clear',
    score: 4,
    log10E: 3,
    p: 1e-4,
    peers: { group: 'g', accounts: 10 },
    promise: 0.01,
    window: { hours: 24, from: new Date(START).toISOString(), to: new Date(START).toISOString(), events: 1 },
    reasons: [],
    explanations: [],
    links: [],
    stake: { requests: 1, inputTokens: 1, outputTokens: 1, models: [] },
    sampleEvents: [],
    versions: { policy: 'p', calibration: 'c', code: 'x' },
    shadow: false,
  };
}

const withNotices = (held: Campaign, ...numbers: number[]): Campaign => ({
  ...held,
  judgement: {
    ...held.judgement,
    numbered: Math.max(held.judgement.numbered, ...numbers),
    notices: numbers.map((number) => notice(number, held.id)),
  },
});

describe.each([
  ['in memory', async (): Promise<CampaignStore> => new MemoryCampaignStore()],
  ['in DynamoDB', async (): Promise<CampaignStore> => new CampaignTable(client, await newTable())],
] as const)('campaign store %s', (_name, make) => {
  it('gives back what was saved', async () => {
    const store = await make();
    const held = withNotices(campaign(), 1);
    expect(await store.save(held, 0)).toBe('saved');
    expect(await store.find(held.id)).toEqual({ campaign: held, version: 1 });
    expect(await store.find('c_unknown')).toBeUndefined();
  });

  it('gives back what a candidate policy thinks, and whom it would name beside whom the active one names', async () => {
    const store = await make();
    const { evidence, level } = campaign().judgement;
    const accused = new Map([1, 2].map((n) => [account(n), START + n]));
    const finding = { id: 'fc-9', since: 1, noticedAt: 2, noticedEvents: 3, calmed: false };
    const held: Campaign = {
      ...campaign(),
      unranked: [[account(1), START]],
      shadow: {
        policy: 'candidate',
        evidence,
        level,
        episode: 1,
        finding,
        accused,
        unranked: [[account(2), START + 2]],
      },
    };
    await store.save(held, 0);
    expect((await store.find(held.id))?.campaign).toEqual(held);
  });

  it('lets one of two runs win, and the loser changes nothing', async () => {
    const store = await make();
    const held = campaign();
    await store.save(held, 0);
    expect(await store.save(withNotices({ ...held, members: [account(1), account(2)] }, 1), 1)).toBe('saved');
    expect(await store.save(withNotices({ ...held, members: [account(9)] }, 1), 1)).toBe('conflict');
    expect(await store.save(held, 0)).toBe('conflict');
    const found = await store.find(held.id);
    expect(found?.campaign.members).toEqual([account(1), account(2)]);
    expect(found?.campaign.judgement.notices.length).toBe(1);
  });

  it('appends new notices once, also when a state with old ones is saved again', async () => {
    const store = await make();
    const held = campaign();
    await store.save(withNotices(held, 1), 0);
    await store.save(withNotices(held, 1, 2), 1);
    const found = await store.find(held.id);
    expect(found?.campaign.judgement.notices.map(({ number }) => number)).toEqual([1, 2]);
  });

  it('lists all', async () => {
    const store = await make();
    await store.save(campaign(3), 0);
    await store.save({ ...campaign(4), id: 'c_other' }, 0);
    const found: string[] = [];
    for await (const held of store.all()) found.push(held.campaign.id);
    expect(found.sort()).toEqual([campaign(3).id, 'c_other'].sort());
  });
});

describe('the campaign table', () => {
  it('keeps a campaign of more members than an item holds', async () => {
    const store = new CampaignTable(client, await newTable());
    const held = campaign(PART_MEMBERS * 2 + 7);
    await store.save(held, 0);
    const found = await store.find(held.id);
    expect(found?.campaign.members.length).toBe(held.members.length);
    expect(found?.campaign.accused.size).toBe(held.members.length - 1);
  });

  it('offers notices to delivery, and does not bring back what was delivered', async () => {
    const table = await newTable();
    const store = new CampaignTable(client, table);
    const outbox = new DynamoOutbox(client, table, CAMPAIGN_OUTBOX);
    const held = campaign();
    await store.save(withNotices(held, 1), 0);
    const waiting = await outbox.read(held.id);
    expect(waiting?.texts.length).toBe(1);
    if (waiting !== undefined) await outbox.remove(waiting, new Set(waiting.texts));
    // a run that had read the state before delivery saves it with the old notice still in it
    await store.save(withNotices(held, 1, 2), 1);
    expect((await outbox.read(held.id))?.texts.map((text) => JSON.parse(text).number)).toEqual([2]);
    const { Item } = await client.send(
      new GetItemCommand({ TableName: table, Key: { campaign: { S: held.id }, item: { S: 'state' } } }),
    );
    expect(Item?.noticeShard?.S).toMatch(/^n[0-7]$/);
  });

  it('refuses damaged state by name of the field', () => {
    expect(() => decodeCampaign('{', [], [])).toThrow(/not JSON/);
    const text = encodeMeta(campaign()).replace('"linkedAt":', '"linkedAt":null,"was":');
    expect(() => decodeCampaign(text, [], [])).toThrow(/linkedAt/);
  });
});

describe('whose finding names an account', () => {
  it.each(['table', 'memory'])('is what the campaign says, whatever was noted (%s)', async (kind) => {
    const table = await newTable();
    const campaigns = kind === 'table' ? new CampaignTable(client, table) : new MemoryCampaignStore();
    const accusations =
      kind === 'table' ? new MembershipItems(client, table, campaigns) : new MemoryMembershipIndex(campaigns);
    const made = campaign();
    const open: Campaign = {
      ...made,
      judgement: {
        ...made.judgement,
        level: { level: 'suspect', since: START, supported: START },
        finding: { id: 'fc-1', since: START, noticedAt: START, noticedEvents: 1, calmed: false },
      },
    };
    await accusations.note(open.id, [account(0), account(2)], Date.now() + 1e9);
    expect(await accusations.of(account(0))).toBeUndefined();
    await campaigns.save(open, 0);
    expect(await accusations.of(account(0))).toEqual({ id: open.id, finding: 'fc-1', level: 'suspect' });
    // noted by a run that lost: the campaign does not name it
    expect(await accusations.of(account(2))).toBeUndefined();
    await accusations.forget('c_other', [account(0)]);
    expect(await accusations.of(account(0))).toBeDefined();
    await accusations.forget(open.id, [account(0)]);
    expect(await accusations.of(account(0))).toBeUndefined();
    // the campaign table's readers do not take notes for campaigns
    for await (const held of campaigns.all()) expect(held.campaign.id).toBe(open.id);
  });
});

it('a campaign with a notice of a newer version is read and saved, and the notice stays for who can read it', async () => {
  const name = await newTable();
  const passedOver: string[] = [];
  const table = new CampaignTable(client, name, { onUnreadable: (id) => passedOver.push(id) });
  const held = withNotices(campaign(), 1);
  await table.save(held, 0);
  const newer = JSON.stringify({ ...notice(1, held.id), addedByANewerVersion: 1 });
  await client.send(
    new UpdateItemCommand({
      TableName: name,
      Key: { campaign: { S: held.id }, item: { S: 'state' } },
      UpdateExpression: 'SET notices = :newer',
      ExpressionAttributeValues: { ':newer': { L: [{ S: newer }] } },
    }),
  );
  const read = await table.find(held.id);
  expect(read?.campaign.id).toBe(held.id);
  expect(passedOver).toEqual([held.id]);
  expect(await table.save(withNotices(campaign(), 2), read?.version ?? 0)).toBe('saved');
  const { Item } = await client.send(
    new GetItemCommand({ TableName: name, Key: { campaign: { S: held.id }, item: { S: 'state' } } }),
  );
  expect(Item?.notices?.L?.map(({ S }) => S)).toContain(newer);
});
