import {
  AGENTIC,
  BRIEFED,
  base64,
  bedrock,
  chat,
  type GatewayShape,
  litellm,
  PROMPT,
  pair,
  RESULT,
  response,
  SECONDS,
  SYSTEM,
  TIME,
  USER,
} from './shape.ts';

/** A row of the spend logs: columns of the table, some of them JSON. */
const spend = (over: object = {}) => ({
  ...{
    request_id: 'l-1',
    call_type: 'acompletion',
    api_key: 'h',
    spend: 0.1,
    total_tokens: 46,
    prompt_tokens: 12,
    completion_tokens: 34,
  },
  ...{
    startTime: '2026-03-01T08:00:00.123000',
    endTime: '2026-03-01T08:00:02',
    model: 'm-1',
    model_group: 'm-1',
    user: 'u',
    team_id: 'acct-1',
    end_user: '',
  },
  metadata: { status: 'success', user_api_key: 'h' },
  messages: [USER],
  response: chat(),
  proxy_server_request: {},
  ...over,
});

/** Payloads of LiteLLM, and exports of products. */
export const PRODUCT_SHAPES: readonly GatewayShape[] = [
  {
    name: 'LiteLLM: a conversation with tools, and parameters of the call',
    source: 'https://docs.litellm.ai/docs/proxy/logging_spec',
    entries: [
      litellm({
        messages: [
          USER,
          {
            role: 'assistant',
            content: null,
            tool_calls: [{ id: 't', type: 'function', function: { name: 'tide', arguments: '{}' } }],
          },
          { role: 'tool', tool_call_id: 't', content: RESULT },
        ],
        model_parameters: { temperature: 0.2, max_tokens: 9, stream: true, extra_body: {} },
        response: chat({}, { finish_reason: 'length' }),
      }),
    ],
    expect: { messages: AGENTIC, outcome: 'truncated', params: { temperature: 0.2, maxTokens: 9 } },
  },
  {
    name: 'LiteLLM: the callback with its payload inside',
    source: 'https://docs.litellm.ai/docs/proxy/logging#custom-callback-apis-async',
    entries: [{ model: 'm-1', litellm_params: {}, standard_logging_object: litellm() }],
    expect: {},
  },
  {
    name: 'LiteLLM: a guardrail that intervened',
    source: 'https://docs.litellm.ai/docs/proxy/logging_spec#standardloggingguardrailinformation',
    entries: [
      litellm({
        status: 'failure',
        response: {},
        guardrail_information: [
          { guardrail_name: 'g', guardrail_mode: 'pre_call', guardrail_status: 'guardrail_intervened' },
        ],
        error_information: {
          error_code: '400',
          error_class: 'HTTPException',
          error_message: 'Violated moderation policy',
        },
      }),
    ],
    expect: { outcome: 'refused' },
  },
  {
    name: 'LiteLLM: a client that went away',
    source: 'https://docs.litellm.ai/docs/exception_mapping',
    entries: [
      litellm({
        status: 'failure',
        response: null,
        error_str: 'litellm.Timeout: Request timed out',
        error_information: { error_code: '408', error_class: 'Timeout' },
      }),
    ],
    expect: { outcome: 'error' },
  },
  {
    name: 'LiteLLM: a page of its spend logs',
    source: 'https://docs.litellm.ai/docs/proxy/cost_tracking (spend/logs/ui)',
    entries: [{ data: [spend()], total: 1, page: 1, page_size: 50, total_pages: 1 }],
    expect: {},
  },
  {
    name: 'LiteLLM: a row whose messages are empty and whose request is kept',
    source: 'https://docs.litellm.ai/docs/proxy/ui_logs',
    entries: [
      spend({
        messages: {},
        metadata: JSON.stringify({ status: 'success' }),
        proxy_server_request: JSON.stringify({ model: 'm-1', messages: [SYSTEM, USER], temperature: 0.3 }),
        response: JSON.stringify(chat()),
      }),
    ],
    expect: { messages: BRIEFED, params: { temperature: 0.3 } },
  },
  {
    name: 'LiteLLM: speech, images and rerank are no calls',
    source: 'https://docs.litellm.ai/docs/proxy/logging_spec (call_type)',
    entries: [litellm({ call_type: 'arerank', messages: PROMPT })],
    expect: 'no call',
  },
  {
    name: 'Langfuse: a page of observations of its API',
    source: 'https://api.reference.langfuse.com/#tag/observations',
    entries: [
      {
        data: [
          {
            id: 'o-1',
            ...{
              traceId: 't',
              type: 'GENERATION',
              name: 'chat',
              startTime: TIME,
              endTime: TIME,
              model: 'm-1',
              level: 'DEFAULT',
            },
            modelParameters: { temperature: 0.1 },
            input: { messages: [SYSTEM, USER] },
            output: { role: 'assistant', content: 'x' },
            usageDetails: { input: 12, output: 34, total: 46 },
            userId: 'acct-1',
          },
        ],
        meta: { page: 1, limit: 50, totalItems: 1, totalPages: 1 },
      },
    ],
    expect: { messages: BRIEFED, params: { temperature: 0.1 } },
  },
  {
    name: 'Datadog: a page of LLM Observability spans',
    source: 'https://docs.datadoghq.com/llm_observability/evaluations/export_api/',
    entries: [
      {
        data: [
          {
            ...{ id: 'd-1', type: 'span' },
            attributes: {
              ...{
                span_id: 's-1',
                trace_id: 't',
                span_kind: 'llm',
                ml_app: 'a',
                name: 'chat',
                start_ns: 1772352000123000000,
                duration: 5,
                status: 'ok',
              },
              ...{ model_name: 'm-1', model_provider: 'openai', tags: ['env:prod', 'user_id:acct-1'] },
              metadata: { temperature: 0.1 },
              metrics: { input_tokens: 12, output_tokens: 34, total_tokens: 46 },
              input: { messages: [USER] },
              output: { messages: [{ role: 'assistant', content: 'x' }] },
            },
          },
        ],
        meta: { elapsed: 1 },
        links: {},
      },
    ],
    expect: { params: { temperature: 0.1 } },
  },
  {
    name: 'OpenAI Agents SDK: a generation of its traces',
    source: 'https://openai.github.io/openai-agents-python/ref/tracing/span_data/',
    entries: [
      {
        ...{
          object: 'trace.span',
          id: 'span_1',
          trace_id: 'trace_1',
          parent_id: null,
          started_at: '2026-03-01T08:00:00.123000+00:00',
          ended_at: TIME,
          error: null,
        },
        span_data: {
          type: 'generation',
          input: [SYSTEM, USER],
          output: [{ role: 'assistant', content: 'x' }],
          model: 'm-1',
          model_config: { temperature: 0.2, base_url: 'x' },
          usage: { input_tokens: 12, output_tokens: 34 },
        },
        metadata: { user_id: 'acct-1' },
      },
    ],
    expect: { messages: BRIEFED, params: { temperature: 0.2 } },
  },
  {
    name: 'OpenAI Agents SDK: a call of a function is no call of a model',
    source: 'https://openai.github.io/openai-agents-python/ref/tracing/span_data/',
    entries: [
      {
        object: 'trace.span',
        id: 'span_2',
        started_at: TIME,
        span_data: { type: 'function', name: 'tide', input: '{}', output: RESULT },
      },
    ],
    expect: 'no call',
  },
  {
    name: 'Vertex AI: a row of the request-response log in BigQuery',
    source: 'https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/request-response-logging',
    entries: [
      {
        ...{
          endpoint: 'projects/p/locations/l/publishers/google/models/m-1',
          model: 'm-1',
          logging_time: TIME,
          request_id: '123',
          deployed_model_id: null,
        },
        full_request: JSON.stringify({
          contents: [{ role: 'user', parts: [{ text: PROMPT }] }],
          generationConfig: { temperature: 0.1 },
          labels: { account: 'acct-1' },
        }),
        full_response: JSON.stringify({
          candidates: [{ content: { role: 'model', parts: [{ text: 'x' }] }, finishReason: 'MAX_TOKENS' }],
          usageMetadata: { promptTokenCount: 12, candidatesTokenCount: 34 },
        }),
        metadata: JSON.stringify({ user: 'acct-1' }),
      },
    ],
    expect: { outcome: 'truncated', params: { temperature: 0.1 } },
  },
  {
    name: 'Azure API Management: its log of language models',
    source: 'https://learn.microsoft.com/azure/api-management/api-management-howto-llm-logs',
    entries: [
      {
        ...{
          time: TIME,
          category: 'GatewayLlmLogs',
          operationName: 'Microsoft.ApiManagement/GatewayLlmLogs',
          correlationId: 'c-1',
        },
        properties: {
          sequenceNumber: 0,
          modelName: 'm-1',
          promptTokens: 12,
          completionTokens: 34,
          isStreamCompletion: false,
          apimSubscriptionId: 'acct-1',
          requestMessages: JSON.stringify([SYSTEM, USER]),
          responseMessages: JSON.stringify([{ role: 'assistant', content: 'x' }]),
        },
      },
    ],
    expect: { messages: BRIEFED },
  },
  {
    name: 'Keywords AI: a log',
    source: 'https://docs.keywordsai.co/api-endpoints/observe/logs/request-logging-endpoint',
    entries: [
      {
        ...{
          id: 'k-1',
          timestamp: TIME,
          model: 'm-1',
          customer_identifier: 'acct-1',
          status_code: 200,
          prompt_tokens: 12,
          completion_tokens: 34,
          temperature: 0.6,
        },
        prompt_messages: [SYSTEM, USER],
        completion_message: { role: 'assistant', content: 'x' },
      },
    ],
    expect: { messages: BRIEFED, params: { temperature: 0.6 } },
  },
  {
    name: 'HoneyHive: a model event',
    source: 'https://docs.honeyhive.ai/schema-overview',
    entries: [
      {
        ...{
          event_id: 'h-1',
          event_type: 'model',
          event_name: 'chat',
          start_time: SECONDS * 1000 + 123,
          error: null,
        },
        config: { model: 'm-1', provider: 'openai', temperature: 0.6 },
        inputs: { chat_history: [SYSTEM, USER] },
        outputs: { role: 'assistant', content: 'x', finish_reason: 'length' },
        metadata: { prompt_tokens: 12, completion_tokens: 34 },
        user_properties: { user_id: 'acct-1' },
      },
    ],
    expect: { messages: BRIEFED, outcome: 'truncated', params: { temperature: 0.6 } },
  },
  {
    name: 'LangWatch: a span of a language model',
    source: 'https://docs.langwatch.ai/integration/rest-api',
    entries: [
      {
        ...{ span_id: 'w-1', trace_id: 't', type: 'llm', model: 'm-1', vendor: 'openai' },
        input: { type: 'chat_messages', value: [SYSTEM, USER] },
        output: { type: 'chat_messages', value: [{ role: 'assistant', content: 'x' }] },
        params: { temperature: 0.6 },
        metrics: { prompt_tokens: 12, completion_tokens: 34 },
        timestamps: { started_at: SECONDS * 1000 + 123, finished_at: SECONDS * 1000 + 900 },
        metadata: { user_id: 'acct-1' },
      },
    ],
    expect: { messages: BRIEFED, params: { temperature: 0.6 } },
  },
  {
    name: 'Braintrust: a page of events',
    source: 'https://www.braintrust.dev/docs/reference/api/Logs',
    entries: [
      {
        events: [
          {
            ...{ id: 'b-1', created: TIME, span_attributes: { type: 'llm', name: 'chat' }, error: null },
            ...{
              input: [SYSTEM, USER],
              output: [{ index: 0, finish_reason: 'length', message: { role: 'assistant', content: 'x' } }],
            },
            metadata: { model: 'm-1', temperature: 0.6, user_id: 'acct-1' },
            metrics: { prompt_tokens: 12, completion_tokens: 34, tokens: 46 },
          },
        ],
        cursor: 'c',
      },
    ],
    expect: { messages: BRIEFED, outcome: 'truncated', params: { temperature: 0.6 } },
  },
  {
    name: 'PostHog: a generation of the Responses API',
    source: 'https://posthog.com/docs/llm-analytics/generations',
    entries: [
      {
        ...{ event: '$ai_generation', distinct_id: 'acct-1', timestamp: TIME, uuid: 'p-1' },
        properties: {
          $ai_trace_id: 't',
          $ai_model: 'm-1',
          $ai_provider: 'openai',
          $ai_input: [{ role: 'user', content: [{ type: 'input_text', text: PROMPT }] }],
          $ai_output_choices: [{ role: 'assistant', content: 'x' }],
          $ai_input_tokens: 12,
          $ai_output_tokens: 34,
          $ai_http_status: 200,
          $ai_model_parameters: { temperature: 0.6 },
          $ai_is_error: false,
        },
      },
    ],
    expect: { params: { temperature: 0.6 } },
  },
  {
    name: 'nginx: a line of an access log with the body as text',
    source: 'https://nginx.org/en/docs/http/ngx_http_log_module.html (escape=json)',
    entries: [
      {
        ...{
          time: '2026-03-01T08:00:00.123+00:00',
          remote_addr: '203.0.113.9',
          account: 'acct-1',
          request: 'POST /v1/chat/completions HTTP/1.1',
          status: '200',
        },
        ...{
          http_user_agent: 'sdk/1',
          request_body: JSON.stringify({ model: 'm-1', messages: [USER] }),
          response_body: JSON.stringify(chat()),
        },
      },
    ],
    expect: {},
  },
  {
    name: 'a pair with snake_case envelopes: req and res, as Node loggers write them',
    source: 'https://getpino.io/#/docs/api?id=serializers-object',
    entries: [
      {
        ...{
          level: 30,
          time: SECONDS * 1000 + 123,
          pid: 1,
          hostname: 'h',
          account: 'acct-1',
          msg: 'request completed',
        },
        req: {
          method: 'POST',
          url: '/v1/chat/completions',
          headers: {},
          body: { model: 'm-1', messages: [USER] },
        },
        res: { statusCode: 200, body: chat() },
      },
    ],
    expect: {},
  },
  {
    name: 'MongoDB: dates and long numbers of Extended JSON',
    source: 'https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/',
    entries: [
      {
        ...{ _id: { $oid: '65f' }, time: { $date: TIME }, account: 'acct-1' },
        request: { model: 'm-1', messages: [USER], max_tokens: { $numberInt: '9' } },
        response: {
          ...chat(),
          usage: { prompt_tokens: { $numberLong: '12' }, completion_tokens: { $numberInt: '34' } },
        },
      },
    ],
    expect: { params: { maxTokens: 9 } },
  },
  {
    name: 'a body that was logged as text within its pair, and a numeric account',
    source:
      'https://docs.python.org/3/library/logging.html (extra), https://platform.openai.com/docs/api-reference/chat',
    entries: [
      pair({}, JSON.stringify(response()), {
        account: 7,
        request: JSON.stringify({ model: 'm-1', input: PROMPT }),
      }),
    ].map((entry) => ({ ...entry, request: JSON.stringify({ model: 'm-1', input: PROMPT }) })),
    expect: { account: '7' },
  },
];

