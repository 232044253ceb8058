import { LIMITS } from '../../limits.ts';
import { at, listOf, numberIn, objectOf, textAt } from './fields.ts';

/** OTLP in JSON: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding, and the .proto's own names beside it. */
export type Attributes = Readonly<Record<string, unknown>>;

/** One span or log record with what it is about. */
export interface OtlpEntry {
  readonly entry: unknown;
  /** of the entry, its scope's resource behind it */
  readonly attributes: Attributes;
  readonly resource: Attributes;
  readonly isLog: boolean;
  /** span events, name and attributes */
  readonly events: readonly { readonly name: string; readonly attributes: Attributes }[];
  /** trace and span id; undefined where there is no span */
  readonly key: string | undefined;
}

/** A field under its JSON name or its name in the .proto (startTimeUnixNano, start_time_unix_nano). */
export function otlpField(value: unknown, name: string): unknown {
  return (
    at(value, name) ??
    at(
      value,
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    )
  );
}

/** Whether a document is an export of spans or logs. */
export function isOtlp(json: unknown): boolean {
  return Array.isArray(otlpField(json, 'resourceSpans')) || Array.isArray(otlpField(json, 'resourceLogs'));
}

/** Whether a document is an export of metrics, or of nothing. */
export function isWithoutCalls(json: unknown): boolean {
  const isEmpty = Object.keys(objectOf(json) ?? { other: json }).length === 0;
  return isEmpty || otlpField(json, 'resourceMetrics') !== undefined;
}

/** Whether an export has more groups, scopes, spans and log records than are read of one. */
export function isCrowdedOtlp(json: unknown): boolean {
  let left = LIMITS.documentEntries.most;
  const tooMany = (held: readonly unknown[]) => {
    left -= held.length;
    return left < 0;
  };
  return PLACES.some(([groups, scopes, entries]) => {
    const grouped = listOf(otlpField(json, groups));
    return (
      tooMany(grouped) ||
      grouped.some((group) => {
        const scoped = scopesOf(group, scopes);
        return tooMany(scoped) || scoped.some((scope) => tooMany(listOf(otlpField(scope, entries))));
      })
    );
  });
}

const PLACES = [
  ['resourceSpans', 'scopeSpans', 'spans'],
  ['resourceLogs', 'scopeLogs', 'logRecords'],
] as const;

/** Spans and log records of an export that are read in one go. */
const PIECE = 64;

/** An export as several of few spans or log records each, all with what they are about; itself where it has few or too many. */
export function otlpPieces(json: unknown): readonly unknown[] {
  if (isCrowdedOtlp(json)) return [json];
  const pieces: unknown[] = [];
  for (const [groups, scopes, entries] of PLACES)
    for (const group of listOf(otlpField(json, groups)))
      for (const scope of scopesOf(group, scopes)) {
        const held = listOf(otlpField(scope, entries));
        for (let from = 0; from < held.length; from += PIECE) {
          const one = { [entries]: held.slice(from, from + PIECE) };
          pieces.push({ [groups]: [{ resource: at(group, 'resource'), [scopes]: [one] }] });
        }
      }
  return pieces.length <= 1 ? [json] : pieces;
}

/** scopeSpans was instrumentationLibrarySpans before OTLP 1.0 */
function scopesOf(group: unknown, scopes: string): readonly unknown[] {
  return listOf(otlpField(group, scopes) ?? otlpField(group, 'instrumentationLibrarySpans'));
}

/** All spans and log records of an export. */
export function* otlpEntries(json: unknown): Generator<OtlpEntry> {
  for (const [groups, scopes, entries] of PLACES)
    for (const group of listOf(otlpField(json, groups))) {
      const resource = resourceOf(at(group, 'resource', 'attributes'));
      for (const scope of scopesOf(group, scopes))
        for (const entry of listOf(otlpField(scope, entries)))
          yield otlpEntry(entry, resource, groups === 'resourceLogs');
    }
}

/** What a resource says, which each of its spans says too: of more attributes the first and last half. */
function resourceOf(list: unknown): Attributes {
  const half = LIMITS.resourceAttributes.most >> 1;
  if (Array.isArray(list))
    return attributesOf(list.length <= 2 * half ? list : [...list.slice(0, half), ...list.slice(-half)]);
  const held = attributesOf(list);
  const names = Object.keys(held);
  if (names.length <= 2 * half) return held;
  return Object.fromEntries(
    [...names.slice(0, half), ...names.slice(-half)].map((name) => [name, held[name]]),
  );
}

function otlpEntry(entry: unknown, resource: Attributes, isLog: boolean): OtlpEntry {
  const trace = idOf(otlpField(entry, 'traceId'));
  const span = idOf(otlpField(entry, 'spanId'));
  return {
    entry,
    attributes: attributesOf(at(entry, 'attributes')),
    resource,
    isLog,
    events: listOf(at(entry, 'events')).map((event) => ({
      name: textAt(event, 'name') ?? '',
      attributes: attributesOf(at(event, 'attributes')),
    })),
    key: span === undefined ? undefined : `${trace ?? ''}-${span}`,
  };
}

function idOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && !/^0+$/.test(value) ? value : undefined;
}

/** OTLP attributes, a list of keys and typed values, as an object; an object stays one. */
export function attributesOf(list: unknown, depth = 0): Attributes {
  const attributes: Record<string, unknown> = Object.create(null);
  for (const entry of listOf(list)) {
    const key = textAt(entry, 'key');
    if (key !== undefined) attributes[key] = anyValue(at(entry, 'value'), depth);
  }
  return Array.isArray(list) ? attributes : (objectOf(list) ?? attributes);
}

/** A typed value (AnyValue) as JSON, to the depth of `LIMITS.nesting`; a value without a type as it is. */
export function anyValue(value: unknown, depth = 0): unknown {
  if (depth > LIMITS.nesting.most) return undefined;
  const typed = objectOf(value);
  if (typed === undefined) return value;
  for (const name of ['stringValue', 'doubleValue', 'boolValue', 'bytesValue']) {
    const held = otlpField(typed, name);
    if (held !== undefined && held !== null) return held;
  }
  const int = otlpField(typed, 'intValue');
  if (int !== undefined && int !== null) return numberIn(int);
  const list = otlpField(typed, 'arrayValue');
  if (list !== undefined && list !== null)
    return listOf(at(list, 'values')).map((held) => anyValue(held, depth + 1));
  const pairs = otlpField(typed, 'kvlistValue');
  if (pairs !== undefined && pairs !== null) return attributesOf(at(pairs, 'values'), depth + 1);
  // stores write the value itself
  return Object.keys(typed).length === 0 ? undefined : typed;
}
