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

export function padSequence(sequence: string): string {
  return sequence.padStart(SEQUENCE_WIDTH, '0');
}

/**
 * True where `position` was already applied under `guard`. Epochs are not ordered: a position of another
 * epoch than the guard's is new, because an epoch ends drained (docs/operations.md).
 */
export function isApplied(guard: Position | undefined, position: Position): boolean {
  if (guard === undefined || guard.epoch !== position.epoch) return false;
  if (position.sequence !== guard.sequence) return position.sequence < guard.sequence;
  return position.index <= guard.index;
}
