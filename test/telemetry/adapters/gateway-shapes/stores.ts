import { chat, type GatewayShape, PROMPT, pair, SECONDS, TIME, USER } from './shape.ts';

const usual = pair({ messages: [USER] }, chat());
const texts = { request: JSON.stringify(usual.request), response: JSON.stringify(usual.response) };
const other = (
  name: string,
  source: string,
  entries: readonly unknown[],
  expect: GatewayShape['expect'] = {},
): GatewayShape => ({
  ...{ name, source, entries, expect },
});

const dynamo = {
  time: { S: TIME },
  account: { S: 'acct-1' },
  request: { S: texts.request },
  response: { S: texts.response },
};
const sentry = {
  ...{ op: 'gen_ai.chat', description: 'chat m-1', start_timestamp: SECONDS + 0.123, timestamp: SECONDS + 2 },
  ...{ span_id: 'a1b2c3d4e5f60718', trace_id: '0af7651916cd43dd8448eb211c80319c' },
  data: {
    ...{
      'gen_ai.operation.name': 'chat',
      'gen_ai.request.model': 'm-1',
      'gen_ai.request.messages': JSON.stringify([USER]),
    },
    ...{ 'gen_ai.usage.input_tokens': 12, 'gen_ai.usage.output_tokens': 34 },
  },
};
const SUMMARY = {
  ...{ eventType: 'LlmChatCompletionSummary', id: 's1', timestamp: SECONDS * 1000 + 123, vendor: 'openai' },
  ...{ 'request.model': 'm-1', 'response.choices.finish_reason': 'stop', 'llm.user_id': 'acct-1' },
  ...{ 'response.usage.prompt_tokens': 12, 'response.usage.completion_tokens': 34 },
};
const MESSAGES = [
  { eventType: 'LlmChatCompletionMessage', completion_id: 's1', role: 'user', sequence: 0, content: PROMPT },
  {
    eventType: 'LlmChatCompletionMessage',
    completion_id: 's1',
    role: 'assistant',
    sequence: 1,
    is_response: true,
    content: 'x',
  },
];
const LANGFUSE = 'https://api.reference.langfuse.com/#tag/ingestion/POST/api/public/ingestion';
const NEW_RELIC = 'https://docs.newrelic.com/attribute-dictionary/?event=LlmChatCompletionSummary';

const ANSWER = { choices: [{ message: { content: 'By the moon.' }, finish_reason: 'length' }] };

