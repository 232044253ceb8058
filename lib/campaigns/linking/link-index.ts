import { addTo, type BottomK, bottomK, distinct } from '../../profile/bottom-k.ts';
import { hash48 } from '../../profile/hashes.ts';
import { chunksOf, type Frame, type Resumable } from '../../profile/resumable.ts';
import { type AccountFacts, factKey, kindOf, LINK_KINDS, linkFacts } from './link-facts.ts';

/** Who shows a value: bounded, however popular it is. */
export interface Posting {
  /** up to `membersPerValue` accounts, oldest first; a popular value keeps the ones that came first */
  readonly members: readonly string[];
  /** estimated number of distinct accounts ever seen with it */
  readonly accounts: number;
}

export interface LinkIndexOptions {
  /** most accounts kept for a value; beyond that only their number is kept, and the value links nobody */
  readonly membersPerValue?: number;
}

/** Most members of a value by default. */
export const MEMBERS_PER_VALUE = 2048;
/** Size of the sample that counts distinct accounts of a popular value: standard error about 13 %. */
const COUNT_SAMPLE = 64;
/** Hashes that it is drawn from: more than there are accounts. */
const COUNT_SPACE = 2 ** 32;

interface Popular {
  readonly members: Set<string>;
  /** accounts that show it now, exactly */
  showing: number;
  count: BottomK | undefined;
}

/**
 * The link index in memory: value -> accounts. The twin of the link table, and what one invocation of `link` holds of
 * its partition. Putting an account again replaces its facts: nothing doubles when a run is repeated.
 */
export class LinkIndex implements Resumable {
  readonly #values = new Map<string, string | Popular>();
  /** values of one owner's kind that two accounts have shown at a time */
  readonly #shared = new Map<string, Popular>();
  readonly #facts = new Map<string, AccountFacts>();
  readonly #keys = new Map<string, readonly string[]>();
  readonly #limit: number;
  #changes = 0;

  constructor(options: LinkIndexOptions = {}) {
    const { membersPerValue = MEMBERS_PER_VALUE } = options;
    if (!Number.isInteger(membersPerValue) || membersPerValue < 2)
      throw new RangeError(`membersPerValue must be an integer of at least 2 (got ${membersPerValue})`);
    this.#limit = membersPerValue;
  }

  /** accounts in the index */
  get size(): number {
    return this.#facts.size;
  }

  /** grows with every change; equal means that nothing changed in between */
  get changes(): number {
    return this.#changes;
  }

  facts(account: string): AccountFacts | undefined {
    return this.#facts.get(account);
  }

  /** fact keys of an account */
  keys(account: string): readonly string[] {
    return this.#keys.get(account) ?? [];
  }

  accounts(): IterableIterator<string> {
    return this.#facts.keys();
  }

  put(account: string, facts: AccountFacts): void {
    if (this.#facts.get(account) === facts) return;
    const before = this.#keys.get(account);
    const keys = linkFacts(facts).map(factKey);
    this.#facts.set(account, facts);
    if (before !== undefined && before.length === keys.length && before.every((key, i) => key === keys[i]))
      return;
    this.#changes++;
    const kept = new Set(keys);
    for (const key of before ?? []) if (!kept.has(key)) this.#remove(account, key);
    const known = new Set(before);
    for (const key of keys) if (!known.has(key)) this.#add(account, key);
    this.#keys.set(account, keys);
  }

  /** Forgets an account (idle beyond retention). */
  drop(account: string): void {
    for (const key of this.keys(account)) this.#remove(account, key);
    if (this.#facts.delete(account)) this.#changes++;
    this.#keys.delete(account);
  }

  posting(key: string): Posting | undefined {
    const held = this.#values.get(key);
    if (held === undefined) return undefined;
    if (typeof held === 'string') return { members: [held], accounts: 1 };
    return {
      members: [...held.members],
      accounts:
        held.count === undefined
          ? held.members.size
          : Math.max(held.members.size, distinct(held.count, COUNT_SPACE)),
    };
  }

  /** Number of accounts that show a value. */
  popularity(key: string): number {
    const held = this.#values.get(key);
    if (held === undefined) return 0;
    if (typeof held === 'string') return 1;
    return held.count === undefined
      ? held.members.size
      : Math.max(held.members.size, distinct(held.count, COUNT_SPACE));
  }

  /** Exact number of accounts that show a value now, however many. */
  showing(key: string): number {
    const held = this.#values.get(key);
    if (held === undefined) return 0;
    return typeof held === 'string' ? 1 : held.showing;
  }

  /** Values that belong to one owner by their nature (see LINK_KINDS), where at least two accounts show them. */
  *sharedOwners(): Generator<[key: string, members: ReadonlySet<string>, accounts: number]> {
    for (const [key, held] of this.#shared)
      if (held.members.size >= 2) yield [key, held.members, this.popularity(key)];
  }

  /** The order in which values and accounts came is a part of the state: a full value keeps those that came first. */
  *frames(): Generator<Frame> {
    yield ['changes', this.#changes];
    for (const chunk of chunksOf(this.#facts)) yield ['facts', chunk];
    for (const chunk of chunksOf(this.#values)) yield ['values', chunk];
    yield ['shared', [...this.#shared.keys()]];
  }

  restore(part: string, value: unknown): void {
    if (part === 'changes') this.#changes = value as number;
    else if (part === 'values')
      for (const [key, held] of value as [string, string | Popular][]) this.#values.set(key, held);
    else if (part === 'shared')
      for (const key of value as string[]) this.#shared.set(key, this.#values.get(key) as Popular);
    else
      for (const [account, facts] of value as [string, AccountFacts][]) {
        this.#facts.set(account, facts);
        this.#keys.set(account, linkFacts(facts).map(factKey));
      }
  }

  #add(account: string, key: string): void {
    const held = this.#values.get(key);
    if (held === undefined) {
      this.#values.set(key, account);
      return;
    }
    if (typeof held === 'string') {
      if (held === account) return;
      const both = { members: new Set([held, account]), showing: 2, count: undefined };
      this.#values.set(key, both);
      if (LINK_KINDS[kindOf(key)].hard) this.#shared.set(key, both);
      return;
    }
    if (held.members.has(account)) return;
    held.showing++;
    if (held.members.size < this.#limit) {
      held.members.add(account);
      return;
    }
    if (held.count === undefined) {
      held.count = bottomK(COUNT_SAMPLE, false);
      for (const member of held.members) addTo(held.count, hash48(member) % COUNT_SPACE);
    }
    addTo(held.count, hash48(account) % COUNT_SPACE);
  }

  #remove(account: string, key: string): void {
    const held = this.#values.get(key);
    if (held === undefined) return;
    if (typeof held === 'string') {
      if (held === account) this.#values.delete(key);
      return;
    }
    held.members.delete(account);
    held.showing--;
    if (held.showing > 0) return;
    this.#values.delete(key);
    this.#shared.delete(key);
  }
}
