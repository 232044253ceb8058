/**
 * Siphonwatch for gateways, `@siphonwatch/recorder`: turn exchanges into usage events and put them on the stream.
 * docs/telemetry.md. The Kinesis port is `@siphonwatch/recorder/kinesis`.
 */
export { ADAPTER_DEFAULTS, type Adapted, type Adapter, type AdapterDefaults } from './adapters/adapter.ts';
export { ADAPTERS, type InputFormat } from './adapters/index.ts';
export { type Exchange, exchange, type Message } from './exchange.ts';
export { type HealthWarning, TelemetryHealth } from './health.ts';
export type { HealthShares } from './health-tally.ts';
export { accountPseudonym, developmentKeyring, type Keyring, keyring, parseKeyring } from './keys.ts';
export { DEFAULT_OVERLAP_DAYS, type KeySource, newKeyring, rotatedKeyring } from './make-keyring.ts';
export { type ParsedExchange, parseExchange } from './parse-exchange.ts';
export {
  type ArrivalCheck,
  DEFAULT_PERMITTED_SKEW,
  type ParsedEvent,
  parseUsageEvent,
} from './parse-usage-event.ts';
export type { SplitAccounts, StreamEntry } from './partitions.ts';
export {
  createProducer,
  type Producer,
  type ProducerCounts,
  ProducerFailure,
  type ProducerOptions,
  type ProducerPort,
  type StreamResult,
} from './producer.ts';
export { describeReason, kindOf, printable, type Reason } from './reason.ts';
export { BUCKETING, bucketOf, DEFAULT_BUCKETS, laneKey, partitionKey, type RecordHeader } from './record.ts';
export {
  type DecodedLine,
  type DecodedRecord,
  decodeRecord,
  encodeRecord,
  MAX_DECODED_BYTES,
} from './record-codec.ts';
export { createRecorder, type Recorder, type RecorderOptions } from './recorder.ts';
export { sketchSimilarity } from './sketch.ts';
export {
  BEHAVIOURS,
  type Behaviour,
  type Prints,
  SCRIPTS,
  type UsageEvent,
  usageEvent,
} from './usage-event.ts';
