import {
  type AttributeValue,
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { LRUCache } from 'lru-cache';
import { PROFILE_ITEMS } from '../contract/tables.ts';
import { hash48 } from '../profile/hashes.ts';
import {
  mergePromptSamples,
  NO_PROMPTS,
  type PromptSamples,
  samplesExpireAt,
} from '../profile/prompt-sample.ts';
import { decodePromptSamples, encodePromptSamples } from '../profile/prompt-sample-codec.ts';
import { recentlyUsed } from '../recently-used.ts';
import { type Lineage, lineageOf, type StoredStates, toRead } from '../stores/lineage.ts';
import type { PromptSampleStore, WrittenSamples } from '../stores/profile-store.ts';

/** BatchGetItem takes at most 100 keys (API_BatchGetItem). */
const KEYS_PER_GET = 100;
const ATTEMPTS = 5;

/** An item as it was read or written. */
interface StoredItem {
  readonly samples: PromptSamples;
  /** what a write has to name; undefined: there is no item, or one of a version before */
  readonly name: string | undefined;
}

const NO_ITEM: StoredItem = { samples: NO_PROMPTS, name: undefined };

interface Known extends StoredItem {
  /** what the hot item names, which lags behind where somebody died between the two writes */
  readonly named: string;
  /** the profile that it belongs to */
  readonly of: Lineage | undefined;
}

/**
 * The one owner of the profile table's `prompts` items (`account`, item `prompts`: prompts, name, expiresAt): samples of what accounts
 * ask, in an item of their own, because they change far less often than the hot one, which holds what came since
 * (profile/prompt-sample.ts) and names the item by its content. A write names the one that it adds to; whoever finds another
 * adds to that: samples merge in any order, so that none is lost, whoever died in between. A warm function remembers what it
 * wrote or read as long as the hot item names it, and the profile goes on (stores/lineage.ts).
 */
export class PromptItems implements PromptSampleStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #known: LRUCache<string, Known>;

  constructor(client: DynamoDBClient, table: string, options: { cache?: number } = {}) {
    this.#client = client;
    this.#table = table;
    this.#known = recentlyUsed(options.cache ?? 20_000);
  }

  async load(accounts: readonly string[], stored: StoredStates): Promise<Map<string, PromptSamples>> {
    const named = (account: string): string => stored.get(account)?.asked.written ?? '';
    for (const account of accounts)
      if (this.#known.get(account)?.named !== named(account)) this.#known.delete(account);
    const missing = toRead(this.#known, accounts, stored);
    const read = await this.#read(missing, true);
    for (const account of missing) {
      const of = lineageOf(stored.get(account));
      this.#known.set(account, { ...(read.get(account) ?? NO_ITEM), named: named(account), of });
    }
    const found = new Map<string, PromptSamples>();
    for (const account of accounts) {
      const samples = this.#known.get(account)?.samples ?? NO_PROMPTS;
      if (samples.length > 0) found.set(account, samples);
    }
    return found;
  }

  async save(account: string, samples: PromptSamples): Promise<WrittenSamples> {
    const known = this.#known.get(account);
    let held: StoredItem = known ?? NO_ITEM;
    let now = samples;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const prompts = encodePromptSamples(now);
      const name = hash48(Buffer.from(prompts).toString('latin1')).toString(36);
      if (name === held.name || (await this.#put(account, now, prompts, name, held.name))) {
        this.#known.set(account, { samples: now, name, named: name, of: known?.of });
        return { name, samples: now };
      }
      held = (await this.#read([account], true)).get(account) ?? NO_ITEM;
      now = mergePromptSamples(held.samples, samples);
    }
    // what is remembered of it is of no use
    this.#known.delete(account);
    throw new Error('somebody else kept writing the sampled prompts of this account');
  }

  /** Samples of accounts for those that compare them: eventually consistent. */
  async samplesOf(accounts: readonly string[]): Promise<Map<string, PromptSamples>> {
    const read = await this.#read(accounts, false);
    return new Map([...read].map(([account, { samples }]) => [account, samples]));
  }

  /** False where the item is not the one that is added to. */
  async #put(
    account: string,
    samples: PromptSamples,
    prompts: Uint8Array,
    name: string,
    before: string | undefined,
  ): Promise<boolean> {
    try {
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: {
            account: { S: account },
            item: { S: PROFILE_ITEMS.prompts },
            prompts: { B: prompts },
            name: { S: name },
            expiresAt: { N: String(Math.ceil(samplesExpireAt(samples) / 1000)) },
          },
          ExpressionAttributeNames: { '#name': 'name' },
          ...(before === undefined
            ? { ConditionExpression: 'attribute_not_exists(#name)' }
            : {
                ConditionExpression: '#name = :before',
                ExpressionAttributeValues: { ':before': { S: before } },
              }),
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  async #read(accounts: readonly string[], ConsistentRead: boolean): Promise<Map<string, StoredItem>> {
    const found = new Map<string, StoredItem>();
    for (let i = 0; i < accounts.length; i += KEYS_PER_GET)
      for (const item of await this.#get(accounts.slice(i, i + KEYS_PER_GET), ConsistentRead))
        if (item.account?.S !== undefined)
          found.set(item.account.S, { samples: readable(item.prompts?.B), name: item.name?.S });
    return found;
  }

  async #get(
    accounts: readonly string[],
    ConsistentRead: boolean,
  ): Promise<Record<string, AttributeValue>[]> {
    const found: Record<string, AttributeValue>[] = [];
    let keys: Record<string, AttributeValue>[] = accounts.map((account) => ({
      account: { S: account },
      item: { S: PROFILE_ITEMS.prompts },
    }));
    for (let attempt = 0; keys.length > 0; attempt++) {
      const response = await this.#client.send(
        new BatchGetItemCommand({ RequestItems: { [this.#table]: { Keys: keys, ConsistentRead } } }),
      );
      found.push(...(response.Responses?.[this.#table] ?? []));
      keys = response.UnprocessedKeys?.[this.#table]?.Keys ?? [];
      if (keys.length > 0 && attempt >= 8)
        throw new Error(`${keys.length} prompt samples could not be read: the table is throttled`);
      if (keys.length > 0) await new Promise((resolve) => setTimeout(resolve, 50 * 2 ** attempt));
    }
    return found;
  }
}

/** A damaged item begins anew: a sample is a hint, and no reason to hold up an account. */
function readable(bytes: Uint8Array | undefined): PromptSamples {
  try {
    return decodePromptSamples(bytes ?? new Uint8Array());
  } catch {
    return NO_PROMPTS;
  }
}
