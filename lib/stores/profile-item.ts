import type { AccountState, Judgement } from '../detection/account-state.ts';
import { type Notice, notice as noticeSchema } from '../findings/finding.ts';
import { decodeSlices, encodeSlices } from '../profile/codec.ts';
import { padSequence } from '../profile/position.ts';
import type { Profile } from '../profile/profile.ts';
import { countIds, HORIZON_SLOTS, type RecentIds, slotOf } from '../profile/recent-ids.ts';
import { SLICE_MS, type Slice } from '../profile/slice.ts';
import { CLEAR } from '../scoring/level.ts';

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

/**
 * The rest of the hot item, as a JSON list: what every account has by its place, what few have by its name at the end.
 * Every byte of it is written with every flush, and a write is billed by the kilobyte.
 */
type HotMeta = readonly [
  plan: string,
  product: string,
  createdAt: number,
  firstSeen: number,
  /** this and the times of the evidence: ms after firstSeen */
  lastSeen: number,
  /** epoch, sequence without leading zeros, index; 0 where nothing was applied yet */
  guard: readonly [epoch: string, sequence: string, index: number] | 0,
  events: number,
  evidence: readonly [since: number, peak: number, peakAt: number],
  /** start of the newest slice that was looked at, in slices since 1970; 0: none */
  looked: number,
  samples: readonly string[],
  rare: RareMeta,
];

/** Left out where it is as it is for most. */
interface RareMeta {
  /** where it is not the newest event's time */
  readonly arrived?: number;
  readonly sealed?: number;
  readonly late?: number;
  readonly repeated?: number;
  /** where it is not clear */
  readonly level?: Judgement['level'];
  readonly episode?: number;
  readonly finding?: NonNullable<Judgement['finding']>;
  readonly numbered?: number;
  readonly shadow?: NonNullable<Judgement['shadow']>;
}

/** A field that is left out where it has the value that is assumed without it. */
function unless<Name extends string, Value>(name: Name, value: Value, usual: Value) {
  return value === usual ? undefined : ({ [name]: value } as Record<Name, NonNullable<Value>>);
}

function isClear(level: Judgement['level']): boolean {
  return level.level === CLEAR.level && level.since === CLEAR.since && level.supported === CLEAR.supported;
}

/** State to item. `recent` is left out where it must spill; see idsToSpill. */
export function toItem(state: AccountState): HotItem {
  const { profile, judgement } = state;
  const { customer, guard, totals } = profile;
  const { evidence } = judgement;
  const rare: RareMeta = {
    ...unless('arrived', profile.arrived, profile.lastSeen),
    ...unless('sealed', profile.sealed, 0),
    ...unless('late', totals.late, 0),
    ...unless('repeated', totals.repeated, 0),
    ...(isClear(judgement.level) ? undefined : { level: judgement.level }),
    ...unless('episode', judgement.episode, 0),
    ...unless('finding', judgement.finding, undefined),
    ...unless('numbered', judgement.numbered, 0),
    ...unless('shadow', judgement.shadow, undefined),
  };
  const meta: HotMeta = [
    customer.plan,
    customer.product,
    customer.createdAt,
    profile.firstSeen,
    profile.lastSeen - profile.firstSeen,
    guard === undefined ? 0 : [guard.epoch, guard.sequence.replace(/^0+(?=\d)/, ''), guard.index],
    totals.events,
    [evidence.since - profile.firstSeen, evidence.peak, evidence.peakAt - profile.firstSeen],
    judgement.looked / SLICE_MS,
    profile.samples,
    rare,
  ];
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

/** What says where the rest of an account lies: the number of its sealed parts, and its newest arrival (ms). */
export function placesOf(item: Pick<HotItem, 'meta'>): { sealed: number; arrived: number } {
  const [, , , firstSeen, lastSeen, , , , , , rare] = JSON.parse(item.meta) as HotMeta;
  return { sealed: rare.sealed ?? 0, arrived: rare.arrived ?? firstSeen + lastSeen };
}

/** Item to state, with what lies beside it. */
export function fromItem(
  account: string,
  item: HotItem,
  sealed: readonly Slice[],
  spilled: RecentIds,
): AccountState {
  const [
    plan,
    product,
    createdAt,
    firstSeen,
    span,
    guard,
    events,
    [since, peak, peakAt],
    looked,
    samples,
    rare,
  ] = JSON.parse(item.meta) as HotMeta;
  const lastSeen = firstSeen + span;
  const judgement: Judgement = {
    evidence: { since: firstSeen + since, peak, peakAt: firstSeen + peakAt },
    looked: looked * SLICE_MS,
    level: rare.level ?? { ...CLEAR },
    episode: rare.episode ?? 0,
    finding: rare.finding,
    numbered: rare.numbered ?? 0,
    ...unless('shadow', rare.shadow, undefined),
    notices: item.notices.map(parseNotice),
  };
  const profile: Profile = {
    account,
    version: item.version,
    customer: { plan, product, createdAt },
    firstSeen,
    lastSeen,
    arrived: rare.arrived ?? lastSeen,
    guard: guard === 0 ? undefined : { epoch: guard[0], sequence: padSequence(guard[1]), index: guard[2] },
    recent: item.spilled ? spilled : decodeIds(item.recent),
    slices: decodeSlices(item.slices),
    sealed: rare.sealed ?? 0,
    totals: { events, late: rare.late ?? 0, repeated: rare.repeated ?? 0 },
    samples: [...samples],
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
