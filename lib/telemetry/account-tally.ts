import { recentlyUsed } from '../recently-used.ts';
import { printable } from './reason.ts';
import type { UsageEvent } from './usage-event.ts';

interface Held {
  events: number;
  lost: number;
}

/** The accounts that have the most events are looked at for whom they stand. */
const HEAVIEST = 64;
const MOST_FIELDS = 8;
const MOST_VALUES = 500;
/** End users by which an account may be a gateway's own. */
const MANY = 20;
/** Fewer events of an account say nothing of whether it is blind. */
const FEWEST = 5;
const NEARLY_ALL = 0.9;
/** A person has many of these; they say something only where hardly anybody else is there. */
const OWN = /session|conversation|thread|chat(?:_?id)?$|credential|address/i;

interface Heavy {
  events: number;
  readonly fields: Map<string, Set<string>>;
}

/** An account that stands for many end users, and the field that names them. */
export interface SharedAccount {
  readonly events: number;
  readonly field: string;
  readonly values: number;
}

/** Counts accounts: how much each sends, how much of it cannot be read, and for whom the largest stand. */
export class AccountTally {
  readonly #accounts: Map<string, Held> | ReturnType<typeof recentlyUsed<string, Held>>;
  readonly #heavy = new Map<string, Heavy>();
  /** none of the heaviest has fewer events: they only grow */
  #least = 0;
  readonly #looksAtPeople: boolean;
  #events = 0;
  #opened = 0;

  /**
   * @param most accounts that are remembered
   * @param looksAtPeople whether it is counted for whom the largest stand; else so few events come that all accounts are remembered
   */
  constructor(most: number, looksAtPeople: boolean) {
    this.#looksAtPeople = looksAtPeople;
    this.#accounts = looksAtPeople ? recentlyUsed<string, Held>(most) : new Map<string, Held>();
  }

  get size(): number {
    return this.#accounts.size;
  }

  /** @param people fields that name end users, and what they say */
  add(
    { account, prints: [prints] }: UsageEvent,
    isLost: boolean,
    people: readonly (readonly [string, string])[],
  ): void {
    this.#events++;
    let held = this.#accounts.get(account);
    if (held === undefined) {
      held = { events: 0, lost: 0 };
      this.#opened++;
      this.#accounts.set(account, held);
    }
    held.events++;
    if (isLost) held.lost++;
    if (!this.#looksAtPeople) return;
    const heavy = this.#heavyOf(account, held.events);
    if (heavy === undefined) return;
    for (const [field, value] of people) note(heavy, field, value);
    if (prints?.credential !== undefined) note(heavy, 'credentials', prints.credential);
    if (prints?.address !== undefined) note(heavy, 'addresses', prints.address);
  }

  /** Accounts that came; one that was forgotten comes again. */
  get opened(): number {
    return this.#opened;
  }

  /** Events of the account that has the most. */
  get most(): number {
    let most = 0;
    for (const { events } of this.#accounts.values()) most = Math.max(most, events);
    return most;
  }

  /** Accounts of which hardly a prompt can be read. */
  get blind(): number {
    let blind = 0;
    for (const { events, lost } of this.#accounts.values())
      if (events >= FEWEST && lost >= NEARLY_ALL * events) blind++;
    return blind;
  }

  /** The largest account for which many end users stand. */
  get shared(): SharedAccount | undefined {
    return this.#largest((field) => !OWN.test(field), MANY);
  }

  /** The account that sends nearly all, under many credentials, from many addresses or in many sessions. */
  get crowded(): SharedAccount | undefined {
    return this.#largest((field) => OWN.test(field), NEARLY_ALL * this.#events);
  }

  /** Events of accounts with so many addresses or credentials and more. */
  coarse(most: number): number {
    let events = 0;
    for (const held of this.#heavy.values())
      if (['addresses', 'credentials'].some((field) => (held.fields.get(field)?.size ?? 0) >= most))
        events += held.events;
    return events;
  }

  #largest(isOf: (field: string) => boolean, atLeast: number): SharedAccount | undefined {
    let found: SharedAccount | undefined;
    for (const { events, fields } of this.#heavy.values())
      for (const [field, { size: values }] of fields) {
        if (values < MANY || events < atLeast || !isOf(field)) continue;
        if (
          found === undefined ||
          events > found.events ||
          (events === found.events && values > found.values)
        )
          found = { events, field: printable(field), values };
      }
    return found;
  }

  /** The account among those that have the most events; the lightest of them makes room for one that has more. */
  #heavyOf(account: string, events: number): Heavy | undefined {
    const known = this.#heavy.get(account);
    if (known !== undefined) {
      // one that was forgotten begins anew
      if (events < known.events) this.#least = 0;
      known.events = events;
      return known;
    }
    if (this.#heavy.size >= HEAVIEST) {
      if (events <= this.#least) return undefined;
      let lightest = '';
      let least = Number.POSITIVE_INFINITY;
      for (const [name, held] of this.#heavy)
        if (held.events < least) {
          lightest = name;
          least = held.events;
        }
      this.#least = least;
      if (events <= least) return undefined;
      this.#heavy.delete(lightest);
    }
    const heavy = { events, fields: new Map<string, Set<string>>() };
    this.#heavy.set(account, heavy);
    return heavy;
  }
}

function note({ fields }: Heavy, field: string, value: string): void {
  const values = fields.get(field) ?? (fields.size < MOST_FIELDS + 3 ? new Set<string>() : undefined);
  if (values === undefined) return;
  fields.set(field, values);
  if (values.size < MOST_VALUES) values.add(value);
}
