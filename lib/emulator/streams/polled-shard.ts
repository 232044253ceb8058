import { backlog, emptyLane, isIdle, type Lane, laneOf, offer } from './event-source-mapping.ts';
import type { SourceRecord } from './source-record.ts';

/** A waiting lane looks up at least so often, so that stopping and hurrying are seen. */
const LOOK_UP_MS = 100;

/** One shard of a mapping's stream: its lanes, and who waits for what happens in them. */
export class PolledShard {
  readonly id: string;
  /** no more will come from the stream */
  closed = false;
  /** what follows a closed shard, if anything, was looked for after its last record */
  followed = false;
  /** when the last read that found nothing began, ms */
  emptyReadAt = 0;
  /** when the last record that passed the filters was read, ms */
  arrivedAt = 0;
  readonly #lanes: Lane<SourceRecord>[];
  readonly #wake: (() => void)[] = [];

  constructor(id: string, lanes: number) {
    this.id = id;
    this.#lanes = Array.from({ length: lanes }, () => emptyLane<SourceRecord>());
  }

  lane(lane: number): Lane<SourceRecord> {
    return this.#lanes[lane] ?? emptyLane();
  }

  set(lane: number, state: Lane<SourceRecord>): void {
    this.#lanes[lane] = state;
  }

  /** records that are not yet done with */
  get held(): number {
    return this.#lanes.reduce((sum, lane) => sum + backlog(lane), 0);
  }

  get idle(): boolean {
    return this.#lanes.every(isIdle);
  }

  /** every record is done with, and no more will come */
  get done(): boolean {
    return this.closed && this.idle;
  }

  /** Puts records into the lanes of their keys, and wakes those. */
  offer(records: readonly SourceRecord[], now: number): void {
    if (records.length === 0) return;
    this.arrivedAt = now;
    const byLane: SourceRecord[][] = [];
    for (const record of records) {
      const lane = laneOf(record.key, this.#lanes.length);
      byLane[lane] ??= [];
      byLane[lane].push(record);
    }
    for (const [lane, own] of byLane.entries()) {
      if (!own) continue;
      this.#lanes[lane] = offer(this.lane(lane), own, now);
      this.#wake[lane]?.();
    }
  }

  wakeAll(): void {
    for (const wake of this.#wake) wake?.();
  }

  /** Until the lane changes, or `until` (epoch ms), or for LOOK_UP_MS. */
  pause(lane: number, until: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        delete this.#wake[lane];
        resolve();
      };
      const left = until === undefined ? LOOK_UP_MS : until - Date.now();
      const timer = setTimeout(done, Math.min(LOOK_UP_MS, left));
      this.#wake[lane] = done;
    });
  }
}
