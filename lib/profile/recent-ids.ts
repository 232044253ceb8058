import { hash48 } from './hashes.ts';
import type { Position } from './position.ts';

/**
 * Event ids seen within the horizon. A producer's retry comes at a new position, so the replay guard does not
 * know it: the id does. Each entry keeps the position of its first arrival, so that a redelivery of that very
 * position is not taken for a repeat: entries may be stored before the profile that they belong to, by anybody,
 * any number of times, and nothing changes.
 */
export type RecentIds = Map<number, Map<number, number>>; // slot of arrival -> 48-bit id hash -> 32-bit position hash

/** Arrival times are grouped in slots of ten minutes. */
export const SLOT_MS = 600_000;
/** A repeat is caught for at least an hour after the first arrival; beyond that it counts. */
export const HORIZON_SLOTS = 6;

export function slotOf(arrived: number): number {
  return Math.floor(arrived / SLOT_MS);
}

export function positionHash(position: Position): number {
  return hash48(`${position.epoch}/${position.sequence}/${position.index}`) % 2 ** 32;
}

/** Remembers the id; false where it came before from another position. `arrived` in ms since 1970. Mutates `ids`. */
export function remember(ids: RecentIds, id: string, arrived: number, position: Position): boolean {
  const slot = slotOf(arrived);
  const hash = hash48(id);
  for (const [held, entries] of ids) {
    if (held < slot - HORIZON_SLOTS) {
      ids.delete(held);
      continue;
    }
    const first = entries.get(hash);
    if (first !== undefined) return first === positionHash(position);
  }
  let entries = ids.get(slot);
  if (entries === undefined) {
    entries = new Map();
    ids.set(slot, entries);
  }
  entries.set(hash, positionHash(position));
  return true;
}

/** A copy that can be added to: only the newest slot is copied deeply, older ones never change. */
export function copyIds(ids: RecentIds, arrived: number): RecentIds {
  const copy: RecentIds = new Map(ids);
  for (const slot of ids.keys()) if (slot >= slotOf(arrived)) copy.set(slot, new Map(ids.get(slot)));
  return copy;
}

export function countIds(ids: RecentIds): number {
  let count = 0;
  for (const entries of ids.values()) count += entries.size;
  return count;
}
