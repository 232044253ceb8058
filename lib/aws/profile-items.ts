import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { decodeSlices } from '../profile/codec.ts';
import type { Slice } from '../profile/slice.ts';
import { joinSlices } from '../profile/window.ts';
import { readable } from '../stores/failures.ts';
import { currentMeta } from '../stores/hot-meta.ts';
import type { HotItem, Logs, Places } from '../stores/profile-item.ts';

/** Items of the profile table as they come and go: names of their sort keys, and what stands in them. */

export const SEALED = 'sealed#';
export const sealedItem = (number: number, name: string): string =>
  `${SEALED}${String(number).padStart(6, '0')}#${name}`;
export const logItem = (log: keyof Logs, number: number): string =>
  `${log}#${String(number).padStart(9, '0')}`;

/** Parts that a hot item names, oldest first, back to the first that is not there: it has expired. */
export function chainOf(
  account: string,
  { sealed, sealedName }: Pick<Places, 'sealed' | 'sealedName'>,
  stored: readonly Record<string, AttributeValue>[],
): Slice[][] {
  const byName = new Map(stored.map((part) => [part.item?.S ?? '', part]));
  const parts: Slice[][] = [];
  for (let number = sealed, name = sealedName; number > 0; number--) {
    const part = byName.get(sealedItem(number, name));
    if (part === undefined) break;
    parts.unshift(readable(`a sealed part of ${account}`, () => decodeSlices(bytesOf(part.slices))));
    name = part.before?.S ?? '';
  }
  return parts;
}

/** Sealed slices of items that a scan met; undefined where the newest part is not among them, and is to be asked for. */
export function joinedParts(
  account: string,
  places: Places,
  items: readonly Record<string, AttributeValue>[],
): readonly Slice[] | undefined {
  if (places.sealed === 0) return [];
  const parts = chainOf(account, places, items);
  return parts.length === 0 ? undefined : joinSlices(parts);
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
    notices: (item.notices?.L ?? []).map((held) => held.S ?? ''),
  };
}

/**
 * The attribute `meta` as this version writes it, whichever wrote it; of an image in an event of Lambda, too, where bytes are base64.
 * @throws where what a version before wrote is damaged
 */
export function metaOf(value: AttributeValue | undefined): Uint8Array {
  if (value?.S !== undefined) return currentMeta(value.S);
  const held: Uint8Array | string = value?.B ?? new Uint8Array();
  return currentMeta(typeof held === 'string' ? Buffer.from(held, 'base64') : held);
}
