/** Units and calls of one table since the start. */
export interface TableMeter {
  writes: number;
  writeUnits: number;
  reads: number;
  readUnits: number;
  conditionFailures: number;
  /** largest item that a write left, bytes; tables with images only */
  largestItemBytes: number;
}

/** The meters of all tables, as `GET /_meter` shows them. */
export class TableMeters {
  readonly #meters = new Map<string, TableMeter>();

  of(table: string): TableMeter {
    let found = this.#meters.get(table);
    if (!found) {
      found = { writes: 0, writeUnits: 0, reads: 0, readUnits: 0, conditionFailures: 0, largestItemBytes: 0 };
      this.#meters.set(table, found);
    }
    return found;
  }

  toJSON(): Record<string, TableMeter> {
    return Object.fromEntries(this.#meters);
  }
}
