import type { LRUCache } from 'lru-cache';
import type { AccountState } from '../detection/account-state.ts';
import { recentlyUsed } from '../recently-used.ts';
import type { HotItem } from './profile-item.ts';

interface Remembered {
  readonly item: HotItem;
  readonly state: AccountState;
}

/**
 * What a warm function has decoded or written, by the very bytes of the item. An item that is read again and has not changed
 * is not decoded again, and its windows and what was encoded of it are remembered with it. An item that differs in any byte
 * is decoded: what is remembered is only ever a saving.
 */
export class RememberedStates {
  readonly #known: LRUCache<string, Remembered>;

  constructor({ accounts }: { readonly accounts: number }) {
    this.#known = recentlyUsed(accounts);
  }

  /** The state of an item, where nothing of it has changed; undefined: it is to be decoded, and what lies beside it read. */
  known(account: string, item: HotItem): AccountState | undefined {
    const known = this.#known.get(account);
    return known !== undefined && isSameItem(known.item, item) ? known.state : undefined;
  }

  /** What was read and decoded, or written. */
  keep(account: string, item: HotItem, state: AccountState): void {
    this.#known.set(account, { item, state });
  }

  /** The account is not stored any more: nothing of it is kept. */
  drop(account: string): void {
    this.#known.delete(account);
  }

  /** Windows became longer: what was kept of sealed slices no longer reaches far enough. */
  clear(): void {
    this.#known.clear();
  }
}

function isSameItem(a: HotItem, b: HotItem): boolean {
  return (
    a === b ||
    (a.version === b.version &&
      isSame(a.meta, b.meta) &&
      isSame(a.slices, b.slices) &&
      isSame(a.recent, b.recent) &&
      isSame(a.redriven, b.redriven) &&
      isSame(a.asked, b.asked) &&
      a.notices.length === b.notices.length &&
      a.notices.every((notice, i) => notice === b.notices[i]))
  );
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}
