import {
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
import { itemsOf } from './account-items.ts';

const ATTEMPTS = 5;

/** An item as it was read or written. */
interface KeptSamples {
  readonly samples: PromptSamples;
  /** what a write has to name; undefined: there is no item, or one of a version before */
  readonly name: string | undefined;
  /** grows with each write, so that whoever hears of it late knows; 0: as `name` undefined */
  readonly version: number;
}

const NO_ITEM: KeptSamples = { samples: NO_PROMPTS, name: undefined, version: 0 };

interface Known extends KeptSamples {
  /** what the hot item names, which lags behind where somebody died between the two writes */
  readonly named: string;
  /** the profile that it belongs to */
  readonly of: Lineage | undefined;
}

/**
 * The one owner of the profile table's `prompts` items (`account`, item `prompts`: prompts, name, version, expiresAt): samples of what accounts
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
    let held: KeptSamples = known ?? NO_ITEM;
    let now = samples;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const prompts = encodePromptSamples(now);
      const name = hash48(Buffer.from(prompts).toString('latin1')).toString(36);
      const same = name === held.name;
      if (same || (await this.#put(account, now, { prompts, name }, held))) {
        const version = same ? held.version : held.version + 1;
        this.#known.set(account, { samples: now, name, version, named: name, of: known?.of });
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
    { prompts, name }: { readonly prompts: Uint8Array; readonly name: string },
    { name: before, version }: KeptSamples,
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
            version: { N: String(version + 1) },
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

  async #read(accounts: readonly string[], consistent: boolean): Promise<Map<string, KeptSamples>> {
    const asked = { table: this.#table, item: PROFILE_ITEMS.prompts, consistent, what: 'prompt samples' };
    const items = await itemsOf(this.#client, asked, accounts);
    return new Map(
      [...items].map(([account, { prompts, name, version }]) => [
        account,
        { samples: readable(prompts?.B), name: name?.S, version: Number(version?.N ?? 0) },
      ]),
    );
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
