import { recentlyUsed } from '../recently-used.ts';
import type { UsageEvent } from './usage-event.ts';

/**
 * Whether telemetry can be judged at all. Detection goes blind without a sound when prompts are not logged, replaced by one
 * text, or lose where they came from: these shares say so before anybody believes that nobody extracts.
 */
export interface HealthShares {
  readonly events: number;
  /** of all events, 0 to 1 */
  readonly withoutPrompt: number;
  /** events whose prompt is the one that most accounts send, of events of accounts that send it */
  readonly samePrompt: number;
  /** accounts that send that prompt, of all accounts that were seen */
  readonly samePromptAccounts: number;
  readonly withoutOrigin: number;
  readonly withoutTokens: number;
  readonly repeatedIds: number;
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

/** What a share means when it is too large. */
interface HealthRule {
  readonly share: keyof HealthShares;
  /** above this, something is wrong */
  readonly above: number;
  /** fewer events say nothing */
  readonly atLeast: number;
  readonly severe: boolean;
  readonly words: string;
}

/** Thresholds: honest gateways have prompts in nearly all calls, and no prompt that a fifth of many accounts sends. */
export const HEALTH_RULES: readonly HealthRule[] = [
  {
    share: 'withoutPrompt',
    above: 0.5,
    atLeast: 20,
    severe: true,
    words: 'have no prompt: message logging is off, or the prompts are in a place that is not read',
  },
  {
    share: 'samePromptAccounts',
    above: 0.5,
    atLeast: 100,
    severe: true,
    words: 'of accounts send one and the same prompt: a placeholder stands where prompts should',
  },
  {
    share: 'withoutOrigin',
    above: 0.9,
    atLeast: 100,
    severe: false,
    words: 'have neither address nor credential: linking accounts into campaigns is blind',
  },
  {
    share: 'withoutTokens',
    above: 0.9,
    atLeast: 100,
    severe: false,
    words: 'have no output tokens: volumes cannot be judged',
  },
  {
    share: 'repeatedIds',
    above: 0.05,
    atLeast: 100,
    severe: false,
    words:
      'repeat an id of another event and will be dropped as repeats: the ids are not unique, or the input was given twice',
  },
  { share: 'rejected', above: 0.1, atLeast: 20, severe: false, words: 'of entries could not be used' },
];

/** A sentence for people, and whether detection is blind. */
export interface HealthWarning {
  readonly share: keyof HealthShares;
  readonly value: number;
  readonly severe: boolean;
  readonly text: string;
}

const MAX_PROMPTS = 20_000;
const MAX_ACCOUNTS = 50_000;
const MAX_IDS = 200_000;

/** Counts events as they pass; memory is bounded, whatever the traffic. */
export class TelemetryHealth {
  #events = 0;
  readonly #lost: Record<Loss, number> = { withoutPrompt: 0, withoutOrigin: 0, withoutTokens: 0 };
  #repeats = 0;
  #rejected = 0;
  #skipped = 0;
  readonly #accounts = recentlyUsed<string, true>(MAX_ACCOUNTS);
  readonly #ids = recentlyUsed<string, true>(MAX_IDS);
  /** accounts and events by prompt print; what is rare falls out */
  readonly #prompts = recentlyUsed<string, { accounts: Set<string>; events: number }>(MAX_PROMPTS);

  event(event: UsageEvent): void {
    this.#events++;
    const prints = event.prints[0];
    this.#accounts.set(event.account, true);
    for (const loss of LOSS_NAMES) if (LOSSES[loss](event)) this.#lost[loss]++;
    if (this.#ids.has(event.id)) this.#repeats++;
    else this.#ids.set(event.id, true);
    if (prints === undefined || LOSSES.withoutPrompt(event)) return;
    const held = this.#prompts.get(prints.prompt) ?? { accounts: new Set<string>(), events: 0 };
    held.events++;
    if (held.accounts.size < MAX_ACCOUNTS) held.accounts.add(event.account);
    this.#prompts.set(prints.prompt, held);
  }

  /** Entries that did not become events. */
  unused(counts: { readonly rejected: number; readonly skipped: number }): void {
    this.#rejected += counts.rejected;
    this.#skipped += counts.skipped;
  }

  shares(): HealthShares {
    let most = { accounts: 0, events: 0 };
    for (const { accounts, events } of this.#prompts.values())
      if (accounts.size > most.accounts) most = { accounts: accounts.size, events };
    const accounts = this.#accounts.size;
    const entries = this.#events + this.#rejected;
    const share = (count: number, of: number) => (of === 0 ? 0 : count / of);
    return {
      events: this.#events,
      withoutPrompt: share(this.#lost.withoutPrompt, this.#events),
      samePrompt: share(most.events, this.#events),
      samePromptAccounts: accounts < 20 ? 0 : share(most.accounts, accounts),
      withoutOrigin: share(this.#lost.withoutOrigin, this.#events),
      withoutTokens: share(this.#lost.withoutTokens, this.#events),
      repeatedIds: share(this.#repeats, this.#events),
      rejected: share(this.#rejected, entries),
      skipped: share(this.#skipped, entries + this.#skipped),
      accounts,
    };
  }

  /** What is wrong, the severest first; empty for traffic that can be judged. */
  warnings(): readonly HealthWarning[] {
    const shares = this.shares();
    const entries = shares.events + this.#rejected;
    return HEALTH_RULES.filter((rule) => entries >= rule.atLeast && shares[rule.share] > rule.above)
      .map((rule) => ({
        share: rule.share,
        value: shares[rule.share],
        severe: rule.severe,
        text: `${Math.round(100 * shares[rule.share])} % ${rule.words}`,
      }))
      .sort((a, b) => Number(b.severe) - Number(a.severe));
  }
}
