import { gunzipSync, inflateSync } from 'node:zlib';
import { LIMITS } from '../../limits.ts';
import { isGzip } from '../gzip.ts';
import { tableRows } from './column-tables.ts';
import { type Envelope, timed } from './envelope.ts';
import { OF_PROXIES } from './envelopes-proxies.ts';
import { OF_SEARCHES, OF_STORES } from './envelopes-stores.ts';
import { OF_FLOWS } from './exports-flows.ts';
import { at, type Json, jsonIn, listOf, objectOf, textAt } from './fields.ts';
import { langfuseCalls } from './langfuse-batch.ts';
import { anyValue, attributesOf, otlpField } from './otlp.ts';
import { isAvroRecord, typedItems, untypedAvro } from './typed-values.ts';

/** At most so many bytes come out of a compressed record in an envelope. */
const MAX_INSIDE = LIMITS.insideBytes.most;

/**
 * Envelopes in which shippers and stores wrap what a gateway wrote. Each is a row: how it is recognised, and what lies inside.
 * What lies inside may be wrapped again.
 */
const ENVELOPES: readonly Envelope[] = [
  ...OF_PROXIES,
  ...OF_STORES,
  {
    name: 'traces of Langfuse with their observations',
    source: 'https://api.reference.langfuse.com/#tag/trace/GET/api/public/traces/{traceId}',
    matches: ({ observations }) =>
      listOf(observations).some(
        (held) => textAt(held, 'type') !== undefined && at(held, 'input') !== undefined,
      ),
    inside: ({ observations, userId }) =>
      listOf(observations).map((held) => ({ ...(userId == null ? {} : { userId }), ...objectOf(held) })),
  },
  {
    name: 'log records of OpenTelemetry that hold lines of files',
    source:
      'https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/receiver/filelogreceiver',
    matches: (entry) => lineRecords(otlpField(entry, 'resourceLogs')).length > 0,
    inside: (entry) => lineRecords(otlpField(entry, 'resourceLogs')),
  },
  {
    name: 'CloudWatch Logs subscription',
    source: 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html',
    matches: ({ messageType, logEvents }) => messageType === 'CONTROL_MESSAGE' || Array.isArray(logEvents),
    inside: ({ messageType, logEvents }) => (messageType === 'CONTROL_MESSAGE' ? [] : messagesOf(logEvents)),
  },
  {
    name: 'CloudWatch Logs filter-log-events and get-log-events',
    source: 'https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html',
    matches: ({ events }) =>
      Array.isArray(events) &&
      events.length > 0 &&
      events.every((event) => textAt(event, 'message') !== undefined),
    inside: ({ events }) => messagesOf(events),
  },
  {
    name: 'CloudWatch Logs Insights results',
    source: 'https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetQueryResults.html',
    matches: ({ results, statistics }) =>
      Array.isArray(results) && (statistics !== undefined || Array.isArray(results[0])),
    inside: ({ results }) =>
      listOf(results).flatMap((row) =>
        listOf(row).flatMap((cell) => (at(cell, 'field') === '@message' ? [at(cell, 'value')] : [])),
      ),
  },
  {
    name: 'one CloudWatch log event',
    source: 'https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilteredLogEvent.html',
    matches: ({ message, timestamp, ...rest }) =>
      isJsonText(message) &&
      timestamp !== undefined &&
      ('ingestionTime' in rest || 'eventId' in rest || 'id' in rest || 'logStreamName' in rest),
    inside: ({ message }) => [message],
  },
  {
    name: 'Firehose and Kinesis records',
    source: 'https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html',
    matches: ({ records, Records }) =>
      [...listOf(records), ...listOf(Records)].some(
        (held) => textAt(held, 'data') ?? textAt(held, 'Data') ?? textAt(held, 'kinesis', 'data'),
      ),
    inside: ({ records, Records }) =>
      [...listOf(records), ...listOf(Records)].flatMap((held) =>
        packed(textAt(held, 'data') ?? textAt(held, 'Data') ?? textAt(held, 'kinesis', 'data')),
      ),
  },
  {
    name: 'CloudWatch Logs event of Lambda',
    source: 'https://docs.aws.amazon.com/lambda/latest/dg/services-cloudwatchlogs.html',
    matches: ({ awslogs }) => textAt(awslogs, 'data') !== undefined,
    inside: ({ awslogs }) => packed(textAt(awslogs, 'data')),
  },
  {
    name: 'batches of SNS and SQS',
    source:
      'https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html, https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html',
    matches: (entry) => queued(entry).some((text) => text !== undefined),
    inside: queued,
  },
  {
    name: 'SNS and SQS messages',
    source: 'https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html',
    matches: ({ Message, Body, body, messageId, receiptHandle }) =>
      isJsonText(Message) ||
      isJsonText(Body) ||
      (isJsonText(body) && (messageId !== undefined || receiptHandle !== undefined)),
    inside: ({ Message, Body, body }) => [Message ?? Body ?? body],
  },
  {
    name: 'Docker json-file, Fluent Bit, Fluentd',
    source: 'https://docs.docker.com/engine/logging/drivers/json-file/',
    matches: ({ log }) =>
      isJsonText(log) ||
      (objectOf(log) !== undefined && !Array.isArray(at(log, 'entries')) && !isOfTheLine(log)),
    inside: ({ log }) => [log],
  },
  {
    name: 'Datadog',
    source: 'https://docs.datadoghq.com/api/latest/logs/#send-logs',
    matches: ({ message, ddsource, ddtags, hostname, service }) =>
      isJsonText(message) && [ddsource, ddtags, hostname, service].some((held) => held !== undefined),
    inside: ({ message }) => [message],
  },
  {
    name: 'Google Cloud Logging, log records of OpenTelemetry: attributes are labels',
    source:
      'https://github.com/GoogleCloudPlatform/opentelemetry-operations-python/tree/main/opentelemetry-exporter-gcp-logging',
    matches: ({ logName, labels }) =>
      logName !== undefined && Object.keys(objectOf(labels) ?? {}).some((name) => /^gen_ai\./.test(name)),
    inside: ({ labels, jsonPayload, ...rest }) => [
      {
        ...{ timestamp: rest.timestamp, trace_id: rest.trace, span_id: rest.spanId, insertId: rest.insertId },
        attributes: { ...objectOf(labels), ...objectOf(jsonPayload) },
      },
    ],
  },
  {
    name: 'Google Cloud Logging',
    source: 'https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry',
    matches: ({ logName, jsonPayload, textPayload }) =>
      logName !== undefined && (objectOf(jsonPayload) !== undefined || isJsonText(textPayload)),
    // the payload's own time comes first (times-beside.ts)
    inside: ({ jsonPayload, textPayload, timestamp }) => [
      objectOf(jsonPayload) === undefined
        ? textPayload
        : { received_at: timestamp, ...objectOf(jsonPayload) },
    ],
  },
  {
    name: 'Splunk HTTP Event Collector',
    source: 'https://docs.splunk.com/Documentation/Splunk/latest/Data/FormateventsforHTTPEventCollector',
    matches: ({ event, sourcetype, source, host, message }) =>
      // of ECS, `event` tells of the line in message
      ((objectOf(event) !== undefined && !isJsonText(message)) || isJsonText(event)) &&
      [sourcetype, source, host].some((held) => held !== undefined),
    // the event's own time comes first (times-beside.ts)
    inside: ({ event, time }) => [
      objectOf(event) === undefined ? event : { received_at: time, ...objectOf(event) },
    ],
  },
  {
    name: 'Elasticsearch and OpenSearch hits',
    source: 'https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-search',
    matches: ({ _source, hits }) => objectOf(_source) !== undefined || Array.isArray(at(hits, 'hits')),
    inside: ({ _source, hits }) => (objectOf(_source) === undefined ? listOf(at(hits, 'hits')) : [_source]),
  },
  {
    name: 'lines of Elasticsearch bulk requests that say where the next one goes',
    source: 'https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk',
    matches: ({ index, create, ...rest }) =>
      Object.keys(rest).length === 0 && textAt(index ?? create, '_index') !== undefined,
    inside: () => [],
  },
  {
    name: 'Azure Monitor diagnostic logs',
    source: 'https://learn.microsoft.com/azure/azure-monitor/platform/resource-logs-schema',
    matches: ({ records }) => listOf(records).some((held) => at(held, 'properties') !== undefined),
    inside: ({ records }) => listOf(records),
  },
  {
    name: 'answers of Log Analytics',
    source: 'https://learn.microsoft.com/azure/azure-monitor/logs/api/response-format',
    matches: ({ tables }) => listOf(tables).some((table) => Array.isArray(at(table, 'rows'))),
    inside: ({ tables }) => listOf(tables).flatMap((table) => tableRows(table) ?? []),
  },
  {
    name: 'answers of databases',
    source: 'column-tables.ts',
    matches: (entry) => tableRows(entry) !== undefined,
    inside: (entry) => tableRows(entry) ?? [],
  },
  {
    name: 'CloudEvents and EventBridge',
    source:
      'https://github.com/cloudevents/spec, https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html',
    matches: ({ specversion, data, detail, ...rest }) =>
      (specversion !== undefined && (objectOf(data) !== undefined || isJsonText(data))) ||
      (objectOf(detail) !== undefined && rest['detail-type'] !== undefined),
    inside: ({ data, detail }) => [data ?? detail],
  },
  {
    name: 'a shipper that keeps the line as message',
    source:
      'https://www.elastic.co/docs/reference/ecs/ecs-base (message), https://vector.dev/docs/reference/configuration/sources/file/',
    matches: ({ message, ...rest }) =>
      isJsonText(message) &&
      [
        '@timestamp',
        'host',
        'file',
        'source_type',
        'agent',
        'stream',
        'kubernetes',
        'level',
        'logger',
        'severity',
        'timestamp',
        'log',
      ].some((name) => name in rest),
    inside: ({ message }) => [message],
  },
  {
    name: 'events of API Gateway and function URLs',
    source:
      'https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html',
    matches: ({ requestContext, body }) => objectOf(requestContext) !== undefined && typeof body === 'string',
    inside: ({ body, isBase64Encoded }) => (isBase64Encoded === true ? packed(String(body)) : [body]),
  },
  {
    name: 'CloudEvents with binary data',
    source:
      'https://github.com/cloudevents/spec/blob/main/cloudevents/formats/json-format.md#31-handling-of-data',
    matches: ({ specversion, data_base64 }) => specversion !== undefined && typeof data_base64 === 'string',
    inside: ({ data_base64 }) => packed(String(data_base64)),
  },
  {
    name: 'items of DynamoDB (exports, scans, streams)',
    source: 'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html',
    matches: (entry) => typedItems(entry).length > 0,
    inside: typedItems,
  },
  {
    name: "records in Avro's JSON encoding",
    source: 'https://avro.apache.org/docs/1.12.0/specification/#json-encoding (unions)',
    matches: isAvroRecord,
    inside: (entry) => [untypedAvro(entry)],
  },
  {
    name: 'batches of Langfuse ingestion',
    source: 'https://api.reference.langfuse.com/#tag/ingestion/POST/api/public/ingestion',
    matches: ({ batch }) =>
      listOf(batch).some((event) => /^[a-z]+-(?:create|update)$/.test(textAt(event, 'type') ?? '')),
    inside: ({ batch }) => langfuseCalls(listOf(batch)),
  },
  {
    name: 'transactions of Sentry',
    source: 'https://develop.sentry.dev/sdk/data-model/event-payloads/transaction/',
    matches: ({ type, spans }) => type === 'transaction' && Array.isArray(spans),
    inside: ({ spans, user }) =>
      listOf(spans).map((span) => ({ ...objectOf(span), resource: { 'user.id': at(user, 'id') } })),
  },
  {
    name: 'GELF: fields of the application begin with an underscore',
    source: 'https://go2docs.graylog.org/current/getting_in_log_data/gelf.html',
    matches: ({ version, short_message, ...rest }) =>
      version !== undefined &&
      typeof short_message === 'string' &&
      (isJsonText(rest.full_message ?? short_message) ||
        Object.keys(rest).some((name) => name.startsWith('_'))),
    inside: ({ short_message, full_message, timestamp, ...rest }) => {
      const line = full_message ?? short_message;
      const fields = Object.entries(rest).filter(([name]) => name.startsWith('_'));
      return isJsonText(line)
        ? [line]
        : [{ timestamp, ...Object.fromEntries(fields.map(([name, held]) => [name.slice(1), held])) }];
    },
  },
  {
    name: 'rows of a database that writes the names of columns in capitals',
    source: 'https://docs.snowflake.com/en/sql-reference/identifiers-syntax (unquoted identifiers)',
    matches: (entry) => {
      const names = Object.keys(entry);
      return names.length > 2 && names.every((name) => /^[A-Z][A-Z0-9_]*$/.test(name));
    },
    inside: (entry) => [
      Object.fromEntries(Object.entries(entry).map(([name, held]) => [name.toLowerCase(), held])),
    ],
  },
  {
    name: 'Loki',
    source: 'https://grafana.com/docs/loki/latest/query/logcli/ (output jsonl)',
    matches: ({ line, labels }) => isJsonText(line) && labels !== undefined,
    inside: ({ line }) => [line],
  },
];

