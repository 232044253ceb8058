import { type AttributeValue, type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { Seal } from '../detection/seal.ts';
import { decodeSlices } from '../profile/codec.ts';
import { laneNumber } from '../profile/lane.ts';
import {
  mergePromptSamples,
  NO_PROMPTS,
  type PromptSamples,
  samplesExpireAt,
} from '../profile/prompt-sample.ts';
import { decodePromptSamples, encodePromptSamples } from '../profile/prompt-sample-codec.ts';
import type { Slice } from '../profile/slice.ts';
import { joinSlices } from '../profile/window.ts';
import { readable } from '../stores/failures.ts';
import { currentMeta } from '../stores/hot-meta.ts';
import { isComparable, isWorthNoting } from '../stores/link-store.ts';
import type { HotItem, Logs, Places } from '../stores/profile-item.ts';
import type { Reading } from '../stores/profile-store.ts';
import { imageBytes } from './image-bytes.ts';
import { keyOf, withoutLane } from './lane-items.ts';
import { noticeText } from './notice-attribute.ts';

/** Items of the profile table as they come and go: names of their sort keys, and what stands in them. */

export const SEALED = 'sealed#';
export const sealedItem = (number: number, name: string): string =>
  `${SEALED}${String(number).padStart(6, '0')}#${name}`;
export const sealedNumber = (item: string): number => Number(item.slice(SEALED.length, SEALED.length + 6));
export const logItem = (log: keyof Logs, number: number): string =>
  `${log}#${String(number).padStart(9, '0')}`;

/** What lies in the sealed parts of an account. */
export interface SealedParts {
  readonly slices: readonly Slice[];
  /** one sample of all parts' prompts */
  readonly prompts: PromptSamples;
}

export const NO_PARTS: SealedParts = { slices: [], prompts: NO_PROMPTS };

/** Parts that a hot item names, back to the first that is not there: it has expired. */
export function partsOf(
  account: string,
  { sealed, sealedName }: Pick<Places, 'sealed' | 'sealedName'>,
  stored: readonly Record<string, AttributeValue>[],
): SealedParts | undefined {
  const byName = new Map(stored.map((part) => [part.item?.S ?? '', part]));
  const slices: Slice[][] = [];
  let prompts = NO_PROMPTS;
  for (let number = sealed, name = sealedName; number > 0; number--) {
    const part = byName.get(sealedItem(number, name));
    if (part === undefined) break;
    slices.unshift(readable(`a sealed part of ${account}`, () => decodeSlices(bytesOf(part.slices))));
    prompts = mergePromptSamples(prompts, promptsIn(part));
    name = part.before?.S ?? '';
  }
  return slices.length === 0 ? undefined : { slices: joinSlices(slices), prompts };
}

/**
 * Newest parts of which a late read may lack some: it lacks what was written a moment ago (amazondynamodb/latest/developerguide/HowItWorks.ReadConsistency.html),
 * and a write seals one part at most, so that these are as many writes of one account. What is older and missing has expired.
 */
const DOUBTED = 8;

/** Whether items that were read without consistency have the newest parts that a hot item names: what is older was written long ago. */
export function hasNewest(
  { sealed, sealedName }: Pick<Places, 'sealed' | 'sealedName'>,
  stored: readonly Record<string, AttributeValue>[],
): boolean {
  const byName = new Map(stored.map((part) => [part.item?.S ?? '', part]));
  for (let number = sealed, name = sealedName; number > Math.max(0, sealed - DOUBTED); number--) {
    const part = byName.get(sealedItem(number, name));
    if (part === undefined) return false;
    name = part.before?.S ?? '';
  }
  return true;
}

/** Sealed parts of items that a scan met; undefined where the newest is not among them, and is to be asked for. */
export function joinedParts(
  account: string,
  places: Places,
  items: readonly Record<string, AttributeValue>[],
): SealedParts | undefined {
  return places.sealed === 0 ? NO_PARTS : partsOf(account, places, items);
}

/** Sampled prompts of a sealed part. Damaged ones count as none: a sample is a hint, and no reason to hold up an account. */
export function promptsIn({ prompts }: Record<string, AttributeValue>): PromptSamples {
  if (prompts?.B === undefined) return NO_PROMPTS;
  try {
    return decodePromptSamples(prompts.B);
  } catch {
    return NO_PROMPTS;
  }
}

export function bytesOf(value: AttributeValue | undefined): Uint8Array {
  return value?.B ?? new Uint8Array();
}

/** @throws UnreadableItem */
export function hotOf(item: Record<string, AttributeValue>): HotItem {
  return {
    version: Number(item.version?.N ?? 0),
    meta: readable(`the profile of ${item.account?.S}`, () => metaOf(item.meta)),
    slices: bytesOf(item.slices),
    recent: bytesOf(item.recent),
    redriven: bytesOf(item.redriven),
    asked: bytesOf(item.asked),
    notices: (item.notices?.L ?? []).map(noticeText),
  };
}

/**
 * The attribute `meta` as this version writes it, whichever wrote it.
 * @throws where what a version before wrote is damaged
 */
export function metaOf(value: AttributeValue | undefined): Uint8Array {
  return currentMeta(value?.S ?? imageBytes(value) ?? new Uint8Array());
}

/** Where parts of accounts lie. */
export interface PartSource {
  readonly client: DynamoDBClient;
  readonly table: string;
}

/** All items of a profile from one sort key to another, both included. */
export async function itemsBetween(
  { client, table }: PartSource,
  name: string,
  range: readonly [string, string],
  reading: Reading,
): Promise<Record<string, AttributeValue>[]> {
  const items: Record<string, AttributeValue>[] = [];
  const [from, to] = [keyOf(name, range[0]), keyOf(name, range[1])];
  let start: Record<string, AttributeValue> | undefined;
  do {
    const page = await client.send(
      new QueryCommand({
        TableName: table,
        ConsistentRead: reading === 'newest',
        KeyConditionExpression: 'account = :account AND #item BETWEEN :from AND :to',
        ExpressionAttributeNames: { '#item': 'item' },
        ExpressionAttributeValues: { ':account': from.account, ':from': from.item, ':to': to.item },
        ...(start === undefined ? {} : { ExclusiveStartKey: start }),
      }),
    );
    items.push(...(laneNumber(name) === 0 ? (page.Items ?? []) : (page.Items ?? []).map(withoutLane)));
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return items;
}

/** Attributes of a sealed part that holds prompts, and what of them those have to know that compare contents. */
export function sealedPrompts(
  { prompts }: Seal,
  before: PromptSamples,
  now: PromptSamples,
): Record<string, AttributeValue> {
  if (prompts.length === 0) return {};
  const held = { prompts: { B: encodePromptSamples(prompts) } };
  if (!isWorthNoting(now, before)) return held;
  return { ...held, content: { N: String(isComparable(now) ? samplesExpireAt(now) : 0) } };
}
