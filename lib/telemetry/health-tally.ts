import { DAY_MS } from '../time.ts';
import { AccountTally } from './account-tally.ts';
import type { PromptFacts, PromptFault } from './adapters/prompt-faults.ts';
import { CommonLengths, type LengthOf } from './common-lengths.ts';
import { Commonest, MAX_ACCOUNTS, MAX_VALUES } from './commonest.ts';
import type { ReadFacts } from './entry-facts.ts';
import { LastUsed } from './last-used.ts';
import { LetterPairs } from './letter-pairs.ts';
import type { UsageEvent } from './usage-event.ts';

/** Shares of what was read, 0 to 1; of events where nothing else is said. */
export interface HealthShares {
  readonly events: number;
  readonly withoutPrompt: number;
  /** events with the prompt that most events of many accounts have */
  readonly samePrompt: number;
  /** events with the prompt that most events have, of however few accounts */
  readonly repeatedPrompt: number;
  /** accounts that send one prompt which is a tenth of all events or more, of all accounts that were seen */
  readonly samePromptAccounts: number;
  /** the same, where prompts that recur so are not the most */
  readonly recurringPrompts: number;
  /** prompts of at most three words */
  readonly shortPrompts: number;
  /** prompts in which nothing can be read (ids, addresses, ciphertexts), where many accounts have them */
  readonly unreadablePrompts: number;
  /** prompts that a logger cut: it says so, or many end at one length, where many accounts have them */
  readonly cutPrompts: number;
  /** prompts that are a list of messages as a program prints it, where many accounts have them */
  readonly printedPrompts: number;
  /** prompts of which three in ten words or letters are covered, where many accounts have them */
  readonly maskedPrompts: number;
  /** 1 where letters follow one another as by chance */
  readonly chanceLetters: number;
  /** prompts, of different ones, that differ from a few others in numbers alone */
  readonly fewTexts: number;
  /** events whose prompts differ and begin with the five words that most events of many accounts begin with */
  readonly sameOpening: number;
  /** accounts of which hardly a prompt can be read, of those with five events and more */
  readonly blindAccounts: number;
  readonly withoutOrigin: number;
  /** accounts that come from one address or with one credential, of all accounts */
  readonly sameOrigin: number;
  readonly withoutTokens: number;
  readonly failed: number;
  readonly oddTime: number;
  readonly futureTime: number;
  /** events with the time that most events have */
  readonly sameTime: number;
  /** 1 where all events lie within one minute */
  readonly sameMinute: number;
  /** events at midnight, UTC */
  readonly dateOnly: number;
  /** different models, of events */
  readonly models: number;
  readonly repeatedIds: number;
  /** events of the account that has the most */
  readonly oneAccount: number;
  /** accounts, of events */
  readonly singleAccounts: number;
  /** accounts that an address or a credential has calls of, of those that it could have calls of, where accounts are few */
  readonly crossedOrigins: number;
  /** events of accounts with ten addresses or credentials and more, where accounts are few */
  readonly coarseAccounts: number;
  /** accounts, of events, where each address has ten and more of them */
  readonly crowdedOrigins: number;
  /** events of the account that has the most of those for which many end users stand */
  readonly sharedAccount: number;
  /** events of an account that has nearly all, under many credentials, from many addresses or in many sessions */
  readonly crowdedAccount: number;
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
const MAX_IDS = 200_000;
/** One time that stands where most should comes back within a few events; others hardly ever do. */
const MAX_TIMES = 1000;
/** So much of all events has a prompt that can stand where all prompts should. */
const NOTABLE = 0.1;

/** Buttons of an application send fixed prompts; where such prompts are so many of all, nothing else is seen. */
const MOST = 0.6;
/** One text that stands where prompts should is more of all than one of a handful of buttons. */
const ONE_OF_FEW = 0.3;

/** Fewer addresses may be those of load balancers. */
const FEW_ADDRESSES = 10;
/** Accounts of one address, on average, of which most are no customers. */
const CROWDED = 10;

/** Clocks differ by less, and time zones too. */
const FUTURE_MS = DAY_MS;
/** The end of the year 9999. */
const LAST_MS = 253_402_300_799_999;
/** Different texts, numbers apart, by which all prompts of many accounts are invented ones. */
const FEW_TEXTS = 8;
const FEWEST_PROMPTS = 100;
/** So few prompts of many accounts are no conversations: labels of a classifier, or buttons. */
const MOST_LABELS = 40;
/** Addresses of one account on average that are not one customer's, where accounts are few. */
const COARSE = 10;

/** Events of a kind, and whether many accounts have them. */
class OfAccounts {
  events = 0;
  readonly #accounts = new Set<string>();

