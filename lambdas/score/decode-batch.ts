import type { ArchivedRecord } from '../../lib/aws/archive.ts';
import type { SetAside } from '../../lib/aws/quarantine.ts';
import { padSequence } from '../../lib/profile/position.ts';
import type { IngestedEvent } from '../../lib/profile/profile.ts';
import { printable, type Reason } from '../../lib/telemetry/reason.ts';
import { BUCKETING, bucketOf, bucketsOf, partitionKey } from '../../lib/telemetry/record.ts';
import { decodeRecord } from '../../lib/telemetry/record-codec.ts';
import { timeOf } from '../../lib/telemetry/utc-time.ts';

/** What of a Kinesis event record the function uses (AWS Lambda Developer Guide, "Using Lambda with Kinesis"). */
export interface KinesisRecord {
  readonly eventID: string;
  readonly eventSourceARN: string;
  readonly kinesis: {
    readonly partitionKey: string;
    readonly sequenceNumber: string;
    readonly data: string;
    readonly approximateArrivalTimestamp: number;
  };
}

export interface DecodedBatch {
  /** per account, in stream order */
  readonly arrivals: Map<string, IngestedEvent[]>;
  readonly setAside: SetAside[];
  readonly accepted: ArchivedRecord[];
  readonly read: number;
}

export interface DecodeRules {
  /** ms */
  readonly permittedSkew: number;
  /** believe the arrival time in a record's header: a replay in the demo, or a rebuild */
  readonly trustReplayClock: boolean;
}

/** Takes a batch of stream records apart. Never throws on any bytes: what cannot be used is set aside whole, with its reason. */
export function decodeBatch(records: readonly KinesisRecord[], rules: DecodeRules): DecodedBatch {
  const batch: DecodedBatch & { read: number } = {
    arrivals: new Map(),
    setAside: [],
    accepted: [],
    read: 0,
  };
  for (const record of records) decodeOne(record, rules, batch);
  return batch;
}

function decodeOne(
  { eventID, eventSourceARN, kinesis }: KinesisRecord,
  rules: DecodeRules,
  batch: DecodedBatch & { read: number },
): void {
  const data = Buffer.from(kinesis.data, 'base64');
  const shard = eventID.split(':')[0] ?? 'shard';
  const stream = eventSourceARN.slice(eventSourceARN.lastIndexOf('/') + 1);
  const sequence = padSequence(kinesis.sequenceNumber);
  let arrived = Math.round(kinesis.approximateArrivalTimestamp * 1000);
  let decoded = decodeRecord(
    data,
    rules.trustReplayClock ? undefined : { arrival: arrived, permittedSkew: rules.permittedSkew },
  );
  if (rules.trustReplayClock && decoded.header?.arrived !== undefined) {
    arrived = Date.parse(decoded.header.arrived);
  } else if (rules.trustReplayClock) {
    decoded = decodeRecord(data, { arrival: arrived, permittedSkew: rules.permittedSkew });
  }
  const bucketing = decoded.header?.bucketing ?? BUCKETING;
  const epoch = `${stream}/${bucketing}`;
  const aside = (index: number, raw: string, reason: Reason, encoding: SetAside['encoding']) =>
    batch.setAside.push({
      reason,
      origin: { epoch, shard, sequence: kinesis.sequenceNumber, index },
      arrived: new Date(arrived).toISOString(),
      payload: raw,
      encoding,
    });
  if (decoded.reason !== undefined) {
    batch.read++;
    aside(-1, decoded.withheld === true ? '' : kinesis.data, decoded.reason, 'base64');
    return;
  }
  let used = false;
  const redriven = decoded.header?.redriven === true;
  const place = new Place(bucketing, kinesis.partitionKey);
  for (const { event, reason, index, raw } of decoded.lines) {
    batch.read++;
    const fault = event === undefined ? reason : place.misplaced(event.account);
    if (fault !== undefined) aside(index, raw, fault, 'utf8');
    if (event === undefined || fault !== undefined) continue;
    used = true;
    const position = { epoch, sequence, index };
    const time = timeOf(event.time);
    const arrival: IngestedEvent = redriven
      ? { event, time, arrived, position, redriven }
      : { event, time, arrived, position };
    const list = batch.arrivals.get(event.account);
    if (list === undefined) batch.arrivals.set(event.account, [arrival]);
    else list.push(arrival);
  }
  if (used)
    batch.accepted.push({
      stream,
      shard,
      sequence: kinesis.sequenceNumber,
      partitionKey: kinesis.partitionKey,
      arrived: Math.round(kinesis.approximateArrivalTimestamp * 1000),
      size: decoded.size,
      data,
    });
}

/**
 * Where a record lies. An event must not be applied from elsewhere than under the key of its account's bucket: sequence
 * numbers are ordered along one partition key only (streams/latest/dev/key-concepts.html).
 */
class Place {
  readonly #bucketing: string;
  readonly #key: string;
  readonly #buckets: number | undefined;
  /** the bucket that the key is of, once an account of it was seen */
  #bucket = -1;

  constructor(bucketing: string, key: string) {
    this.#bucketing = bucketing;
    this.#key = key;
    this.#buckets = bucketsOf(bucketing);
  }

  /** Why an account's event must not be applied from here. */
  misplaced(account: string): Reason | undefined {
    if (this.#buckets === undefined)
      return {
        field: 'header.bucketing',
        value: printable(this.#bucketing),
        message: `must end in its number of buckets, such as ${BUCKETING}: partition keys follow from it`,
      };
    const bucket = bucketOf(account, this.#buckets);
    if (bucket === this.#bucket) return undefined;
    const key = partitionKey(bucket, this.#bucketing);
    if (key === this.#key) {
      this.#bucket = bucket;
      return undefined;
    }
    return {
      field: 'partitionKey',
      value: printable(this.#key),
      message: `must be ${key}, the key of this account's bucket: put records with a producer that makes it, and these back with redrive`,
    };
  }
}
