import { LIMITS } from '../limits.ts';

/**
 * OTLP in protobuf, read into the shape of its JSON encoding. Field numbers are those of opentelemetry-proto 1
 * (https://github.com/open-telemetry/opentelemetry-proto/tree/main/opentelemetry/proto); fields that are not in the table are
 * passed over, as protobuf demands.
 */
type Kind =
  | 'text'
  | 'hex'
  | 'fixed64'
  | 'varint'
  | 'bool'
  | 'double'
  | 'base64'
  | { readonly message: string; readonly repeated?: true };
type Message = Readonly<Record<number, readonly [name: string, kind: Kind]>>;

const of = (message: string): Kind => ({ message });
const listOf = (message: string): Kind => ({ message, repeated: true });

const MESSAGES: Readonly<Record<string, Message>> = {
  traces: { 1: ['resourceSpans', listOf('resourceSpans')] },
  logs: { 1: ['resourceLogs', listOf('resourceLogs')] },
  resourceSpans: { 1: ['resource', of('resource')], 2: ['scopeSpans', listOf('scopeSpans')] },
  resourceLogs: { 1: ['resource', of('resource')], 2: ['scopeLogs', listOf('scopeLogs')] },
  resource: { 1: ['attributes', listOf('keyValue')] },
  scope: { 1: ['name', 'text'], 2: ['version', 'text'] },
  scopeSpans: { 1: ['scope', of('scope')], 2: ['spans', listOf('span')] },
  scopeLogs: { 1: ['scope', of('scope')], 2: ['logRecords', listOf('logRecord')] },
  span: {
    1: ['traceId', 'hex'],
    2: ['spanId', 'hex'],
    4: ['parentSpanId', 'hex'],
    5: ['name', 'text'],
    6: ['kind', 'varint'],
    7: ['startTimeUnixNano', 'fixed64'],
    8: ['endTimeUnixNano', 'fixed64'],
    9: ['attributes', listOf('keyValue')],
    11: ['events', listOf('event')],
    15: ['status', of('status')],
  },
  event: { 1: ['timeUnixNano', 'fixed64'], 2: ['name', 'text'], 3: ['attributes', listOf('keyValue')] },
  status: { 2: ['message', 'text'], 3: ['code', 'varint'] },
  logRecord: {
    1: ['timeUnixNano', 'fixed64'],
    5: ['body', of('anyValue')],
    6: ['attributes', listOf('keyValue')],
    9: ['traceId', 'hex'],
    10: ['spanId', 'hex'],
    11: ['observedTimeUnixNano', 'fixed64'],
    12: ['eventName', 'text'],
  },
  keyValue: { 1: ['key', 'text'], 2: ['value', of('anyValue')] },
  anyValue: {
    1: ['stringValue', 'text'],
    2: ['boolValue', 'bool'],
    3: ['intValue', 'varint'],
    4: ['doubleValue', 'double'],
    5: ['arrayValue', of('arrayValue')],
    6: ['kvlistValue', of('kvlistValue')],
    7: ['bytesValue', 'base64'],
  },
  arrayValue: { 1: ['values', listOf('anyValue')] },
  kvlistValue: { 1: ['values', listOf('keyValue')] },
};

/** Values lie up to five messages deep in an export: what lies deeper than this is left out, unread. */
const MAX_DEPTH = LIMITS.nesting.most + 6;

/** A message of two bytes becomes an object of a hundred. */
const MOST_MESSAGES = LIMITS.otlpMessages.most;

/** Messages of an export that were read so far. */
interface Count {
  read: number;
}

/**
 * Reads an export request.
 * @throws Error saying where the bytes are no such message
 */
export function readOtlp(bytes: Uint8Array, signal: 'traces' | 'logs'): unknown {
  return readMessage(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), signal, 0, { read: 0 });
}

function readMessage(bytes: Buffer, name: string, depth: number, all: Count): Record<string, unknown> {
  if (++all.read > MOST_MESSAGES) throw new Error(`protobuf: more than ${MOST_MESSAGES} messages`);
  if (depth > MAX_DEPTH) return {};
  const fields = MESSAGES[name] ?? {};
  const message: Record<string, unknown> = {};
  const reader = new Reader(bytes);
  while (!reader.done) {
    const tag = Number(reader.varint());
    const [field, wire] = [Math.floor(tag / 8), tag % 8];
    const known = fields[field];
    const value = reader.value(wire);
    if (known === undefined) continue;
    const [key, kind] = known;
    const held = typed(value, kind, depth, all);
    if (typeof kind === 'object' && kind.repeated === true) {
      const list = message[key];
      if (Array.isArray(list)) list.push(held);
      else message[key] = [held];
    } else message[key] = held;
  }
  return message;
}

function typed(value: Buffer | bigint, kind: Kind, depth: number, all: Count): unknown {
  if (typeof kind === 'object') return readMessage(bytesOf(value), kind.message, depth + 1, all);
  if (kind === 'text') return bytesOf(value).toString('utf8');
  if (kind === 'hex') return bytesOf(value).toString('hex');
  if (kind === 'base64') return bytesOf(value).toString('base64');
  if (kind === 'double') return bytesOf(value).readDoubleLE(0);
  if (kind === 'fixed64') return bytesOf(value).readBigUInt64LE(0).toString();
  if (typeof value !== 'bigint') throw new Error('protobuf: a number was expected');
  // 64-bit integers are signed
  return kind === 'bool' ? value !== 0n : BigInt.asIntN(64, value).toString();
}

function bytesOf(value: Buffer | bigint): Buffer {
  if (typeof value === 'bigint') throw new Error('protobuf: bytes were expected');
  return value;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new Error('protobuf: ends too early');
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw new Error('protobuf: a number of more than 64 bits');
  }

  /** A field's value by its wire type: https://protobuf.dev/programming-guides/encoding/#structure */
  value(wire: number): Buffer | bigint {
    if (wire === 0) return this.varint();
    const size = wire === 1 ? 8 : wire === 5 ? 4 : wire === 2 ? Number(this.varint()) : Number.NaN;
    if (Number.isNaN(size)) throw new Error(`protobuf: unknown wire type ${wire}`);
    if (this.#at + size > this.#bytes.length) throw new Error('protobuf: ends too early');
    const value = this.#bytes.subarray(this.#at, this.#at + size);
    this.#at += size;
    return value;
  }
}
