import {
  attributes,
  BRIEFED,
  chat,
  type GatewayShape,
  GENAI,
  PROMPT,
  SYSTEM,
  span,
  TIME,
  USER,
} from './shape.ts';

const PARTS = JSON.stringify([{ role: 'user', parts: [{ type: 'text', content: PROMPT }] }]);
const USAGE = { input_tokens: 12, output_tokens: 34 };
const lc = (name: string, kwargs: object) => ({
  ...{ lc: 1, type: 'constructor', id: ['langchain', 'schema', 'messages', name] },
  kwargs,
});

const apim = (sequence: number, messages: string) => ({
  ...{ TimeGenerated: TIME, CorrelationId: 'c', SequenceNumber: sequence, ResponseMessages: '' },
  ...(sequence === 0
    ? { ModelName: 'm-1', DeploymentName: 'd', PromptTokens: 12, CompletionTokens: 34 }
    : { ModelName: '', DeploymentName: '', PromptTokens: 0, CompletionTokens: 0 }),
  RequestMessages: messages,
});
const APIM_OWNER = {
  ...{ TimeGenerated: TIME, CorrelationId: 'c', ApimSubscriptionId: 'acct-1', ResponseCode: 200 },
  Type: 'ApiManagementGatewayLogs',
};
const APIM = 'https://learn.microsoft.com/azure/api-management/api-management-howto-llm-logs';
const WHOLE = JSON.stringify([SYSTEM, USER]);

const row = [TIME, 'acct-1', JSON.stringify({ model: 'm-1', messages: [USER] }), JSON.stringify(chat())];
const COLUMNS = ['time', 'account', 'request', 'response'];
const named = COLUMNS.map((name) => ({ name, type: 'String' }));
const table = (name: string, source: string, entry: unknown): GatewayShape => ({
  name: `a table of ${name}`,
  source,
  entries: [entry],
  expect: {},
});

