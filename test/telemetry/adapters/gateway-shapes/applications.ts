import {
  AGENTIC,
  ASKED,
  BRIEFED,
  base64,
  chat,
  type GatewayShape,
  litellm,
  logs,
  PROMPT,
  RESULT,
  SECONDS,
  SYSTEM,
  TIME,
  USER,
} from './shape.ts';

const shape = (
  name: string,
  source: string,
  entries: readonly unknown[],
  expect: GatewayShape['expect'] = {},
): GatewayShape => ({ name, source, entries, expect });

const CUT = { choices: [{ index: 0, message: { content: 'By' }, finish_reason: 'length' }] };
const REQUEST = { model: 'm-1', messages: [USER] };

/** What LiteLLM logs of a call that its proxy passes through: the whole body as the text of one message. */
const passed = (body: string) =>
  litellm({
    call_type: 'pass_through_endpoint',
    model: 'm-1',
    model_group: '',
    messages: [{ role: 'user', content: body }],
  });
const PASS_THROUGH = 'https://docs.litellm.ai/docs/proxy/pass_through';
const GEMINI = { contents: [{ role: 'user', parts: [{ text: PROMPT }] }] };

/** One flat entry a call. */
const flat = (over: object) => ({
  ...{ time: TIME, account: 'acct-1', model: 'm-1', response: 'By the moon.' },
  ...{ usage: { prompt_tokens: 12, completion_tokens: 34 } },
  ...over,
});

const J = JSON.stringify;
/** Rows of exports as CSV has them: every column a text. */
const TABLES: readonly (readonly [name: string, entry: object])[] = [
  [
    'Opik',
    {
      id: 'o',
      type: 'llm',
      start_time: TIME,
      user_id: 'acct-1',
      model: 'm-1',
      input: J({ messages: [USER] }),
      output: J(chat()),
      usage: J(chat().usage),
    },
  ],
  [
    'Braintrust',
    {
      id: 'b',
      created: TIME,
      span_attributes: '{"type":"llm"}',
      metadata: J({ model: 'm-1', account: 'acct-1' }),
      metrics: J(chat().usage),
      input: J([USER]),
      output: '[]',
    },
  ],
  [
    'PostHog',
    {
      event: '$ai_generation',
      distinct_id: 'acct-1',
      timestamp: TIME,
      properties: J({ $ai_model: 'm-1', $ai_input: [USER], $ai_input_tokens: 12, $ai_output_tokens: 34 }),
    },
  ],
  [
    'Weave',
    {
      id: 'w',
      op_name: 'x.chat.completions.create:1',
      started_at: TIME,
      wb_user_id: 'acct-1',
      inputs: J(REQUEST),
      output: J(chat()),
    },
  ],
  [
    'Lunary',
    {
      id: 'l',
      type: 'llm',
      name: 'm-1',
      tokens: '{"prompt":12,"completion":34}',
      input: J([USER]),
      createdAt: TIME,
      user_id: 'acct-1',
    },
  ],
];

/** A row of Phoenix's data frame, whose lists of messages pandas prints into CSV. */
const frame = (messages: string) => ({
  ...{ name: 'ChatCompletion', span_kind: 'LLM', start_time: TIME, 'context.span_id': '12' },
  ...{ status_code: 'OK', 'attributes.llm.model_name': 'm-1', 'attributes.user.id': 'acct-1' },
  ...{ 'attributes.llm.token_count.prompt': '12.0', 'attributes.llm.token_count.completion': '34.0' },
  'attributes.llm.input_messages': messages,
});
const FRAME = 'https://arize.com/docs/phoenix/sdk-api-reference (get_spans_dataframe)';

const dify = (over: object = {}) => ({
  ...{ id: 'd-1', app_id: 'a', model_id: 'm-1', created_at: TIME, from_source: 'api', from_account_id: '' },
  ...{ from_end_user_id: 'acct-1', query: PROMPT, answer: 'By the moon.', status: 'normal', error: '' },
  ...{ message_tokens: '12', answer_tokens: '34' },
  message: JSON.stringify([
    { role: 'system', text: 'Be brief', files: [] },
    { role: 'user', text: PROMPT, files: [] },
  ]),
  ...over,
});
const DIFY = 'https://github.com/langgenius/dify/blob/main/api/models/model.py (messages)';

const KSERVE = 'https://kserve.github.io/website/docs/model-serving/inferenceservice/logger';
const cloudEvent = (kind: string, time: string, data: unknown) => ({
  ...{ specversion: '1.0', id: 'k-1', source: 'http://llm/', type: `org.kubeflow.serving.inference.${kind}` },
  ...{ time, inferenceservicename: 'llm', tenant: 'acct-1', data },
});

