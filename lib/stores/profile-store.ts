import type { AccountFacts } from '../campaigns/linking/link-facts.ts';
import type { AccountState } from '../detection/account-state.ts';
import type { Seal } from '../detection/seal.ts';
import type { PromptSamples } from '../profile/prompt-sample.ts';
import type { StoredStates } from './lineage.ts';

/**
 * `newest`: all as it stands now. `recent`: at half the price, and perhaps without the writes of the last moment, for who saves under the
 * version that was read, and loads the newest where that fails.
 */
export type Reading = 'newest' | 'recent';

/**
 * Port of the profile table. `save` stores the seal, if any, before the hot item, and the hot item only where its
 * version is still the one that was read: `conflict` means that somebody else was faster, and nothing changed.
 */
export interface ProfileStore {
  /**
   * States of the accounts, new ones for accounts that are not stored.
   * @param onUnreadable told of an account whose item cannot be read, which is then left out
   * @param reading of what is read `recent`, the sealed parts are left out unless they are remembered (AccountState.partsUnread): most
   *   events need none, and `whole` reads them
   * @throws UnreadableItem where nobody wants to be told
   */
  load(
    accounts: readonly string[],
    onUnreadable?: (account: string, error: Error) => void,
    reading?: Reading,
  ): Promise<Map<string, AccountState>>;
  /**
   * The same state with its sealed parts: itself where it has them.
   * @throws UnreadableItem
   */
  whole(state: AccountState): Promise<AccountState>;
  save(stored: AccountState, next: AccountState, seal: Seal | undefined): Promise<'saved' | 'conflict'>;
}

/**
 * Port of the `facts` items beside the profiles: what links an account to others. `conflict` means that somebody else
 * wrote them since they were loaded: they are to be loaded again, and added to.
 */
export interface LinkFactStore {
  /**
   * @param stored the accounts' profiles: what is remembered counts only where they went on; without, all is read
   * @param reading as in ProfileStore; what is saved names the version that was read, too
   */
  load(
    accounts: readonly string[],
    stored?: StoredStates,
    reading?: Reading,
  ): Promise<Map<string, AccountFacts>>;
  save(account: string, facts: AccountFacts): Promise<'saved' | 'conflict'>;
}

/** Port of the `prompts` items of versions before: samples of what accounts ask, named by their hot items. */
export interface EarlierPromptStore {
  /** Samples of the accounts that have any. */
  load(accounts: readonly string[]): Promise<Map<string, PromptSamples>>;
}
