import { recentlyUsed } from '../recently-used.ts';
import type { UsageEvent } from './usage-event.ts';

/** Shares of what was read, 0 to 1; of events where nothing else is said. */
export interface HealthShares {
  readonly events: number;
  readonly withoutPrompt: number;
  /** events with the prompt that most events of many accounts have */
  readonly samePrompt: number;
  /** accounts that send one prompt which is a tenth of all events or more, of all accounts that were seen */
  readonly samePromptAccounts: number;
  /** prompts of at most three words */
  readonly shortPrompts: number;
  /** prompts in which nothing can be read (ids, addresses, ciphertexts), where many accounts have them */
  readonly unreadablePrompts: number;
  readonly withoutOrigin: number;
  /** accounts that come from one address or with one credential, of all accounts */
  readonly sameOrigin: number;
  readonly withoutTokens: number;
  readonly failed: number;
  readonly oddTime: number;
  /** events with the time that most events have */
  readonly sameTime: number;
  /** different models, of events */
  readonly models: number;
  readonly repeatedIds: number;
  /** 1 where all events are of one account */
  readonly oneAccount: number;
  /** entries that were not used, of all entries */
  readonly rejected: number;
  readonly skipped: number;
  readonly accounts: number;
}

/** What one event lacks, such that detection is blind where most lack it. */
export const LOSSES = {
  withoutPrompt: ({ shape }: UsageEvent) => shape.words === 0,
  withoutOrigin: ({ prints: [prints] }: UsageEvent) =>
    prints?.address === undefined && prints?.credential === undefined,
  withoutTokens: ({ usage, outcome }: UsageEvent) => usage.outputTokens === 0 && outcome === 'ok',
} as const;
export type Loss = keyof typeof LOSSES;
export const LOSS_NAMES = Object.keys(LOSSES) as Loss[];

/** What is counted of each event: its losses, and what is odd only where nearly all are so. */
const COUNTED = {
  ...LOSSES,
  // in classes of half octaves (event-shape.ts): the class of three words
  shortPrompts: ({ shape }: UsageEvent) => shape.words > 0 && shape.words <= 4,
  failed: ({ outcome }: UsageEvent) => outcome === 'error',
  // the pipeline refuses events from before 2015 (LIMITS.eventAgeDays)
  oddTime: ({ time }: UsageEvent) => time < '2015',
} as const;
type Counted = keyof typeof COUNTED;
const COUNTED_NAMES = Object.keys(COUNTED) as Counted[];

/** Accounts by which one value counts as that of many. */
export const MANY_ACCOUNTS = 20;
const MAX_VALUES = 20_000;
const MAX_ACCOUNTS = 50_000;
const MAX_IDS = 200_000;
/** So much of all events has a prompt that can stand where all prompts should. */
const NOTABLE = 0.1;

/** Which value the most events have, and the most accounts; what is rare falls out. */
class Commonest {
  readonly #values = recentlyUsed<string, { readonly accounts: Set<string>; events: number }>(MAX_VALUES);

  add(value: string | undefined, account: string): void {
    if (value === undefined || value === '') return;
    const held = this.#values.get(value) ?? { accounts: new Set<string>(), events: 0 };
    held.events++;
    if (held.accounts.size < MAX_ACCOUNTS) held.accounts.add(account);
    this.#values.set(value, held);
  }

  /** Most events of a value that at least so many accounts have; most accounts of one that has at least so many events. */
  most(
    accountsAtLeast: number,
    eventsAtLeast: number,
  ): { readonly events: number; readonly accounts: number } {
    let events = 0;
    let accounts = 0;
    for (const held of this.#values.values()) {
      if (held.accounts.size >= accountsAtLeast) events = Math.max(events, held.events);
      if (held.events >= eventsAtLeast) accounts = Math.max(accounts, held.accounts.size);
    }
    return { events, accounts };
  }
}

/** Counts events as they pass; memory is bounded, whatever the traffic. */
export class HealthTally {
  #events = 0;
  readonly #counted = Object.fromEntries(COUNTED_NAMES.map((name) => [name, 0])) as Record<Counted, number>;
  #unreadable = 0;
  readonly #unreadableAccounts = new Set<string>();
  #repeats = 0;
  #rejected = 0;
  #skipped = 0;
  readonly #accounts = recentlyUsed<string, true>(MAX_ACCOUNTS);
  readonly #ids = recentlyUsed<string, true>(MAX_IDS);
  readonly #models = recentlyUsed<string, true>(MAX_VALUES);
  readonly #prompts = new Commonest();
  readonly #addresses = new Commonest();
  readonly #credentials = new Commonest();
  readonly #times = new Commonest();

  get events(): number {
    return this.#events;
  }

  /** @param unreadable nothing can be read in the prompt, as its text says (adapters/unreadable.ts) */
  event(event: UsageEvent, unreadable = false): void {
    this.#events++;
    const { account, prints, id, model, time } = event;
    if (unreadable) {
      this.#unreadable++;
      if (this.#unreadableAccounts.size < MANY_ACCOUNTS) this.#unreadableAccounts.add(account);
    }
    this.#accounts.set(account, true);
    for (const name of COUNTED_NAMES) if (COUNTED[name](event)) this.#counted[name]++;
    if (this.#ids.has(id)) this.#repeats++;
    else this.#ids.set(id, true);
    this.#models.set(model, true);
    if (!LOSSES.withoutPrompt(event)) this.#prompts.add(prints[0]?.prompt, account);
    this.#addresses.add(prints[0]?.address, account);
    this.#credentials.add(prints[0]?.credential, account);
    this.#times.add(time, '');
  }

  /** Entries that did not become events. */
  unused(counts: { readonly rejected: number; readonly skipped: number }): void {
    this.#rejected += counts.rejected;
    this.#skipped += counts.skipped;
  }

  shares(): HealthShares {
    const events = this.#events;
    const accounts = this.#accounts.size;
    const entries = events + this.#rejected;
    const share = (count: number, of: number) => (of === 0 ? 0 : Math.min(1, count / of));
    const ofAccounts = (count: number) => (accounts < MANY_ACCOUNTS ? 0 : share(count, accounts));
    const counted = Object.fromEntries(
      COUNTED_NAMES.map((name) => [name, share(this.#counted[name], events)]),
    ) as Record<Counted, number>;
    const ofMany = this.#unreadableAccounts.size >= Math.min(MANY_ACCOUNTS, accounts);
    const prompts = this.#prompts.most(MANY_ACCOUNTS, NOTABLE * events);
    const origins = [this.#addresses, this.#credentials].map((held) => held.most(0, 0).accounts);
    return {
      events,
      ...counted,
      unreadablePrompts: ofMany ? share(this.#unreadable, events) : 0,
      samePrompt: share(prompts.events, events),
      samePromptAccounts: ofAccounts(prompts.accounts),
      sameOrigin: ofAccounts(Math.max(...origins)),
      sameTime: share(this.#times.most(0, 0).events, events),
      models: share(this.#models.size, events),
      repeatedIds: share(this.#repeats, events),
      oneAccount: accounts === 1 ? 1 : 0,
      rejected: share(this.#rejected, entries),
      skipped: share(this.#skipped, entries + this.#skipped),
      accounts,
    };
  }

  /** Entries of which a share is one: events, or all that were read. */
  entries(share: keyof HealthShares): number {
    if (share === 'rejected') return this.#events + this.#rejected;
    return share === 'skipped' ? this.#events + this.#rejected + this.#skipped : this.#events;
  }
}
