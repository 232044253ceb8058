import {
  ExpiredIteratorException,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis';
import { LOCAL_REGION, nameOfArn, roleArn } from '../names.ts';
import type { StartingPosition } from '../template/resource-shapes.ts';
import { fromKinesis } from './source-record.ts';
import type { Shard, ShardReader, StreamSource } from './stream-source.ts';

/** GetRecords answers with at most 10,000 records. */
const MAX_RECORDS = 10_000;

/** A Kinesis stream as a mapping polls it. `decodeForFilter`: the mapping has filters, so data must be decoded. */
export function kinesisSource(client: KinesisClient, arn: string, decodeForFilter: boolean): StreamSource {
  const StreamName = nameOfArn(arn);
  return {
    kind: 'kinesis',
    arn,
    async shards() {
      const found: Shard[] = [];
      let NextToken: string | undefined;
      do {
        const page = await client.send(new ListShardsCommand(NextToken ? { NextToken } : { StreamName }));
        for (const shard of page.Shards ?? []) {
          const parents = [shard.ParentShardId, shard.AdjacentParentShardId].filter((id) => id !== undefined);
          found.push({ id: shard.ShardId ?? '', parents });
        }
        NextToken = page.NextToken;
      } while (NextToken);
      return found;
    },
    async open(shardId, start) {
      return reader(client, { arn, shardId, start, decodeForFilter });
    },
  };
}

/** Which shard is read, and from where on. */
interface ShardPosition {
  readonly arn: string;
  readonly shardId: string;
  readonly start: StartingPosition;
  readonly decodeForFilter: boolean;
}

async function reader(
  client: KinesisClient,
  { arn: streamArn, shardId, start, decodeForFilter }: ShardPosition,
): Promise<ShardReader> {
  const StreamName = nameOfArn(streamArn);
  let last: string | undefined;
  const locate = async (): Promise<string | undefined> => {
    const position = last
      ? { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER' as const, StartingSequenceNumber: last }
      : start.kind === 'AT_TIMESTAMP'
        ? { ShardIteratorType: start.kind, Timestamp: new Date(start.at) }
        : { ShardIteratorType: start.kind };
    const answer = await client.send(
      new GetShardIteratorCommand({ StreamName, ShardId: shardId, ...position }),
    );
    return answer.ShardIterator;
  };
  /** The emulator says that a shard ended only to an iterator beyond its end, which the one kept below is not. */
  const hasEnded = async (beyond: string | undefined): Promise<boolean> => {
    if (beyond === undefined) return true;
    const probe = await client.send(new GetRecordsCommand({ ShardIterator: beyond, Limit: 1 }));
    return probe.NextShardIterator === undefined;
  };
  let iterator = await locate();
  return {
    async read(limit, thorough) {
      try {
        const page = await client.send(
          new GetRecordsCommand({ ShardIterator: iterator, Limit: Math.min(limit, MAX_RECORDS) }),
        );
        const records = page.Records ?? [];
        const closed = records.length === 0 && thorough && (await hasEnded(page.NextShardIterator));
        // After an empty answer the emulator's next iterator stands at the clock, not at the last record, and would
        // step over a write that is under way: the old one is kept.
        if (records.length > 0 && page.NextShardIterator !== undefined) {
          iterator = page.NextShardIterator;
          last = records.at(-1)?.SequenceNumber;
        }
        const arrivals = records.map((record) =>
          fromKinesis(
            {
              shardId,
              streamArn,
              region: LOCAL_REGION,
              roleArn: roleArn('local'),
              sequenceNumber: record.SequenceNumber ?? '',
              partitionKey: record.PartitionKey ?? '',
              data: record.Data ?? new Uint8Array(),
              arrivedAt: record.ApproximateArrivalTimestamp?.getTime() ?? 0,
            },
            decodeForFilter,
          ),
        );
        return { arrivals, closed };
      } catch (error) {
        if (!(error instanceof ExpiredIteratorException)) throw error;
        iterator = await locate();
        return { arrivals: [], closed: false };
      }
    },
  };
}
