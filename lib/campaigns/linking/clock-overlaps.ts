import { type ActiveWeek, CELLS_PER_DAY, CELLS_PER_WORD, WORD_MS, WORDS } from './active-week.ts';

/**
 * How many active five-minute cells each two of many accounts have in common, as they are and with one week turned by
 * whole days, kept up to date as the week moves on. An account's cells that came or went are compared with the accounts
 * that are active in them; what stayed is not looked at again. The same counts as from scratch.
 */
export class ClockOverlaps {
  readonly #rows = new Map<string, { readonly row: number; words: Int32Array }>();
  readonly #free: number[] = [];
  /** absolute cell -> rows active in it */
  readonly #cells = new Map<number, number[]>();
  /** common cells of two rows, the larger row first (see at) */
  #common = new Uint16Array(0);
  /** the same summed over all pairs of days, the equal ones among them */
  #daily = new Uint16Array(0);
  /** per row, on how many days of the week each cell of the day is active */
  readonly #days: Uint8Array[] = [];
  /** per cell of the day, the rows that are active in it on any day */
  readonly #users: number[][] = Array.from({ length: CELLS_PER_DAY }, () => []);
  #size = 0;
  /** absolute number of the first word of the week */
  #first = 0;

  /** Moves on to these weeks, all of the same seven days. */
  update(weeks: readonly ActiveWeek[]): void {
    const [some] = weeks;
    const first = some === undefined ? this.#first : Math.round(some.from / WORD_MS);
    const shift = first - this.#first;
    const present = new Set(weeks.map((week) => week.account));
    for (const [account, { row, words }] of this.#rows) {
      if (present.has(account)) continue;
      this.#change(row, this.#first, words, undefined);
      this.#rows.delete(account);
      this.#free.push(row);
    }
    for (const { account, words } of weeks) {
      const held = this.#rows.get(account) ?? this.#add(account);
      this.#change(held.row, first, shiftedBy(held.words, shift), words);
      // what has left the week
      if (shift > 0) this.#change(held.row, this.#first, held.words.subarray(0, shift), undefined);
      if (shift < 0) this.#change(held.row, first + WORDS, held.words.subarray(WORDS + shift), undefined);
      held.words = words;
    }
    this.#first = first;
  }

  /** Row of an account, for `common`. @throws RangeError for an account that was not in the last update */
  row(account: string): number {
    const held = this.#rows.get(account);
    if (held === undefined) throw new RangeError(`no clock of ${account}`);
    return held.row;
  }

  /** Common active cells of two rows. */
  common(a: number, b: number): number {
    return this.#common[at(a, b)] as number;
  }

  /** Common active cells of two rows with one week turned by one to six whole days, all six together. */
  turned(a: number, b: number): number {
    const pair = at(a, b);
    return (this.#daily[pair] as number) - (this.#common[pair] as number);
  }

  #add(account: string): { row: number; words: Int32Array } {
    const row = this.#free.pop() ?? this.#size++;
    const needed = (this.#size * (this.#size - 1)) / 2;
    if (this.#common.length < needed) {
      const length = Math.max(needed, this.#common.length * 2);
      this.#common = grown(this.#common, length);
      this.#daily = grown(this.#daily, length);
    }
    this.#days[row] ??= new Uint8Array(CELLS_PER_DAY);
    const held = { row, words: new Int32Array(WORDS) };
    this.#rows.set(account, held);
    return held;
  }

  /** A row's words from absolute word `first` on, as they were and as they are (undefined: nothing). */
  #change(row: number, first: number, before: Int32Array, now: Int32Array | undefined): void {
    for (let w = 0; w < before.length; w++) {
      const was = before[w] as number;
      const is = now === undefined ? 0 : (now[w] as number);
      let differing = was ^ is;
      while (differing !== 0) {
        const bit = differing & -differing;
        differing ^= bit;
        const cell = (first + w) * CELLS_PER_WORD + (31 - Math.clz32(bit));
        if ((is & bit) !== 0) this.#enter(row, cell);
        else this.#leave(row, cell);
      }
    }
  }

  /** A cell of a day, on any day: one more or one less (`by`). */
  #onDays(row: number, cell: number, by: 1 | -1): void {
    const slot = cell % CELLS_PER_DAY;
    const users = this.#users[slot] as number[];
    const daily = this.#daily;
    for (let i = 0; i < users.length; i++) {
      const other = users[i] as number;
      if (other === row) continue;
      const pair = at(row, other);
      daily[pair] = (daily[pair] as number) + by * ((this.#days[other] as Uint8Array)[slot] as number);
    }
    const own = this.#days[row] as Uint8Array;
    const before = own[slot] as number;
    own[slot] = before + by;
    if (before === 0) users.push(row);
    else if (before + by === 0) users.splice(users.indexOf(row), 1);
  }

  #enter(row: number, cell: number): void {
    this.#onDays(row, cell, 1);
    const common = this.#common;
    const rows = this.#cells.get(cell);
    if (rows === undefined) {
      this.#cells.set(cell, [row]);
      return;
    }
    for (let i = 0; i < rows.length; i++) {
      const pair = at(row, rows[i] as number);
      common[pair] = (common[pair] as number) + 1;
    }
    rows.push(row);
  }

  #leave(row: number, cell: number): void {
    this.#onDays(row, cell, -1);
    const common = this.#common;
    const rows = this.#cells.get(cell) ?? [];
    let own = -1;
    for (let i = 0; i < rows.length; i++) {
      const other = rows[i] as number;
      if (other === row) own = i;
      else {
        const pair = at(row, other);
        common[pair] = (common[pair] as number) - 1;
      }
    }
    const last = rows.pop() as number;
    if (own < rows.length) rows[own] = last;
    if (rows.length === 0) this.#cells.delete(cell);
  }
}

function grown(held: Uint16Array<ArrayBuffer>, length: number): Uint16Array<ArrayBuffer> {
  const larger = new Uint16Array(length);
  larger.set(held);
  return larger;
}

/** Place of a pair of different rows in the triangle. */
function at(a: number, b: number): number {
  return a > b ? (a * (a - 1)) / 2 + b : (b * (b - 1)) / 2 + a;
}

/** The week's words as they lie in a week that begins `shift` words later; what has left it is gone. */
function shiftedBy(words: Int32Array, shift: number): Int32Array {
  if (shift === 0) return words;
  const moved = new Int32Array(WORDS);
  for (let w = 0; w < WORDS; w++) moved[w] = words[w + shift] ?? 0;
  return moved;
}
