import { LIMITS } from '../limits.ts';
import type { UsageEvent } from '../telemetry/usage-event.ts';
import { hash48Of } from './hashes.ts';

/**
 * A log of events that were applied, so that one that comes again at another position is known: a producer's retry, or a
 * redrive. It holds what is applied and nothing else: entries are kept in the same write as the profile (the tail), and
 * move into parts of their own only when they are stored there.
 */
export interface IdLog {
  /** moved out of the hot item, oldest first, numbered one after another; never change */
  readonly parts: readonly IdPart[];
  /** number of the next part */
  readonly next: number;
  /** since the last part */
  readonly tail: IdSet;
}

/** Slot of arrival -> 48-bit hashes of events. */
export type IdSet = Map<number, Set<number>>;

export interface IdPart {
  readonly number: number;
  readonly ids: IdSet;
}

/** Arrival times are grouped in slots of ten minutes. */
export const SLOT_MS = 600_000;
/** A repeat is caught for at least an hour after the first arrival, or until MAX_IDS further events; beyond that it counts. */
export const HORIZON_SLOTS = 6;
/** Entries of a log at most: 1.5 MB, and five minutes of the fastest account that a shard can carry. */
export const MAX_IDS = LIMITS.recentIds.most;
/** A tail longer than this would swell the hot item beyond its write unit: it moves out with the next write. */
export const INLINE_IDS = 32;

export const NO_IDS: IdLog = { parts: [], next: 1, tail: new Map() };

export function slotOf(arrived: number): number {
  return Math.floor(arrived / SLOT_MS);
}

/** What is hashed of an event, with what stands between. */
const parts = ['', '\n', '', ' ', '', ' ', '', ' ', '', ' ', ''];

/** What makes an event the same: its id, and what it says; an id that somebody chose twice hides nothing. */
export function eventHash({ id, time, model, usage, prints }: UsageEvent): number {
  parts[0] = id;
  parts[2] = time;
  parts[4] = model;
  parts[6] = String(usage.inputTokens);
  parts[8] = String(usage.outputTokens);
  parts[10] = String(prints[0]?.prompt);
  return hash48Of(parts);
}

export function countIds(ids: IdSet): number {
  let count = 0;
  for (const hashes of ids.values()) count += hashes.size;
  return count;
}

/**
 * The log as the next write begins with it: what its tail holds is stored, and moves into a part if it is long. Decided
 * from what is stored alone, so that whoever writes the part writes the same. Slots of the tail are shared: see IdWriter.
 * @param oldest slot before which entries are of no use
 */
export function nextLog(log: IdLog, oldest: number): IdLog {
  if (countIds(log.tail) <= INLINE_IDS) {
    const tail: IdSet = new Map();
    for (const [slot, hashes] of log.tail) if (slot >= oldest) tail.set(slot, hashes);
    return { parts: log.parts, next: log.next, tail };
  }
  const parts = [...log.parts, { number: log.next, ids: log.tail }];
  let size = parts.reduce((sum, { ids }) => sum + countIds(ids), 0);
  while (parts.length > 0) {
    const first = parts[0] as IdPart;
    if (size <= MAX_IDS && Math.max(...first.ids.keys()) >= oldest) break;
    size -= countIds(first.ids);
    parts.shift();
  }
  return { parts, next: log.next + 1, tail: new Map() };
}

/** Adds to the tail of a log that nextLog made; slots that it shares with the log before are copied first. */
export class IdWriter {
  readonly #log: IdLog;
  /** the slot that is this log's alone: events of one run are of one slot, hardly ever of two */
  #own: Set<number> | undefined;

  constructor(log: IdLog) {
    this.#log = log;
  }

  /** Adds an event's hash; false where the log has it, from slot `oldest` on. */
  remember(hash: number, slot: number, oldest: number): boolean {
    const { tail, parts } = this.#log;
    if (has(tail, hash, oldest)) return false;
    for (const { ids } of parts) if (has(ids, hash, oldest)) return false;
    const hashes = tail.get(slot);
    if (hashes !== undefined && hashes === this.#own) {
      hashes.add(hash);
      return true;
    }
    this.#own = new Set(hashes).add(hash);
    tail.set(slot, this.#own);
    return true;
  }
}

/** Whether the log has the hash, of whatever slot. */
export function isRemembered(log: IdLog, hash: number): boolean {
  return has(log.tail, hash, 0) || log.parts.some(({ ids }) => has(ids, hash, 0));
}

function has(ids: IdSet, hash: number, oldest: number): boolean {
  for (const [slot, hashes] of ids) if (slot >= oldest && hashes.has(hash)) return true;
  return false;
}
