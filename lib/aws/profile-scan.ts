import { type AttributeValue, type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { PROFILE_ITEMS } from '../contract/tables.ts';
import { type AccountState, newAccount } from '../detection/account-state.ts';
import { wholeAccount } from '../detection/lanes.ts';
import { laneNumber } from '../profile/lane.ts';
import { readable, UnreadableItem } from '../stores/failures.ts';
import { fromItem, NO_LOGS, type Places, placesOf } from '../stores/profile-item.ts';
import { HOT_OF_LANES, placeOfItem, SEALED_OF_LANES } from './lane-items.ts';
import { hotOf, joinedParts, SEALED, type SealedParts } from './profile-items.ts';
import { lanesIn, readLanes } from './profile-lanes.ts';

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
 * All accounts of a segment with their sealed slices, in one pass over the items: for `calibrate` and `console`; one that is divided with
 * its lanes as one. Eventually consistent; without the ids of recent events, so that nothing of it may be saved. Items of an account lie side by side
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
      yield* await accountOf(source, account, items, scan, sealedOf);
      account = item.account?.S;
      items = [];
    }
    items.push(item);
  }
  yield* await accountOf(source, account, items, scan, sealedOf);
}

/** The account that the items are of; none where it is unreadable, or there is no hot item among them. */
async function accountOf(
  source: ScanSource,
  account: string | undefined,
  items: readonly Record<string, AttributeValue>[],
  { onUnreadable }: TableScan,
  sealedOf: SealedOf,
): Promise<AccountState[]> {
  if (account === undefined) return [];
  try {
    const hot = items.find(({ item }) => item?.S === PROFILE_ITEMS.hot);
    const own = hot?.version === undefined ? undefined : await ownState(account, hot, items, sealedOf);
    const lanes = await lanesAmong(source, account, items);
    if (lanes.length === 0) return own === undefined ? [] : [own];
    const numbers = lanes.map(({ profile }) => laneNumber(profile.account));
    return [wholeAccount({ ...(own ?? newAccount(account)), lanes: { numbers, states: lanes } })];
  } catch (error) {
    if (!(error instanceof UnreadableItem) || onUnreadable === undefined) throw error;
    onUnreadable(account, error);
    return [];
  }
}

async function ownState(
  account: string,
  hot: Record<string, AttributeValue>,
  items: readonly Record<string, AttributeValue>[],
  sealedOf: SealedOf,
): Promise<AccountState> {
  const held = hotOf(hot);
  const places = readable(`the profile of ${account}`, () => placesOf(held));
  const sealed = joinedParts(account, places, items) ?? (await sealedOf(account, places));
  const { slices, prompts } = sealed;
  return readable(`the profile of ${account}`, () => fromItem(account, held, slices, NO_LOGS, prompts));
}

async function lanesAmong(
  source: ScanSource,
  account: string,
  items: readonly Record<string, AttributeValue>[],
): Promise<AccountState[]> {
  const ofLanes = items.filter((item) => laneNumber(placeOfItem(item).name) > 0);
  if (ofLanes.length === 0) return [];
  const isHot = (item: Record<string, AttributeValue>) => placeOfItem(item).item === PROFILE_ITEMS.hot;
  const lanes = lanesIn(
    ofLanes.filter(isHot),
    ofLanes.filter((item) => !isHot(item)),
  );
  return lanes ?? (await readLanes(source, account));
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
        FilterExpression:
          '#item = :hot OR begins_with(#item, :sealed) OR begins_with(#item, :hotOfLanes) OR begins_with(#item, :sealedOfLanes)',
        ExpressionAttributeNames: { '#item': 'item' },
        ExpressionAttributeValues: {
          ':hot': { S: PROFILE_ITEMS.hot },
          ':sealed': { S: SEALED },
          ':hotOfLanes': { S: HOT_OF_LANES[0] },
          ':sealedOfLanes': { S: SEALED_OF_LANES[0] },
        },
        ...(segments === 1 ? {} : { Segment: segment, TotalSegments: segments }),
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      }),
    );
    yield* page.Items ?? [];
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
}
