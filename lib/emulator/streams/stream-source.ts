import type { StartingPosition } from '../template/resource-shapes.ts';
import type { Arrival } from './source-record.ts';

/** A stream that a mapping polls: a Kinesis stream or a table's stream. */
export interface StreamSource {
  readonly kind: 'kinesis' | 'dynamodb';
  readonly arn: string;
  /** All shards with their parents; a shard is read only after its parents are done. */
  shards(): Promise<readonly Shard[]>;
  open(shardId: string, start: StartingPosition): Promise<ShardReader>;
}

export interface Shard {
  readonly id: string;
  readonly parents: readonly string[];
}

export interface ShardReader {
  /**
   * The next records, in order; none at the tip. `closed`: the shard ended and everything in it was read, which is
   * found out only by a `thorough` read where that costs extra.
   */
  read(
    limit: number,
    thorough: boolean,
  ): Promise<{ readonly arrivals: readonly Arrival[]; readonly closed: boolean }>;
}