/** Fields that make an entry one of its own, whatever envelope it resembles. */
const OWN = ['resourceSpans', 'resource_spans', 'request', 'messages', 'schemaType', 'call_type', 'prints'];

/** The entries of a value: those of a list, and what lies inside of envelopes; the value itself where it is neither. */
export function unwrapped(json: unknown, depth = 0): readonly unknown[] {
  if (depth > 4) return [json];
  if (Array.isArray(json)) return elements(json).flatMap((entry) => unwrapped(entry, depth + 1));
  const entry = objectOf(json);
  const inside = entry === undefined ? undefined : opened(entry);
  if (entry === undefined || inside === undefined) return [json];
  return inside.flatMap((held) => unwrapped(timed(jsonIn(held), entry), depth + 1));
}

/** What lies inside of an envelope; undefined for an entry that is none. */
function opened(entry: Json): readonly unknown[] | undefined {
  const sure = [...OF_FLOWS, ...OF_SEARCHES].find(({ matches }) => matches(entry));
  if (sure !== undefined) return sure.inside(entry);
  if (OWN.some((name) => name in entry) && !isAvroRecord(entry)) return undefined;
  return ENVELOPES.find(({ matches }) => matches(entry))?.inside(entry);
}

/** Fields that say where a line came from: https://www.elastic.co/docs/reference/ecs/ecs-log, and `offset` of Filebeat. */
const OF_THE_LINE = new Set(['offset', 'file', 'flags', 'level', 'logger', 'origin', 'original', 'syslog']);

