import type { LRUCache } from 'lru-cache';
import type { AccountState } from '../detection/account-state.ts';

/** States of accounts as they were just read from the profile table; one that cannot be read is left out. */
export type StoredStates = ReadonlyMap<string, AccountState>;

/** What tells a profile that went on from one that began anew: an erasure, or a table that was set back. */
export interface Lineage {
  readonly version: number;
  /** ms */
  readonly firstSeen: number;
  readonly events: number;
}

export function lineageOf(state: AccountState | undefined): Lineage | undefined {
  if (state === undefined) return undefined;
  const { version, firstSeen, totals } = state.profile;
  return { version, firstSeen, events: totals.events };
}

/**
 * Whether what a warm function remembers of an account still belongs to what is stored. As a profile goes on, its version
 * and its events only grow, and its first event only becomes earlier. Nothing that was remembered while there was no
 * profile is trusted: it may have come and gone since.
 */
export function goesOn(remembered: Lineage | undefined, stored: Lineage | undefined): boolean {
  if (remembered === undefined || stored === undefined || remembered.version === 0) return false;
  return (
    stored.version >= remembered.version &&
    stored.firstSeen <= remembered.firstSeen &&
    stored.events >= remembered.events
  );
}

/**
 * Accounts of which nothing is remembered that belongs to what is stored: they are to be read. What is remembered of the
 * others is marked with how far their profiles are now.
 * @param stored without, all are to be read
 */
export function toRead<T extends { readonly of?: Lineage | undefined }>(
  remembered: LRUCache<string, T>,
  accounts: readonly string[],
  stored: StoredStates | undefined,
): string[] {
  return accounts.filter((account) => {
    const known = remembered.get(account);
    const of = lineageOf(stored?.get(account));
    if (known === undefined || !goesOn(known.of, of)) return true;
    remembered.set(account, { ...known, of });
    return false;
  });
}
