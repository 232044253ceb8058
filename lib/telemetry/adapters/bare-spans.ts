import { at, type Json, jsonIn, listOf, objectOf, textAt } from './fields.ts';
import { attributesOf } from './otlp.ts';
import { isoFrom } from './times.ts';

/**
 * Spans and log events as stores and exporters write them, one by one and under their own names, read as the OTLP that they were:
 * CloudWatch (aws/spans), console exporters, Jaeger, Zipkin, Tempo, ClickHouse, Honeycomb, Elasticsearch, Logfire, Application
 * Insights. Each name below is one of theirs; their pages stand beside the shapes in test/telemetry/adapters/gateway-shapes.
 */
const MAPS = [
  'attributes',
  'SpanAttributes',
  'LogAttributes',
  'tags',
  'customDimensions',
  'properties',
  // SigNoz: https://signoz.io/docs/userguide/writing-clickhouse-traces-query/
  'attributes_string',
  // https://learn.microsoft.com/azure/azure-monitor/reference/tables/appdependencies
  'Properties',
  // Sentry: https://develop.sentry.dev/sdk/telemetry/spans/span-protocol/
  'data',
  // https://cloud.google.com/trace/docs/reference/v1/rest/v1/projects.traces#TraceSpan
  'labels',
] as const;
const TRACE_IDS = [
  'trace.id',
  'traceId',
  'trace_id',
  'traceID',
  'TraceId',
  'trace.trace_id',
  'operation_Id',
  'OperationId',
];
const SPAN_IDS = ['spanId', 'span_id', 'spanID', 'SpanId', 'trace.span_id', 'span.id', 'id', 'Id'];
const TIMES = [
  ...[
    'startTimeUnixNano',
    'start_time_unix_nano',
    'timeUnixNano',
    'time_unix_nano',
    'startTime',
    'start_time',
  ],
  ...[
    'start_timestamp',
    'timestamp',
    'Timestamp',
    '@timestamp',
    '_time',
    'time',
    'TimeGenerated',
    'observedTimeUnixNano',
  ],
];
const RESOURCES = [
  'resources_string',
  'ResourceAttributes',
  'resource_attributes',
  'otel_resource_attributes',
];
/** Attributes of the conventions and instrumentations that are read (otel-messages.ts, otel-calls.ts). */
const OURS =
  /^(?:gen_ai|genkit|llm|openinference|ai\.(?:operationId|model|prompt)|traceloop|langfuse|langsmith|mlflow|braintrust|lmnr|gcp\.vertex\.agent)\b/;

/** The OTLP export that a bare span or log event would have been in; undefined where an entry is neither. */
export function asOtlp(entry: Json): Json | undefined {
  if (isTempo(entry)) return { resourceSpans: entry.batches };
  // a document of Elasticsearch without a map for attributes: https://www.elastic.co/docs/reference/ecs/ecs-gen_ai
  if (objectOf(entry.gen_ai) !== undefined) return asOtlp({ ...dotted(entry), gen_ai: undefined });
  const attributes = attributesIn(entry) ?? eventFacts(entry);
  if (attributes === undefined) return undefined;
  const resource = { attributes: resourceOf(entry) };
  const record = {
    traceId: idIn(entry, TRACE_IDS, 'trace_id'),
    spanId: idIn(entry, SPAN_IDS, 'span_id'),
    attributes,
  };
  const time = nanoseconds(TIMES.map((name) => entry[name]).find((held) => held !== undefined));
  if (isLogRecord(entry)) {
    const log = { ...record, timeUnixNano: time, eventName: entry.eventName, body: entry.body ?? entry.Body };
    return { resourceLogs: [{ resource, scopeLogs: [{ logRecords: [log] }] }] };
  }
  const span = { ...record, startTimeUnixNano: time, events: eventsOf(entry), status: statusOf(entry) };
  return { resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] };
}

function isTempo({ batches }: Json): boolean {
  return listOf(batches).some(
    (batch) =>
      at(batch, 'scopeSpans') !== undefined || at(batch, 'instrumentationLibrarySpans') !== undefined,
  );
}

/** The attributes, wherever they lie, by dotted names; undefined where none is of a call. */
function attributesIn(entry: Json): Json | undefined {
  for (const name of MAPS) {
    const held = jsonIn(entry[name]);
    const map = Array.isArray(held)
      ? typed(held)
      : name === 'attributes_string'
        ? byType(entry)
        : objectOf(held);
    const flat = map === undefined ? undefined : dotted(map);
    if (flat !== undefined && Object.keys(flat).some((key) => OURS.test(key))) return flat;
  }
  if (Object.keys(entry).some((key) => key.includes('.') && OURS.test(key))) return entry;
  const behind = Object.entries(entry).filter(([key]) => PREFIX.test(key));
  const bare = behind.map(([key, held]) => [key.replace(PREFIX, ''), held] as const);
  return bare.some(([key]) => OURS.test(key)) ? { ...entry, ...Object.fromEntries(bare) } : undefined;
}