/** Whether `log` tells of the line that stands in `message`, and is not the line. */
function isOfTheLine(log: unknown): boolean {
  return Object.keys(objectOf(log) ?? {}).every((name) => OF_THE_LINE.has(name));
}

/** Texts of the messages of a batch; undefined for one that has none. */
function queued({ Records, Messages }: Json): readonly (string | undefined)[] {
  return [...listOf(Records), ...listOf(Messages)].map(
    (held) => textAt(held, 'body') ?? textAt(held, 'Body') ?? textAt(held, 'Sns', 'Message'),
  );
}

/** The entries of a list; of a pair of a time and a record, as Fluentd and Fluent Bit forward it, the record. */
function elements(list: readonly unknown[]): readonly unknown[] {
  const [time, record] = list;
  const stamp: unknown = Array.isArray(time) ? time[0] : time;
  if (list.length === 2 && typeof stamp === 'number' && objectOf(record) !== undefined) return [record];
  return list.map((held) => (isJsonText(held) ? jsonIn(held) : held));
}

/** Log records that hold a gateway's lines, and no events of the conventions. */
function lineRecords(groups: unknown): readonly unknown[] {
  const records = listOf(groups).flatMap((group) =>
    listOf(otlpField(group, 'scopeLogs')).flatMap((scope) => listOf(otlpField(scope, 'logRecords'))),
  );
  const isEvent = (record: unknown) =>
    otlpField(record, 'eventName') !== undefined ||
    attributesOf(at(record, 'attributes'))['event.name'] !== undefined;
  if (records.some(isEvent)) return [];
  const bodies = records.map((record) => anyValue(at(record, 'body')));
  return bodies.every((body) => isJsonText(body) || isLoggedCall(body)) ? bodies : [];
}

