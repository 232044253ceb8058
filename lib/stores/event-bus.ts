export interface BusEntry {
  readonly detailType: string;
  readonly detail: object;
  /** processing time, ms */
  readonly time: number;
  /** what the event is about */
  readonly resources: readonly string[];
}

/** The bus that carries findings to machines. */
export interface FindingBus {
  /** @throws where the bus did not take it */
  put(entry: BusEntry): Promise<void>;
}

export class MemoryBus implements FindingBus {
  readonly entries: BusEntry[] = [];
  async put(entry: BusEntry): Promise<void> {
    this.entries.push(entry);
  }
}
