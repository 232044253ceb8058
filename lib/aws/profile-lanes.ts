import { type AttributeValue, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { PROFILE_ITEMS } from '../contract/tables.ts';
import type { AccountState } from '../detection/account-state.ts';
import { accountOf, laneNumber } from '../profile/lane.ts';
import { readable } from '../stores/failures.ts';
import { fromItem, NO_LOGS, placesOf } from '../stores/profile-item.ts';
import { DAY_MS } from '../time.ts';
import { HOT_OF_LANES, keyOf, placeOfItem, SEALED_OF_LANES, withoutLane } from './lane-items.ts';
import {
  hotOf,
  itemsBetween,
  joinedParts,
  NO_PARTS,
  type PartSource,
  type SealedParts,
} from './profile-items.ts';

type Items = readonly Record<string, AttributeValue>[];

/**
 * The lanes of an account from their items, ascending: slices, totals and samples, without the ids of recent events, so that nothing of
 * it may be saved.
 * @param whereExpired what a lane has whose newest part is not among the items; undefined: then nothing is said of any
 * @throws UnreadableItem
 */
export function lanesIn(hots: Items, parts: Items, whereExpired?: SealedParts): AccountState[] | undefined {
  const byName = new Map<string, Record<string, AttributeValue>[]>();
  for (const part of parts) {
    const { name } = placeOfItem(part);
    const own = byName.get(name);
    if (own === undefined) byName.set(name, [withoutLane(part)]);
    else own.push(withoutLane(part));
  }
  const states: AccountState[] = [];
  for (const item of hots) {
    const { name } = placeOfItem(item);
    const hot = hotOf(item);
    const places = readable(`the profile of ${name}`, () => placesOf(hot));
    const held = joinedParts(name, places, byName.get(name) ?? []) ?? whereExpired;
    if (held === undefined) return undefined;
    states.push(
      readable(`the profile of ${name}`, () => fromItem(name, hot, held.slices, NO_LOGS, held.prompts)),
    );
  }
  return states.sort((a, b) => laneNumber(a.profile.account) - laneNumber(b.profile.account));
}

/**
 * The lanes of an account as they stand now. Their hot items are read first: the parts that those name were written before them, and
 * never change.
 */
export async function readLanes(source: PartSource, account: string): Promise<AccountState[]> {
  const hots = await itemsBetween(source, account, HOT_OF_LANES, 'newest');
  const parts = await itemsBetween(source, account, SEALED_OF_LANES, 'newest');
  return lanesIn(hots, parts, NO_PARTS) ?? [];
}

/** Whether a write of a lane has to name it in its account's hot item: with its first, and once a day, so that neither expires alone. */
export function isToBeNamed(stored: AccountState, next: AccountState): boolean {
  const dayOf = ({ profile }: AccountState): number => Math.floor(profile.lastSeen / DAY_MS);
  return (
    laneNumber(next.profile.account) > 0 && (stored.profile.version === 0 || dayOf(next) > dayOf(stored))
  );
}

/**
 * Names a lane in its account's hot item, before the lane itself is written: who is there is always found. Says nothing else of the
 * account, whose item may not be there yet, and changes no version: whoever writes the account meanwhile is not disturbed.
 * @param expiresAt seconds since 1970
 */
export async function nameLane(
  client: DynamoDBClient,
  table: string,
  name: string,
  expiresAt: number,
): Promise<number> {
  const response = await client.send(
    new UpdateItemCommand({
      TableName: table,
      Key: keyOf(accountOf(name), PROFILE_ITEMS.hot),
      UpdateExpression: 'SET expiresAt = :until ADD lanes :lane',
      ExpressionAttributeValues: {
        ':until': { N: String(expiresAt) },
        ':lane': { NS: [String(laneNumber(name))] },
      },
      ReturnConsumedCapacity: 'TOTAL',
    }),
  );
  return response.ConsumedCapacity?.CapacityUnits ?? 0;
}
