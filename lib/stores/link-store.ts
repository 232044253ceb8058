import { decodeFacts, encodeFacts } from '../campaigns/facts-codec.ts';
import { type LinkEntry, NO_OWNER } from '../campaigns/funnel.ts';
import { type AccountFacts, factKey, LINK_KINDS, linkFacts } from '../campaigns/link-facts.ts';
import { hash48 } from '../profile/hash32.ts';

/**
 * Port of the link table: accounts under each of their hard values, each entry with all of the account's facts. Puts are
 * idempotent: the same facts, however often, leave the same entries.
 */
export interface LinkStore {
  /**
   * Brings the entries of an account from its facts `before` (as the profile table's stream has them; undefined where
   * there were none) to its facts now. Undefined `facts`: the account is forgotten.
   */
  put(account: string, facts: AccountFacts | undefined, before: AccountFacts | undefined): Promise<void>;
  /** Entries of partition `part` of `parts`, all of a value together. Eventually consistent. */
  scan(part: number, parts: number): AsyncIterable<LinkEntry>;
}

/** Partitions of accounts without hard values. */
const NO_OWNER_BUCKETS = 256;

/** Values under which an account stands in the link table. */
export function entryValues(account: string, facts: AccountFacts): string[] {
  const values = linkFacts(facts)
    .filter(({ kind }) => LINK_KINDS[kind].hard)
    .map(factKey);
  return values.length > 0 ? values : [`${NO_OWNER}#${hash48(account) % NO_OWNER_BUCKETS}`];
}

/** The twin in memory: the same entries in the same encoding. */
export class MemoryLinkStore implements LinkStore {
  readonly #values = new Map<string, Map<string, string>>();

  async put(
    account: string,
    facts: AccountFacts | undefined,
    before: AccountFacts | undefined,
  ): Promise<void> {
    const now = facts === undefined ? [] : entryValues(account, facts);
    for (const value of before === undefined ? [] : entryValues(account, before)) {
      if (now.includes(value)) continue;
      const members = this.#values.get(value);
      members?.delete(account);
      if (members?.size === 0) this.#values.delete(value);
    }
    if (facts === undefined) return;
    const text = encodeFacts(facts);
    for (const value of now) {
      const members = this.#values.get(value);
      if (members === undefined) this.#values.set(value, new Map([[account, text]]));
      else members.set(account, text);
    }
  }

  async *scan(part: number, parts: number): AsyncGenerator<LinkEntry> {
    for (const [value, members] of this.#values) {
      if (hash48(value) % parts !== part) continue;
      for (const [account, text] of members) yield { value, account, facts: decodeFacts(text) };
    }
  }
}
