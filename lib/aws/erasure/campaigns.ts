import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Campaign } from '../../campaigns/campaign.ts';
import { CAMPAIGN_STATE_ITEM } from '../../contract/tables.ts';
import { notice as noticeSchema } from '../../findings/finding.ts';
import { noticeWithout } from '../../findings/without-account.ts';
import { CampaignTable } from '../campaign-table.ts';
import { comparisonIn } from '../comparison-item.ts';
import { deleteItems, type Item, scanned } from './table-pages.ts';
import type { Place, Trace } from './trace.ts';

const ATTEMPTS = 5;

/**
 * Campaigns that have the account as a member, or had it a moment ago: its line in their lists of members, its row in
 * notices that wait, and the note that leads from it to a campaign.
 */
export function campaignPlace(client: DynamoDBClient, table: string, account: string): Place {
  return { name: 'campaigns', counts: 'items', traces: () => traces(client, table, account) };
}

async function* traces(client: DynamoDBClient, table: string, account: string): AsyncGenerator<Trace> {
  const current = new Map<string, string>();
  const parts: { readonly id: string; readonly item: Item }[] = [];
  for await (const item of scanned(client, table)) {
    const id = item.campaign?.S ?? '';
    const key = keyOf(item);
    if (id === `account#${account}`)
      yield { at: 'note of its campaign', count: 1, erase: () => deleteItems(client, table, [key]) };
    else if (item.item?.S === CAMPAIGN_STATE_ITEM) {
      current.set(id, item.membersAt?.S ?? '');
      if ((item.notices?.L ?? []).some((held) => held.S?.includes(account) === true))
        yield { at: `${id}: notices`, count: 1, erase: () => rewriteNotices(client, table, key, account) };
      // it is no member any more, and counts for a month among those whom no rank supports
      if (item.meta?.S?.includes(account) === true)
        yield { at: `${id}: named by count`, count: 1, erase: () => leave(client, table, id, account) };
    } else if (item.members?.S?.includes(account) === true) parts.push({ id, item });
    // the next run compares anew
    else if (comparisonIn(item)?.groups.some((members) => members.includes(account)) === true)
      yield {
        at: 'groups of accounts that ask alike',
        count: 1,
        erase: () => deleteItems(client, table, [key]),
      };
    else if (JSON.stringify(item).includes(account))
      yield {
        at: `${id}: ${item.item?.S ?? ''}`,
        count: 1,
        erase: undefined,
        why: 'an item of unknown kind',
      };
  }
  for (const { id, item } of parts) {
    const live = (item.item?.S ?? '').startsWith(`members#${current.get(id)}#`);
    yield {
      at: `${id}: members`,
      count: 1,
      erase: async () => {
        if (live) await leave(client, table, id, account);
        await deleteItems(client, table, [keyOf(item)]);
      },
    };
  }
}

function keyOf(item: Item): Item {
  return { campaign: item.campaign ?? { S: '' }, item: item.item ?? { S: '' } };
}

/** Saves the campaign without the account; a run that writes meanwhile goes first. */
async function leave(client: DynamoDBClient, table: string, id: string, account: string): Promise<void> {
  const campaigns = new CampaignTable(client, table);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const stored = await campaigns.find(id);
    if (stored === undefined || !holds(stored.campaign, account)) return;
    if ((await campaigns.save(campaignWithout(stored.campaign, account), stored.version)) === 'saved') return;
  }
  throw new Error(`campaign ${id} changes while it is written: run it again`);
}

function holds({ members, unranked, shadow }: Campaign, account: string): boolean {
  const counted = [...(unranked ?? []), ...(shadow?.unranked ?? [])];
  return members.includes(account) || counted.some(([name]) => name === account);
}

function campaignWithout(held: Campaign, account: string): Campaign {
  const others = (accused: ReadonlyMap<string, number>) =>
    new Map([...accused].filter(([name]) => name !== account));
  const unranked = (of: Campaign['unranked']) =>
    of === undefined ? {} : { unranked: of.filter(([name]) => name !== account) };
  return {
    ...held,
    ...unranked(held.unranked),
    members: held.members.filter((member) => member !== account),
    accused: others(held.accused),
    ...(held.shadow === undefined
      ? {}
      : {
          shadow: {
            ...held.shadow,
            ...unranked(held.shadow.unranked),
            accused: others(held.shadow.accused),
          },
        }),
  };
}

async function rewriteNotices(
  client: DynamoDBClient,
  table: string,
  Key: Item,
  account: string,
): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: table, Key: { ...Key }, ConsistentRead: true }),
    );
    const held = Item?.notices?.L;
    if (held === undefined || !JSON.stringify(held).includes(account)) return;
    const left = held.map(({ S = '' }) => ({
      S: S.includes(account) ? JSON.stringify(noticeWithout(noticeSchema.parse(JSON.parse(S)), account)) : S,
    }));
    try {
      await client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: { ...Key },
          UpdateExpression: 'SET notices = :left',
          // notices are only appended, with growing numbers, and only removed as they are delivered
          ConditionExpression: `size(notices) = :size AND notices[0] = :first AND notices[${held.length - 1}] = :last`,
          ExpressionAttributeValues: {
            ':left': { L: left },
            ':size': { N: String(held.length) },
            ':first': { S: held[0]?.S ?? '' },
            ':last': { S: held.at(-1)?.S ?? '' },
          },
        }),
      );
      return;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }
  throw new Error('notices change while they are written: run it again');
}