const TAP = 'https://www.envoyproxy.io/docs/envoy/latest/api-v3/data/tap/v3/http.proto';
const tap = (request: object, response: object) => ({
  account: 'acct-1',
  http_buffered_trace: {
    request: {
      headers: [
        { key: ':path', value: '/v1/chat/completions' },
        { key: 'x-request-id', value: 't-1' },
        { key: 'x-customer', value: 'acct-1' },
      ],
      headers_received_time: TIME,
      body: request,
    },
    response: { headers: [{ key: ':status', value: '200' }], body: response },
  },
});

const LANGFUSE = 'https://langfuse.com/docs/api-and-data-platform/features/export-to-blob-storage';
const observation = {
  ...{
    id: 'o-1',
    trace_id: 't-1',
    type: 'GENERATION',
    start_time: '2026-03-01 08:00:00.123',
    level: 'DEFAULT',
  },
  ...{ provided_model_name: 'm-1', usage_details: { input: 12, output: 34 }, user_id: null },
  ...{
    input: JSON.stringify([USER]),
    output: JSON.stringify({ role: 'assistant', content: 'By the moon.' }),
  },
};
const trace = {
  ...{ id: 't-1', timestamp: '2026-03-01 08:00:00', name: 'chat', user_id: 'acct-1', session_id: 's' },
  ...{ release: null, bookmarked: false, public: false, tags: [], input: JSON.stringify('x'), output: null },
};
const mlflow = {
  info: { trace_id: 'tr-1', trace_metadata: { 'mlflow.trace.user': 'acct-1' }, state: 'OK' },
  data: {
    spans: [
      {
        ...{ trace_id: 'dHI=', span_id: 'c3A=', name: 'Completions', status: { code: 'STATUS_CODE_OK' } },
        ...{ start_time_unix_nano: SECONDS * 1e9 + 123e6 },
        attributes: {
          'mlflow.spanType': '"CHAT_MODEL"',
          'mlflow.spanInputs': JSON.stringify(REQUEST),
          'mlflow.spanOutputs': JSON.stringify(chat()),
        },
      },
    ],
  },
};
const llmCall = {
  ...{ type: 'LLMCall', messages: [SYSTEM, USER], response: chat(), agent_id: 'assistant/1' },
  ...{ prompt_tokens: 12, completion_tokens: 34, tenant: 'acct-1' },
};

