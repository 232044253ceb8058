import { LRUCache } from 'lru-cache';
import { chunksOf, type Frame, type Resumable } from '../backtest/resumable.ts';
import type { AccountState } from '../detection/account-state.ts';
import { newAccount } from '../detection/account-state.ts';
import type { Seal } from '../detection/advance.ts';
import { decodeSlices, encodeSlices } from '../profile/codec.ts';
import type { RecentIds } from '../profile/recent-ids.ts';
import { joinSlices } from '../profile/window.ts';
import { fromItem, type HotItem, idsToSpill, oldestSlot, toItem } from './profile-item.ts';
import type { ProfileStore } from './profile-store.ts';

interface SealedPart {
  /** start of its newest slice, ms */
  readonly newest: number;
  readonly bytes: Uint8Array;
}

interface Held {
  hot: HotItem | undefined;
  /** number of the oldest part that has not expired */
  first: number;
  /** from there on, one number after another */
  sealed: SealedPart[];
  spilled: RecentIds;
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
    this.retentionMs = (options.retentionDays ?? 35) * 86_400_000;
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
    const state = fromItem(
      account,
      held.hot,
      joinSlices(held.sealed.map(({ bytes }) => decodeSlices(bytes))),
      held.spilled,
    );
    this.warm.set(account, state);
    return state;
  }

  saveNow(stored: AccountState, next: AccountState, seal: Seal | undefined): 'saved' | 'conflict' {
    const { account } = next.profile;
    const current = this.warm.peek(account)?.profile.version ?? this.items.get(account)?.hot?.version ?? 0;
    const held = this.held(account);
    if (seal !== undefined && seal.number >= held.first)
      held.sealed[seal.number - held.first] = {
        newest: seal.slices[seal.slices.length - 1]?.start ?? 0,
        bytes: encodeSlices(seal.slices),
      };
    if (current !== stored.profile.version) return 'conflict';
    if (seal !== undefined) this.expire(held, next.profile.lastSeen);
    for (const [slot, entries] of idsToSpill(stored, next)) {
      const known = held.spilled.get(slot) ?? new Map<number, number>();
      for (const [id, position] of entries) known.set(id, position);
      held.spilled.set(slot, known);
    }
    this.forgetIds(held, next.profile.arrived);
    this.warm.set(account, next);
    return 'saved';
  }

  /** Everything that is stored, one account after another, with all sealed parts that have not expired. */
  *states(): Generator<AccountState> {
    for (const [account, held] of this.items) {
      const { profile, judgement } = this.one(account);
      yield { profile, judgement, sealed: joinSlices(held.sealed.map(({ bytes }) => decodeSlices(bytes))) };
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
      for (const part of sealed) bytes += part.bytes.length;
    }
    return bytes;
  }

  private held(account: string): Held {
    let held = this.items.get(account);
    if (held === undefined) {
      held = { hot: undefined, first: 1, sealed: [], spilled: new Map() };
      this.items.set(account, held);
    }
    return held;
  }

  private cool(account: string, state: AccountState): void {
    const held = this.held(account);
    held.hot = toItem(state);
    this.forgetIds(held, state.profile.arrived);
    this.expire(held, state.profile.lastSeen);
  }

  /** Also of accounts that stay decoded for weeks: ids beyond the horizon are of no use to anybody. */
  private forgetIds(held: Held, arrived: number): void {
    if (held.spilled.size === 0) return;
    const oldest = oldestSlot(arrived);
    for (const slot of held.spilled.keys()) if (slot < oldest) held.spilled.delete(slot);
  }

  /** What the table's time to live would delete. */
  private expire(held: Held, lastSeen: number): void {
    const limit = lastSeen - this.retentionMs;
    let expired = 0;
    while (expired < held.sealed.length && (held.sealed[expired]?.newest ?? 0) < limit) expired++;
    if (expired === 0) return;
    held.sealed.splice(0, expired);
    held.first += expired;
  }
}
