import {
  DEFAULT_SETTINGS,
  emptyLane,
  laneOf,
  next,
  offer,
  settle,
} from '../../lib/emulator/streams/event-source-mapping.ts';
import { fromKinesis, type SourceRecord } from '../../lib/emulator/streams/source-record.ts';
import { random } from '../random.ts';
import type { PackedRecord, Packing } from './packing.ts';

export interface BatchRules {
  readonly windowSeconds: number;
  readonly batchSize: number;
  readonly parallelizationFactor: number;
  readonly shards: number;
}

export interface Batching {
  /** invocations of all lanes in a second */
  readonly batchesPerSecond: number;
  readonly recordsPerBatch: number;
  /** mean time between two batches of a lane, seconds: what an account's events are gathered over */
  readonly seconds: number;
  /** records of each batch, as they came */
  readonly batches: readonly (readonly PackedRecord[])[];
}

/** Lambda polls a shard once a second (lambda/latest/dg/with-kinesis.html). */
const POLL_MS = 1000;

/**
 * The rules of the event source mapping (lib/emulator/streams) over the records of many gateways, each a copy of one that was
 * packed, out of step with the others. One lane is looked at: all are alike.
 */
export function batched(gateway: Packing, gateways: number, rules: BatchRules, seed: number): Batching {
  const lanes = rules.shards * rules.parallelizationFactor;
  const draw = random(seed);
  const span = gateway.seconds * 1000;
  const arrivals: { at: number; packed: PackedRecord }[] = [];
  const length = Math.max(3 * rules.windowSeconds, 60) * 1000;
  for (let g = 0; g < gateways; g++) {
    const phase = draw() * span;
    for (const packed of gateway.records) {
      if (laneOf(packed.partitionKey, lanes) !== 0) continue;
      for (let at = (packed.at + phase) % span; at < length; at += span) arrivals.push({ at, packed });
    }
  }
  arrivals.sort((a, b) => a.at - b.at);
  const settings = {
    ...DEFAULT_SETTINGS,
    batchSize: rules.batchSize,
    maximumBatchingWindowMs: rules.windowSeconds * 1000,
  };
  const batches: PackedRecord[][] = [];
  const packedOf = new Map<string, PackedRecord>();
  let lane = emptyLane<SourceRecord>();
  let taken = 0;
  for (let now = 0; now <= length; now += POLL_MS) {
    const polled: SourceRecord[] = [];
    for (; taken < arrivals.length; taken++) {
      const arrival = arrivals[taken];
      if (arrival === undefined || arrival.at > now) break;
      const record = rendered(arrival.packed, taken, arrival.at);
      packedOf.set(record.sequence, arrival.packed);
      polled.push(record);
    }
    lane = offer(lane, polled, now);
    for (;;) {
      const { lane: after, step } = next(lane, settings, now);
      lane = after;
      if (step.kind !== 'invoke') break;
      batches.push(step.batch.records.flatMap(({ sequence }) => packedOf.get(sequence) ?? []));
      lane = settle(lane, settings, { kind: 'returned', response: null }, now);
    }
  }
  const records = batches.reduce((sum, batch) => sum + batch.length, 0);
  const share = lane.waiting.length / Math.max(1, records / Math.max(1, batches.length));
  const seconds = length / 1000 / Math.max(1, batches.length + share);
  return {
    batchesPerSecond: lanes / seconds,
    recordsPerBatch: records / Math.max(1, batches.length),
    seconds,
    batches,
  };
}

function rendered({ partitionKey, data }: PackedRecord, n: number, arrivedAt: number): SourceRecord {
  return fromKinesis(
    {
      shardId: 'shardId-000000000000',
      streamArn:
        'arn:aws:kinesis:us-east-1:000000000000:stream/Siphonwatch-IngestStream00000000-000000000000',
      region: 'us-east-1',
      roleArn: 'arn:aws:iam::000000000000:role/Siphonwatch-PipelineScoreRole00000000-000000000000',
      sequenceNumber: String(
        49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898n + BigInt(n),
      ),
      partitionKey,
      data,
      arrivedAt,
    },
    false,
  ).record;
}
