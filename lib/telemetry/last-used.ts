/**
 * Values by name, of which those that were used last are kept: of the last `most / 2` different names all, and never more than `most`. Two
 * generations, of which the older is dropped where the newer is full: a name that comes once, as most do, costs half of what a list in order of use
 * costs, and health is counted of every event that is read.
 */
export class LastUsed<Value> {
  readonly #half: number;
  #newer = new Map<string, Value>();
  #older = new Map<string, Value>();
  #forgot = false;

  /** @param most names that are kept at most, 2 or more */
  constructor(most: number) {
    this.#half = Math.floor(most / 2);
  }

  get size(): number {
    return this.#newer.size + this.#older.size;
  }

  /** Whether a name was ever dropped. */
  get forgot(): boolean {
    return this.#forgot;
  }

  get(name: string): Value | undefined {
    const newer = this.#newer.get(name);
    if (newer !== undefined) return newer;
    const older = this.#older.get(name);
    if (older !== undefined) {
      this.#older.delete(name);
      this.#keep(name, older);
    }
    return older;
  }

  set(name: string, value: Value): void {
    this.#older.delete(name);
    this.#keep(name, value);
  }

  *values(): Generator<Value> {
    yield* this.#older.values();
    yield* this.#newer.values();
  }

  #keep(name: string, value: Value): void {
    this.#newer.set(name, value);
    if (this.#newer.size < this.#half) return;
    this.#forgot ||= this.#older.size > 0;
    this.#older = this.#newer;
    this.#newer = new Map();
  }
}
