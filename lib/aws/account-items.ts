import { type AttributeValue, BatchGetItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { PROFILE_ITEMS } from '../contract/tables.ts';
import { keyOf, placeOfItem } from './lane-items.ts';

/** An item of the profile table, as DynamoDB answers it. */
export type StoredItem = Readonly<Record<string, AttributeValue>>;

/** Which items of accounts, or of lanes of accounts, are read, and how. */
export interface AskedItems {
  readonly table: string;
  readonly item: (typeof PROFILE_ITEMS)[keyof typeof PROFILE_ITEMS];
  /** false: at half the price, and what was written a moment ago may be missed (Developer Guide, "Read consistency") */
  readonly consistent: boolean;
  /** what they are, for the message of a failure */
  readonly what: string;
}

/** BatchGetItem takes at most 100 keys (API_BatchGetItem). */
const KEYS_PER_GET = 100;
const ATTEMPTS = 9;
/** Pause before the second attempt, ms; it doubles with every further one. */
const FIRST_PAUSE = 50;

/**
 * The items of one kind of some accounts, by the names of their profiles; who has none is not in it. What DynamoDB leaves unprocessed is asked for again.
 * @throws where the table stays throttled
 */
export async function itemsOf(
  client: DynamoDBClient,
  asked: AskedItems,
  accounts: readonly string[],
): Promise<Map<string, StoredItem>> {
  const chunks: (readonly string[])[] = [];
  for (let i = 0; i < accounts.length; i += KEYS_PER_GET) chunks.push(accounts.slice(i, i + KEYS_PER_GET));
  const found = new Map<string, StoredItem>();
  await Promise.all(chunks.map((chunk) => read(client, asked, chunk, found)));
  return found;
}

async function read(
  client: DynamoDBClient,
  { table, item, consistent, what }: AskedItems,
  accounts: readonly string[],
  found: Map<string, StoredItem>,
): Promise<void> {
  let keys: Record<string, AttributeValue>[] = accounts.map((account) => keyOf(account, item));
  for (let attempt = 1; keys.length > 0; attempt++) {
    const response = await client.send(
      new BatchGetItemCommand({ RequestItems: { [table]: { Keys: keys, ConsistentRead: consistent } } }),
    );
    for (const held of response.Responses?.[table] ?? [])
      if (held.account?.S !== undefined) found.set(placeOfItem(held).name, held);
    keys = response.UnprocessedKeys?.[table]?.Keys ?? [];
    if (keys.length === 0) return;
    if (attempt === ATTEMPTS)
      throw new Error(`${keys.length} ${what} could not be read: the table is throttled`);
    await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE * 2 ** (attempt - 1)));
  }
}
