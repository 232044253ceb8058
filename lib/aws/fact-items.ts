import {
  type AttributeValue,
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { LRUCache } from 'lru-cache';
import { decodeFacts, encodeFacts } from '../campaigns/linking/facts-codec.ts';
import { type AccountFacts, lastShown } from '../campaigns/linking/link-facts.ts';
import { PROFILE_ITEMS } from '../contract/tables.ts';
import { recentlyUsed } from '../recently-used.ts';
import { readable, UnreadableItem } from '../stores/failures.ts';
import { type Lineage, lineageOf, type StoredStates, toRead } from '../stores/lineage.ts';
import type { LinkFactStore } from '../stores/profile-store.ts';

/** BatchGetItem takes at most 100 keys (API_BatchGetItem). */
const KEYS_PER_GET = 100;

/** What is known of an account's item: its facts, and the version that a write has to name. */
interface Known {
  readonly facts: AccountFacts | undefined;
  /** 0: there is no item; undefined: it cannot be read, and stays as it is */
  readonly version: number | undefined;
  /** the profile that it belongs to */
  readonly of?: Lineage | undefined;
}

/**
 * The one owner of the profile table's `facts` items (`account`, item `facts`: facts, version, expiresAt), whose stream
 * feeds the link index. A warm function remembers what it wrote or read as long as the profile goes on; a write names the version that it adds to, so
 * that no two functions drop each other's values.
 */
export class FactItems implements LinkFactStore {
  private readonly client: DynamoDBClient;
  private readonly table: string;
  private readonly known: LRUCache<string, Known>;
  private readonly onUnreadable: ((account: string, error: Error) => void) | undefined;
  /** of the policy in force */
  retentionDays: number;

  constructor(
    client: DynamoDBClient,
    table: string,
    options: {
      retentionDays: number;
      cache?: number;
      onUnreadable?: (account: string, error: Error) => void;
    },
  ) {
    this.client = client;
    this.table = table;
    this.retentionDays = options.retentionDays;
    this.onUnreadable = options.onUnreadable;
    this.known = recentlyUsed(options.cache ?? 20_000);
  }

  async load(accounts: readonly string[], stored?: StoredStates): Promise<Map<string, AccountFacts>> {
    const missing = toRead(this.known, accounts, stored);
    for (let i = 0; i < missing.length; i += KEYS_PER_GET) {
      const chunk = missing.slice(i, i + KEYS_PER_GET);
      const read = await this.get(chunk);
      for (const account of chunk) {
        const held = read.get(account) ?? { facts: undefined, version: 0 };
        this.known.set(account, { ...held, of: lineageOf(stored?.get(account)) });
      }
    }
    const facts = new Map<string, AccountFacts>();
    for (const account of accounts) {
      const held = this.known.get(account)?.facts;
      if (held !== undefined) facts.set(account, held);
    }
    return facts;
  }

  async save(account: string, facts: AccountFacts): Promise<'saved' | 'conflict'> {
    const read = this.known.get(account);
    if (read !== undefined && read.version === undefined) return 'saved';
    const version = read?.version ?? 0;
    try {
      await this.client.send(
        new PutItemCommand({
          TableName: this.table,
          Item: {
            account: { S: account },
            item: { S: PROFILE_ITEMS.facts },
            facts: { S: encodeFacts(facts) },
            version: { N: String(version + 1) },
            expiresAt: { N: String(Math.ceil(lastShown(facts) / 1000) + this.retentionDays * 86_400) },
          },
          ...(version === 0
            ? { ConditionExpression: 'attribute_not_exists(account)' }
            : {
                ConditionExpression: '#version = :read',
                ExpressionAttributeNames: { '#version': 'version' },
                ExpressionAttributeValues: { ':read': { N: String(version) } },
              }),
        }),
      );
    } catch (error) {
      // whatever happened, what is stored is to be read again
      this.known.delete(account);
      if (error instanceof ConditionalCheckFailedException) return 'conflict';
      throw error;
    }
    this.known.set(account, { facts, version: version + 1, of: read?.of });
    return 'saved';
  }

  private async get(accounts: readonly string[]): Promise<Map<string, Known>> {
    const found = new Map<string, Known>();
    let keys: Record<string, AttributeValue>[] = accounts.map((account) => ({
      account: { S: account },
      item: { S: PROFILE_ITEMS.facts },
    }));
    for (let attempt = 0; keys.length > 0; attempt++) {
      const response = await this.client.send(
        new BatchGetItemCommand({ RequestItems: { [this.table]: { Keys: keys, ConsistentRead: true } } }),
      );
      for (const item of response.Responses?.[this.table] ?? [])
        if (item.account?.S !== undefined) found.set(item.account.S, this.decode(item.account.S, item));
      keys = response.UnprocessedKeys?.[this.table]?.Keys ?? [];
      if (keys.length > 0 && attempt >= 8)
        throw new Error(`${keys.length} link facts could not be read: the table is throttled`);
      if (keys.length > 0) await new Promise((resolve) => setTimeout(resolve, 50 * 2 ** attempt));
    }
    return found;
  }

  private decode(account: string, item: Record<string, AttributeValue>): Known {
    try {
      const facts = readable(`link facts of ${account}`, () => decodeFacts(item.facts?.S ?? ''));
      return { facts, version: Number(item.version?.N ?? 0) };
    } catch (error) {
      if (this.onUnreadable === undefined || !(error instanceof UnreadableItem)) throw error;
      this.onUnreadable(account, error);
      return { facts: undefined, version: undefined };
    }
  }
}
