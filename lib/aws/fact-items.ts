import {
  type AttributeValue,
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
import type { LinkFactStore, Reading } from '../stores/profile-store.ts';
import { itemsOf } from './account-items.ts';

/** What is known of an account's item: its facts, and the version that a write has to name. */
interface Known {
  /** as they are stored, half a kilobyte; undefined: there are none that can be read */
  readonly text: string | undefined;
  /** 0: there is no item; undefined: it cannot be read, and stays as it is */
  readonly version: number | undefined;
  /** the profile that it belongs to */
  readonly of?: Lineage | undefined;
}

/**
 * Writes of a profile after which its facts are read at half the price. Facts only grow, and whoever adds to older ones is refused and reads
 * again; those of an account that was erased a moment ago would be more than there is, so a life that has just begun reads what stands.
 */
const OLD_FROM = 8;
/** Accounts whose facts a warm function keeps: a kilobyte each, with what lies around it. */
export const FACTS_KEPT = 100_000;

/**
 * The one owner of the profile table's `facts` items (`account`, item `facts`: facts, version, expiresAt), whose stream
 * feeds the link index. A warm function remembers what it wrote or read as long as the profile goes on; a write names the version that it adds to, so
 * that no two functions drop each other's values.
 */
export class FactItems implements LinkFactStore {
  private readonly client: DynamoDBClient;
  private readonly table: string;
  private readonly known: LRUCache<string, Known>;
  private readonly replacesUnreadable: boolean;
  private readonly onUnreadable: ((account: string, error: Error) => void) | undefined;
  /** of the policy in force */
  retentionDays: number;

  constructor(
    client: DynamoDBClient,
    table: string,
    options: {
      retentionDays: number;
      /** accounts whose facts a warm function keeps; default FACTS_KEPT */
      kept?: number;
      onUnreadable?: (account: string, error: Error) => void;
      /** an item that cannot be read is written anew, where everything is known that belongs there; else it stays as it is */
      replacesUnreadable?: boolean;
    },
  ) {
    this.client = client;
    this.table = table;
    this.retentionDays = options.retentionDays;
    this.onUnreadable = options.onUnreadable;
    this.replacesUnreadable = options.replacesUnreadable ?? false;
    this.known = recentlyUsed(options.kept ?? FACTS_KEPT);
  }

  async load(
    accounts: readonly string[],
    stored?: StoredStates,
    reading: Reading = 'newest',
  ): Promise<Map<string, AccountFacts>> {
    const missing = toRead(this.known, accounts, stored);
    const isYoung = (account: string): boolean =>
      reading === 'newest' || (stored?.get(account)?.profile.version ?? 0) < OLD_FROM;
    const asked = { table: this.table, item: PROFILE_ITEMS.facts, what: 'link facts' };
    const [newest, recent] = await Promise.all([
      itemsOf(this.client, { ...asked, consistent: true }, missing.filter(isYoung)),
      itemsOf(
        this.client,
        { ...asked, consistent: false },
        missing.filter((account) => !isYoung(account)),
      ),
    ]);
    for (const account of missing) {
      const item = newest.get(account) ?? recent.get(account);
      const held = item === undefined ? { text: undefined, version: 0 } : this.readOf(account, item);
      this.known.set(account, { ...held, of: lineageOf(stored?.get(account)) });
    }
    const facts = new Map<string, AccountFacts>();
    for (const account of accounts) {
      const text = this.known.get(account)?.text;
      // it was checked when it was read, or written by this instance
      if (text !== undefined) facts.set(account, JSON.parse(text) as AccountFacts);
    }
    return facts;
  }

  async save(account: string, facts: AccountFacts): Promise<'saved' | 'conflict'> {
    const read = this.known.get(account);
    if (read !== undefined && read.version === undefined) return 'saved';
    const version = read?.version ?? 0;
    const text = encodeFacts(facts);
    try {
      await this.client.send(
        new PutItemCommand({
          TableName: this.table,
          Item: {
            account: { S: account },
            item: { S: PROFILE_ITEMS.facts },
            facts: { S: text },
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
    this.known.set(account, { text, version: version + 1, of: read?.of });
    return 'saved';
  }

  private readOf(account: string, item: Record<string, AttributeValue>): Known {
    try {
      const text = item.facts?.S ?? '';
      readable(`link facts of ${account}`, () => decodeFacts(text));
      return { text, version: Number(item.version?.N ?? 0) };
    } catch (error) {
      if (this.replacesUnreadable && error instanceof UnreadableItem)
        return { text: undefined, version: Number(item.version?.N ?? 0) };
      if (this.onUnreadable === undefined || !(error instanceof UnreadableItem)) throw error;
      this.onUnreadable(account, error);
      return { text: undefined, version: undefined };
    }
  }
}
