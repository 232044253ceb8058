import type { AccountState, Judgement } from '../detection/account-state.ts';
import type { Notice } from '../findings/finding.ts';
import { StateError } from '../profile/binary.ts';
import { decodeSlices, encodedSlices } from '../profile/codec.ts';
import { type Position, padSequence, unpadSequence } from '../profile/position.ts';
import type { Profile } from '../profile/profile.ts';
import { type Asked, NO_PROMPTS, type PromptSamples, withSealed } from '../profile/prompt-sample.ts';
import { decodePromptSamples, encodePromptSamples } from '../profile/prompt-sample-codec.ts';
import type { IdLog, IdPart, IdSet } from '../profile/recent-ids.ts';
import { SLICE_MS, type Slice } from '../profile/slice.ts';
import { CLEAR } from '../scoring/level.ts';
import {
  decodeMeta,
  encodeMeta,
  type HotMeta,
  type JudgedMeta,
  type PartRange,
  type RareMeta,
} from './hot-meta.ts';
import { readNotice } from './outbox.ts';

/**
 * The hot item of an account as it is stored, whatever the store: names, units and the compact forms. The rest of
 * the profile (sealed parts, spilled ids) lies in items of its own beside it.
 */
export interface HotItem {
  readonly version: number;
  /** encodeMeta */
  readonly meta: Uint8Array;
  /** encodeSlices */
  readonly slices: Uint8Array;
  /** encodeIds of the tail; the rest lies in parts of its own */
  readonly recent: Uint8Array;
  /** encodeIds of the tail of what was put back */
  readonly redriven: Uint8Array;
  /** encodePromptSamples of those that wait; empty where none do */
  readonly asked: Uint8Array;
  /** JSON notices, ascending, that wait for delivery */
  readonly notices: readonly string[];
}

function rangeOf({ parts, next }: IdLog): PartRange | undefined {
  return next === 1 ? undefined : [parts[0]?.number ?? next, next];
}

function isClear(level: Judgement['level']): boolean {
  return level.level === CLEAR.level && level.since === CLEAR.since && level.supported === CLEAR.supported;
}

const NO_BYTES = new Uint8Array();

/** State to item. */
export function toItem(state: AccountState): HotItem {
  const { profile, judgement } = state;
  const { customer, guard, totals } = profile;
  const { evidence } = judgement;
  const rare = rareOf(state);
  const meta: HotMeta = {
    plan: customer.plan,
    product: customer.product,
    createdAt: customer.createdAt,
    firstSeen: profile.firstSeen,
    span: profile.lastSeen - profile.firstSeen,
    guard: guard.map(shortPosition),
    events: totals.events,
    evidence: [evidence.since - profile.firstSeen, evidence.peak, evidence.peakAt - profile.firstSeen],
    looked: judgement.looked / SLICE_MS,
    samples: profile.samples,
    rare,
  };
  return {
    version: profile.version,
    meta: encodeMeta(meta),
    slices: encodedSlices(profile.slices),
    recent: encodeIds(profile.recent.tail),
    redriven: encodeIds(profile.redriven.tail),
    asked: state.asked.pending.length === 0 ? NO_BYTES : encodePromptSamples(state.asked.pending),
    notices: judgement.notices.map((held) => JSON.stringify(held)),
  };
}

type Mutable<Of> = { -readonly [Name in keyof Of]: Of[Name] };

/** What is not as for most accounts. Name by name: objects spread into one another take longer than all that is encoded of them. */
function rareOf({ profile, judgement, asked }: AccountState): RareMeta {
  const { totals } = profile;
  const rare: Mutable<RareMeta> = {};
  if (profile.arrived !== profile.lastSeen) rare.arrived = profile.arrived;
  if (profile.sealed !== 0) rare.sealed = [profile.sealed, profile.sealedName];
  if (totals.late !== 0) rare.late = totals.late;
  if (totals.repeated !== 0) rare.repeated = totals.repeated;
  const recentParts = rangeOf(profile.recent);
  if (recentParts !== undefined) rare.recentParts = recentParts;
  const redrivenParts = rangeOf(profile.redriven);
  if (redrivenParts !== undefined) rare.redrivenParts = redrivenParts;
  if (asked.written !== '') rare.asked = asked.written;
  const judged = judgedOf(judgement);
  if (judged !== undefined) rare.judged = judged;
  return rare;
}

