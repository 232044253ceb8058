import type { PromptFacts } from './adapters/prompt-faults.ts';

/** Shorter prompts are of one length by chance. */
const SHORTEST = 20;
const MAX_LENGTHS = 5_000;
/** Accounts, and different prompts, by which one length counts as a limit's. */
const MANY = 20;
/** So much of the prompts of that length and above may be longer: some say where they were cut. */
const LONGER = 0.02;
/** So many of them end in dots. */
const DOTS = 0.8;

interface Held {
  events: number;
  dots: number;
  readonly accounts: Set<string>;
  readonly prompts: Set<string>;
}

/**
 * Lengths of prompts: a logger that keeps the first N characters makes many prompts of exactly N, and hardly a longer one. People
 * and templates do not stop at one length; a limit is told from them by dots at the end, or by a number that somebody set.
 */
export class CommonLengths {
  readonly #held = new Map<number, Held>();

  add({ length, dots }: PromptFacts, account: string, prompt: string): void {
    if (length < SHORTEST) return;
    let held = this.#held.get(length);
    if (held === undefined) {
      if (this.#held.size >= MAX_LENGTHS) return;
      held = { events: 0, dots: 0, accounts: new Set(), prompts: new Set() };
      this.#held.set(length, held);
    }
    held.events++;
    if (dots === true) held.dots++;
    if (held.accounts.size < MANY) held.accounts.add(account);
    if (held.prompts.size < MANY) held.prompts.add(prompt);
  }

  /** Events whose prompts end where a limit is. @param accounts that were seen */
  cut(accounts: number): number {
    let longer = 0;
    for (const [length, held] of [...this.#held.entries()].sort(([a], [b]) => b - a)) {
      const ofMany = held.accounts.size >= Math.min(MANY, accounts) && held.prompts.size >= MANY;
      if (ofMany && longer <= LONGER * held.events && (held.dots > DOTS * held.events || isSet(length)))
        return held.events;
      longer += held.events;
    }
    return 0;
  }
}

/** Whether somebody would set a limit to a number: hundreds and fifties, powers of two, less one for an end mark. */
function isSet(length: number): boolean {
  return [length, length + 1].some(
    (limit) => limit >= 50 && (limit % 50 === 0 || Number.isInteger(Math.log2(limit))),
  );
}