  add(account: string): void {
    this.events++;
    if (this.#accounts.size < MANY_ACCOUNTS) this.#accounts.add(account);
  }

  /** @param accounts that were seen */
  isOfMany(accounts: number): boolean {
    return this.#accounts.size >= Math.min(MANY_ACCOUNTS, accounts);
  }
}

export function lengthOf({ account, prints: [prints] }: UsageEvent, facts: PromptFacts): LengthOf {
  return {
    facts,
    account,
    prompt: prints?.prompt ?? '',
    opening: prints?.opening ?? '',
    closing: prints?.closing ?? '',
  };
}

/** Counts events as they pass; memory is bounded, whatever the traffic. */
export class HealthTally {
  #events = 0;
  readonly #counted = Object.fromEntries(COUNTED_NAMES.map((name) => [name, 0])) as Record<Counted, number>;
  readonly #faults: Readonly<Record<PromptFault, OfAccounts>> = {
    unreadable: new OfAccounts(),
    cut: new OfAccounts(),
    printed: new OfAccounts(),
    masked: new OfAccounts(),
  };
  readonly #lengths = new CommonLengths();
  readonly #pairs = new LetterPairs();
  /** letters of prompts: up to a few are kept */
  readonly #texts = new Set<number>();
  #formed = 0;
  #future = 0;
  #latestSound = '';
  #model = '';
  #repeats = 0;
  #midnights = 0;
  #earliest = '9';
  #latest = '';
  #rejected = 0;
  #skipped = 0;
  readonly #accounts: AccountTally;
  readonly #isWhole: boolean;
  readonly #ids = new LastUsed<true>(MAX_IDS);
  readonly #models = new LastUsed<true>(MAX_VALUES);
  readonly #prompts: Commonest;
  readonly #openings = new Commonest(MAX_VALUES);
  readonly #addresses: Commonest;
  readonly #credentials: Commonest;
  readonly #times = new Commonest(MAX_TIMES);

  readonly #now: () => number;

  /**
   * @param now the clock, ms since 1970
   * @param isWhole whether also that is counted which is asked of all events alone; else few events come, as many as a run has
   */
  constructor(now: () => number, isWhole = true) {
    this.#now = now;
    this.#isWhole = isWhole;
    this.#accounts = new AccountTally(MAX_ACCOUNTS, isWhole);
    const most = isWhole ? MAX_VALUES : 'all';
    this.#prompts = new Commonest(most);
    this.#addresses = new Commonest(most);
    this.#credentials = new Commonest(most);
  }

  get events(): number {
    return this.#events;
  }

