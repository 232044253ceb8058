import type { AccountState, Judgement } from '../detection/account-state.ts';
import { newJudgement } from '../detection/account-state.ts';
import { type Notice, notice as noticeSchema } from '../findings/finding.ts';
import { decodeSlices, encodeSlices } from '../profile/codec.ts';
import type { Profile } from '../profile/profile.ts';
import { countIds, HORIZON_SLOTS, type RecentIds, slotOf } from '../profile/recent-ids.ts';
import type { Slice } from '../profile/slice.ts';

/**
 * The hot item of an account as it is stored, whatever the store: names, units and the compact forms. The rest of
 * the profile (sealed parts, spilled ids) lies in items of its own beside it.
 */
export interface HotItem {
  readonly version: number;
  /** JSON of HotMeta */
  readonly meta: string;
  /** encodeSlices */
  readonly slices: Uint8Array;
  /** encodeIds; empty when spilled */
  readonly recent: Uint8Array;
  /** ids lie in items of their own, by slot */
  readonly spilled: boolean;
  /** JSON notices, ascending, that wait for delivery */
  readonly notices: readonly string[];
}

/** More recent ids than this swell the hot item beyond its write unit: they move out. */
export const INLINE_IDS = 32;

interface HotMeta {
  customer: Profile['customer'];
  first: number;
  last: number;
  arrived: number;
  guard?: { epoch: string; sequence: string; index: number };
  sealed: number;
  totals: Profile['totals'];
  samples: string[];
  evidence: Judgement['evidence'];
  level: Judgement['level'];
  episode: number;
  finding?: NonNullable<Judgement['finding']>;
  numbered: number;
  shadow?: NonNullable<Judgement['shadow']>;
}

/** State to item. `recent` is left out where it must spill; see idsToSpill. */
export function toItem(state: AccountState): HotItem {
  const { profile, judgement } = state;
  const meta: HotMeta = {
    customer: profile.customer,
    first: profile.firstSeen,
    last: profile.lastSeen,
    arrived: profile.arrived,
    ...(profile.guard === undefined
      ? {}
      : { guard: { ...profile.guard, sequence: profile.guard.sequence.replace(/^0+(?=\d)/, '') } }),
    sealed: profile.sealed,
    totals: profile.totals,
    samples: profile.samples,
    evidence: judgement.evidence,
    level: judgement.level,
    episode: judgement.episode,
    ...(judgement.finding === undefined ? {} : { finding: judgement.finding }),
    numbered: judgement.numbered,
    ...(judgement.shadow === undefined ? {} : { shadow: judgement.shadow }),
  };
  const spilled = countIds(profile.recent) > INLINE_IDS;
  return {
    version: profile.version,
    meta: JSON.stringify(meta),
    slices: encodeSlices(profile.slices),
    recent: spilled ? new Uint8Array() : encodeIds(profile.recent),
    spilled,
    notices: judgement.notices.map((held) => JSON.stringify(held)),
  };
}

/** Names, keys, numbers and the index key of an item, beside its large attributes. */
const OVERHEAD_BYTES = 200;

/** Bytes of the hot item as DynamoDB would bill them, within the length of a name or two. */
export function itemBytes(state: AccountState): number {
  const item = toItem(state);
  return (
    OVERHEAD_BYTES +
    Buffer.byteLength(item.meta) +
    item.slices.length +
    item.recent.length +
    item.notices.reduce((sum, held) => sum + Buffer.byteLength(held), 0)
  );
}

/** Item to state, with what lies beside it. */
export function fromItem(
  account: string,
  item: HotItem,
  sealed: readonly Slice[],
  spilled: RecentIds,
): AccountState {
  const meta = JSON.parse(item.meta) as HotMeta;
  const { guard } = meta;
  const judgement: Judgement = {
    ...newJudgement(),
    evidence: meta.evidence,
    level: meta.level,
    episode: meta.episode,
    finding: meta.finding,
    numbered: meta.numbered,
    ...(meta.shadow === undefined ? {} : { shadow: meta.shadow }),
    notices: item.notices.map(parseNotice),
  };
  const profile: Profile = {
    account,
    version: item.version,
    customer: meta.customer,
    firstSeen: meta.first,
    lastSeen: meta.last,
    arrived: meta.arrived,
    guard: guard === undefined ? undefined : { ...guard, sequence: guard.sequence.padStart(64, '0') },
    recent: item.spilled ? spilled : decodeIds(item.recent),
    slices: decodeSlices(item.slices),
    sealed: meta.sealed,
    totals: meta.totals,
    samples: meta.samples,
  };
  return { profile, judgement, sealed };
}

export function parseNotice(text: string): Notice {
  return noticeSchema.parse(JSON.parse(text));
}

/** One entry is ten bytes: id hash (48 bit) and position hash (32 bit), big endian. */
export const ENTRY_BYTES = 10;

export function encodeEntry(id: number, position: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(ENTRY_BYTES);
  bytes.writeUIntBE(id, 0, 6);
  bytes.writeUInt32BE(position, 6);
  return bytes;
}

export function decodeEntry(bytes: Uint8Array): [number, number] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return [buffer.readUIntBE(0, 6), buffer.readUInt32BE(6)];
}

export function encodeIds(ids: RecentIds): Uint8Array {
  const parts: Buffer[] = [];
  for (const [slot, entries] of ids) {
    if (entries.size === 0) continue;
    const head = Buffer.allocUnsafe(6);
    head.writeUInt32BE(slot, 0);
    head.writeUInt16BE(entries.size, 4);
    parts.push(head);
    for (const [id, position] of entries) parts.push(encodeEntry(id, position) as Buffer);
  }
  return new Uint8Array(Buffer.concat(parts));
}

export function decodeIds(bytes: Uint8Array): RecentIds {
  const ids: RecentIds = new Map();
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at < buffer.length) {
    const slot = buffer.readUInt32BE(at);
    const size = buffer.readUInt16BE(at + 4);
    at += 6;
    const entries = new Map<number, number>();
    for (let i = 0; i < size; i++, at += ENTRY_BYTES) {
      const [id, position] = decodeEntry(buffer.subarray(at, at + ENTRY_BYTES));
      entries.set(id, position);
    }
    ids.set(slot, entries);
  }
  return ids;
}

/**
 * Entries that must be stored beside the hot item before it is written, by slot: those the stored state did not have
 * there. Adding them twice, or by an invocation that then loses, changes nothing (see profile/recent-ids.ts).
 */
export function idsToSpill(stored: AccountState, next: AccountState): Map<number, [number, number][]> {
  const spill = new Map<number, [number, number][]>();
  if (countIds(next.profile.recent) <= INLINE_IDS) return spill;
  const before = countIds(stored.profile.recent) > INLINE_IDS ? stored.profile.recent : new Map();
  for (const [slot, entries] of next.profile.recent) {
    const known = before.get(slot);
    const fresh = [...entries].filter(([id]) => known?.get(id) === undefined);
    if (fresh.length > 0) spill.set(slot, fresh);
  }
  return spill;
}

/** Oldest slot that can still matter to an account whose newest arrival is `arrived` (ms). */
export function oldestSlot(arrived: number): number {
  return slotOf(arrived) - HORIZON_SLOTS;
}
