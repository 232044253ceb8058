import type { Json } from './filter-pattern.ts';

/**
 * Records as Lambda's pollers hand them to a function, field by field as AWS sends them:
 * https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html and
 * https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html (example events).
 */
export interface SourceRecord {
  /** position in its shard, a decimal string; compare with {@link compareSequences} */
  readonly sequence: string;
  /** order is kept among records of one key */
  readonly key: string;
  /** epoch milliseconds */
  readonly arrivedAt: number;
  /** the record's JSON in the event's `Records` list, rendered once */
  readonly json: string;
  /** bytes of `json` in UTF-8, which is what counts against the payload limit */
  readonly bytes: number;
}

/** What a filter sees, decoded, and the record that would be sent. */
export interface Arrival {
  readonly record: SourceRecord;
  readonly filterable: Json | undefined;
}

/** Sequence numbers are decimal integers of up to 129 digits without leading zeros: longer is larger. */
export function compareSequences(left: string, right: string): number {
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The event of a batch: the records' JSON between its brackets, so that a retry renders nothing again. */
export function renderEvent(records: readonly SourceRecord[]): string {
  return `{"Records":[${records.map((record) => record.json).join(',')}]}`;
}

/** Bytes of {@link renderEvent} beyond the records themselves. */
export const EVENT_ENVELOPE_BYTES = '{"Records":[]}'.length;

export interface KinesisArrival {
  readonly shardId: string;
  readonly streamArn: string;
  readonly region: string;
  readonly roleArn: string;
  readonly sequenceNumber: string;
  readonly partitionKey: string;
  readonly data: Uint8Array;
  readonly arrivedAt: number;
}

/**
 * A Kinesis record as the function sees it. Filters apply to `data` alone, as JSON; data that is not JSON matches
 * no pattern on `data` (https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis-filtering.html).
 */
export function fromKinesis(arrival: KinesisArrival, decodeForFilter: boolean): Arrival {
  const bytes = Buffer.from(arrival.data.buffer, arrival.data.byteOffset, arrival.data.byteLength);
  const json = JSON.stringify({
    kinesis: {
      kinesisSchemaVersion: '1.0',
      partitionKey: arrival.partitionKey,
      sequenceNumber: arrival.sequenceNumber,
      data: bytes.toString('base64'),
      approximateArrivalTimestamp: arrival.arrivedAt / 1000,
    },
    eventSource: 'aws:kinesis',
    eventVersion: '1.0',
    eventID: `${arrival.shardId}:${arrival.sequenceNumber}`,
    eventName: 'aws:kinesis:record',
    invokeIdentityArn: arrival.roleArn,
    awsRegion: arrival.region,
    eventSourceARN: arrival.streamArn,
  });
  return {
    record: {
      sequence: arrival.sequenceNumber,
      key: arrival.partitionKey,
      arrivedAt: arrival.arrivedAt,
      json,
      bytes: Buffer.byteLength(json),
    },
    filterable: decodeForFilter ? { data: jsonOrNothing(bytes.toString('utf8')) ?? null } : undefined,
  };
}

/** One record of the DynamoDB Streams API (`GetRecords`), with attribute values in their typed form. */
export interface TableStreamRecord {
  readonly eventID: string;
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  readonly eventVersion: string;
  readonly eventSource: 'aws:dynamodb';
  readonly awsRegion: string;
  readonly dynamodb: {
    /** epoch seconds */
    readonly ApproximateCreationDateTime: number;
    readonly Keys: { readonly [key: string]: Json };
    readonly NewImage?: { readonly [key: string]: Json };
    readonly OldImage?: { readonly [key: string]: Json };
    readonly SequenceNumber: string;
    readonly SizeBytes: number;
    readonly StreamViewType: string;
  };
}

/** A table-stream record as the function sees it: the API's record with the stream's ARN. Order is per item key. */
export function fromTableStream(record: TableStreamRecord, streamArn: string): Arrival {
  const sent = { ...record, eventSourceARN: streamArn };
  const json = JSON.stringify(sent);
  return {
    record: {
      sequence: record.dynamodb.SequenceNumber,
      key: JSON.stringify(record.dynamodb.Keys),
      arrivedAt: record.dynamodb.ApproximateCreationDateTime * 1000,
      json,
      bytes: Buffer.byteLength(json),
    },
    filterable: sent as unknown as Json,
  };
}

function jsonOrNothing(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined; // documented: such a record passes no pattern on `data`
  }
}
