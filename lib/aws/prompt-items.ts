import {
  type AttributeValue,
  BatchGetItemCommand,
  type DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { LRUCache } from 'lru-cache';
import { PROFILE_ITEMS } from '../contract/tables.ts';
import { GENERATION_MS, isWorthWriting, NO_PROMPTS, type PromptSamples } from '../profile/prompt-sample.ts';
import { decodePromptSamples, encodePromptSamples } from '../profile/prompt-sample-codec.ts';
import { recentlyUsed } from '../recently-used.ts';
import { type Lineage, lineageOf, type StoredStates, toRead } from '../stores/lineage.ts';
import type { PromptSampleStore } from '../stores/profile-store.ts';

/** BatchGetItem takes at most 100 keys (API_BatchGetItem). */
const KEYS_PER_GET = 100;

/** What is stored of an account, and what its sample has become since. */
interface Known {
  readonly written: PromptSamples;
  readonly samples: PromptSamples;
  /** the profile that it belongs to */
  readonly of: Lineage | undefined;
}

/**
 * The one owner of the profile table's `prompts` items (`account`, item `prompts`: prompts, expiresAt): samples of what accounts
 * ask, in an item of their own, because they change far less often than the hot one. The table's stream brings them to the
 * link table. A warm function remembers what it wrote or read as long as the profile goes on (stores/lineage.ts), and writes
 * when enough is new (isWorthWriting); a lost race is mended by the next prompt.
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

  async load(accounts: readonly string[], stored?: StoredStates): Promise<Map<string, PromptSamples>> {
    const missing = toRead(this.#known, accounts, stored);
    for (let i = 0; i < missing.length; i += KEYS_PER_GET) {
      const chunk = missing.slice(i, i + KEYS_PER_GET);
      const read = await this.#get(chunk);
      for (const account of chunk) {
        const written = read.get(account) ?? NO_PROMPTS;
        this.#known.set(account, { written, samples: written, of: lineageOf(stored?.get(account)) });
      }
    }
    const found = new Map<string, PromptSamples>();
    for (const account of accounts) {
      const samples = this.#known.get(account)?.samples;
      if (samples !== undefined && samples.length > 0) found.set(account, samples);
    }
    return found;
  }

  async save(account: string, samples: PromptSamples): Promise<void> {
    const { written = NO_PROMPTS, of } = this.#known.get(account) ?? {};
    if (!isWorthWriting(written, samples)) {
      this.#known.set(account, { written, samples, of });
      return;
    }
    await this.#client.send(
      new PutItemCommand({
        TableName: this.#table,
        Item: {
          account: { S: account },
          item: { S: PROFILE_ITEMS.prompts },
          prompts: { B: encodePromptSamples(samples) },
          expiresAt: { N: String(Math.ceil(expiryOf(samples) / 1000)) },
        },
      }),
    );
    this.#known.set(account, { written: samples, samples, of });
  }

  async #get(accounts: readonly string[]): Promise<Map<string, PromptSamples>> {
    const found = new Map<string, PromptSamples>();
    let keys: Record<string, AttributeValue>[] = accounts.map((account) => ({
      account: { S: account },
      item: { S: PROFILE_ITEMS.prompts },
    }));
    for (let attempt = 0; keys.length > 0; attempt++) {
      const response = await this.#client.send(
        new BatchGetItemCommand({ RequestItems: { [this.#table]: { Keys: keys, ConsistentRead: true } } }),
      );
      for (const item of response.Responses?.[this.#table] ?? [])
        if (item.account?.S !== undefined) found.set(item.account.S, readable(item.prompts?.B));
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

/** When samples say nothing any more, ms: two generations after the newest has begun. */
export function expiryOf(samples: PromptSamples): number {
  return (Math.max(0, ...samples.map(({ generation }) => generation)) + 2) * GENERATION_MS;
}
