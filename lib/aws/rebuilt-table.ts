import {
  type AttributeValue,
  ConditionalCheckFailedException,
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ResourceNotFoundException,
  ScanCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { decodeFacts } from '../campaigns/linking/facts-codec.ts';
import { mergeFacts } from '../campaigns/linking/link-facts.ts';
import { PROFILE_ITEMS, TABLES } from '../contract/tables.ts';
import { defaultPolicy } from '../policy/policy.ts';
import { laneNumber } from '../profile/lane.ts';
import type { ReadSoFar } from './archive-reader.ts';
import { FactItems } from './fact-items.ts';
import { HOT_OF_LANES, keyOf, namedLanes, placeOfItem } from './lane-items.ts';
import { itemsBetween } from './profile-items.ts';

type Item = Record<string, AttributeValue>;

/** Version of an account's own live item, 0 where there is none, and the lanes that it names. */
interface LiveOwn {
  readonly version: number;
  readonly lanes: AttributeValue | undefined;
}

/** Seconds that a new table may take. */
const TABLE_MADE = 300;
/** Times that facts are written again where somebody else was faster. */
const ATTEMPTS = 5;
/** Partition of the items that say how far a rebuild has come; no account is called so. */
const PROGRESS = 'rebuild';
const readSoFar = z.record(z.string(), z.string());

/** The profile table that a rebuild fills beside the live one, and what becomes of its items. */
export class RebuiltTable {
  readonly #client: DynamoDBClient;
  readonly #live: string;
  readonly #table: string;
  readonly #retentionDays: number;

  /** @param retentionDays of the policy in force, of facts that go into the live table */
  constructor(
    client: DynamoDBClient,
    live: string,
    table: string,
    retentionDays = defaultPolicy.retentionDays,
  ) {
    this.#client = client;
    this.#live = live;
    this.#table = table;
    this.#retentionDays = retentionDays;
  }

  /** Makes the table, encrypted under the live one's key; one that is there already is gone on with. */
  async make(): Promise<'made' | 'there'> {
    try {
      await this.#client.send(new DescribeTableCommand({ TableName: this.#table }));
      return 'there';
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error;
    }
    const key = await this.#keyOfLive();
    const { partition, sort } = TABLES.profile;
    await this.#client.send(
      new CreateTableCommand({
        TableName: this.#table,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [partition, sort].map((AttributeName) => ({
          AttributeName,
          AttributeType: 'S',
        })),
        KeySchema: [
          { AttributeName: partition, KeyType: 'HASH' },
          { AttributeName: sort, KeyType: 'RANGE' },
        ],
        ...(key === undefined
          ? {}
          : { SSESpecification: { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: key } }),
      }),
    );
    await waitUntilTableExists({ client: this.#client, maxWaitTime: TABLE_MADE }, { TableName: this.#table });
    return 'made';
  }

  /** A live table that is lost has no key any more: AWS's own is used then. */
  async #keyOfLive(): Promise<string | undefined> {
    try {
      const { Table } = await this.#client.send(new DescribeTableCommand({ TableName: this.#live }));
      return Table?.SSEDescription?.KMSMasterKeyArn;
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    }
  }

  async progress(group: string): Promise<ReadSoFar> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: progressKey(group), ConsistentRead: true }),
    );
    return Item?.read?.S === undefined ? {} : readSoFar.parse(JSON.parse(Item.read.S));
  }

  async keepProgress(group: string, read: ReadSoFar): Promise<void> {
    await this.#client.send(
      new PutItemCommand({
        TableName: this.#table,
        Item: { ...progressKey(group), read: { S: JSON.stringify(read) } },
      }),
    );
  }

  /** Accounts that were rebuilt, page by page. */
  async *accounts(): AsyncGenerator<string[]> {
    let from: Item | undefined;
    do {
      const page = await this.#client.send(
        new ScanCommand({
          TableName: this.#table,
          // what was written a moment ago is compared too
          ConsistentRead: true,
          FilterExpression: '#item = :hot',
          ProjectionExpression: 'account',
          ExpressionAttributeNames: { '#item': 'item' },
          ExpressionAttributeValues: { ':hot': { S: PROFILE_ITEMS.hot } },
          ...(from === undefined ? {} : { ExclusiveStartKey: from }),
        }),
      );
      yield (page.Items ?? []).flatMap(({ account }) => account?.S ?? []);
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
  }

  /**
   * Puts an account's rebuilt items into the live table: its parts first, the hot items of its lanes, its own last, each only where
   * nobody wrote it since `version` was read. Versions go on from the higher one, so that no warm function takes the new item for
   * the one that it knows. Facts are joined with those that stand there: what an account has shown since is never lost.
   * Parts that nothing names any more expire by themselves. Lanes count for themselves: where one has gone on, the others are right.
   * @param versions of the live hot items as they were judged, by the names of their profiles; without: there was none
   */
  async switchOver(account: string, versions: ReadonlyMap<string, number>): Promise<'switched' | 'conflict'> {
    const items = await this.#itemsOf(account);
    const hots = items.filter((item) => placeOfItem(item).item === PROFILE_ITEMS.hot);
    const live = await this.#liveOwn(account);
    if (hots.length === 0 || live.version !== (versions.get(account) ?? 0)) return 'conflict';
    for (const item of items) {
      if (item.item?.S === PROFILE_ITEMS.facts) await this.#joinFacts(account, item);
      else if (!hots.includes(item)) await this.#put(item);
    }
    const numbers = [...versions.keys(), ...hots.map((item) => placeOfItem(item).name)].map(laneNumber);
    const lanes = namedLanes(
      [...new Set([...numbers, ...(live.lanes?.NS ?? []).map(Number)])].filter((number) => number > 0),
    );
    // the account's own stands before those of its lanes, and goes last
    const inOrder = hots.toSorted((a, b) => laneOfItem(b) - laneOfItem(a));
    for (const hot of inOrder) {
      const { name } = placeOfItem(hot);
      // an item that only names lanes is of no version
      if (hot.version === undefined) continue;
      const item = name === account ? { ...hot, ...lanes } : hot;
      const before = { version: versions.get(name) ?? 0, lanes: name === account ? live.lanes : undefined };
      if ((await this.#replace(item, before)) === 'conflict') return 'conflict';
    }
    return 'switched';
  }

  /**
   * Puts a hot item in the place of the live one of that version (0: there is none), which names no other lanes than those: a lane is named
   * without a version of its own.
   */
  async #replace(item: Item, { version, lanes }: LiveOwn): Promise<'switched' | 'conflict'> {
    const next = Math.max(version, Number(item.version?.N ?? 0)) + 1;
    const conditions = [
      version === 0 ? 'attribute_not_exists(#version)' : '#version = :read',
      lanes === undefined ? 'attribute_not_exists(#lanes)' : '#lanes = :lanes',
    ];
    const values: Item = {
      ...(version === 0 ? {} : { ':read': { N: String(version) } }),
      ...(lanes === undefined ? {} : { ':lanes': lanes }),
    };
    try {
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#live,
          Item: { ...item, version: { N: String(next) } },
          ConditionExpression: conditions.join(' AND '),
          ExpressionAttributeNames: { '#version': 'version', '#lanes': 'lanes' },
          ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: values }),
        }),
      );
      return 'switched';
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return 'conflict';
      throw error;
    }
  }

  /** Versions of an account's live hot items, whatever else is in them, by the names of their profiles. */
  async liveVersions(account: string): Promise<ReadonlyMap<string, number>> {
    const versions = new Map<string, number>();
    const { version } = await this.#liveOwn(account);
    if (version > 0) versions.set(account, version);
    const live = { client: this.#client, table: this.#live };
    for (const item of await itemsBetween(live, account, HOT_OF_LANES, 'newest'))
      versions.set(placeOfItem(item).name, Number(item.version?.N ?? 0));
    return versions;
  }

  /** Version of an account's own live item, 0 where there is none, and the lanes that it names. */
  async #liveOwn(account: string): Promise<LiveOwn> {
    const { Item } = await this.#client.send(
      new GetItemCommand({
        TableName: this.#live,
        Key: keyOf(account, PROFILE_ITEMS.hot),
        ProjectionExpression: '#version, #lanes',
        ExpressionAttributeNames: { '#version': 'version', '#lanes': 'lanes' },
        ConsistentRead: true,
      }),
    );
    return { version: Number(Item?.version?.N ?? 0), lanes: Item?.lanes };
  }

  async #joinFacts(account: string, { facts }: Item): Promise<void> {
    const rebuilt = decodeFacts(facts?.S ?? '');
    // what is damaged there is replaced
    const live = new FactItems(this.#client, this.#live, {
      retentionDays: this.#retentionDays,
      replacesUnreadable: true,
    });
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const held = (await live.load([account])).get(account);
      const next = held === undefined ? rebuilt : mergeFacts(held, rebuilt);
      if ((await live.save(account, next)) === 'saved') return;
    }
    throw new Error('somebody else kept writing the facts of this account');
  }

  async #put(Item: Item): Promise<void> {
    await this.#client.send(new PutItemCommand({ TableName: this.#live, Item }));
  }

  async #itemsOf(account: string): Promise<Item[]> {
    const items: Item[] = [];
    let from: Item | undefined;
    do {
      const page = await this.#client.send(
        new QueryCommand({
          TableName: this.#table,
          ConsistentRead: true,
          KeyConditionExpression: 'account = :account',
          ExpressionAttributeValues: { ':account': { S: account } },
          ...(from === undefined ? {} : { ExclusiveStartKey: from }),
        }),
      );
      items.push(...(page.Items ?? []));
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
    return items;
  }
}

function progressKey(group: string): Item {
  return { account: { S: PROGRESS }, item: { S: `group#${group}` } };
}

const laneOfItem = (item: Item): number => laneNumber(placeOfItem(item).name);
