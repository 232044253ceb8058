import { LRUCache } from 'lru-cache';
import type { AccountState } from '../detection/account-state.ts';
import { newAccount } from '../detection/account-state.ts';
import type { Seal } from '../detection/seal.ts';
import { decodeSlices, encodeSlices } from '../profile/codec.ts';
import type { PromptSamples } from '../profile/prompt-sample.ts';
import { chunksOf, type Frame, type Resumable } from '../profile/resumable.ts';
import type { Slice } from '../profile/slice.ts';
import { joinSlices } from '../profile/window.ts';
import { DAY_MS } from '../time.ts';
import { fromItem, type HotItem, type Logs, NO_LOGS, toItem } from './profile-item.ts';
import type { ProfileStore } from './profile-store.ts';

/** Sealed parts one after another, in one array: there are many accounts, and an array of its own costs as much as a part. */
interface SealedParts {
  /** number of the oldest part that has not expired */
  first: number;
  bytes: Uint8Array;
  /** of each part, where it ends in `bytes` */
  ends: number[];
  /** of each part, start of its newest slice, ms */
  newest: number[];
}

interface Held {
  hot: HotItem | undefined;
  sealed: SealedParts | undefined;
  /** undefined where none are: hardly any account sends so much within an hour */
  logs: Logs | undefined;
  /** sampled prompts of the sealed parts; a replay samples none */
  prompts?: PromptSamples;
}

const NO_BYTES = new Uint8Array();

function slicesOf(parts: SealedParts | undefined): readonly Slice[] {
  if (parts === undefined) return [];
  return joinSlices(
    parts.ends.map((end, i) => decodeSlices(parts.bytes.subarray(i === 0 ? 0 : parts.ends[i - 1], end))),
  );
}

/** Adds a part; one that is there already is the same (see Seal), one that has expired is gone. */
function withPart(parts: SealedParts | undefined, { number, slices }: Seal): SealedParts | undefined {
  const held = parts ?? { first: number, bytes: NO_BYTES, ends: [], newest: [] };
  if (number !== held.first + held.ends.length) return parts;
  const part = encodeSlices(slices);
  const bytes = new Uint8Array(held.bytes.length + part.length);
  bytes.set(held.bytes);
  bytes.set(part, held.bytes.length);
  held.bytes = bytes;
  held.ends.push(bytes.length);
  held.newest.push(slices[slices.length - 1]?.start ?? 0);
  return held;
}

/** Drops the parts whose newest slice began before `limit`, ms. */
function expireParts(parts: SealedParts, limit: number): void {
  let expired = 0;
  while (expired < parts.newest.length && (parts.newest[expired] as number) < limit) expired++;
  if (expired === 0) return;
  const cut = parts.ends[expired - 1] as number;
  parts.first += expired;
  parts.bytes = parts.bytes.slice(cut);
  parts.ends = parts.ends.slice(expired).map((end) => end - cut);
  parts.newest = parts.newest.slice(expired);
}

/**
 * The in-memory twin of the profile table: the same items in the same compact forms, so that memory per account is what
 * the table would hold. The busiest accounts stay decoded; a state is encoded when it leaves that cache.
 */
export class MemoryProfileStore implements ProfileStore, Resumable {
  private readonly items = new Map<string, Held>();
  private readonly warm: LRUCache<string, AccountState>;
  private readonly retentionMs: number;

  constructor(options: { warmAccounts?: number; retentionDays?: number } = {}) {
    this.retentionMs = (options.retentionDays ?? 35) * DAY_MS;
    this.warm = new LRUCache({
      max: options.warmAccounts ?? 2048,
      dispose: (state, account, why) => {
        if (why === 'evict') this.cool(account, state);
      },
    });
  }

  load(accounts: readonly string[]): Promise<Map<string, AccountState>> {
    return Promise.resolve(this.loadNow(accounts));
  }

  /** Whatever is loaded here is whole. */
  whole(state: AccountState): Promise<AccountState> {
    return Promise.resolve(state);
  }

  save(stored: AccountState, next: AccountState, seal: Seal | undefined): Promise<'saved' | 'conflict'> {
    return Promise.resolve(this.saveNow(stored, next, seal));
  }

  /** `load` without a promise, for replays. */
  loadNow(accounts: readonly string[]): Map<string, AccountState> {
    const states = new Map<string, AccountState>();
    for (const account of accounts) states.set(account, this.one(account));
    return states;
  }

  one(account: string): AccountState {
    const warm = this.warm.get(account);
    if (warm !== undefined) return warm;
    const held = this.items.get(account);
    if (held?.hot === undefined) return newAccount(account);
    const state = fromItem(account, held.hot, slicesOf(held.sealed), held.logs ?? NO_LOGS, held.prompts);
    this.warm.set(account, state);
    return state;
  }

  saveNow(stored: AccountState, next: AccountState, seal: Seal | undefined): 'saved' | 'conflict' {
    const { account } = next.profile;
    const current = this.warm.peek(account)?.profile.version ?? this.items.get(account)?.hot?.version ?? 0;
    const held = this.held(account);
    if (current !== stored.profile.version) return 'conflict';
    if (seal !== undefined) {
      held.sealed = withPart(held.sealed, seal);
      if (next.asked.sealed.length > 0) held.prompts = next.asked.sealed;
      this.expire(held, next.profile.lastSeen);
    }
    this.keepLogs(held, next);
    this.warm.set(account, next);
    return 'saved';
  }

  /** Everything that is stored, one account after another, with all sealed parts that have not expired. */
  *states(): Generator<AccountState> {
    for (const [account, held] of this.items) {
      yield { ...this.one(account), sealed: slicesOf(held.sealed) };
    }
  }

  *frames(): Generator<Frame> {
    for (const [account, state] of this.warm.entries()) this.cool(account, state);
    for (const chunk of chunksOf(this.items, 250)) yield ['accounts', chunk];
  }

  restore(_: string, value: unknown): void {
    for (const [account, held] of value as [string, Held][]) this.items.set(account, held);
  }

  get accounts(): number {
    return this.items.size;
  }

  /** Bytes of the encoded items, cooled first. */
  bytes(): number {
    let bytes = 0;
    for (const [account, state] of this.warm.entries()) this.cool(account, state);
    for (const { hot, sealed } of this.items.values()) {
      bytes += (hot?.meta.length ?? 0) + (hot?.slices.length ?? 0) + (hot?.recent.length ?? 0);
      bytes += sealed?.bytes.length ?? 0;
    }
    return bytes;
  }

  private held(account: string): Held {
    let held = this.items.get(account);
    if (held === undefined) {
      held = { hot: undefined, sealed: undefined, logs: undefined };
      this.items.set(account, held);
    }
    return held;
  }

  private cool(account: string, state: AccountState): void {
    const held = this.held(account);
    const item = toItem(state);
    held.hot = item.recent.length > 0 ? item : { ...item, recent: NO_BYTES };
    this.keepLogs(held, state);
    this.expire(held, state.profile.lastSeen);
  }

  private keepLogs(held: Held, { profile: { recent, redriven } }: AccountState): void {
    const none = recent.parts.length + redriven.parts.length === 0;
    held.logs = none ? undefined : { recent: recent.parts, redriven: redriven.parts };
  }

  /** What the table's time to live would delete. */
  private expire(held: Held, lastSeen: number): void {
    if (held.sealed !== undefined) expireParts(held.sealed, lastSeen - this.retentionMs);
  }
}
