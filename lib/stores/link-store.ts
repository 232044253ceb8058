import { FEWEST_PROMPTS } from '../campaigns/content/contents.ts';
import { type LinkEntry, NO_OWNER } from '../campaigns/linking/blocking.ts';
import { decodeFacts, encodeFacts } from '../campaigns/linking/facts-codec.ts';
import { type AccountFacts, factKey, LINK_KINDS, linkFacts } from '../campaigns/linking/link-facts.ts';
import type { LinkStore } from '../campaigns/ports.ts';
import { hash48 } from '../profile/hashes.ts';
import { type PromptSamples, samplesExpireAt } from '../profile/prompt-sample.ts';
import { decodePromptSamples, encodePromptSamples } from '../profile/prompt-sample-codec.ts';

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
const CONTENT_BUCKETS = 64;

export function contentValue(account: string): string {
  return `${CONTENT}#${hash48(account) % CONTENT_BUCKETS}`;
}

export function contentValues(): string[] {
  return Array.from({ length: CONTENT_BUCKETS }, (_, i) => `${CONTENT}#${i}`);
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

/** The twin in memory: the same entries in the same encoding. */
export class MemoryLinkStore implements LinkStore {
  readonly #values = new Map<string, Map<string, string>>();
  readonly #watched = new Set<string>();
  readonly #prompts = new Map<string, Uint8Array>();

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

  async watch(account: string, watched: boolean, _until: number): Promise<void> {
    if (watched) this.#watched.add(account);
    else this.#watched.delete(account);
  }

  async watched(): Promise<readonly string[]> {
    return [...this.#watched].sort();
  }

  async putPrompts(account: string, samples: PromptSamples | undefined): Promise<void> {
    if (isComparable(samples)) this.#prompts.set(account, encodePromptSamples(samples));
    else this.#prompts.delete(account);
  }

  async *prompts(): AsyncGenerator<{ account: string; samples: PromptSamples }> {
    for (const [account, bytes] of this.#prompts) yield { account, samples: decodePromptSamples(bytes) };
  }

  async sharing(value: string, limit: number): Promise<readonly AccountFacts[]> {
    return [...(this.#values.get(value)?.values() ?? [])].slice(0, limit).map(decodeFacts);
  }

  async *scan(part: number, parts: number): AsyncGenerator<LinkEntry> {
    for (const [value, members] of this.#values) {
      if (hash48(value) % parts !== part) continue;
      for (const [account, text] of members) yield { value, account, facts: decodeFacts(text) };
    }
  }
}
