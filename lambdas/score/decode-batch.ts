import type { ArchivedRecord } from '../../lib/aws/archive.ts';
import type { SetAside } from '../../lib/aws/quarantine.ts';
import { padSequence } from '../../lib/profile/position.ts';
import type { IngestedEvent } from '../../lib/profile/profile.ts';
import { BUCKETING } from '../../lib/telemetry/record.ts';
import { decodeRecord } from '../../lib/telemetry/record-codec.ts';

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
  const arrivals = new Map<string, IngestedEvent[]>();
  const setAside: SetAside[] = [];
  const accepted: ArchivedRecord[] = [];
  let read = 0;
  for (const { eventID, eventSourceARN, kinesis } of records) {
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
    const epoch = `${stream}/${decoded.header?.bucketing ?? BUCKETING}`;
    const aside = (index: number, raw: string, reason: SetAside['reason'], encoding: SetAside['encoding']) =>
      setAside.push({
        reason,
        origin: { epoch, shard, sequence: kinesis.sequenceNumber, index },
        arrived: new Date(arrived).toISOString(),
        payload: raw,
        encoding,
      });
    if (decoded.reason !== undefined) {
      read++;
      aside(-1, decoded.withheld === true ? '' : kinesis.data, decoded.reason, 'base64');
      continue;
    }
    let used = false;
    for (const line of decoded.lines) {
      read++;
      if (line.event === undefined) {
        if (line.reason !== undefined) aside(line.index, line.raw, line.reason, 'utf8');
        continue;
      }
      used = true;
      const { event } = line;
      const arrival: IngestedEvent = {
        event,
        time: Date.parse(event.time),
        arrived,
        position: { epoch, sequence, index: line.index },
      };
      const list = arrivals.get(event.account);
      if (list === undefined) arrivals.set(event.account, [arrival]);
      else list.push(arrival);
    }
    if (used)
      accepted.push({
        shard,
        sequence: kinesis.sequenceNumber,
        partitionKey: kinesis.partitionKey,
        arrived,
        data,
      });
  }
  return { arrivals, setAside, accepted, read };
}