/** What stores and products keep of a call in forms of their own. */
export const STORE_SHAPES: readonly GatewayShape[] = [
  other(
    'DynamoDB, an export',
    'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html',
    [{ Item: dynamo }],
  ),
  other(
    'Kong, the model in what its plugin tells',
    'https://developer.konghq.com/ai-gateway/ai-audit-log-reference/',
    [
      {
        ...{
          started_at: SECONDS * 1000 + 123,
          consumer: { username: 'acct-1' },
          request: {},
          response: { status: 200 },
        },
        ai: {
          proxy: {
            payload: { request: JSON.stringify({ messages: [USER] }), response: JSON.stringify(ANSWER) },
            meta: { request_model: 'm-1', response_model: 'm-1-2026' },
            usage: { prompt_tokens: 12, completion_tokens: 34 },
          },
        },
      },
    ],
    { outcome: 'truncated' },
  ),
  other("Mistral's Conversations", 'https://docs.mistral.ai/api/#tag/beta.conversations', [
    pair(
      { inputs: [USER] },
      {
        outputs: [{ type: 'message.output', content: 'x' }],
        usage: { prompt_tokens: 12, completion_tokens: 34 },
      },
    ),
  ]),
  other("Gemini's Interactions", 'https://ai.google.dev/gemini-api/docs/interactions', [
    pair(
      { input: PROMPT },
      {
        outputs: [{ type: 'text', text: 'x' }],
        status: 'completed',
        usage: { total_input_tokens: 12, total_output_tokens: 34 },
      },
    ),
  ]),
  other(
    'a flat entry with a question and an answer (Dify)',
    'https://docs.dify.ai/en/guides/application-publishing/developing-with-apis',
    [
      {
        created_at: SECONDS + 0.123,
        account: 'acct-1',
        model: 'm-1',
        query: PROMPT,
        answer: 'x',
        prompt_tokens: 12,
        completion_tokens: 34,
      },
    ],
  ),
  other('DynamoDB, a stream to a function', 'https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html', [
    { Records: [{ eventName: 'INSERT', eventSource: 'aws:dynamodb', dynamodb: { NewImage: dynamo } }] },
  ]),
  other("Avro's JSON encoding", 'https://avro.apache.org/docs/1.12.0/specification/#json-encoding', [
    {
      time: { string: TIME },
      account: { string: 'acct-1' },
      request: { string: texts.request },
      response: { string: texts.response },
      note: null,
    },
  ]),
  other('Sentry, a span with its user', 'https://develop.sentry.dev/sdk/telemetry/spans/span-protocol/', [
    { ...sentry, data: { ...sentry.data, 'user.id': 'acct-1' } },
  ]),
  other('Sentry, a transaction', 'https://develop.sentry.dev/sdk/data-model/event-payloads/transaction/', [
    { type: 'transaction', event_id: 'e', user: { id: 'acct-1' }, spans: [sentry] },
  ]),
  other('Langfuse, a batch of ingestion', LANGFUSE, [
    {
      batch: [
        { id: 'e1', type: 'trace-create', timestamp: TIME, body: { id: 't1', userId: 'acct-1' } },
        {
          id: 'e2',
          type: 'generation-create',
          timestamp: TIME,
          body: { id: 'g1', traceId: 't1', startTime: TIME, model: 'm-1', input: [USER] },
        },
        {
          id: 'e3',
          type: 'generation-update',
          timestamp: TIME,
          body: {
            id: 'g1',
            output: { role: 'assistant', content: 'x' },
            usage: { input: 12, output: 34, unit: 'TOKENS' },
          },
        },
      ],
    },
  ]),
  other('New Relic, all events in a list', NEW_RELIC, [[...MESSAGES, SUMMARY]]),
  other('New Relic, an event a line, with their count', NEW_RELIC, [
    { ...SUMMARY, 'response.number_of_messages': 2 },
    ...MESSAGES,
  ]),
  other('New Relic, embeddings', NEW_RELIC, [{ eventType: 'LlmEmbedding', id: 'e', input: 'x' }], 'no call'),
  other(
    'New Relic, a summary without messages',
    NEW_RELIC,
    [SUMMARY],
    /LlmChatCompletionMessage: no messages/,
  ),
  other(
    'APISIX, logged by its AI proxy',
    'https://apisix.apache.org/docs/apisix/plugins/ai-proxy/',
    [
      {
        ...{ start_time: SECONDS * 1000 + 123, client_ip: '203.0.113.9', consumer: { username: 'acct-1' } },
        request: { uri: '/v1/chat/completions', method: 'POST', headers: { host: 'h' } },
        response: { status: 200, headers: {} },
        llm_request: { model: 'm-1', messages: [USER] },
        llm_response_text: { content: 'By the moon.' },
        llm_summary: { model: 'm-1', duration: 5, prompt_tokens: 12, completion_tokens: 34 },
      },
    ],
    { origin: { ip: '203.0.113.9' } },
  ),
  other(
    'Higress, its AI statistics',
    'https://higress.cn/en/docs/latest/plugins/ai/api-o11y/ai-statistics/',
    [
      {
        ...{ start_time: TIME, method: 'POST', path: '/v1/chat/completions', response_code: 200 },
        ai_log: JSON.stringify({
          question: PROMPT,
          answer: 'x',
          model: 'm-1',
          input_token: 12,
          output_token: 34,
          consumer: 'acct-1',
        }),
      },
    ],
  ),
  ...[
    ['Filebeat', { offset: 0, file: { path: '/var/log/gw.json' } }],
    ['Logstash', { file: { path: '/var/log/gw.json' } }],
    ['a logger of ECS', { level: 'info', logger: 'gw' }],
  ].map(([name, log]) =>
    other(
      `a line in message, with log beside it: ${name}`,
      'https://www.elastic.co/docs/reference/ecs/ecs-log',
      [{ '@timestamp': TIME, log, message: JSON.stringify(usual), input: { type: 'filestream' } }],
    ),
  ),
  other(
    'Datadog LLM Observability, its export of spans',
    'https://docs.datadoghq.com/llm_observability/evaluations/export_api/',
    [
      {
        data: [
          {
            ...{ id: 'AAA', type: 'spans' },
            attributes: {
              ...{
                span_id: 's1',
                span_kind: 'llm',
                model_name: 'm-1',
                status: 'ok',
                tags: ['user_id:acct-1'],
              },
              start_ms: SECONDS * 1000 + 123,
              input: { messages: [USER] },
              output: { messages: [{ role: 'assistant', content: 'By the moon.' }] },
              metrics: { input_tokens: 12, output_tokens: 34 },
            },
          },
        ],
      },
    ],
  ),
  other(
    'a bulk request of Elasticsearch',
    'https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk',
    [{ index: { _index: 'gateway' } }, usual],
  ),
  other(
    'Langfuse, observations as its API names them',
    'https://langfuse.com/docs/api-and-data-platform/features/observations-api',
    [
      [
        {
          ...{ id: 'o1', type: 'GENERATION', userId: 'acct-1', startTime: TIME, providedModelName: 'm-1' },
          ...{ input: JSON.stringify({ messages: [USER] }), output: 'x' },
          usageDetails: { input: 12, output: 34 },
        },
      ],
    ],
  ),
  other(
    'API Management in Log Analytics, as its query API answers',
    'https://learn.microsoft.com/azure/azure-monitor/logs/api/response-format',
    [
      {
        tables: [
          {
            name: 'PrimaryResult',
            columns: [
              ...['TimeGenerated', 'CorrelationId', 'ModelName', 'PromptTokens', 'CompletionTokens'],
              ...['RequestMessages', 'ResponseMessages', 'ApimSubscriptionId'],
            ].map((name) => ({ name })),
            rows: [[TIME, 'c', 'm-1', 12, 34, JSON.stringify([USER]), '[]', 'acct-1']],
          },
        ],
      },
    ],
  ),
];
