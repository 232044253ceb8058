import type { Envelope } from './envelope.ts';
import { at, headersOf, type Json, jsonIn, listOf, objectOf, textAt } from './fields.ts';

/** How proxies and servers of models log the requests and answers that pass through them. */
export const OF_PROXIES: readonly Envelope[] = [
  {
    name: 'traces of Envoy’s tap filter',
    source:
      'https://www.envoyproxy.io/docs/envoy/latest/api-v3/data/tap/v3/http.proto#data-tap-v3-httpbufferedtrace',
    matches: ({ http_buffered_trace: trace }) => objectOf(at(trace, 'request')) !== undefined,
    inside: ({ http_buffered_trace: trace }) => {
      const headers = headersOf(at(trace, 'request', 'headers'));
      const answered = headersOf(at(trace, 'response', 'headers'));
      return [
        {
          id: headers['x-request-id'],
          time: at(trace, 'request', 'headers_received_time'),
          url: headers[':path'],
          headers,
          status: Number(answered[':status'] ?? 0) || undefined,
          request: tapped(at(trace, 'request', 'body')),
          response: tapped(at(trace, 'response', 'body')),
        },
      ];
    },
  },
  {
    name: 'requests and answers that KServe and Seldon log',
    source:
      'https://kserve.github.io/website/docs/model-serving/inferenceservice/logger (type, id), https://docs.seldon.ai',
    matches: ({ specversion, type, data }) =>
      specversion !== undefined &&
      typeof type === 'string' &&
      /\.inference\.(?:request|response)$/.test(type) &&
      data !== undefined,
    // the id joins the two (lines-apart.ts)
    inside: ({ specversion: _, data, ...rest }) => [{ ...rest, body: jsonIn(data) }],
  },
  {
    name: 'log records of OpenTelemetry in Google Cloud Logging: a message each, of a span',
    source:
      'https://github.com/GoogleCloudPlatform/opentelemetry-operations-python/tree/main/opentelemetry-exporter-gcp-logging',
    matches: ({ logName, labels }) =>
      logName !== undefined && /^gen_ai\.(?:\w+\.message|choice)$/.test(eventName(labels)),
    inside: ({ labels, jsonPayload, timestamp, trace, spanId }) => [
      {
        ...{ timeUnixNano: nanoseconds(timestamp), severityNumber: 9 },
        ...{
          traceId: typeof trace === 'string' ? trace.slice(trace.lastIndexOf('/') + 1) : undefined,
          spanId,
        },
        ...{ attributes: labels, body: jsonIn(jsonPayload) },
      },
    ],
  },
  {
    name: 'HTTP Archive (HAR)',
    source: 'http://www.softwareishard.com/blog/har-12-spec/',
    matches: ({ log }) => Array.isArray(at(log, 'entries')),
    inside: ({ log }) =>
      listOf(at(log, 'entries')).map((held) => ({
        time: at(held, 'startedDateTime'),
        url: at(held, 'request', 'url'),
        headers: at(held, 'request', 'headers'),
        status: at(held, 'response', 'status'),
        request: jsonIn(at(held, 'request', 'postData', 'text')),
        response: harContent(at(held, 'response', 'content')),
      })),
  },
  {
    name: 'records of Tyk Pump: requests and answers as they went over the wire',
    source: 'https://tyk.io/docs/api-management/tyk-pump (raw_request, raw_response, alias)',
    matches: ({ raw_request, raw_response, api_id }) =>
      typeof raw_request === 'string' && typeof raw_response === 'string' && api_id !== undefined,
    // the organisation is that of the gateway's owner: a customer has a key
    inside: (entry) => [
      {
        ...{ time: entry.timestamp, url: entry.path, status: entry.response_code },
        account: ['alias', 'oauth_id', 'api_key'].map((name) => textAt(entry, name)).find(Boolean),
        ...{ ip: entry.ip_address, user_agent: entry.user_agent },
        request: bodyOfMessage(entry.raw_request),
        response: bodyOfMessage(entry.raw_response),
      },
    ],
  },
  {
    name: 'traces of X-Ray: attributes are metadata',
    source:
      'https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html, https://docs.aws.amazon.com/xray/latest/api/API_BatchGetTraces.html',
    matches: ({ Traces }) => listOf(Traces).some((trace) => Array.isArray(at(trace, 'Segments'))),
    inside: ({ Traces }) =>
      listOf(Traces).flatMap((trace) =>
        listOf(at(trace, 'Segments')).flatMap((segment) => segments(jsonIn(at(segment, 'Document')))),
      ),
  },
];

/** A segment and those within it, as spans. */
function segments(document: unknown, depth = 0): readonly Json[] {
  const { metadata, annotations, start_time, trace_id, id, name, subsegments, fault } =
    objectOf(document) ?? {};
  const inner = depth < 8 ? listOf(subsegments).flatMap((held) => segments(held, depth + 1)) : [];
  const attributes = { ...objectOf(annotations), ...objectOf(at(metadata, 'default')) };
  const status = fault === true ? { code: 'ERROR' } : undefined;
  return [{ start_time, trace_id, span_id: id, name, attributes, status }, ...inner];
}

/** The body of a message of HTTP/1.1 in base64: RFC 9112, section 2.1 */
function bodyOfMessage(raw: unknown): unknown {
  const message = Buffer.from(String(raw), 'base64').toString('utf8');
  const head = message.indexOf('\r\n\r\n');
  return jsonIn(head < 0 ? message : message.slice(head + 4));
}

/** http://www.softwareishard.com/blog/har-12-spec/#content: base64 where the encoding says so */
function harContent(content: unknown): unknown {
  const text = textAt(content, 'text');
  const plain =
    at(content, 'encoding') === 'base64' ? Buffer.from(text ?? '', 'base64').toString('utf8') : text;
  return jsonIn(plain);
}

function eventName(labels: unknown): string {
  const held: Json = objectOf(labels) ?? {};
  return textAt(held, 'event.name') ?? '';
}

function nanoseconds(time: unknown): string | undefined {
  const milliseconds = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  return Number.isNaN(milliseconds) ? undefined : `${milliseconds}000000`;
}

/** A body as text, or as bytes in base64 where the tap is not told `body_as_string`. */
function tapped(body: unknown): unknown {
  const bytes = textAt(body, 'as_bytes');
  return jsonIn(bytes === undefined ? at(body, 'as_string') : Buffer.from(bytes, 'base64').toString('utf8'));
}
