/** Pairs that say something. */
const FEWEST = 2_000;
const LETTERS = 32;
/** What a letter says of the next one, bits; languages and program code are far above. */
const CHANCE = 0.2;

/**
 * Whether letters follow one another as in words. In every alphabet a letter says something of the next one: 0.5 to 1 bit in
 * languages and in program code, nothing where each letter was drawn, encrypted or moved by itself. The estimate is less its bias
 * (Miller 1955; Panzeri et al. 2007, https://doi.org/10.1152/jn.00559.2007).
 */
export class LetterPairs {
  readonly #counts = new Uint32Array(LETTERS * LETTERS);
  #total = 0;

  /** @param pairs 32 * first + second */
  add(pairs: Uint16Array): void {
    for (const pair of pairs) this.#counts[pair] = (this.#counts[pair] ?? 0) + 1;
    this.#total += pairs.length;
  }

  /** What a letter says of the next one, bits; undefined where too few were seen. */
  get information(): number | undefined {
    return this.#total < FEWEST ? undefined : this.#estimate();
  }

  get areByChance(): boolean {
    return (this.information ?? 1) < CHANCE;
  }

  #estimate(): number {
    const first = new Float64Array(LETTERS);
    const second = new Float64Array(LETTERS);
    let cells = 0;
    for (const [pair, count] of this.#counts.entries()) {
      first[pair >> 5] = (first[pair >> 5] ?? 0) + count;
      second[pair & 31] = (second[pair & 31] ?? 0) + count;
      if (count > 0) cells++;
    }
    let bits = 0;
    for (const [pair, count] of this.#counts.entries())
      if (count > 0)
        bits +=
          (count / this.#total) *
          Math.log2((count * this.#total) / ((first[pair >> 5] ?? 1) * (second[pair & 31] ?? 1)));
    const used = (counts: Float64Array) => counts.filter((count) => count > 0).length;
    const bias = (cells - used(first) - used(second) + 1) / (2 * this.#total * Math.LN2);
    return bits - bias;
  }
}
