import { createHash } from 'node:crypto';
import { PROFILES_KEPT } from '../../lib/aws/profile-table.ts';
import { encodeFacts } from '../../lib/campaigns/linking/facts-codec.ts';
import type { AccountFacts } from '../../lib/campaigns/linking/link-facts.ts';
import { type AccountState, newAccount } from '../../lib/detection/account-state.ts';
import type { Seal } from '../../lib/detection/seal.ts';
import { encodeSlices } from '../../lib/profile/codec.ts';
import type { PromptSamples } from '../../lib/profile/prompt-sample.ts';
import { encodePromptSamples } from '../../lib/profile/prompt-sample-codec.ts';
import type { Slice } from '../../lib/profile/slice.ts';
import { fromItem, type HotItem, type Logs, NO_LOGS, toItem } from '../../lib/stores/profile-item.ts';
import type { LinkFactStore, ProfileStore } from '../../lib/stores/profile-store.ts';
import { RememberedStates } from '../../lib/stores/remembered-states.ts';

interface Stored {
  hot: HotItem;
  logs: Logs;
  readonly sealed: Uint8Array[];
  /** as a warm function has them: sealed parts never change */
  slices: readonly Slice[];
  readonly prompts: PromptSamples;
}

/**
 * The profile table in memory: every load reads the item and every save encodes it, as over the wire. What a warm function
 * remembers is remembered as lib/aws/profile-table.ts does.
 */
export class ItemStore implements ProfileStore {
  readonly #items = new Map<string, Stored>();
  readonly #states = new RememberedStates({ accounts: PROFILES_KEPT });

  load(accounts: readonly string[]): Promise<Map<string, AccountState>> {
    return Promise.resolve(this.loadItems(accounts));
  }

  /** By a name of its own, which the profiler finds (phases.ts). */
  loadItems(accounts: readonly string[]): Map<string, AccountState> {
    const states = new Map<string, AccountState>();
    for (const account of accounts) {
      const held = this.#items.get(account);
      states.set(account, held === undefined ? newAccount(account) : this.#read(account, held));
    }
    return states;
  }

  whole(state: AccountState): Promise<AccountState> {
    return Promise.resolve(state);
  }

  save(stored: AccountState, next: AccountState, seal: Seal | undefined): Promise<'saved' | 'conflict'> {
    return Promise.resolve(this.saveItem(stored, next, seal));
  }

  saveItem(stored: AccountState, next: AccountState, seal: Seal | undefined): 'saved' | 'conflict' {
    const { account } = next.profile;
    const held = this.#items.get(account);
    if ((held?.hot.version ?? 0) !== stored.profile.version) return 'conflict';
    const { recent, redriven } = next.profile;
    const sealed = held?.sealed ?? [];
    if (seal !== undefined) {
      sealed.push(encodeSlices(seal.slices));
      if (seal.prompts.length > 0) sealed.push(encodePromptSamples(seal.prompts));
    }
    const logs =
      recent.parts.length + redriven.parts.length === 0
        ? NO_LOGS
        : { recent: recent.parts, redriven: redriven.parts };
    const hot = toItem(next);
    this.#items.set(account, { hot, logs, sealed, slices: next.sealed, prompts: next.asked.sealed });
    this.#states.keep(account, hot, next);
    return 'saved';
  }

  /** As it comes from the table: another item, of which nobody knows that it is the same until its bytes are compared. */
  #read(account: string, { hot, slices, logs, prompts }: Stored): AccountState {
    const item = { ...hot };
    const known = this.#states.known(account, item);
    if (known !== undefined) return known;
    const state = fromItem(account, item, slices, logs, prompts);
    this.#states.keep(account, item, state);
    return state;
  }

  /** Bytes of each account's hot item, without names and keys; and all that is kept of it, with its sealed parts. */
  *bytes(): Generator<{ hot: number; all: number }> {
    for (const { hot, sealed } of this.#items.values()) {
      const size =
        hot.meta.length + hot.slices.length + hot.recent.length + hot.redriven.length + hot.asked.length;
      yield { hot: size, all: size + sealed.reduce((sum, part) => sum + part.length, 0) };
    }
  }

  /** All that is stored, byte by byte, in order of accounts: what must not change where only the time that it takes does. */
  digest(): string {
    const hash = createHash('sha256');
    for (const [account, { hot, sealed }] of [...this.#items].sort(([a], [b]) => (a < b ? -1 : 1))) {
      hash.update(`${account} ${hot.version}`);
      for (const bytes of [hot.meta, hot.slices, hot.recent, hot.redriven, hot.asked, ...sealed])
        hash.update(bytes);
      for (const notice of hot.notices) hash.update(notice);
    }
    return hash.digest('hex');
  }
}

/** The `facts` items in memory: encoded when they are written, remembered as a warm function does. */
export class FactStore implements LinkFactStore {
  readonly #known = new Map<string, AccountFacts>();
  written = 0;

  load(accounts: readonly string[]): Promise<Map<string, AccountFacts>> {
    const found = new Map<string, AccountFacts>();
    for (const account of accounts) {
      const held = this.#known.get(account);
      if (held !== undefined) found.set(account, held);
    }
    return Promise.resolve(found);
  }

  save(account: string, facts: AccountFacts): Promise<'saved'> {
    this.written += encodeFacts(facts).length;
    this.#known.set(account, facts);
    return Promise.resolve('saved');
  }
}
