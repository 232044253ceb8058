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
/** Shorter ones of one length may be names, codes or fixed questions; so may those without words. */
const SHORTEST_OF_MOST = 20;
const WORDS_OF_MOST = 3;

/** Limits in words, or in tokens, which are words more or less: so much of the longest counts as at the limit. */
const NEAR = 0.75;
const FEWEST_WORDS = 8;
/** So many of the prompts at a limit of words end within a sentence: people end theirs, or leave out the mark, at any length. */
const OPEN = 0.6;
/** First two words by which prompts are of more than a few templates. */
const FEWEST_HEADS = 10;
/** Events of one length before it is looked at who has them: most lengths are of few. */
const NOTED_FROM = 5;

interface Held {
  events: number;
  dots: number;
  open: number;
  words: number;
  who: Who | undefined;
}

/** Up to MANY of each. */
interface Who {
  readonly accounts: Set<string>;
  readonly prompts: Set<string>;
  readonly openings: Set<string>;
  /** first two words */
  readonly heads: Set<number | string>;
  readonly closings: Set<string>;
}

/** A prompt as its length is looked at. */
export interface LengthOf {
  readonly facts: PromptFacts;
  readonly account: string;
  readonly prompt: string;
  readonly opening: string;
  readonly closing: string;
}

/**
 * Lengths of prompts: a logger that keeps the first N characters makes many prompts of exactly N, and hardly a longer one. People
 * and templates do not stop at one length; a limit is told from them by dots at the end, by a number that somebody set, or as most
 * prompts end there. Loggers count UTF-16 units (Java, JavaScript, .NET) or code points (Python, Go), some count words or tokens: all
 * are looked at.
 */
export class CommonLengths {
  readonly #units = new Lengths(SHORTEST);
  readonly #points = new Lengths(SHORTEST);
  readonly #words = new Lengths(1);
  #hasPoints = false;

  add(one: LengthOf): void {
    const { length, points, words } = one.facts;
    this.#units.add(one, length);
    // the same, until there is one in which they differ; a few of the first are not missed
    this.#hasPoints ||= points !== undefined;
    if (this.#hasPoints) this.#points.add(one, points ?? length);
    if (words !== undefined) this.#words.add(one, words);
  }

  /**
   * Events whose prompts end where a limit is.
   * @param accounts that were seen
   * @param events of all lengths
   */
  cut(accounts: number, events: number): number {
    return Math.max(
      this.#units.cut(accounts, events),
      this.#points.cut(accounts, events),
      this.#words.cutNear(accounts, events),
    );
  }
}

class Lengths {
  readonly #held = new Map<number, Held>();
  readonly #shortest: number;

  constructor(shortest: number) {
    this.#shortest = shortest;
  }

  add(one: LengthOf, length: number): void {
    if (length < this.#shortest) return;
    let held = this.#held.get(length);
    if (held === undefined) {
      if (this.#held.size >= MAX_LENGTHS) return;
      held = { events: 0, dots: 0, open: 0, words: 0, who: undefined };
      this.#held.set(length, held);
    }
    const { dots, open, words, forms } = one.facts;
    held.events++;
    held.words += words ?? WORDS_OF_MOST;
    if (dots === true) held.dots++;
    if (open === true) held.open++;
    if (held.events < NOTED_FROM) return;
    held.who ??= {
      accounts: new Set(),
      prompts: new Set(),
      openings: new Set(),
      heads: new Set(),
      closings: new Set(),
    };
    const { accounts, prompts, openings, heads, closings } = held.who;
    if (accounts.size < MANY) accounts.add(one.account);
    if (prompts.size < MANY) prompts.add(one.prompt);
    if (openings.size < MANY) openings.add(one.opening);
    if (heads.size < MANY) heads.add(forms?.head ?? one.opening);
    if (closings.size < MANY) closings.add(one.closing);
  }

  cut(accounts: number, events: number): number {
    let longer = 0;
    for (const [length, held] of this.#longestFirst()) {
      const { who } = held;
      const ofMany =
        who !== undefined && who.accounts.size >= Math.min(MANY, accounts) && who.prompts.size >= MANY;
      if (ofMany && longer <= LONGER * held.events && isLimit(length, held, events)) return held.events;
      longer += held.events;
    }
    return 0;
  }

  /** Events with about as many words as the longest have, where no tail of longer ones follows. */
  cutNear(accounts: number, events: number): number {
    const lengths = this.#longestFirst();
    let longer = 0;
    const limit = lengths.find(([, held]) => {
      longer += held.events;
      return longer > LONGER * events;
    })?.[0];
    if (limit === undefined || limit < FEWEST_WORDS) return 0;
    const near = lengths
      .filter(([length]) => length <= limit && length >= NEAR * limit)
      .map(([, held]) => held);
    const all = near.reduce((sum, held) => sum + held.events, 0);
    const open = near.reduce((sum, held) => sum + held.open, 0);
    const different = (of: keyof Who) => new Set(near.flatMap(({ who }) => [...(who?.[of] ?? [])])).size;
    const isOfMany = different('accounts') >= Math.min(MANY, accounts);
    // one template has one beginning or one end
    const isVaried =
      different('openings') >= MANY && different('heads') >= FEWEST_HEADS && different('closings') >= MANY;
    return isOfMany && isVaried && open > OPEN * all && all > MOST * events ? all : 0;
  }

  #longestFirst(): [number, Held][] {
    return [...this.#held.entries()].sort(([a], [b]) => b - a);
  }
}

function isLimit(length: number, { events, dots, words, who }: Held, all: number): boolean {
  if (dots > DOTS * events || isSet(length)) return true;
  const isProse = words >= WORDS_OF_MOST * events;
  const isVaried = (who?.openings.size ?? 0) >= MANY && (who?.heads.size ?? 0) >= FEWEST_HEADS;
  return length >= SHORTEST_OF_MOST && isProse && isVaried && events > MOST * all;
}

/** Whether somebody would set a limit to a number: hundreds and fifties, powers of two, less one for an end mark. */
function isSet(length: number): boolean {
  return [length, length + 1].some(
    (limit) => limit >= 50 && (limit % 50 === 0 || Number.isInteger(Math.log2(limit))),
  );
}