  /** @param read what was found out when its exchange was read, where it was read here */
  event(event: UsageEvent, read: ReadFacts = {}): void {
    this.#events++;
    const { account, prints, time } = event;
    const fault = read.prompt?.fault;
    if (fault !== undefined) this.#faults[fault].add(account);
    if (read.prompt !== undefined) this.#prompt(event, read.prompt);
    const isLost = fault !== undefined || LOSSES.withoutPrompt(event);
    this.#accounts.add(event, isLost, read.entry?.people ?? []);
    for (const name of COUNTED_NAMES) if (COUNTED[name](event)) this.#counted[name]++;
    if (!LOSSES.withoutPrompt(event)) {
      this.#prompts.add(prints[0]?.prompt, account);
      if (this.#isWhole && read.prompt?.markup !== true) this.#openings.add(prints[0]?.opening, account);
    }
    this.#addresses.add(prints[0]?.address, account);
    this.#credentials.add(prints[0]?.credential, account);
    if (time > this.#latestSound && this.#isFuture(time)) this.#future++;
    if (this.#isWhole) this.#oddities(event);
  }

  /** What is asked of all events alone. */
  #oddities({ id, model, time }: UsageEvent): void {
    if (this.#ids.get(id) !== undefined) this.#repeats++;
    else this.#ids.set(id, true);
    if (model !== this.#model) this.#models.set(model, true);
    this.#model = model;
    this.#times.add(time, '');
    if (time.endsWith('T00:00:00.000Z') || time.endsWith('T00:00:00Z')) this.#midnights++;
    if (time < this.#earliest) this.#earliest = time;
    if (time > this.#latest) this.#latest = time;
  }

  /** The clock is asked again where a time is later than it allowed before. */
  #isFuture(time: string): boolean {
    const latest = this.#now() + FUTURE_MS;
    this.#latestSound = latest < LAST_MS ? new Date(latest).toISOString() : '9';
    return time > this.#latestSound;
  }

  #prompt(event: UsageEvent, facts: PromptFacts): void {
    this.#lengths.add(lengthOf(event, facts));
    const { pairs, letters } = facts.forms ?? {};
    if (pairs !== undefined) this.#pairs.add(pairs);
    if (letters === undefined) return;
    this.#formed++;
    if (this.#texts.size <= FEW_TEXTS) this.#texts.add(letters);
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
    const ofMany = (fault: OfAccounts) => (fault.isOfMany(accounts) ? share(fault.events, events) : 0);
    const prompts = this.#prompts.most(MANY_ACCOUNTS, NOTABLE * events);
    const isMost = prompts.together > MOST * events && prompts.events > ONE_OF_FEW * events;
    const openings = this.#openings.most(MANY_ACCOUNTS, NOTABLE * events);
    const origins = [this.#addresses, this.#credentials].map((held) => held.most(0, 0).accounts);
    return {
      events,
      ...counted,
      unreadablePrompts: ofMany(this.#faults.unreadable),
      cutPrompts: Math.max(ofMany(this.#faults.cut), share(this.#lengths.cut(accounts, events), events)),
      printedPrompts: ofMany(this.#faults.printed),
      maskedPrompts: ofMany(this.#faults.masked),
      chanceLetters: accounts >= MANY_ACCOUNTS && this.#pairs.areByChance ? 1 : 0,
      fewTexts: accounts < MANY_ACCOUNTS ? 0 : this.#fewTexts(),
      sameOpening: share(Math.max(0, openings.events - prompts.events), events),
      blindAccounts: ofAccounts(this.#accounts.blind),
      samePrompt: share(prompts.events, events),
      repeatedPrompt: share(this.#prompts.most(0, 0).events, events),
      samePromptAccounts: isMost ? ofAccounts(prompts.accounts) : 0,
      recurringPrompts: isMost ? 0 : ofAccounts(prompts.accounts),
      sameOrigin: ofAccounts(Math.max(...origins)),
      futureTime: share(this.#future, events),
      sameMinute: Date.parse(this.#latest) - Date.parse(this.#earliest) < 60_000 ? 1 : 0,
      dateOnly: share(this.#midnights, events),
      sameTime: share(this.#times.most(0, 0).events, events),
      models: share(this.#models.size, events),
      repeatedIds: share(this.#repeats, events),
      oneAccount: share(this.#accounts.most, events),
      singleAccounts: share(this.#accounts.opened, events),
      crowdedOrigins: this.#crowdedOrigins(),
      crossedOrigins: Math.max(...[this.#addresses, this.#credentials].map((held) => held.crossed(accounts))),
      coarseAccounts: accounts < MANY_ACCOUNTS ? share(this.#accounts.coarse(COARSE), events) : 0,
      sharedAccount: share(this.#accounts.shared?.events ?? 0, events),
      crowdedAccount: share(this.#accounts.crowded?.events ?? 0, events),
      rejected: share(this.#rejected, entries),
      skipped: share(this.#skipped, entries + this.#skipped),
      accounts,
    };
  }

  #fewTexts(): number {
    const prompts = this.#prompts.size;
    if (prompts <= MOST_LABELS && this.#events >= FEWEST_PROMPTS) return 1 - prompts / this.#events;
    const isFew =
      2 * this.#formed > this.#events && this.#texts.size <= FEW_TEXTS && prompts >= FEWEST_PROMPTS;
    return isFew ? 1 - this.#texts.size / prompts : 0;
  }

  /** New accounts, of events, where a few addresses bring many of them each. */
  #crowdedOrigins(): number {
    const { size, forgot } = this.#addresses;
    const { opened } = this.#accounts;
    const isCrowded = size >= FEW_ADDRESSES && !forgot && opened >= CROWDED * size;
    return isCrowded ? Math.min(1, opened / this.#events) : 0;
  }

  /** More of what a share means: which field names whom one account stands for. */
  detail(share: keyof HealthShares): string {
    if (share !== 'sharedAccount' && share !== 'crowdedAccount') return '';
    const found = share === 'sharedAccount' ? this.#accounts.shared : this.#accounts.crowded;
    return found === undefined ? '' : ` (${found.values} values of ${found.field})`;
  }

  /** Entries of which a share is one: events, or all that were read. */
  entries(share: keyof HealthShares): number {
    if (share === 'rejected') return this.#events + this.#rejected;
    return share === 'skipped' ? this.#events + this.#rejected + this.#skipped : this.#events;
  }
}