/** Stores without maps write the map's name before each attribute: https://axiom.co/docs/send-data/opentelemetry */
const PREFIX = /^(?:attributes|attribute|attrs|span_attributes|span\.attributes)\./;

/** Attributes that a store keeps in a map for each type. */
function byType(entry: Json): Json | undefined {
  const texts = objectOf(entry.attributes_string);
  return texts && { ...objectOf(entry.attributes_bool), ...objectOf(entry.attributes_number), ...texts };
}

/** The attributes of a log event by itself, whose facts lie in its body. */
function eventFacts(entry: Json): Json | undefined {
  const facts = objectOf(entry.attributes);
  const name = facts?.['event.name'] ?? entry.eventName;
  return isLogRecord(entry) && typeof name === 'string' ? { 'event.name': name, ...facts } : undefined;
}

/** Lists of keys and values: typed as in OTLP, or plain as Jaeger writes its tags. */
function typed(list: readonly unknown[]): Json {
  return list.some((held) => objectOf(at(held, 'value')) !== undefined)
    ? attributesOf(list)
    : Object.fromEntries(list.map((held) => [textAt(held, 'key') ?? '', at(held, 'value')]));
}

/** `{gen_ai: {request: {model}}}` as `gen_ai.request.model`; lists stay as they are. */
function dotted(tree: Json, prefix = '', depth = 0): Json {
  const flat: Record<string, unknown> = {};
  for (const [name, held] of Object.entries(tree)) {
    const inner = objectOf(held);
    if (inner !== undefined && depth < 8) Object.assign(flat, dotted(inner, `${prefix}${name}.`, depth + 1));
    else flat[`${prefix}${name}`] = held;
  }
  return flat;
}

function idIn(entry: Json, names: readonly string[], inContext: string): string | undefined {
  const found = names.map((name) => textAt(entry, name)).find((id) => id !== undefined);
  return (found ?? textAt(entry, 'context', inContext))?.replace(/^0x/, '');
}

function resourceOf(entry: Json): Json {
  const held = objectOf(entry.resource);
  const list =
    at(held, 'attributes') ?? RESOURCES.map((name) => entry[name]).find((map) => map !== undefined);
  const map = jsonIn(list ?? held);
  return Array.isArray(map) ? attributesOf(map) : dotted(objectOf(map) ?? {});
}

function isLogRecord(entry: Json): boolean {
  return (
    ('body' in entry || 'Body' in entry) &&
    !('startTimeUnixNano' in entry) &&
    ['timeUnixNano', 'observedTimeUnixNano', 'severityNumber', 'SeverityNumber'].some((name) => name in entry)
  );
}

/** Span events: a list of names and attributes, ClickHouse's two lists, or Jaeger's logs. */
function eventsOf(entry: Json): readonly object[] {
  const names = listOf(entry['Events.Name']);
  if (names.length > 0) {
    const maps = listOf(entry['Events.Attributes']);
    return names.map((name, i) => ({ name, attributes: maps[i] }));
  }
  const logs = listOf(entry.logs).map((log) => typed(listOf(at(log, 'fields'))));
  if (logs.length > 0) return logs.map((fields) => ({ name: fields.event, attributes: fields }));
  return listOf(jsonIn(entry.events ?? entry.otel_events)).map((event) => ({
    name: at(event, 'name') ?? at(event, 'event_name'),
    attributes: at(event, 'attributes'),
  }));
}

function statusOf(entry: Json): object {
  const code =
    textAt(entry, 'status', 'code') ??
    textAt(entry, 'status', 'status_code') ??
    textAt(entry, 'StatusCode') ??
    textAt(entry, 'status_code') ??
    textAt(entry, 'otel_status_code');
  const failed =
    /error/i.test(code ?? '') ||
    at(entry, 'status', 'code') === 2 ||
    (entry.success ?? entry.Success) === false;
  return failed
    ? { code: 'ERROR', message: textAt(entry, 'status', 'message') ?? textAt(entry, 'StatusMessage') }
    : {};
}

function nanoseconds(time: unknown): unknown {
  if (typeof time === 'string' && /^\d{19}$/.test(time)) return time;
  const iso = isoFrom(time);
  return iso === undefined ? undefined : `${Date.parse(iso)}000000`;
}