/** The same object for a judgement that stays, flush by flush until the next look: it is deflated once. */
const judgedBefore = new WeakMap<Judgement, JudgedMeta>();

/** What a judgement says that most do not. */
function judgedOf(judgement: Judgement): JudgedMeta | undefined {
  const { level, episode, finding, numbered, shadow } = judgement;
  if (isClear(level) && episode === 0 && finding === undefined && numbered === 0 && shadow === undefined)
    return undefined;
  const before = judgedBefore.get(judgement);
  if (before !== undefined) return before;
  const judged: Mutable<JudgedMeta> = {};
  if (!isClear(level)) judged.level = level;
  if (episode !== 0) judged.episode = episode;
  if (finding !== undefined) judged.finding = finding;
  if (numbered !== 0) judged.numbered = numbered;
  if (shadow !== undefined) judged.shadow = shadow;
  judgedBefore.set(judgement, judged);
  return judged;
}

function shortPosition({ epoch, sequence, index }: Position): [string, string, number] {
  return [epoch, unpadSequence(sequence), index];
}

/** Names, keys, numbers and the index key of an item, beside its large attributes. */
const OVERHEAD_BYTES = 200;

/** Bytes of the hot item as DynamoDB would bill them, within the length of a name or two. */
export function itemBytes(state: AccountState): number {
  const item = toItem(state);
  return (
    OVERHEAD_BYTES +
    item.meta.length +
    item.slices.length +
    item.recent.length +
    item.redriven.length +
    item.asked.length +
    item.notices.reduce((sum, held) => sum + Buffer.byteLength(held), 0)
  );
}

/** What says where the rest of an account lies: the number of its sealed parts, and the parts of its logs. */
export interface Places {
  readonly sealed: number;
  readonly sealedName: string;
  readonly recent: PartRange;
  readonly redriven: PartRange;
  /** newest arrival, ms */
  readonly arrived: number;
}

const NO_PARTS: PartRange = [1, 1];

export function placesOf(item: Pick<HotItem, 'meta'>): Places {
  const { firstSeen, span, rare } = decodeMeta(item.meta);
  return {
    sealed: rare.sealed?.[0] ?? 0,
    sealedName: rare.sealed?.[1] ?? '',
    recent: rare.recentParts ?? NO_PARTS,
    redriven: rare.redrivenParts ?? NO_PARTS,
    arrived: rare.arrived ?? firstSeen + span,
  };
}

/** Parts of an account's logs, oldest first. */
export interface Logs {
  readonly recent: readonly IdPart[];
  readonly redriven: readonly IdPart[];
}

export const NO_LOGS: Logs = { recent: [], redriven: [] };