/** Endings and counts that stand beside the answer, calls in several lines, names of columns apart from their rows. */
export const BESIDE_SHAPES: readonly GatewayShape[] = [
  {
    name: 'LangSmith: ending and counts in the metadata of a serialised message',
    source: 'https://docs.langchain.com/langsmith/log-llm-trace',
    entries: [
      {
        ...{ id: 'run', run_type: 'llm', start_time: TIME, error: null },
        inputs: {
          messages: [
            [lc('SystemMessage', { content: SYSTEM.content }), lc('HumanMessage', { content: PROMPT })],
          ],
        },
        outputs: {
          generations: [
            [
              {
                ...{ text: 'By the moon.', generation_info: null },
                message: lc('AIMessage', {
                  content: 'By the moon.',
                  response_metadata: { stop_reason: 'max_tokens' },
                  usage_metadata: { ...USAGE, total_tokens: 46 },
                }),
              },
            ],
          ],
          llm_output: null,
        },
        extra: { invocation_params: { model: 'm-1' }, metadata: { user_id: 'acct-1' } },
      },
    ],
    expect: { messages: BRIEFED, outcome: 'truncated' },
  },
  {
    name: 'Datadog: a span that failed and does not say why',
    source: 'https://docs.datadoghq.com/llm_observability/evaluations/export_api/',
    entries: [
      {
        ...{ id: 'x', type: 'span' },
        attributes: {
          ...{
            span_id: '1',
            span_kind: 'llm',
            model_name: 'm-1',
            start_ms: Date.parse(TIME),
            status: 'error',
          },
          ...{ input: { messages: [USER] }, output: {}, metrics: USAGE, tags: ['user_id:acct-1'] },
        },
      },
    ],
    expect: { outcome: 'error' },
  },
  {
    name: 'MLflow: a span that failed',
    source: 'https://mlflow.org/docs/latest/genai/concepts/span/',
    entries: [
      {
        ...{ span_id: 's', start_time_unix_nano: 1772352000123000000, account: 'acct-1' },
        status: { code: 'STATUS_CODE_ERROR', message: '' },
        attributes: {
          'mlflow.spanType': '"CHAT_MODEL"',
          'mlflow.spanInputs': JSON.stringify({ model: 'm-1', messages: [USER] }),
        },
      },
    ],
    expect: { outcome: 'error', usage: { inputTokens: 0, outputTokens: 0 } },
  },
  {
    name: 'Langfuse: cached tokens and thoughts are types of their own',
    source: 'https://langfuse.com/docs/model-usage-and-cost',
    entries: [
      {
        ...{ id: 'o', type: 'GENERATION', start_time: TIME, provided_model_name: 'm-1', user_id: 'acct-1' },
        ...{ input: JSON.stringify([USER]), output: 'By the moon.' },
        usage_details: {
          input: 2,
          input_cached_tokens: 10,
          output: 4,
          output_reasoning_tokens: 30,
          total: 46,
        },
      },
    ],
    expect: {},
  },
  {
    name: 'Vertex AI in BigQuery: empty columns beside the full bodies',
    source: 'https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/request-response-logging',
    entries: [
      {
        ...{ logging_time: TIME, account: 'acct-1', request_payload: [], response_payload: [], model: 'm-1' },
        full_request: { contents: [{ role: 'user', parts: [{ text: PROMPT }] }] },
        full_response: [
          { candidates: [{ content: { role: 'model', parts: [{ text: 'By' }] } }] },
          {
            candidates: [{ content: { parts: [{ text: ' the moon.' }] }, finishReason: 'MAX_TOKENS' }],
            usageMetadata: { promptTokenCount: 12, candidatesTokenCount: 34 },
          },
        ],
      },
    ],
    expect: { outcome: 'truncated' },
  },
  ...[
    [apim(0, WHOLE.slice(0, 40)), apim(1, WHOLE.slice(40)), APIM_OWNER],
    [APIM_OWNER, apim(1, WHOLE.slice(40)), apim(0, WHOLE.slice(0, 40))],
    [apim(0, ''), apim(1, WHOLE), APIM_OWNER],
    [
      apim(0, JSON.stringify([SYSTEM, { role: 'user', content: PROMPT.slice(0, 9) }])),
      apim(1, JSON.stringify([{ role: 'user', content: PROMPT.slice(9) }])),
      APIM_OWNER,
    ],
  ].map((entries, i) => ({
    name: `Azure API Management: long messages in parts (${i + 1})`,
    source: APIM,
    entries,
    expect: { messages: BRIEFED },
  })),
  {
    name: 'Application Insights in Log Analytics: attributes as text of a column',
    source: 'https://learn.microsoft.com/azure/azure-monitor/reference/tables/appdependencies',
    entries: [
      {
        ...{ TimeGenerated: TIME, Id: 'a1', OperationId: 'b1', Name: 'chat m-1', Success: false },
        Properties: JSON.stringify({ ...GENAI, 'gen_ai.input.messages': PARTS }),
      },
    ],
    expect: { outcome: 'error' },
  },
  {
    name: 'Cloud Logging: attributes of a log event as labels',
    source: 'https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry',
    entries: [
      {
        ...{ insertId: 'i', logName: 'projects/p/logs/genai', timestamp: TIME, spanId: 'a1' },
        labels: { ...GENAI, 'gen_ai.usage.input_tokens': '12', 'gen_ai.usage.output_tokens': '34' },
        jsonPayload: { 'gen_ai.input.messages': JSON.parse(PARTS) },
      },
    ],
    expect: {},
  },
  {
    name: 'OpenInference: who asks in metadata, which is JSON as text',
    source: 'https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md',
    entries: [
      span({
        ...{ 'openinference.span.kind': 'LLM', 'llm.model_name': 'm-1', metadata: '{"user_id":"acct-1"}' },
        ...{ 'input.mime_type': 'application/json', 'input.value': JSON.stringify({ messages: [USER] }) },
        ...{ 'llm.token_count.prompt': 12, 'llm.token_count.completion': 34 },
      }),
    ],
    expect: {},
  },
  {
    name: 'Phoenix: parts of messages numbered in the names of columns',
    source: 'https://arize.com/docs/phoenix/sdk-api-reference',
    entries: [
      {
        ...{ span_kind: 'LLM', start_time: TIME, status_code: 'OK', 'context.span_id': 'a1' },
        attributes: {
          user: { id: 'acct-1' },
          llm: {
            ...{ model_name: 'm-1', token_count: { prompt: 12, completion: 34 } },
            input_messages: [
              {
                message: {
                  role: 'user',
                  contents: [
                    { message_content: { type: 'text', text: PROMPT } },
                    { message_content: { type: 'image', image: { image: { url: 'x' } } } },
                  ],
                },
              },
            ],
          },
        },
      },
    ],
    expect: {},
  },
  table('ClickHouse', 'https://clickhouse.com/docs/interfaces/formats/JSONCompact', {
    ...{ meta: named, data: [row], rows: 1 },
  }),
  table('BigQuery', 'https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/getQueryResults', {
    schema: { fields: named },
    rows: [{ f: row.map((v) => ({ v })) }],
  }),
  table('Athena', 'https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryResults.html', {
    ResultSet: {
      ResultSetMetadata: { ColumnInfo: COLUMNS.map((Name) => ({ Name, Type: 'varchar' })) },
      Rows: [COLUMNS, row].map((cells) => ({ Data: cells.map((VarCharValue) => ({ VarCharValue })) })),
    },
  }),
  table('Snowflake', 'https://docs.snowflake.com/en/developer-guide/sql-api/handling-responses', {
    resultSetMetaData: { numRows: 1, rowType: named },
    data: [row],
  }),
  table('pandas', 'https://pandas.pydata.org/docs/reference/api/pandas.DataFrame.to_json.html', {
    ...{ columns: COLUMNS, index: [0], data: [row] },
  }),
  {
    name: 'LangSmith: rows of a table, JSON as text',
    source: 'https://docs.langchain.com/langsmith/data-export',
    entries: [
      {
        ...{ id: 'run', run_type: 'llm', start_time: TIME, error: '' },
        inputs: JSON.stringify({ model: 'm-1', messages: [USER] }),
        outputs: JSON.stringify(chat()),
        extra: JSON.stringify({ metadata: { user_id: 'acct-1' } }),
      },
    ],
    expect: {},
  },
  {
    name: 'Langfuse’s attributes: a generation that failed, with cached tokens apart',
    source: 'https://langfuse.com/integrations/native/opentelemetry#property-mapping',
    entries: [
      span({
        ...{ 'langfuse.observation.type': 'generation', 'langfuse.observation.level': 'ERROR' },
        'langfuse.observation.input': JSON.stringify([USER]),
        'langfuse.observation.model.name': 'm-1',
        'langfuse.observation.usage_details': '{"input":2,"input_cached_tokens":10,"output":34,"total":46}',
        'user.id': 'acct-1',
      }),
    ],
    expect: { outcome: 'error' },
  },
  {
    name: 'PostHog: cached tokens of Anthropic are apart',
    source: 'https://posthog.com/docs/llm-analytics/calculating-costs',
    entries: [
      {
        ...{ event: '$ai_generation', distinct_id: 'acct-1', timestamp: TIME },
        properties: {
          ...{ $ai_provider: 'anthropic', $ai_model: 'm-1', $ai_input: [USER], $ai_output_choices: [] },
          ...{ $ai_input_tokens: 2, $ai_cache_read_input_tokens: 10, $ai_output_tokens: 34 },
        },
      },
    ],
    expect: {},
  },
  {
    name: 'MLflow: a trace of version 2 that failed',
    source: 'https://mlflow.org/docs/2.22.0/tracing/search',
    entries: [
      {
        info: { request_id: 't', request_metadata: { 'mlflow.trace.user': 'acct-1' } },
        data: {
          spans: [
            {
              ...{ context: { span_id: '0x1' }, start_time: 1772352000123000000, status_code: 'ERROR' },
              attributes: {
                'mlflow.spanType': '"CHAT_MODEL"',
                'mlflow.spanInputs': JSON.stringify({ model: 'm-1', messages: [USER] }),
              },
            },
          ],
        },
      },
    ],
    expect: { outcome: 'error', usage: { inputTokens: 0, outputTokens: 0 } },
  },
  {
    name: 'GELF: bodies in fields of the application',
    source: 'https://go2docs.graylog.org/current/getting_in_log_data/gelf.html',
    entries: [
      {
        ...{ version: '1.1', host: 'h', short_message: 'call', timestamp: Date.parse(TIME) / 1000 },
        ...{ _account: 'acct-1', _request: JSON.stringify({ model: 'm-1', messages: [USER] }) },
        _response: JSON.stringify(chat()),
      },
    ],
    expect: {},
  },
  {
    name: 'Snowflake: names of columns in capitals',
    source: 'https://docs.snowflake.com/en/sql-reference/identifiers-syntax',
    entries: [
      {
        ...{ CREATED_AT: '2026-03-01 08:00:00.123 Z', ACCOUNT_ID: 'acct-1' },
        REQUEST_BODY: JSON.stringify({ model: 'm-1', messages: [USER] }),
        RESPONSE_BODY: JSON.stringify(chat()),
      },
    ],
    expect: {},
  },
  {
    name: 'a gateway’s own log record in OpenTelemetry, structured',
    source: 'https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-body',
    entries: [
      {
        resourceLogs: [
          {
            scopeLogs: [
              {
                logRecords: [
                  {
                    body: {
                      kvlistValue: {
                        values: attributes({
                          ...{ time: TIME, account: 'acct-1', response: chat() },
                          request: { model: 'm-1', messages: [USER] },
                        }),
                      },
                    },
                  },
                ],
              },
            ],
          },
        ],
      },
    ],
    expect: {},
  },
];
