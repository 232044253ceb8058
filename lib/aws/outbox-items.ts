import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { CAMPAIGN_STATE_ITEM, PROFILE_ITEMS, UNDELIVERED_INDEX } from '../contract/tables.ts';
import type { Outbox, Waiting } from '../stores/outbox.ts';
import { asStored, noticeText } from './notice-attribute.ts';

export interface OutboxShape {
  /** of the table: `account` or `campaign` */
  readonly partition: string;
  /** sort key value of the items with notices: `hot` or `state` */
  readonly item: string;
}

export const PROFILE_OUTBOX: OutboxShape = { partition: 'account', item: PROFILE_ITEMS.hot };
export const CAMPAIGN_OUTBOX: OutboxShape = { partition: 'campaign', item: CAMPAIGN_STATE_ITEM };

/** What waits in an item's image; undefined where nothing does. */
export function waitingIn(
  image: Readonly<Record<string, AttributeValue>> | undefined,
  shape: OutboxShape,
): Waiting | undefined {
  const key = image?.[shape.partition]?.S;
  const stored = image?.notices?.L?.map(asStored);
  if (key === undefined || stored === undefined || stored.length === 0) return undefined;
  const waiting = { key, texts: stored.map(noticeText), since: image?.noticeSince?.S };
  storedAs.set(waiting, stored);
  return waiting;
}

/** The notices of what was read as they are stored: deflated again by another version of zlib, they might be other bytes. */
const storedAs = new WeakMap<Waiting, readonly AttributeValue[]>();

export class DynamoOutbox implements Outbox {
  readonly name: string;
  readonly #client: DynamoDBClient;
  readonly #shape: OutboxShape;

  constructor(client: DynamoDBClient, table: string, shape: OutboxShape) {
    this.#client = client;
    this.name = table;
    this.#shape = shape;
  }

  async read(key: string): Promise<Waiting | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({
        TableName: this.name,
        Key: this.#key(key),
        ProjectionExpression: '#partition, notices, noticeSince',
        ExpressionAttributeNames: { '#partition': this.#shape.partition },
        ConsistentRead: true,
      }),
    );
    return waitingIn(Item, this.#shape);
  }

  async overdue(since: string, limit: number): Promise<readonly { key: string; since: string }[]> {
    const found = await Promise.all(
      NOTICE_SHARDS.map(async (shard) => {
        const { Items = [] } = await this.#client.send(
          new QueryCommand({
            TableName: this.name,
            IndexName: UNDELIVERED_INDEX,
            KeyConditionExpression: 'noticeShard = :shard AND noticeSince < :since',
            ExpressionAttributeValues: { ':shard': { S: shard }, ':since': { S: since } },
            Limit: limit,
          }),
        );
        return Items.flatMap((item) => {
          const key = item[this.#shape.partition]?.S;
          const waits = item.noticeSince?.S;
          return key === undefined || waits === undefined ? [] : [{ key, since: waits }];
        });
      }),
    );
    return found
      .flat()
      .sort((a, b) => (a.since < b.since ? -1 : 1))
      .slice(0, limit);
  }

  async remove(read: Waiting, delivered: ReadonlySet<string>): Promise<void> {
    for (let held: Waiting | undefined = read; held !== undefined; held = await this.read(held.key)) {
      if (!held.texts.some((text) => delivered.has(text))) return;
      if (await this.#replace(held, delivered)) return;
    }
  }

  /**
   * The list is still what was read if its length, first and last text are: notices are only appended, with growing
   * numbers, and only removed here. The version is the score side's and stays as it is.
   */
  async #replace(read: Waiting, delivered: ReadonlySet<string>): Promise<boolean> {
    const stored = storedAs.get(read) ?? read.texts.map((text) => ({ S: text }));
    const last = stored.length - 1;
    const left = stored.filter((_, i) => !delivered.has(read.texts[i] ?? ''));
    try {
      await this.#client.send(
        new UpdateItemCommand({
          TableName: this.name,
          Key: this.#key(read.key),
          UpdateExpression:
            left.length === 0 ? 'REMOVE notices, noticeShard, noticeSince' : 'SET notices = :left',
          ConditionExpression: `size(notices) = :size AND notices[0] = :first AND notices[${last}] = :last`,
          ExpressionAttributeValues: {
            ':size': { N: String(stored.length) },
            ':first': stored[0] ?? { S: '' },
            ':last': stored[last] ?? { S: '' },
            ...(left.length === 0 ? {} : { ':left': { L: left } }),
          },
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  #key(key: string): Record<string, { S: string }> {
    return { [this.#shape.partition]: { S: key }, item: { S: this.#shape.item } };
  }
}
/** Partition keys of the sparse index. */
export const NOTICE_SHARDS = ['n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7'] as const;
