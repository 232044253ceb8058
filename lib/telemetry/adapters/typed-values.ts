import { at, type Json, listOf, objectOf } from './fields.ts';

/** Records whose values stand under the name of their type, read as plain JSON. */

const DYNAMO_TYPES: ReadonlySet<string> = new Set([
  'S',
  'N',
  'B',
  'BOOL',
  'NULL',
  'M',
  'L',
  'SS',
  'NS',
  'BS',
]);
const AVRO_TYPES: ReadonlySet<string> = new Set([
  'string',
  'long',
  'int',
  'double',
  'float',
  'boolean',
  'bytes',
  'map',
  'array',
]);

/** The one name and value of an object that has no other; undefined for any other value. */
function only(value: unknown): readonly [name: string, held: unknown] | undefined {
  const fields = Object.entries(objectOf(value) ?? {});
  return fields.length === 1 ? fields[0] : undefined;
}

function isTyped(item: unknown, types: ReadonlySet<string>, mayBeNull: boolean): item is Json {
  const values = Object.values(objectOf(item) ?? {});
  const typed = values.filter((value) => types.has(only(value)?.[0] ?? ''));
  return typed.length > 0 && values.every((value) => typed.includes(value) || (mayBeNull && value === null));
}

/** Items of DynamoDB in an export's line, a page of a scan, or a stream's records. */
export function typedItems(entry: Json): readonly unknown[] {
  const items = [
    entry.Item,
    ...listOf(entry.Items),
    ...[entry, ...listOf(entry.Records)].map((record) => at(record, 'dynamodb', 'NewImage')),
  ];
  return items
    .filter((item) => isTyped(item, DYNAMO_TYPES, false))
    .map((item) => dynamoValue({ M: item }, 0));
}

function dynamoValue(typed: unknown, depth: number): unknown {
  const [type, held] = only(typed) ?? [];
  if (depth > 32 || type === 'NULL') return null;
  if (type === 'N') return Number(held);
  if (type === 'L') return listOf(held).map((one) => dynamoValue(one, depth + 1));
  if (type !== 'M') return held;
  return Object.fromEntries(
    Object.entries(objectOf(held) ?? {}).map(([name, value]) => [name, dynamoValue(value, depth + 1)]),
  );
}

const PROTOBUF_TYPES: ReadonlySet<string> = new Set([
  ...['stringValue', 'integerValue', 'doubleValue', 'booleanValue', 'nullValue', 'timestampValue'],
  ...['mapValue', 'arrayValue', 'bytesValue', 'referenceValue', 'geoPointValue'],
  // google.protobuf.Struct, written by its fields
  ...['numberValue', 'boolValue', 'structValue', 'listValue'],
]);

/** A document of Firestore, or a Struct of protobuf, whose fields are all typed. */
export function isTypedDocument(entry: Json): boolean {
  return isTyped(entry.fields, PROTOBUF_TYPES, false);
}

/** The values of such a document. */
export function untypedDocument(entry: Json): Json {
  return protobufFields(entry.fields, 0);
}

function protobufFields(fields: unknown, depth: number): Json {
  return Object.fromEntries(
    Object.entries(objectOf(fields) ?? {}).map(([name, value]) => [name, protobufValue(value, depth + 1)]),
  );
}

function protobufValue(typed: unknown, depth: number): unknown {
  const [type, held] = only(typed) ?? [];
  if (depth > 32 || type === 'nullValue') return null;
  if (type === 'integerValue') return Number(held);
  if (type === 'arrayValue' || type === 'listValue')
    return listOf(at(held, 'values')).map((one) => protobufValue(one, depth + 1));
  return type === 'mapValue' || type === 'structValue' ? protobufFields(at(held, 'fields'), depth) : held;
}

/** Whether all fields of a record are unions: null, or a value under the name of its type. */
export function isAvroRecord(entry: Json): boolean {
  return Object.keys(entry).length > 1 && isTyped(entry, AVRO_TYPES, true);
}

/** The values of a record's unions. */
export function untypedAvro(entry: Json): Json {
  return Object.fromEntries(Object.entries(entry).map(([name, value]) => [name, only(value)?.[1] ?? null]));
}
