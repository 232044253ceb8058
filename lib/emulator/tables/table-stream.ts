import { LOCAL_REGION, TABLE_STREAM_LABEL, tableStreamArn } from '../names.ts';
import type { TableStreamRecord } from '../streams/source-record.ts';
import { type Item, itemBytes, sameItem } from './item-size.ts';

/**
 * A stand-in for DynamoDB Streams: the images of a table's writes in the order in which they were made, kept for a
 * day and read through the operations of the real API, so that AWS's own tools can read it too
 * (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB_Streams.html).
 * It has one shard a table. A write that changes nothing leaves no record, as in the real one.
 */
export type StreamViewType = 'KEYS_ONLY' | 'NEW_IMAGE' | 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES';

export interface TableStream {
  readonly arn: string;
  /** Records a write; `before` and `after` undefined: there was or is no such item. */
  append(keys: Item, before: Item | undefined, after: Item | undefined, at: number): void;
  /** Up to `limit` records from position `from` on, and where to read on. */
  read(
    from: number,
    limit: number,
  ): { readonly records: readonly TableStreamRecord[]; readonly next: number };
  readonly oldest: number;
  readonly end: number;
  positionOf(sequenceNumber: string): number;
}

export const TABLE_SHARD_ID = 'shardId-00000000000000000001-00000001';

const RETENTION_MS = 24 * 3600 * 1000;
const FIRST_SEQUENCE = 100_000_000_000_000_000_000n;
/** GetRecords answers with at most a megabyte. */
const PAGE_BYTES = 1024 * 1024;

export function createTableStream(table: string, view: StreamViewType): TableStream {
  const records: TableStreamRecord[] = [];
  let trimmed = 0;

  const dropExpired = (now: number): void => {
    const oldest = (now - RETENTION_MS) / 1000;
    const young = records.findIndex((record) => record.dynamodb.ApproximateCreationDateTime >= oldest);
    const expired = young === -1 ? records.length : young;
    records.splice(0, expired);
    trimmed += expired;
  };

  return {
    arn: tableStreamArn(table),
    append(keys, before, after, at) {
      if (sameItem(before, after)) return;
      dropExpired(at);
      const withNew = after && (view === 'NEW_IMAGE' || view === 'NEW_AND_OLD_IMAGES');
      const withOld = before && (view === 'OLD_IMAGE' || view === 'NEW_AND_OLD_IMAGES');
      const position = trimmed + records.length;
      records.push({
        eventID: position.toString(16).padStart(32, '0'),
        eventName: before ? (after ? 'MODIFY' : 'REMOVE') : 'INSERT',
        eventVersion: '1.1',
        eventSource: 'aws:dynamodb',
        awsRegion: LOCAL_REGION,
        dynamodb: {
          ApproximateCreationDateTime: at / 1000,
          Keys: keys as TableStreamRecord['dynamodb']['Keys'],
          ...(withNew && { NewImage: after as NonNullable<TableStreamRecord['dynamodb']['NewImage']> }),
          ...(withOld && { OldImage: before as NonNullable<TableStreamRecord['dynamodb']['OldImage']> }),
          SequenceNumber: (FIRST_SEQUENCE + BigInt(position)).toString(),
          SizeBytes: itemBytes(keys) + (withNew ? itemBytes(after) : 0) + (withOld ? itemBytes(before) : 0),
          StreamViewType: view,
        },
      });
    },
    read(from, limit) {
      const start = Math.max(0, from - trimmed);
      const page: TableStreamRecord[] = [];
      let bytes = 0;
      for (const record of records.slice(start, start + Math.min(limit, 1000))) {
        bytes += record.dynamodb.SizeBytes;
        if (page.length > 0 && bytes > PAGE_BYTES) break;
        page.push(record);
      }
      return { records: page, next: trimmed + start + page.length };
    },
    get oldest() {
      return trimmed;
    },
    get end() {
      return trimmed + records.length;
    },
    positionOf: (sequenceNumber) => Number(BigInt(sequenceNumber) - FIRST_SEQUENCE),
  };
}

type Request = { readonly [field: string]: unknown };

/**
 * Answers one operation of the Streams API over the given streams (by ARN).
 * @throws {StreamsError} with the code that AWS would answer
 */
export function answerStreams(
  operation: string,
  request: Request,
  streams: ReadonlyMap<string, TableStream>,
): object {
  const tableOf = (arn: string): string => arn.split('/')[1] ?? '';
  const find = (arn: unknown): TableStream => {
    const stream = streams.get(String(arn));
    if (!stream) throw new StreamsError('ResourceNotFoundException', `no stream ${String(arn)}`);
    return stream;
  };
  switch (operation) {
    case 'ListStreams':
      return {
        Streams: [...streams.keys()]
          .filter((arn) => request.TableName === undefined || tableOf(arn) === request.TableName)
          .map((arn) => ({ StreamArn: arn, StreamLabel: TABLE_STREAM_LABEL, TableName: tableOf(arn) })),
      };
    case 'DescribeStream': {
      const stream = find(request.StreamArn);
      return {
        StreamDescription: {
          StreamArn: stream.arn,
          StreamLabel: TABLE_STREAM_LABEL,
          StreamStatus: 'ENABLED',
          TableName: tableOf(stream.arn),
          Shards: [
            { ShardId: TABLE_SHARD_ID, SequenceNumberRange: { StartingSequenceNumber: `${FIRST_SEQUENCE}` } },
          ],
        },
      };
    }
    case 'GetShardIterator': {
      const stream = find(request.StreamArn);
      return { ShardIterator: iteratorAt(stream.arn, startOf(stream, request)) };
    }
    case 'GetRecords': {
      const [arn = '', from = '0'] = Buffer.from(String(request.ShardIterator), 'base64url')
        .toString()
        .split('|');
      const stream = find(arn);
      const { records, next } = stream.read(Number(from), Number(request.Limit ?? 1000));
      return { Records: records, NextShardIterator: iteratorAt(arn, next) };
    }
    default:
      throw new StreamsError('UnknownOperationException', `unknown operation ${operation}`);
  }
}

const iteratorAt = (arn: string, position: number): string =>
  Buffer.from(`${arn}|${position}`).toString('base64url');

function startOf(stream: TableStream, request: Request): number {
  switch (request.ShardIteratorType) {
    case 'TRIM_HORIZON':
      return stream.oldest;
    case 'LATEST':
      return stream.end;
    case 'AT_SEQUENCE_NUMBER':
      return stream.positionOf(String(request.SequenceNumber));
    case 'AFTER_SEQUENCE_NUMBER':
      return stream.positionOf(String(request.SequenceNumber)) + 1;
    default:
      throw new StreamsError(
        'ValidationException',
        `unknown ShardIteratorType ${String(request.ShardIteratorType)}`,
      );
  }
}

export class StreamsError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