const ENTRY = bedrock(
  'Converse',
  { messages: [{ role: 'user', content: [{ text: PROMPT }] }] },
  {
    output: { message: { role: 'assistant', content: [{ text: 'x' }] } },
    stopReason: 'end_turn',
  },
);
const TEXT = JSON.stringify(ENTRY);
const wrapped = (name: string, source: string, ...entries: readonly unknown[]): GatewayShape => ({
  name: `envelope: ${name}`,
  source,
  entries,
  expect: {},
});

/** Envelopes of shippers, queues and stores around an entry. */
export const ENVELOPE_SHAPES: readonly GatewayShape[] = [
  wrapped('SNS in SQS in Lambda', 'https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html', {
    Records: [
      {
        messageId: 'm',
        receiptHandle: 'r',
        body: JSON.stringify({ Type: 'Notification', MessageId: 'n', TopicArn: 't', Message: TEXT }),
        eventSource: 'aws:sqs',
      },
    ],
  }),
  wrapped('SNS in Lambda', 'https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html', {
    Records: [
      {
        EventVersion: '1.0',
        EventSource: 'aws:sns',
        Sns: { Type: 'Notification', MessageId: 'n', Message: TEXT },
      },
    ],
  }),
  wrapped(
    'SQS ReceiveMessage',
    'https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html',
    {
      Messages: [{ MessageId: 'm', ReceiptHandle: 'r', MD5OfBody: 'x', Body: TEXT }],
    },
  ),
  wrapped('EventBridge', 'https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html', {
    ...{
      version: '0',
      id: 'e',
      'detail-type': 'log',
      source: 'gateway',
      account: '1',
      time: TIME,
      region: 'eu-west-1',
      resources: [],
    },
    detail: ENTRY,
  }),
  wrapped('Kinesis in Lambda', 'https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html', {
    Records: [
      {
        kinesis: {
          kinesisSchemaVersion: '1.0',
          partitionKey: '1',
          sequenceNumber: '4',
          data: base64(`${TEXT}\n`),
        },
        eventSource: 'aws:kinesis',
      },
    ],
  }),
  wrapped(
    'Firehose to an HTTP endpoint',
    'https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html',
    {
      ...{ requestId: 'r', timestamp: 1772352000123 },
      records: [{ data: base64(TEXT) }],
    },
  ),
  wrapped('Pub/Sub push', 'https://cloud.google.com/pubsub/docs/push#receive_push', {
    message: { attributes: {}, data: base64(TEXT), messageId: '1', publishTime: TIME },
    subscription: 'projects/p/subscriptions/s',
  }),
  wrapped(
    'Pub/Sub pull',
    'https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.subscriptions/pull',
    {
      receivedMessages: [{ ackId: 'a', message: { data: base64(TEXT), messageId: '1', publishTime: TIME } }],
    },
  ),
  wrapped('Azure Event Grid', 'https://learn.microsoft.com/azure/event-grid/event-schema', {
    ...{
      id: 'e',
      topic: 't',
      subject: 's',
      eventType: 'log',
      eventTime: TIME,
      dataVersion: '1',
      metadataVersion: '1',
    },
    data: ENTRY,
  }),
  wrapped('Kafka, as kcat writes it', 'https://github.com/edenhill/kcat (-J)', {
    ...{ topic: 't', partition: 0, offset: 1, tstype: 'create', ts: 1772352000123, broker: 1, key: null },
    payload: TEXT,
  }),
  wrapped('Kafka Connect and REST proxy', 'https://docs.confluent.io/platform/current/kafka-rest/api.html', {
    ...{ topic: 't', key: null, partition: 0, offset: 1 },
    value: ENTRY,
  }),
  wrapped('journald', 'https://systemd.io/JOURNAL_EXPORT_FORMATS/', {
    ...{
      __CURSOR: 's=1',
      __REALTIME_TIMESTAMP: '1772352000123456',
      _HOSTNAME: 'h',
      PRIORITY: '6',
      SYSLOG_IDENTIFIER: 'gateway',
    },
    MESSAGE: TEXT,
  }),
  wrapped('journald, bytes', 'https://systemd.io/JOURNAL_EXPORT_FORMATS/', {
    ...{ __REALTIME_TIMESTAMP: '1772352000123456', _HOSTNAME: 'h' },
    MESSAGE: [...Buffer.from(TEXT)],
  }),
  wrapped('GELF', 'https://go2docs.graylog.org/current/getting_in_log_data/gelf.html', {
    ...{ version: '1.1', host: 'h', timestamp: SECONDS, level: 6, short_message: 'call' },
    full_message: TEXT,
  }),
  wrapped(
    'Fluentd, time and record',
    'https://docs.fluentd.org/formatter/json, https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1',
    [SECONDS, ENTRY],
  ),
  wrapped('Fluent Bit, a Kubernetes record', 'https://docs.fluentbit.io/manual/pipeline/filters/kubernetes', {
    ...{ date: SECONDS + 0.1, stream: 'stdout', _p: 'F', kubernetes: { pod_name: 'p' } },
    log: `${TEXT}\n`,
  }),
  wrapped(
    'Loki, a query',
    'https://grafana.com/docs/loki/latest/reference/loki-http-api/#query-logs-within-a-range-of-time',
    {
      status: 'success',
      data: {
        resultType: 'streams',
        result: [{ stream: { app: 'gateway' }, values: [['1772352000123000000', TEXT]] }],
        stats: {},
      },
    },
  ),
  wrapped('Loki, pushed', 'https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs', {
    streams: [{ stream: { app: 'gateway' }, values: [['1772352000123000000', TEXT]] }],
  }),
  wrapped(
    'Splunk, a result of a search',
    'https://help.splunk.com/en/splunk-enterprise/leverage-rest-apis/rest-api-reference',
    {
      preview: false,
      offset: 0,
      result: { _raw: TEXT, _time: '2026-03-01T08:00:00.123+00:00', sourcetype: 'json' },
    },
  ),
  wrapped('Datadog, a page of logs', 'https://docs.datadoghq.com/api/latest/logs/#search-logs-get', {
    data: [
      {
        id: 'l',
        type: 'log',
        attributes: { service: 'gateway', status: 'info', timestamp: TIME, tags: [], attributes: ENTRY },
      },
    ],
    meta: { page: { after: 'x' } },
  }),
  wrapped(
    'CloudWatch Logs Insights, exported',
    'https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_Insights-Saving-Queries.html',
    [{ '@timestamp': '2026-03-01 08:00:00.123', '@message': TEXT }],
  ),
  wrapped(
    'CloudWatch Logs Insights, parsed message',
    'https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AnalyzingLogData.html',
    { '@timestamp': '2026-03-01 08:00:00.123', '@message': ENTRY, '@ptr': 'x' },
  ),
  wrapped(
    'OpenTelemetry collector, logs read from files',
    'https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/receiver/filelogreceiver',
    {
      resourceLogs: [
        {
          resource: {},
          scopeLogs: [
            {
              scope: {},
              logRecords: [
                { timeUnixNano: '1772352000123000000', body: { stringValue: TEXT }, attributes: [] },
              ],
            },
          ],
        },
      ],
    },
  ),
  wrapped(
    'an API Gateway proxy event of Lambda',
    'https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html',
    {
      ...{ version: '2.0', rawPath: '/ingest', headers: {}, requestContext: {}, isBase64Encoded: true },
      body: base64(TEXT),
    },
  ),
];
