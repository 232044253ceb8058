/**
 * How much is held of what waits for its other half: a number of entries alone would let a few thousand of 16 MB fill the memory.
 * Texts count their characters, every value some bytes of its own.
 */
const MOST_HELD = 256 * 1024 * 1024;
const OF_A_VALUE = 16;

/** The weight of what waits, by the key that it waits under. */
export class HeldWeight {
  readonly #most: number;
  readonly #weights = new Map<string, number>();
  #sum = 0;

  /** @param most weight that is held, in characters */
  constructor(most: number = MOST_HELD) {
    this.#most = most;
  }

  /** More of what waits under a key. */
  add(key: string, value: unknown): void {
    const weight = weightOf(value);
    this.#weights.set(key, (this.#weights.get(key) ?? 0) + weight);
    this.#sum += weight;
  }

  /** Nothing waits under this key any more. */
  drop(key: string): void {
    this.#sum -= this.#weights.get(key) ?? 0;
    this.#weights.delete(key);
  }

  /** Whether the oldest has to go. */
  get isOver(): boolean {
    return this.#sum > this.#most;
  }
}

/** In proportion to the value, however deep it goes. */
function weightOf(value: unknown): number {
  let sum = 0;
  const open: unknown[] = [value];
  while (open.length > 0) {
    const held = open.pop();
    sum += OF_A_VALUE;
    if (typeof held === 'string') sum += held.length;
    else if (Array.isArray(held)) for (const one of held) open.push(one);
    else if (typeof held === 'object' && held !== null)
      for (const [name, one] of Object.entries(held)) {
        sum += name.length;
        open.push(one);
      }
  }
  return sum;
}