/** Item to state, with what lies beside it: sealed slices, parts of logs, and the sampled prompts of the sealed parts. */
export function fromItem(
  account: string,
  item: HotItem,
  sealed: readonly Slice[],
  logs: Logs,
  prompts: PromptSamples = NO_PROMPTS,
): AccountState {
  const meta = decodeMeta(item.meta);
  const { plan, product, createdAt, firstSeen, guard, events, samples, rare } = meta;
  const [since, peak, peakAt] = meta.evidence;
  const lastSeen = firstSeen + meta.span;
  const { judged = {} } = rare;
  const judgement: Judgement = {
    evidence: { since: firstSeen + since, peak, peakAt: firstSeen + peakAt },
    looked: meta.looked * SLICE_MS,
    level: judged.level ?? { ...CLEAR },
    episode: judged.episode ?? 0,
    finding: judged.finding,
    numbered: judged.numbered ?? 0,
    ...(judged.shadow === undefined ? undefined : { shadow: judged.shadow }),
    // what waits for delivery is delivery's to read: a notice of a newer version keeps nobody from scoring
    notices: item.notices.flatMap(readableNotice),
  };
  const profile: Profile = {
    account,
    version: item.version,
    customer: { plan, product, createdAt },
    firstSeen,
    lastSeen,
    arrived: rare.arrived ?? lastSeen,
    guard: guard.map(([epoch, sequence, index]) => ({ epoch, sequence: padSequence(sequence), index })),
    recent: logOf(logs.recent, rare.recentParts, item.recent),
    redriven: logOf(logs.redriven, rare.redrivenParts, item.redriven),
    slices: decodeSlices(item.slices),
    sealed: rare.sealed?.[0] ?? 0,
    sealedName: rare.sealed?.[1] ?? '',
    totals: { events, late: rare.late ?? 0, repeated: rare.repeated ?? 0 },
    samples: [...samples],
  };
  const asked: Asked = {
    written: rare.asked ?? '',
    sealed: NO_PROMPTS,
    pending: item.asked.length === 0 ? NO_PROMPTS : decodePromptSamples(item.asked),
  };
  return { profile, judgement, sealed, asked: withSealed(asked, prompts) };
}

function readableNotice(text: string): Notice[] {
  const read = readNotice(text);
  return 'unreadable' in read ? [] : [read];
}

function logOf(parts: readonly IdPart[], range: PartRange | undefined, tail: Uint8Array): IdLog {
  return { parts, next: range?.[1] ?? 1, tail: decodeIds(tail) };
}

/** Bytes of a hash. */
const ID_BYTES = 6;

/** By slot: its number (4 bytes), how many (2), then the hashes, 48 bits each, big endian. */
export function encodeIds(ids: IdSet): Uint8Array {
  let size = 0;
  for (const hashes of ids.values()) if (hashes.size > 0) size += ID_BYTES * (1 + hashes.size);
  if (size === 0) return NO_BYTES;
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const [slot, hashes] of ids) {
    if (hashes.size === 0) continue;
    at = writeBytes(bytes, at, slot, 4);
    at = writeBytes(bytes, at, hashes.size, 2);
    for (const hash of hashes) {
      at = writeBytes(bytes, at, Math.floor(hash / 2 ** 32), 2);
      at = writeBytes(bytes, at, hash >>> 0, 4);
    }
  }
  return bytes;
}

/** Writes the low bytes of a number, the highest first; returns where they end. */
function writeBytes(bytes: Uint8Array, at: number, value: number, count: number): number {
  for (let i = 0; i < count; i++) bytes[at + i] = value >>> (8 * (count - 1 - i));
  return at + count;
}

/** @throws StateError where the bytes end early */
export function decodeIds(bytes: Uint8Array): IdSet {
  const ids: IdSet = new Map();
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < buffer.length; ) {
    if (at + ID_BYTES > buffer.length) throw new StateError('ids end early');
    const slot = buffer.readUInt32BE(at);
    const size = buffer.readUInt16BE(at + 4);
    const hashes = new Set<number>();
    at += ID_BYTES;
    if (at + size * ID_BYTES > buffer.length) throw new StateError('ids end early');
    for (let i = 0; i < size; i++, at += ID_BYTES) hashes.add(buffer.readUIntBE(at, ID_BYTES));
    ids.set(slot, hashes);
  }
  return ids;
}

/** The parts that must be stored before the hot item: those that `next` names and `stored` did not. */
export function newParts(stored: AccountState, next: AccountState): { log: keyof Logs; part: IdPart }[] {
  return (['recent', 'redriven'] as const).flatMap((log) =>
    next.profile[log].parts
      .filter(({ number }) => number >= stored.profile[log].next)
      .map((part) => ({ log, part })),
  );
}
