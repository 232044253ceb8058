import { addTo, bottomK, distinct, mergeInto } from '../../profile/bottom-k.ts';
import { hash48, hashShare } from '../../profile/hashes.ts';
import type { AccountFacts } from './link-facts.ts';
import { LinkIndex, MEMBERS_PER_VALUE } from './link-index.ts';

/** One entry of the link table: an account under one of its hard values. */
export interface LinkEntry {
  /** fact key of a hard value, or NO_OWNER and a bucket for accounts that show none */
  readonly value: string;
  readonly account: string;
  readonly facts: AccountFacts;
}

/** Partition of accounts without any hard value: they are strangers to all, and tell how common places are. */
export const NO_OWNER = 'none';

/** Size of the sample that counts accounts, of which there may be millions. */
const COUNT_SAMPLE = 4096;
const COUNT_SPACE = 2 ** 32;

export interface BlockingOptions {
  /** share of the accounts that share nothing hard that is kept, to tell how common places are; default 1 */
  readonly strangerShare?: number;
  readonly membersPerValue?: number;
}

/**
 * Takes the entries of one partition of the link table, all of a value together, and keeps what linking needs: accounts
 * that share a hard value, and a share of the others. Nine in ten accounts of a large base share nothing hard, so what is
 * kept grows with the shared ones; partitions are independent, and funnels of several merge by keeping both.
 */
export class CandidateBlocking {
  readonly #kept = new Map<string, AccountFacts>();
  readonly #strangers = new Map<string, AccountFacts>();
  readonly #options: Required<BlockingOptions>;
  #value = '';
  #members: LinkEntry[] = [];
  readonly #accounts = bottomK(COUNT_SAMPLE, false);

  constructor(options: BlockingOptions = {}) {
    this.#options = { strangerShare: 1, membersPerValue: MEMBERS_PER_VALUE, ...options };
  }

  add(entry: LinkEntry): void {
    if (entry.value !== this.#value) {
      this.#settle();
      this.#value = entry.value;
    }
    addTo(this.#accounts, hash48(entry.account) % COUNT_SPACE);
    // one more than the limit shows that the value is too common to link; the rest says nothing new
    if (this.#members.length <= this.#options.membersPerValue) this.#members.push(entry);
  }

  /** Number of distinct accounts seen, kept or not: exact below COUNT_SAMPLE, then estimated within about 2 %. */
  get accounts(): number {
    return Math.round(distinct(this.#accounts, COUNT_SPACE));
  }

  /** Keeps what another partition's funnel kept. */
  merge(other: CandidateBlocking): void {
    other.#settle();
    this.#settle();
    for (const [account, facts] of other.#kept) this.#kept.set(account, facts);
    for (const [account, facts] of other.#strangers) this.#strangers.set(account, facts);
    mergeInto(this.#accounts, other.#accounts);
  }

  /** The link index of what was kept. */
  index(): LinkIndex {
    this.#settle();
    const index = new LinkIndex({ membersPerValue: this.#options.membersPerValue });
    for (const account of [...this.#kept.keys()].sort())
      index.put(account, this.#kept.get(account) as AccountFacts);
    for (const account of [...this.#strangers.keys()].sort())
      if (!this.#kept.has(account)) index.put(account, this.#strangers.get(account) as AccountFacts);
    return index;
  }

  #settle(): void {
    const members = this.#members;
    this.#members = [];
    const shared = members.length > 1 && !this.#value.startsWith(NO_OWNER);
    for (const { account, facts } of members) {
      if (shared) this.#kept.set(account, facts);
      else if (this.#sampled(account)) this.#strangers.set(account, facts);
    }
  }

  #sampled(account: string): boolean {
    const { strangerShare } = this.#options;
    return strangerShare >= 1 || hashShare(account) < strangerShare;
  }
}
