import { fromTableStream, type TableStreamRecord } from '../streams/source-record.ts';
import type { StreamSource } from '../streams/stream-source.ts';

/** A table's stream as a mapping polls it, through the operations of the DynamoDB Streams API at `endpoint`. */
export function tableStreamSource(endpoint: string, arn: string): StreamSource {
  const call = async <T>(operation: string, body: object): Promise<T> => {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        'x-amz-target': `DynamoDBStreams_20120810.${operation}`,
        'content-type': 'application/x-amz-json-1.0',
      },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${operation} of ${arn} failed: ${text}`);
    return JSON.parse(text) as T;
  };
  return {
    kind: 'dynamodb',
    arn,
    async shards() {
      const { StreamDescription: description } = await call<{
        StreamDescription: { Shards: { ShardId: string; ParentShardId?: string }[] };
      }>('DescribeStream', { StreamArn: arn });
      return description.Shards.map((shard) => ({
        id: shard.ShardId,
        parents: shard.ParentShardId ? [shard.ParentShardId] : [],
      }));
    },
    async open(shardId, start) {
      if (start.kind === 'AT_TIMESTAMP') {
        throw new Error('a mapping to a table stream starts at TRIM_HORIZON or LATEST');
      }
      let { ShardIterator: iterator } = await call<{ ShardIterator: string | undefined }>(
        'GetShardIterator',
        {
          StreamArn: arn,
          ShardId: shardId,
          ShardIteratorType: start.kind,
        },
      );
      return {
        async read(limit) {
          if (iterator === undefined) return { arrivals: [], closed: true };
          const page = await call<{ Records: TableStreamRecord[]; NextShardIterator?: string }>(
            'GetRecords',
            {
              ShardIterator: iterator,
              Limit: Math.min(limit, 1000),
            },
          );
          iterator = page.NextShardIterator;
          return {
            arrivals: page.Records.map((record) => fromTableStream(record, arn)),
            closed: iterator === undefined,
          };
        },
      };
    },
  };
}