/** Applications, agents and proxies that write a call in forms of their own, and logs that hold no prompts. */
export const APPLICATION_SHAPES: readonly GatewayShape[] = [
  shape('LiteLLM: a body passed through', PASS_THROUGH, [passed(JSON.stringify(GEMINI))]),
  shape('LiteLLM: a body passed through, as Python prints it', PASS_THROUGH, [
    passed(`{'contents': [{'role': 'user', 'parts': [{'text': '${PROMPT}'}]}], 'safety': None}`),
  ]),
  shape(
    'LiteLLM: a customer’s JSON in a call of its own',
    'https://docs.litellm.ai/docs/proxy/logging_spec',
    [litellm({ messages: [{ role: 'user', content: JSON.stringify(GEMINI) }] })],
    { messages: [{ role: 'user', content: JSON.stringify(GEMINI) }] },
  ),
  shape(
    'LiteLLM: speech passed through',
    PASS_THROUGH,
    [passed('{"text": "Say this", "voice": "x"}')],
    'no call',
  ),
  shape(
    'LiteLLM: a body passed through to an unknown API',
    PASS_THROUGH,
    [passed('{"utterance": "Say this"}')],
    /of an API that is not known/,
  ),
  shape('a body as Python prints it', 'https://docs.python.org/3/library/stdtypes.html#dict', [
    {
      ...{ time: TIME, account: 'acct-1' },
      request: `{'model': 'm-1', 'messages': [{'role': 'user', 'content': '${PROMPT}'}]}`,
      response: "{'choices': [], 'usage': {'prompt_tokens': 12, 'completion_tokens': 34}}",
    },
  ]),
  shape('bodies that are the JSON of JSON', 'https://datatracker.ietf.org/doc/html/rfc8259', [
    {
      ...{ time: TIME, account: 'acct-1' },
      request: JSON.stringify(JSON.stringify(REQUEST)),
      response: JSON.stringify(JSON.stringify(chat())),
    },
  ]),
  shape(
    'messages that are the JSON of JSON, in a flat entry',
    'https://datatracker.ietf.org/doc/html/rfc8259',
    [flat({ messages: JSON.stringify(JSON.stringify([USER])) })],
  ),
  shape(
    'messages as numpy prints them',
    'https://numpy.org/doc/stable/reference/generated/numpy.array_repr.html',
    [flat({ prompt: `array([{'role': 'user', 'content': '${PROMPT}'}], dtype=object)` })],
  ),
  shape('LlamaIndex’s messages of blocks', 'https://docs.llamaindex.ai/en/stable/api_reference/prompts/', [
    flat({ messages: [{ role: 'user', blocks: [{ block_type: 'text', text: PROMPT }] }] }),
  ]),
  shape(
    'Cohere’s question and history, in a flat entry',
    'https://docs.cohere.com/v1/reference/chat',
    [flat({ message: PROMPT, chat_history: [{ role: 'CHATBOT', message: 'Welcome.' }] })],
    { messages: [{ role: 'assistant', content: 'Welcome.' }, ...ASKED] },
  ),
  ...TABLES.map(([name, entry]) =>
    shape(`${name}, a table of text columns`, 'https://www.rfc-editor.org/rfc/rfc4180', [entry]),
  ),
  shape(
    'Phoenix’s data frame as CSV',
    FRAME,
    [
      frame(
        `[{'message.role': 'system', 'message.content': 'Be brief'}, {'message.role': 'user', 'message.content': '${PROMPT}'}]`,
      ),
    ],
    { messages: BRIEFED },
  ),
  shape('Phoenix’s data frame as CSV, a message of parts', FRAME, [
    frame(
      `[{'message.role': 'user', 'message.contents': [{'message_content.type': 'text', 'message_content.text': '${PROMPT}'}, {'message_content.type': 'image', 'message_content.image.image.url': 'https://e.org/a.png'}]}]`,
    ),
  ]),
  shape(
    'Phoenix’s data frame as JSON, with a tool',
    FRAME,
    [
      frame(
        JSON.stringify([
          { 'message.role': 'user', 'message.content': PROMPT },
          { 'message.role': 'assistant', 'message.tool_calls': [{ 'tool_call.function.name': 'tide' }] },
          { 'message.role': 'tool', 'message.content': RESULT },
        ]),
      ),
    ],
    { messages: AGENTIC },
  ),
  shape('Dify’s messages', DIFY, [dify()], { messages: BRIEFED }),
  shape(
    'Dify’s messages of a workflow that failed',
    DIFY,
    [dify({ message: '[]', status: 'error', error: 'x' })],
    {
      outcome: 'error',
    },
  ),
  shape(
    'Galileo’s traces',
    'https://v2docs.galileo.ai/sdk-api/python/reference/log-stream',
    [
      {
        traces: [
          {
            ...{ type: 'trace', input: PROMPT, user: 'acct-1' },
            spans: [
              {
                ...{ type: 'llm', id: 'g', model: 'm-1', created_at: TIME, tenant: 'acct-1' },
                ...{ input: [SYSTEM, USER], output: { role: 'assistant', content: 'By the moon.' } },
                metrics: { num_input_tokens: 12, num_output_tokens: 34 },
              },
            ],
          },
        ],
      },
    ],
    { messages: BRIEFED },
  ),
  shape(
    'Portkey’s export, with names that have dots',
    'https://portkey.ai/docs/product/observability/logs-export',
    [
      {
        ...{ id: 'p', created_at: TIME, ai_org: 'openai', ai_model: 'm-1', is_success: 1, req_units: 12 },
        ...{ res_units: 34, response_status_code: 200, metadata: { _user: 'acct-1' } },
        ...{ 'request.body': REQUEST, 'response.body': CUT },
      },
    ],
    { outcome: 'truncated' },
  ),
  shape(
    'LLM Gateway’s logs',
    'https://docs.llmgateway.io',
    [
      {
        logs: [
          {
            ...{ id: 'l', createdAt: TIME, organizationId: 'acct-1', projectId: 'p', apiKeyId: 'k' },
            ...{ requestedModel: 'm-1', usedModel: 'openai/m-1', content: 'By', finishReason: 'length' },
            ...{ promptTokens: '12', completionTokens: '34', messages: [USER], temperature: null },
            ...{ hasError: false, errorDetails: null, canceled: false },
          },
        ],
      },
    ],
    { outcome: 'truncated' },
  ),
  shape(
    'Tyk AI Studio’s proxy log, with names in another spelling',
    'https://tyk.io/docs/ai-management/ai-studio/proxy',
    [
      {
        ...{ ID: 1, AppID: 7, TenantID: 'acct-1', TimeStamp: TIME, Vendor: 'openai', ResponseCode: 200 },
        ...{ RequestBody: JSON.stringify(REQUEST), ResponseBody: JSON.stringify(chat()) },
      },
    ],
  ),
  shape(
    'Envoy’s tap, bytes',
    TAP,
    [tap({ as_bytes: base64(JSON.stringify(REQUEST)) }, { as_bytes: base64(JSON.stringify(chat())) })],
    /account: missing/,
  ),
  shape('KServe’s logger, two events', KSERVE, [
    cloudEvent('request', TIME, REQUEST),
    cloudEvent('response', '2026-03-01T08:00:02Z', chat()),
  ]),
  shape('KServe’s logger, the answer first', KSERVE, [
    cloudEvent('response', '2026-03-01T08:00:02Z', chat()),
    cloudEvent('request', TIME, JSON.stringify(REQUEST)),
  ]),
  shape('MLflow: a page of traces', 'https://mlflow.org/docs/latest/api_reference/rest-api.html', [
    { traces: [mlflow] },
  ]),
  shape('Langfuse’s blobs, traces after observations', LANGFUSE, [observation, trace]),
  shape('Langfuse’s blobs, traces before observations', LANGFUSE, [trace, observation]),
  shape('Langfuse’s blobs, observations alone', LANGFUSE, [observation], /account: missing/),
  shape(
    'AutoGen’s LLMCall, which names the model in its answer alone',
    'https://microsoft.github.io/autogen/stable/reference/python/autogen_core.logging.html',
    [{ ...llmCall, timestamp: TIME }],
    { messages: BRIEFED },
  ),
  shape(
    'AutoGen’s LLMCall behind Python’s logger, exported from Splunk',
    'https://help.splunk.com/en/splunk-enterprise/search/search-manual/export-search-results',
    [
      {
        preview: false,
        result: { _time: TIME, _raw: `INFO:autogen_core.events:${JSON.stringify(llmCall)}` },
      },
    ],
    { messages: BRIEFED },
  ),
  shape(
    'Snowflake’s Cortex Analyst',
    'https://docs.snowflake.com/en/user-guide/snowflake-cortex/cortex-analyst/admin-observability',
    [
      {
        ...{ TIMESTAMP: TIME, REQUEST_ID: 's', SEMANTIC_MODEL_NAME: 'x', USER_NAME: 'acct-1' },
        ...{ RESPONSE_STATUS_CODE: 200, LATEST_QUESTION: PROMPT },
        REQUEST_BODY: JSON.stringify({
          messages: [{ role: 'user', content: [{ type: 'text', text: PROMPT }] }],
        }),
        RESPONSE_METADATA: JSON.stringify({ model_names: ['m-1'] }),
      },
    ],
    { usage: { inputTokens: 0, outputTokens: 0 } },
  ),
  shape(
    'Google’s ADK: messages in Cloud Logging without their spans',
    'https://github.com/GoogleCloudPlatform/opentelemetry-operations-python',
    [
      {
        ...{
          logName: 'projects/p/logs/adk',
          timestamp: TIME,
          trace: 'projects/p/traces/5b8e',
          spanId: 'eee1',
        },
        labels: { 'event.name': 'gen_ai.user.message' },
        jsonPayload: { content: { role: 'user', parts: [{ text: PROMPT }] } },
      },
    ],
    /export the spans too/,
  ),
  shape(
    'Claude Code’s own events',
    'https://code.claude.com/docs/en/monitoring-usage',
    [logs([{ name: 'user_prompt', body: 'claude_code.user_prompt', attributes: { prompt: PROMPT } }])],
    /claude_code’s own telemetry/,
  ),
  shape(
    'Azure OpenAI’s diagnostic log',
    'https://learn.microsoft.com/azure/ai-foundry/openai/how-to/monitor-openai',
    [{ time: TIME, category: 'RequestResponse', operationName: 'ChatCompletions_Create', properties: '{}' }],
    /no prompts can be read from it; put API Management before it/,
  ),
  shape(
    'CloudTrail of Bedrock',
    'https://docs.aws.amazon.com/bedrock/latest/userguide/logging-using-cloudtrail.html',
    [
      {
        eventSource: 'bedrock.amazonaws.com',
        eventName: 'InvokeModel',
        eventTime: TIME,
        requestParameters: { modelId: 'm-1' },
      },
    ],
    /turn on Bedrock’s model invocation logging/,
  ),
  shape(
    'Google Cloud’s audit log of Vertex AI',
    'https://cloud.google.com/vertex-ai/docs/general/audit-logging',
    [
      {
        ...{ logName: 'projects/p/logs/cloudaudit.googleapis.com%2Fdata_access', timestamp: TIME },
        protoPayload: { serviceName: 'aiplatform.googleapis.com', methodName: 'GenerateContent' },
      },
    ],
    /turn on Vertex AI’s request-response logging/,
  ),
  shape(
    'Realtime events',
    'https://platform.openai.com/docs/api-reference/realtime-server-events',
    [{ type: 'response.done', event_id: 'e', response: { object: 'realtime.response', output: [] } }],
    /an event of a Realtime session/,
  ),
];
