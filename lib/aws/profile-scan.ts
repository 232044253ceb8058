import { type AttributeValue, type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { PROFILE_ITEMS } from '../contract/tables.ts';
import type { AccountState } from '../detection/account-state.ts';
import { readable, UnreadableItem } from '../stores/failures.ts';
import { fromItem, NO_LOGS, type Places, placesOf } from '../stores/profile-item.ts';
import { hotOf, joinedParts, SEALED, type SealedParts } from './profile-items.ts';

/** What of the table is scanned. */
export interface TableScan {
  /** from 0, of so many; default: all in one */
  readonly segment?: number;
  readonly segments?: number;
  /** told of an account whose item cannot be read, which is then left out; without, that is an error */
  readonly onUnreadable?: (account: string, error: Error) => void;
}

interface ScanSource {
  readonly client: DynamoDBClient;
  readonly table: string;
}

/** Asks for the sealed parts of an account. */
type SealedOf = (account: string, places: Places) => Promise<SealedParts>;

/**
 * All accounts of a segment with their sealed slices, in one pass over the items: for `calibrate` and `console`. Eventually
 * consistent; without the ids of recent events, so that nothing of it may be saved. Items of an account lie side by side
 * (DynamoDB Developer Guide, "Core components": items of one partition key are stored together, in order of the sort key); a
 * part that does not is asked for.
 */
export async function* scanProfiles(
  source: ScanSource,
  scan: TableScan,
  sealedOf: SealedOf,
): AsyncGenerator<AccountState> {
  let account: string | undefined;
  let items: Record<string, AttributeValue>[] = [];
  for await (const item of scanned(source, scan)) {
    if (item.account?.S !== account) {
      yield* await accountOf(account, items, scan, sealedOf);
      account = item.account?.S;
      items = [];
    }
    items.push(item);
  }
  yield* await accountOf(account, items, scan, sealedOf);
}

/** The account that the items are of; none where it is unreadable, or its hot item is not among them. */
async function accountOf(
  account: string | undefined,
  items: readonly Record<string, AttributeValue>[],
  { onUnreadable }: TableScan,
  sealedOf: SealedOf,
): Promise<AccountState[]> {
  const hot = items.find(({ item }) => item?.S === PROFILE_ITEMS.hot);
  if (account === undefined || hot === undefined) return [];
  try {
    const held = hotOf(hot);
    const places = readable(`the profile of ${account}`, () => placesOf(held));
    const sealed = joinedParts(account, places, items) ?? (await sealedOf(account, places));
    const { slices, prompts } = sealed;
    return [readable(`the profile of ${account}`, () => fromItem(account, held, slices, NO_LOGS, prompts))];
  } catch (error) {
    if (!(error instanceof UnreadableItem) || onUnreadable === undefined) throw error;
    onUnreadable(account, error);
    return [];
  }
}

async function* scanned(
  { client, table }: ScanSource,
  { segment = 0, segments = 1 }: TableScan,
): AsyncGenerator<Record<string, AttributeValue>> {
  let from: Record<string, AttributeValue> | undefined;
  do {
    const page = await client.send(
      new ScanCommand({
        TableName: table,
        FilterExpression: '#item = :hot OR begins_with(#item, :sealed)',
        ExpressionAttributeNames: { '#item': 'item' },
        ExpressionAttributeValues: { ':hot': { S: PROFILE_ITEMS.hot }, ':sealed': { S: SEALED } },
        ...(segments === 1 ? {} : { Segment: segment, TotalSegments: segments }),
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      }),
    );
    yield* page.Items ?? [];
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
}
