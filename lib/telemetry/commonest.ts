import { LastUsed } from './last-used.ts';

/** Values that are remembered, and accounts of each. */
export const MAX_VALUES = 20_000;
export const MAX_ACCOUNTS = 50_000;
/** Accounts of which one address may have some by chance. */
const FEWEST_CROSSED = 3;
/** Origins that say something, and calls of each. */
const FEWEST_ORIGINS = 10;
const FEWEST_CALLS = 3;

/** A value and who has it. Most values are of one account, and a set for each of them would cost more than all else. */
interface Shown {
  readonly first: string;
  more: Set<string> | undefined;
  events: number;
}

const accountsOf = ({ more }: Shown): number => 1 + (more?.size ?? 0);

/** What is remembered by name: of few events all of it, else what came last. */
interface Remembered<Value> {
  readonly size: number;
  readonly forgot?: boolean;
  get(name: string): Value | undefined;
  set(name: string, value: Value): unknown;
  values(): Iterable<Value>;
}

/** Which value the most events have, and the most accounts; what is rare falls out. */
export class Commonest {
  readonly #values: Remembered<Shown>;

  /** @param most values that are remembered; `all` where few come */
  constructor(most: number | 'all') {
    this.#values = most === 'all' ? new Map<string, Shown>() : new LastUsed<Shown>(most);
  }

  add(value: string | undefined, account: string): void {
    if (value === undefined || value === '') return;
    const held = this.#values.get(value);
    if (held === undefined) {
      this.#values.set(value, { first: account, more: undefined, events: 1 });
      return;
    }
    held.events++;
    if (account === held.first || accountsOf(held) >= MAX_ACCOUNTS) return;
    held.more ??= new Set();
    held.more.add(account);
  }

  get size(): number {
    return this.#values.size;
  }

  /** Whether values fell out: then `size` says little. */
  get forgot(): boolean {
    return this.#values.forgot === true;
  }

  /** Accounts of each value, of those it could have: 1 where each is of all accounts alike. */
  crossed(accounts: number): number {
    let values = 0;
    let had = 0;
    let possible = 0;
    for (const held of this.#values.values()) {
      if (held.events < FEWEST_CALLS) continue;
      values++;
      had += accountsOf(held) - 1;
      possible += Math.min(held.events, accounts) - 1;
    }
    return values < FEWEST_ORIGINS || accounts < FEWEST_CROSSED ? 0 : had / possible;
  }

  /** Most events of a value that at least so many accounts have; most accounts of one with at least so many events; events of all that are both. */
  most(
    accountsAtLeast: number,
    eventsAtLeast: number,
  ): { readonly events: number; readonly accounts: number; readonly together: number } {
    let events = 0;
    let accounts = 0;
    let together = 0;
    for (const held of this.#values.values()) {
      const size = accountsOf(held);
      if (size >= accountsAtLeast) events = Math.max(events, held.events);
      if (held.events >= eventsAtLeast) accounts = Math.max(accounts, size);
      if (size >= accountsAtLeast && held.events >= eventsAtLeast) together += held.events;
    }
    return { events, accounts, together };
  }
}
