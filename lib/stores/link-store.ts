import { bucketsOf, contentBucket } from '../campaigns/content/blocks.ts';
import { FEWEST_PROMPTS } from '../campaigns/content/contents.ts';
import { type LinkEntry, NO_OWNER } from '../campaigns/linking/blocking.ts';
import { decodeFacts, encodeFacts } from '../campaigns/linking/facts-codec.ts';
import { type AccountFacts, factKey, LINK_KINDS, linkFacts } from '../campaigns/linking/link-facts.ts';
import type { LinkStore, SourceState } from '../campaigns/ports.ts';
import { hash48 } from '../profile/hashes.ts';
import { type PromptSamples, samplesExpireAt } from '../profile/prompt-sample.ts';

/** Partitions of accounts without hard values. */
const NO_OWNER_BUCKETS = 256;

/** Partitions of watched accounts: values that are no facts. */
export const WATCHED = 'watched';
const WATCHED_BUCKETS = 16;

export function watchedValue(account: string): string {
  return `${WATCHED}#${hash48(account) % WATCHED_BUCKETS}`;
}

export function watchedValues(): string[] {
  return Array.from({ length: WATCHED_BUCKETS }, (_, i) => `${WATCHED}#${i}`);
}

/** Partitions of accounts whose contents are compared: values that are no facts. */
export const CONTENT = 'content';

export function contentValue(account: string): string {
  return `${CONTENT}#${contentBucket(account)}`;
}

/** Those of a block of so many. */
export function contentValues(block = 0, blocks = 1): string[] {
  return bucketsOf(block, blocks).map((bucket) => `${CONTENT}#${bucket}`);
}

/** Samples of an account that are worth comparing: those of a generation and epoch, or of two, in which it asks enough. */
export function isComparable(samples: PromptSamples | undefined): samples is PromptSamples {
  if (samples === undefined) return false;
  const byEpoch = new Map<string, number>();
  for (const { epoch, prompts } of samples) byEpoch.set(epoch, (byEpoch.get(epoch) ?? 0) + prompts.length);
  return Math.max(0, ...byEpoch.values()) >= FEWEST_PROMPTS;
}

/**
 * Whether those that compare contents have to be told: when the account begins or ends to ask enough, and when its sample
 * lives longer. Told by the two images alone, so that a redelivery decides alike.
 */
export function isWorthNoting(now: PromptSamples | undefined, before: PromptSamples | undefined): boolean {
  if (isComparable(now) !== isComparable(before)) return true;
  if (!isComparable(now) || !isComparable(before)) return false;
  return samplesExpireAt(now) !== samplesExpireAt(before);
}

/** Values under which an account stands in the link table. */
export function entryValues(account: string, facts: AccountFacts): string[] {
  const values = linkFacts(facts)
    .filter(({ kind }) => LINK_KINDS[kind].hard)
    .map(factKey);
  return values.length > 0 ? values : [`${NO_OWNER}#${hash48(account) % NO_OWNER_BUCKETS}`];
}

/** What stands at a place, and what it was made from; undefined: it is gone. */
interface Held<T> {
  readonly from: SourceState;
  readonly what: T | undefined;
}

/** The twin in memory: the same entries in the same encoding. What is gone stays known for ever. */
export class MemoryLinkStore implements LinkStore {
  readonly #values = new Map<string, Map<string, Held<string>>>();
  readonly #watched = new Map<string, Held<true>>();
  readonly #compared = new Map<string, Held<number>>();
  readonly #samplesOf: (account: string) => PromptSamples | undefined;

  constructor(samplesOf: (account: string) => PromptSamples | undefined = () => undefined) {
    this.#samplesOf = samplesOf;
  }

  async put(
    account: string,
    facts: AccountFacts | undefined,
    before: AccountFacts | undefined,
    from: SourceState = {},
  ): Promise<void> {
    const text = facts === undefined ? undefined : encodeFacts(facts);
    const now = new Set(facts === undefined ? [] : entryValues(account, facts));
    const past = before === undefined ? [] : entryValues(account, before);
    for (const value of new Set([...past, ...now])) {
      const members = this.#values.get(value) ?? new Map<string, Held<string>>();
      this.#values.set(value, members);
      const what = now.has(value) ? text : undefined;
      keepNewest(members, account, { from, what });
      if (facts === undefined && members.get(account)?.what === undefined) members.delete(account);
    }
  }

  async watch(account: string, watched: boolean, from: SourceState): Promise<void> {
    keepNewest(this.#watched, account, { from, what: watched || undefined });
    if (from.until === undefined && this.#watched.get(account)?.what === undefined)
      this.#watched.delete(account);
  }

  async watched(): Promise<readonly string[]> {
    return [...this.#watched].flatMap(([account, { what }]) => (what === true ? [account] : [])).sort();
  }

  async noteContent(account: string, until: number | undefined, from: SourceState = {}): Promise<void> {
    keepNewest(this.#compared, account, { from, what: until === 0 ? undefined : until });
    if (until === undefined && this.#compared.get(account)?.what === undefined)
      this.#compared.delete(account);
  }

  async *prompts(block = 0, blocks = 1): AsyncGenerator<{ account: string; samples: PromptSamples }> {
    const buckets = new Set(bucketsOf(block, blocks));
    for (const [account, { what }] of this.#compared) {
      if (!buckets.has(contentBucket(account))) continue;
      const samples = what === undefined ? undefined : this.#samplesOf(account);
      if (samples !== undefined) yield { account, samples };
    }
  }

  async sharing(value: string, limit: number): Promise<readonly AccountFacts[]> {
    return [...(this.#values.get(value)?.values() ?? [])]
      .flatMap(({ what }) => what ?? [])
      .slice(0, limit)
      .map(decodeFacts);
  }

  async *scan(part: number, parts: number): AsyncGenerator<LinkEntry> {
    for (const [value, members] of this.#values) {
      if (hash48(value) % parts !== part) continue;
      for (const [account, { what }] of members)
        if (what !== undefined) yield { value, account, facts: decodeFacts(what) };
    }
  }
}

/** Times of a table's stream are rounded and approximate (API_streams_StreamRecord.html): within these, versions tell. */
export const SLACK_MS = 5000;

/** As the link table's condition: what is held was written before, or is an older version of the same life. */
function keepNewest<T>(places: Map<string, Held<T>>, account: string, next: Held<T>): void {
  const { version = 0, at = 0 } = next.from;
  const held = places.get(account)?.from ?? {};
  const [heldVersion, heldAt] = [held.version ?? 0, held.at ?? 0];
  if (heldAt < at - SLACK_MS || (heldVersion <= version && heldAt <= at + SLACK_MS))
    places.set(account, next);
}
