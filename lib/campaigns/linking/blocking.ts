import { addTo, type BottomK, bottomK, copyOf, distinct, mergeInto } from '../../profile/bottom-k.ts';
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
/** Accounts that share nothing which are kept at most: they only tell how common places are. */
const STRANGERS = 100_000;

export interface BlockingOptions {
  /** accounts that share nothing hard which are kept at most; default 100,000 */
  readonly strangers?: number;
  readonly membersPerValue?: number;
}

/** An account's facts, and the value whose entry they were read from. */
type Standing = Omit<LinkEntry, 'account'>;

/** What the blocking of a part of the link table found: plain data that structured cloning keeps. */
export interface BlockingPart {
  /** account, value and facts of those that share a hard value */
  readonly kept: readonly LinkEntry[];
  readonly strangers: readonly LinkEntry[];
  /** share of the strangers that is kept */
  readonly share: number;
  readonly accounts: BottomK;
}

/**
 * Takes the entries of a part of the link table, all of a value together, and keeps what linking needs: accounts
 * that share a hard value, and a sample of the others. Nine in ten accounts of a large base share nothing hard, so what is
 * kept grows with the shared ones. Parts are independent and merge exactly, in any order: of an account whose entries differ,
 * as one was read before a change and one after it, the facts under the smallest value count; and strangers are sampled by
 * a hash of their pseudonym, by a share that only halves, so that no part needs a smaller one than the whole.
 */
export class CandidateBlocking {
  readonly #kept = new Map<string, Standing>();
  #strangers = new Map<string, Standing>();
  #share = 1;
  readonly #options: Required<BlockingOptions>;
  readonly #accounts = bottomK(COUNT_SAMPLE, false);
  readonly #readers: ValueReader[] = [];

  constructor(options: BlockingOptions = {}) {
    this.#options = { strangers: STRANGERS, membersPerValue: MEMBERS_PER_VALUE, ...options };
  }

  /** One that takes entries beside others: those of a value have to go to the same one. */
  reader(): ValueReader {
    const reader = new ValueReader(this.#options.membersPerValue, this);
    this.#readers.push(reader);
    return reader;
  }

  /** Takes what a reader read of one value. */
  settle(value: string, members: readonly LinkEntry[]): void {
    const shared = members.length > 1 && !value.startsWith(NO_OWNER);
    for (const { account, facts } of members) {
      if (shared) stand(this.#kept, account, { value, facts });
      else if (this.#sampled(account)) stand(this.#strangers, account, { value, facts });
    }
    this.#trim();
  }

  /** Counts an account, whether it is kept or not. */
  count(account: string): void {
    addTo(this.#accounts, hash48(account) % COUNT_SPACE);
  }

  /** Number of distinct accounts seen, kept or not: exact below COUNT_SAMPLE, then estimated within about 2 %. */
  get accounts(): number {
    return Math.round(distinct(this.#accounts, COUNT_SPACE));
  }

  part(): BlockingPart {
    this.#end();
    return {
      kept: listed(this.#kept),
      strangers: listed(this.#strangers),
      share: this.#share,
      accounts: copyOf(this.#accounts),
    };
  }

  /** Keeps what another part's blocking kept. */
  merge({ kept, strangers, share, accounts }: BlockingPart): void {
    this.#end();
    for (const { account, ...held } of kept) stand(this.#kept, account, held);
    if (share < this.#share) this.#narrow(share);
    for (const { account, ...held } of strangers)
      if (this.#sampled(account)) stand(this.#strangers, account, held);
    this.#trim();
    mergeInto(this.#accounts, accounts);
  }

  /** The link index of what was kept. */
  index(): LinkIndex {
    this.#end();
    const index = new LinkIndex({ membersPerValue: this.#options.membersPerValue });
    for (const [account, { facts }] of inOrder(this.#kept)) index.put(account, facts);
    for (const [account, { facts }] of inOrder(this.#strangers))
      if (!this.#kept.has(account)) index.put(account, facts);
    return index;
  }

  #end(): void {
    for (const reader of this.#readers) reader.end();
  }

  #sampled(account: string): boolean {
    return this.#share >= 1 || hashShare(account) < this.#share;
  }

  #trim(): void {
    while (this.#strangers.size > this.#options.strangers) this.#narrow(this.#share / 2);
  }

  #narrow(share: number): void {
    this.#share = share;
    this.#strangers = new Map([...this.#strangers].filter(([account]) => this.#sampled(account)));
  }
}

/** Takes entries one after the other, and hands them on value by value. */
class ValueReader {
  readonly #most: number;
  readonly #to: Pick<CandidateBlocking, 'settle' | 'count'>;
  #value = '';
  #members: LinkEntry[] = [];

  constructor(most: number, to: Pick<CandidateBlocking, 'settle' | 'count'>) {
    this.#most = most;
    this.#to = to;
  }

  add(entry: LinkEntry): void {
    if (entry.value !== this.#value) {
      this.end();
      this.#value = entry.value;
    }
    this.#to.count(entry.account);
    // one more than the limit shows that the value is too common to link; the rest says nothing new
    if (this.#members.length <= this.#most) this.#members.push(entry);
  }

  end(): void {
    const members = this.#members;
    this.#members = [];
    this.#to.settle(this.#value, members);
  }
}

function stand(held: Map<string, Standing>, account: string, next: Standing): void {
  const before = held.get(account);
  if (before === undefined || next.value < before.value) held.set(account, next);
}

function inOrder(held: ReadonlyMap<string, Standing>): [string, Standing][] {
  return [...held].sort(([a], [b]) => (a < b ? -1 : 1));
}

function listed(held: ReadonlyMap<string, Standing>): LinkEntry[] {
  return inOrder(held).map(([account, standing]) => ({ account, ...standing }));
}
