/**
 * Answers of OTLP/HTTP in protobuf: the export's answer with its partial success, and the Status of an error
 * (https://opentelemetry.io/docs/specs/otlp/#otlphttp-response, opentelemetry/proto/collector/trace/v1/trace_service.proto; that of
 * logs has the same numbers). A success without anything to say is no bytes.
 */

/** What could not be used; with none rejected the message is a warning, which exporters log. */
export interface PartialSuccess {
  readonly rejected: number;
  readonly message: string;
}

/** `{partial_success: {rejected_spans, error_message}}` */
export function exportAnswer({ rejected, message }: PartialSuccess): Buffer {
  const count = rejected === 0 ? [] : [Buffer.from([0x08]), varint(rejected)];
  return field(1, Buffer.concat([...count, field(2, Buffer.from(message))]));
}

/** google.rpc.Status, of which OTLP asks for the message: `{message}` */
export function errorAnswer(message: string): Buffer {
  return field(2, Buffer.from(message));
}

/** A field of bytes: its number and kind, its length, the bytes. */
function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  while (left > 127) {
    bytes.push((left % 128) + 128);
    left = Math.floor(left / 128);
  }
  return Buffer.from([...bytes, left]);
}
