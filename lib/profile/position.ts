import { LIMITS } from '../limits.ts';

/**
 * Where an event stands in a stream. Positions of one account grow: an account always maps to one bucket, a
 * bucket to one partition key, and sequence numbers grow along a partition key, across resharding too.
 */
export interface Position {
  /** stream and bucketing version; a new or restored stream, or a new bucketing, starts a new epoch */
  readonly epoch: string;
  /** Kinesis sequence number, left-padded to SEQUENCE_WIDTH: more digits than a DynamoDB number holds */
  readonly sequence: string;
  /** index of the event in its record */
  readonly index: number;
}

export const SEQUENCE_WIDTH = 64;

/** A sequence number as the stream says it. */
export function unpadSequence(sequence: string): string {
  return sequence.replace(/^0+(?=\d)/, '');
}

export function padSequence(sequence: string): string {
  return sequence.padStart(SEQUENCE_WIDTH, '0');
}

/** Positions up to which everything was applied, one for each epoch; the newest epoch last. */
export type Guard = readonly Position[];

/** Epochs that are told apart: two bucketings side by side, and those before a stream was replaced. */
const EPOCHS = LIMITS.guardEpochs.most;

/**
 * True where `position` was already applied under `guard`. Positions are compared within their epoch only: across epochs
 * they are not ordered.
 */
export function isApplied(guard: Guard, position: Position): boolean {
  const held = guard.find(({ epoch }) => epoch === position.epoch);
  if (held === undefined) return false;
  return !isAfter(position, held);
}

/** Walks a guard along a run of positions, of which nearly all are of one epoch, each above the one before. */
export class GuardCursor {
  #guard: Guard;
  /** the last position that was applied, not in the guard yet */
  #last: Position | undefined;

  constructor(guard: Guard) {
    this.#guard = guard;
  }

  /** The guard after all that was applied. */
  get guard(): Guard {
    if (this.#last !== undefined) {
      this.#guard = guardAfter(this.#guard, this.#last);
      this.#last = undefined;
    }
    return this.#guard;
  }

  /** Applies a position; false where it was applied before. */
  advance(position: Position): boolean {
    const last = this.#last;
    if (last?.epoch === position.epoch) {
      if (!isAfter(position, last)) return false;
    } else if (isApplied(this.guard, position)) return false;
    this.#last = position;
    return true;
  }
}

function isAfter(position: Position, held: Position): boolean {
  if (position.sequence !== held.sequence) return position.sequence > held.sequence;
  return position.index > held.index;
}

/** The guard after `position` was applied. */
export function guardAfter(guard: Guard, position: Position): Guard {
  const last = guard.at(-1);
  if (guard.length === 1 && last?.epoch === position.epoch) return [position];
  return [...guard.filter(({ epoch }) => epoch !== position.epoch), position].slice(-EPOCHS);
}
