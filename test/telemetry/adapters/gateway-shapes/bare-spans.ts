import { nested } from '../nested.ts';
import { attributes, BRIEFED, type GatewayShape, GENAI, PROMPT, SECONDS, span, TIME } from './shape.ts';

/** A call as attributes, wherever a store puts them. */
const CALL = {
  ...GENAI,
  'gen_ai.request.temperature': 0.5,
  'gen_ai.response.finish_reasons': ['length'],
  'gen_ai.system_instructions': JSON.stringify([{ type: 'text', content: 'Be brief' }]),
  'gen_ai.input.messages': JSON.stringify([{ role: 'user', parts: [{ type: 'text', content: PROMPT }] }]),
};
const TRACE = '5b8efff798038103d269b633813fc60c';
const SPAN = 'eee19b7ec3c1b174';
const bare = (name: string, source: string, ...entries: readonly unknown[]): GatewayShape => ({
  name: `a span as ${name}`,
  source,
  entries,
  expect: { messages: BRIEFED, outcome: 'truncated', params: { temperature: 0.5 } },
});

/** Spans as stores and exporters write them, outside of an OTLP export. */
export const BARE_SPAN_SHAPES: readonly GatewayShape[] = [
  bare(
    'CloudWatch writes it (log group aws/spans)',
    'https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Transaction-Search-search-analyze-spans.html',
    {
      resource: { attributes: { 'service.name': 'gateway', 'aws.local.service': 'gateway' } },
      scope: { name: 'strands.telemetry.tracer', version: '' },
      ...{ traceId: TRACE, spanId: SPAN, flags: 256, name: 'chat', kind: 'INTERNAL' },
      ...{ startTimeUnixNano: 1772352000123000000, endTimeUnixNano: 1772352002000000000, durationNano: 1 },
      attributes: CALL,
      status: { code: 'OK' },
    },
  ),
  bare(
    'Python’s console exporter prints it',
    'https://opentelemetry-python.readthedocs.io/en/latest/sdk/trace.export.html',
    {
      ...{ name: 'chat m-1', kind: 'SpanKind.CLIENT', parent_id: null },
      context: { trace_id: `0x${TRACE}`, span_id: `0x${SPAN}`, trace_state: '[]' },
      ...{ start_time: '2026-03-01T08:00:00.123000Z', end_time: '2026-03-01T08:00:02.000000Z' },
      status: { status_code: 'UNSET' },
      attributes: CALL,
      ...{ events: [], links: [] },
      resource: { attributes: { 'service.name': 'gateway' }, schema_url: '' },
    },
  ),
  bare('Jaeger’s API gives it', 'https://www.jaegertracing.io/docs/latest/apis/', {
    data: [
      {
        traceID: TRACE,
        spans: [
          {
            ...{
              traceID: TRACE,
              spanID: SPAN,
              operationName: 'chat m-1',
              references: [],
              startTime: 1772352000123000,
              duration: 9,
            },
            tags: Object.entries(CALL).map(([key, value]) => ({
              key,
              type: typeof value === 'number' ? 'int64' : 'string',
              value: Array.isArray(value) ? JSON.stringify(value) : value,
            })),
            ...{ logs: [], processID: 'p1' },
          },
        ],
        processes: { p1: { serviceName: 'gateway', tags: [] } },
      },
    ],
    ...{ total: 0, limit: 0, errors: null },
  }),
  bare('Zipkin’s API gives it', 'https://zipkin.io/zipkin-api/', [
    {
      ...{ traceId: TRACE, id: SPAN, kind: 'CLIENT', name: 'chat', timestamp: 1772352000123000, duration: 9 },
      localEndpoint: { serviceName: 'gateway' },
      tags: Object.fromEntries(
        Object.entries(CALL).map(([name, value]) => [
          name,
          Array.isArray(value) ? JSON.stringify(value) : String(value),
        ]),
      ),
    },
  ]),
  bare('Tempo’s API gives it', 'https://grafana.com/docs/tempo/latest/api_docs/#query', {
    batches: span(CALL).resourceSpans,
  }),
  bare(
    'ClickHouse keeps it (otel_traces)',
    'https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/exporter/clickhouseexporter',
    {
      ...{
        Timestamp: '2026-03-01 08:00:00.123000000',
        TraceId: TRACE,
        SpanId: SPAN,
        ParentSpanId: '',
        SpanName: 'chat m-1',
        SpanKind: 'Client',
        ServiceName: 'gateway',
      },
      ResourceAttributes: { 'service.name': 'gateway' },
      SpanAttributes: Object.fromEntries(
        Object.entries(CALL).map(([name, value]) => [
          name,
          Array.isArray(value) ? JSON.stringify(value) : String(value),
        ]),
      ),
      ...{ Duration: 9, StatusCode: 'Unset', 'Events.Name': [], 'Events.Attributes': [] },
    },
  ),
  bare('a flat event with dotted names', 'https://docs.honeycomb.io/send-data/opentelemetry/', {
    ...{
      Timestamp: TIME,
      'trace.trace_id': TRACE,
      'trace.span_id': SPAN,
      name: 'chat m-1',
      'service.name': 'gateway',
      duration_ms: 9,
    },
    ...CALL,
  }),
  bare('nested objects, in a hit of Elasticsearch', 'https://www.elastic.co/docs/reference/opentelemetry', {
    _index: 'traces-generic.otel-default',
    _source: {
      ...{ '@timestamp': TIME, trace_id: TRACE, span_id: SPAN, name: 'chat m-1', kind: 'Client' },
      attributes: nested(CALL),
      resource: { attributes: { service: { name: 'gateway' } } },
    },
  }),
  bare('a row of Logfire', 'https://logfire.pydantic.dev/docs/how-to-guides/query-api/', {
    ...{
      start_timestamp: TIME,
      end_timestamp: TIME,
      trace_id: TRACE,
      span_id: SPAN,
      kind: 'span',
      level: 9,
      span_name: 'chat m-1',
      message: 'chat m-1',
    },
    attributes: CALL,
    otel_resource_attributes: { 'service.name': 'gateway' },
  }),
  bare(
    'a dependency of Application Insights',
    'https://learn.microsoft.com/azure/azure-monitor/app/data-model-complete',
    {
      ...{
        time: TIME,
        itemType: 'dependency',
        operation_Id: TRACE,
        id: SPAN,
        name: 'chat m-1',
        target: 'x',
        success: true,
      },
      customDimensions: JSON.stringify(
        Object.fromEntries(
          Object.entries(CALL).map(([name, value]) => [
            name,
            typeof value === 'string' ? value : JSON.stringify(value),
          ]),
        ),
      ),
    },
  ),
  bare('one span of OTLP by itself', 'https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding', {
    ...{ traceId: TRACE, spanId: SPAN, name: 'chat m-1', kind: 3, startTimeUnixNano: '1772352000123000000' },
    attributes: attributes(CALL),
    resource: { attributes: attributes({ 'service.name': 'gateway' }) },
  }),
  {
    name: 'AgentCore: a span in one log group, its messages in the body of a log record in another',
    source:
      'https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/observability-configure.html, https://github.com/aws-observability/aws-otel-python-instrumentation (llo_handler.py)',
    entries: [
      {
        ...{
          traceId: TRACE,
          spanId: SPAN,
          name: 'chat',
          kind: 'CLIENT',
          startTimeUnixNano: 1772352000123000000,
        },
        resource: { attributes: { 'service.name': 'agent' } },
        scope: { name: 'strands.telemetry.tracer' },
        attributes: GENAI,
        status: { code: 'OK' },
      },
      {
        ...{
          traceId: TRACE,
          spanId: SPAN,
          timeUnixNano: 1772352000123000000,
          observedTimeUnixNano: 1772352000123000000,
          severityNumber: 9,
        },
        resource: { attributes: { 'service.name': 'agent' } },
        scope: { name: 'strands.telemetry.tracer' },
        attributes: { 'event.name': 'strands.telemetry.tracer' },
        body: {
          input: {
            messages: [
              { content: 'Be brief', role: 'system' },
              { content: { content: JSON.stringify([{ text: PROMPT }]) }, role: 'user' },
            ],
          },
          output: {
            messages: [
              { content: { message: '[{"text": "x"}]', finish_reason: 'max_tokens' }, role: 'assistant' },
            ],
          },
        },
      },
    ],
    expect: { messages: BRIEFED, outcome: 'truncated' },
  },
  {
    name: 'a bare span of something else is no call',
    source:
      'https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Transaction-Search-search-analyze-spans.html',
    entries: [
      {
        traceId: TRACE,
        spanId: SPAN,
        name: 'execute_tool',
        startTimeUnixNano: SECONDS * 1e9,
        attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'tide' },
      },
    ],
    expect: 'no call',
  },
];
