import {
  DescribeTableCommand,
  type DynamoDBClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-dynamodb';
import { TABLES } from '../../contract/tables.ts';
import { deleteItems, type Item, keysOf, scanned } from './table-pages.ts';
import type { Place, Trace } from './trace.ts';

/** BatchWriteItem takes at most 25 requests (API_BatchWriteItem). */
const BATCH = 25;

/** The account's items in the profile table: profile, facts, prompts, notices that wait. */
export function profilePlace(
  client: DynamoDBClient,
  table: string,
  account: string,
  name = 'profiles',
): Place {
  return {
    name,
    counts: 'items',
    traces: () =>
      deletable(client, table, keysOf(client, table, TABLES.profile, account), TABLES.profile.sort),
  };
}

/**
 * The account's items in the second table of a rebuild, which stays until somebody deletes it; undefined where there is none.
 * Without that, a later `rebuild --switch` would put the account back. Whoever may not ask for the table is told so by a trace.
 */
export async function rebuiltPlace(
  client: DynamoDBClient,
  table: string,
  account: string,
): Promise<Place | undefined> {
  const name = 'rebuilt profiles';
  try {
    await client.send(new DescribeTableCommand({ TableName: table }));
    return profilePlace(client, table, account, name);
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    if (!(error instanceof Error) || error.name !== 'AccessDeniedException') throw error;
    const why =
      'whether a rebuild left this table could not be seen (dynamodb:DescribeTable): a rebuild --switch puts back what it holds';
    return {
      name,
      counts: 'items',
      traces: async function* () {
        yield { at: table, count: 1, erase: undefined, why };
      },
    };
  }
}

/** Its entries in the link table, under whatever value: the whole table is looked through, keys only. */
export function linkPlace(client: DynamoDBClient, table: string, account: string): Place {
  const { partition, sort } = TABLES.link;
  const filter = { attribute: sort, value: account, keys: [partition, sort] };
  return {
    name: 'links',
    counts: 'entries',
    traces: () => deletable(client, table, scanned(client, table, filter), partition),
  };
}

async function* deletable(
  client: DynamoDBClient,
  table: string,
  keys: AsyncIterable<Item>,
  shown: string,
): AsyncGenerator<Trace> {
  let batch: Item[] = [];
  const trace = (items: readonly Item[]): Trace => ({
    at: items.map((item) => item[shown]?.S ?? '').join(' '),
    count: items.length,
    erase: () => deleteItems(client, table, items),
  });
  for await (const key of keys) {
    batch.push(key);
    if (batch.length < BATCH) continue;
    yield trace(batch);
    batch = [];
  }
  if (batch.length > 0) yield trace(batch);
}
