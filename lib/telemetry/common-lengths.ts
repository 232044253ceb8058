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

/** So many of all events end at one length, though it is nobody's round number, and begin differently: no template makes these. */
const MOST = 0.5;
/** Shorter ones of one length may be names, codes or fixed questions. */
const SHORTEST_OF_MOST = 40;

interface Held {
  events: number;
  dots: number;
  readonly accounts: Set<string>;
  readonly prompts: Set<string>;
  readonly openings: Set<string>;
}

/** A prompt as its length is looked at. */
export interface LengthOf {
  readonly facts: PromptFacts;
  readonly account: string;
  readonly prompt: string;
  readonly opening: string;
}

/**
 * Lengths of prompts: a logger that keeps the first N characters makes many prompts of exactly N, and hardly a longer one. People
 * and templates do not stop at one length; a limit is told from them by dots at the end, by a number that somebody set, or as most
 * prompts end there. Loggers count UTF-16 units (Java, JavaScript, .NET) or code points (Python, Go): both are looked at.
 */
export class CommonLengths {
  readonly #units = new Lengths();
  readonly #points = new Lengths();

  add(one: LengthOf): void {
    this.#units.add(one, one.facts.length);
    this.#points.add(one, one.facts.points ?? one.facts.length);
  }

  /**
   * Events whose prompts end where a limit is.
   * @param accounts that were seen
   * @param events of all lengths
   */
  cut(accounts: number, events: number): number {
    return Math.max(this.#units.cut(accounts, events), this.#points.cut(accounts, events));
  }
}

class Lengths {
  readonly #held = new Map<number, Held>();

  add({ facts: { dots }, account, prompt, opening }: LengthOf, length: number): void {
    if (length < SHORTEST) return;
    let held = this.#held.get(length);
    if (held === undefined) {
      if (this.#held.size >= MAX_LENGTHS) return;
      held = { events: 0, dots: 0, accounts: new Set(), prompts: new Set(), openings: new Set() };
      this.#held.set(length, held);
    }
    held.events++;
    if (dots === true) held.dots++;
    if (held.accounts.size < MANY) held.accounts.add(account);
    if (held.prompts.size < MANY) held.prompts.add(prompt);
    if (held.openings.size < MANY) held.openings.add(opening);
  }

  cut(accounts: number, events: number): number {
    let longer = 0;
    for (const [length, held] of [...this.#held.entries()].sort(([a], [b]) => b - a)) {
      const ofMany = held.accounts.size >= Math.min(MANY, accounts) && held.prompts.size >= MANY;
      if (ofMany && longer <= LONGER * held.events && isLimit(length, held, events)) return held.events;
      longer += held.events;
    }
    return 0;
  }
}

function isLimit(length: number, { events, dots, openings }: Held, all: number): boolean {
  if (dots > DOTS * events || isSet(length)) return true;
  return length >= SHORTEST_OF_MOST && openings.size >= MANY && events > MOST * all;
}

/** Whether somebody would set a limit to a number: hundreds and fifties, powers of two, less one for an end mark. */
function isSet(length: number): boolean {
  return [length, length + 1].some(
    (limit) => limit >= 50 && (limit % 50 === 0 || Number.isInteger(Math.log2(limit))),
  );
}
