import {
  type AttributeValue,
  BatchGetItemCommand,
  type DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { LRUCache } from 'lru-cache';
import { decodeFacts, encodeFacts } from '../campaigns/linking/facts-codec.ts';
import type { AccountFacts } from '../campaigns/linking/link-facts.ts';
import { PROFILE_ITEMS } from '../contract/tables.ts';
import type { LinkFactStore } from '../stores/profile-store.ts';

/** BatchGetItem takes at most 100 keys (API_BatchGetItem). */
const KEYS_PER_GET = 100;

/**
 * The one owner of the profile table's `facts` items (`account`, item `facts`: facts, expiresAt), whose stream feeds the
 * link index. A warm function remembers what it wrote or read; facts are hints, and a lost race is mended by the next
 * change.
 */
export class FactItems implements LinkFactStore {
  private readonly client: DynamoDBClient;
  private readonly table: string;
  private readonly retentionDays: number;
  private readonly known: LRUCache<string, { facts: AccountFacts | undefined }>;

  constructor(client: DynamoDBClient, table: string, options: { retentionDays: number; cache?: number }) {
    this.client = client;
    this.table = table;
    this.retentionDays = options.retentionDays;
    this.known = new LRUCache({ max: options.cache ?? 20_000 });
  }

  async load(accounts: readonly string[]): Promise<Map<string, AccountFacts>> {
    const missing = accounts.filter((account) => !this.known.has(account));
    for (let i = 0; i < missing.length; i += KEYS_PER_GET) {
      const chunk = missing.slice(i, i + KEYS_PER_GET);
      const read = await this.get(chunk);
      for (const account of chunk) this.known.set(account, { facts: read.get(account) });
    }
    const facts = new Map<string, AccountFacts>();
    for (const account of accounts) {
      const held = this.known.get(account)?.facts;
      if (held !== undefined) facts.set(account, held);
    }
    return facts;
  }

  async save(account: string, facts: AccountFacts): Promise<void> {
    const newest = Math.max(
      facts.firstSeen,
      ...Object.values(facts.values).flatMap((list) => list.map(({ seen }) => seen)),
    );
    await this.client.send(
      new PutItemCommand({
        TableName: this.table,
        Item: {
          account: { S: account },
          item: { S: PROFILE_ITEMS.facts },
          facts: { S: encodeFacts(facts) },
          expiresAt: { N: String(Math.ceil(newest / 1000) + this.retentionDays * 86_400) },
        },
      }),
    );
    this.known.set(account, { facts });
  }

  private async get(accounts: readonly string[]): Promise<Map<string, AccountFacts>> {
    const facts = new Map<string, AccountFacts>();
    let keys: Record<string, AttributeValue>[] = accounts.map((account) => ({
      account: { S: account },
      item: { S: PROFILE_ITEMS.facts },
    }));
    for (let attempt = 0; keys.length > 0; attempt++) {
      const response = await this.client.send(
        new BatchGetItemCommand({ RequestItems: { [this.table]: { Keys: keys } } }),
      );
      for (const item of response.Responses?.[this.table] ?? [])
        if (item.account?.S !== undefined && item.facts?.S !== undefined)
          facts.set(item.account.S, decodeFacts(item.facts.S));
      keys = response.UnprocessedKeys?.[this.table]?.Keys ?? [];
      if (keys.length > 0 && attempt >= 8)
        throw new Error(`${keys.length} link facts could not be read: the table is throttled`);
      if (keys.length > 0) await new Promise((resolve) => setTimeout(resolve, 50 * 2 ** attempt));
    }
    return facts;
  }
}