/** A structured body with a request in it, as a gateway's logger hands it to OpenTelemetry. */
function isLoggedCall(body: unknown): boolean {
  return ['request', 'messages', 'request_body'].some((name) => at(body, name) !== undefined);
}

function messagesOf(events: unknown): readonly unknown[] {
  return listOf(events).map((event) => {
    const line = jsonIn(at(event, 'message'));
    return objectOf(line) === undefined
      ? at(event, 'message')
      : timed(line, { time: at(event, 'timestamp') });
  });
}

function isJsonText(value: unknown): boolean {
  return typeof value === 'string' && /^\s*[[{]/.test(value);
}

/** Base64 of JSON, of several JSON values one a line, or of a gzip member. */
export function packed(data: string | undefined): readonly unknown[] {
  if (data === undefined) return [];
  let bytes: Uint8Array = Buffer.from(data, 'base64');
  try {
    if (isGzip(bytes)) bytes = gunzipSync(bytes, { maxOutputLength: MAX_INSIDE });
    else if (bytes[0] === 0x78) bytes = inflateSync(bytes, { maxOutputLength: MAX_INSIDE });
  } catch {
    // What cannot be unpacked is handed on as it is: it will be set aside, with the record's text.
    return [data];
  }
  const text = Buffer.from(bytes).toString('utf8');
  const whole = jsonIn(text);
  return typeof whole === 'string' ? text.split('\n').filter((line) => line.trim() !== '') : [whole];
}
