import type { ArchivedRecord } from '../../lib/aws/archive.ts';
import type { SetAside } from '../../lib/aws/quarantine.ts';
import { LIMITS } from '../../lib/limits.ts';
import { laneName } from '../../lib/profile/lane.ts';
import { padSequence } from '../../lib/profile/position.ts';
import type { IngestedEvent } from '../../lib/profile/profile.ts';
import { acceptedRecord } from '../../lib/telemetry/accepted-record.ts';
import { DEVELOPMENT_EPOCH } from '../../lib/telemetry/keys.ts';
import { kindOf, printable, type Reason } from '../../lib/telemetry/reason.ts';
import { BUCKETING, bucketOf, bucketsOf, laneIn, partitionKey } from '../../lib/telemetry/record.ts';
import { decodeRecord } from '../../lib/telemetry/record-codec.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
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
  /** per profile (an account, or a lane of one: lib/profile/lane.ts), in stream order */
  readonly arrivals: Map<string, IngestedEvent[]>;
  readonly setAside: SetAside[];
  readonly accepted: ArchivedRecord[];
  readonly read: number;
  /** usable events by the gateway that put them; undefined where it does not say its name */
  readonly byGateway: Map<string | undefined, IngestedEvent[]>;
  /** arrivals, ms, of events that were refused for their time (in the future, or too long ago), by gateway */
  readonly timesRefused: Map<string | undefined, number[]>;
  /** events that were refused because whoever knows the seed of their key can test guesses of them */
  readonly underDevelopmentKey: number;
}

export interface DecodeRules {
  /** ms */
  readonly permittedSkew: number;
  /** believe the arrival time in a record's header: a replay in the demo, or a rebuild */
  readonly trustReplayClock: boolean;
  /** take events whose prints were made under a development key: a demo */
  readonly developmentKeys: boolean;
}

/** Takes a batch of stream records apart. Never throws on any bytes: what cannot be used is set aside whole, with its reason. */
export function decodeBatch(records: readonly KinesisRecord[], rules: DecodeRules): DecodedBatch {
  const batch: Counted = {
    arrivals: new Map(),
    setAside: [],
    accepted: [],
    byGateway: new Map(),
    timesRefused: new Map(),
    read: 0,
    underDevelopmentKey: 0,
  };
  for (const record of records) decodeOne(record, rules, batch);
  return batch;
}

type Counted = DecodedBatch & { read: number; underDevelopmentKey: number };

const DEVELOPMENT_KEY: Reason = {
  field: 'prints.epoch',
  value: printable(DEVELOPMENT_EPOCH),
  message:
    'made under a development key: whoever knows its seed can test guesses. Give the gateway a keyring',
};

function isUnderDevelopmentKey({ prints }: UsageEvent): boolean {
  for (const { epoch } of prints) if (epoch === DEVELOPMENT_EPOCH) return true;
  return false;
}

function decodeOne(
  { eventID, eventSourceARN, kinesis }: KinesisRecord,
  rules: DecodeRules,
  batch: Counted,
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
  const accepted = new Map<number, string>();
  let refused = 0;
  const redriven = decoded.header?.redriven === true;
  const gateway = decoded.header?.gateway;
  const ofGateway = batch.byGateway.get(gateway) ?? [];
  batch.byGateway.set(gateway, ofGateway);
  const place = new Place(bucketing, kinesis.partitionKey);
  for (const { event, reason, index, raw } of decoded.lines) {
    batch.read++;
    const open = event !== undefined && !rules.developmentKeys && isUnderDevelopmentKey(event);
    const fault = open ? DEVELOPMENT_KEY : event === undefined ? reason : place.misplaced(event.account);
    // prints that anybody can test are not kept
    if (fault !== undefined) {
      refused++;
      aside(index, open ? '' : raw, fault, 'utf8');
      if (fault.field === 'time') {
        const ofTimes = batch.timesRefused.get(gateway) ?? [];
        batch.timesRefused.set(gateway, ofTimes);
        ofTimes.push(arrived);
      }
    }
    if (open) batch.underDevelopmentKey++;
    if (event === undefined || fault !== undefined) continue;
    accepted.set(index, raw);
    const position = { epoch, sequence, index };
    const time = timeOf(event.time);
    const arrival: IngestedEvent = redriven
      ? { event, time, arrived, position, redriven }
      : { event, time, arrived, position };
    ofGateway.push(arrival);
    const name = place.lane === 0 ? event.account : laneName(event.account, place.lane);
    const list = batch.arrivals.get(name);
    if (list === undefined) batch.arrivals.set(name, [arrival]);
    else list.push(arrival);
  }
  if (accepted.size > 0)
    batch.accepted.push({
      stream,
      shard,
      sequence: kinesis.sequenceNumber,
      partitionKey: kinesis.partitionKey,
      // by the clock of the replay in a demo: a dossier looks for the days of its finding
      arrived,
      ...(refused === 0 ? { size: decoded.size, data } : acceptedRecord(decoded.header, accepted)),
    });
}

const MOST_LANES = LIMITS.accountLanes.most;

/**
 * Where a record lies. An event must not be applied from elsewhere than under the key of its account's bucket: sequence
 * numbers are ordered along one partition key only (streams/latest/dev/key-concepts.html).
 */
class Place {
  /** of the bucket, 0 being the bucket's own key: sequence numbers of each have an order of their own, and so has its profile */
  readonly lane: number;
  readonly #bucketing: string;
  readonly #key: string;
  readonly #buckets: number | undefined;
  /** the bucket that the key is of, once an account of it was seen */
  #bucket = -1;

  constructor(bucketing: string, key: string) {
    const { bucketKey, lane } = laneIn(key);
    this.lane = lane;
    this.#bucketing = bucketing;
    this.#key = bucketKey;
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
    if (this.lane >= MOST_LANES)
      return {
        field: 'partitionKey',
        value: kindOf(this.#key),
        message: `names lane ${this.lane}, and an account has the lanes 0 to ${MOST_LANES - 1}`,
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
      value: kindOf(this.#key),
      message: `must be ${key}, the key of this account's bucket: put records with a producer that makes it, and these back with redrive`,
    };
  }
}
