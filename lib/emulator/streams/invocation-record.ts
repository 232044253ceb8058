import type { Batch, DiscardReason } from './event-source-mapping.ts';
import { renderEvent } from './source-record.ts';

/**
 * What Lambda sends to an on-failure destination for records that it gave up. SQS and SNS get the metadata; S3 gets
 * the metadata with the whole event as `payload`
 * (https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html and
 * https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html).
 */
export interface GivenUp {
  readonly source: 'kinesis' | 'dynamodb';
  readonly streamArn: string;
  readonly shardId: string;
  readonly functionArn: string;
  readonly requestId: string;
  readonly batch: Batch;
  readonly reason: DiscardReason;
  /** epoch milliseconds */
  readonly at: number;
}

export function invocationRecord(given: GivenUp, withPayload: boolean): string {
  const { records } = given.batch;
  const [first, last] = [records[0], records.at(-1)];
  if (!first || !last) throw new Error('a batch that is given up holds at least one record');
  const iso = (time: number): string => new Date(time).toISOString();
  const invoked = given.batch.invocations > 0;
  const document = {
    requestContext: {
      requestId: given.requestId,
      functionArn: given.functionArn,
      condition: given.reason,
      approximateInvokeCount: given.batch.invocations,
    },
    // Records that grew too old before the function saw them have no response.
    ...(invoked && {
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    }),
    version: '1.0',
    timestamp: iso(given.at),
    [given.source === 'kinesis' ? 'KinesisBatchInfo' : 'DDBStreamBatchInfo']: {
      shardId: given.shardId,
      startSequenceNumber: first.sequence,
      endSequenceNumber: last.sequence,
      approximateArrivalOfFirstRecord: iso(first.arrivedAt),
      approximateArrivalOfLastRecord: iso(last.arrivedAt),
      batchSize: records.length,
      streamArn: given.streamArn,
    },
    ...(withPayload && { payload: renderEvent(records) }),
  };
  return JSON.stringify(document);
}

/** Key of the object in an S3 destination: `aws/lambda/<mapping>/<shard>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<uuid>`. */
export function failureObjectKey(mappingId: string, shardId: string, at: number, uuid: string): string {
  const iso = new Date(at).toISOString();
  const day = iso.slice(0, 10);
  return `aws/lambda/${mappingId}/${shardId}/${day.replaceAll('-', '/')}/${day}T${iso.slice(11, 19).replaceAll(':', '.')}-${uuid}`;
}
