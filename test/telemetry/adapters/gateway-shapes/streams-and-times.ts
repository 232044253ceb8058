import {
  anthropic,
  BRIEFED,
  base64,
  bedrock,
  chat,
  type GatewayShape,
  GENAI,
  INFORMED,
  litellm,
  PROMPT,
  pair,
  RESULT,
  span,
  TIME,
  USER,
} from './shape.ts';

const stream = (
  name: string,
  page: string,
  input: object,
  output: readonly object[],
  expect: GatewayShape['expect'],
): GatewayShape => ({
  name: `invoke, streamed: ${name}`,
  source: `https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-${page}.html`,
  entries: [bedrock('InvokeModelWithResponseStream', input, output, { output: { outputBodyJson: output } })],
  expect,
});
const timed = (time: unknown, exact = true): GatewayShape => ({
  name: `a time: ${JSON.stringify(time)}`,
  source:
    'https://www.rfc-editor.org/rfc/rfc3339, https://www.rfc-editor.org/rfc/rfc9557, https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7',
  entries: [{ ...pair({ messages: [USER] }, chat()), time }],
  expect: exact ? {} : { time: '2026-03-01T08:00:00.000Z' },
});

/** A third set: streams that Bedrock logs, ends without an answer, times as languages write them. */
export const THIRD_SHAPES: readonly GatewayShape[] = [
  stream(
    'Llama',
    'meta',
    { prompt: PROMPT, max_gen_len: 9 },
    [
      { generation: 'By', prompt_token_count: 12, generation_token_count: 1, stop_reason: null },
      {
        generation: ' the',
        prompt_token_count: null,
        generation_token_count: 34,
        stop_reason: 'length',
        'amazon-bedrock-invocationMetrics': { inputTokenCount: 12, outputTokenCount: 34 },
      },
    ],
    { outcome: 'truncated', params: { maxTokens: 9 } },
  ),
  stream(
    'Titan',
    'titan-text',
    { inputText: PROMPT },
    [
      {
        index: 0,
        inputTextTokenCount: 12,
        totalOutputTextTokenCount: 34,
        outputText: 'By',
        completionReason: 'LENGTH',
      },
    ],
    { outcome: 'truncated' },
  ),
  stream(
    'Command R',
    'cohere-command-r-plus',
    { message: PROMPT },
    [
      { event_type: 'text-generation', text: 'By', is_finished: false },
      {
        event_type: 'stream-end',
        is_finished: true,
        finish_reason: 'MAX_TOKENS',
        response: { text: 'By', finish_reason: 'MAX_TOKENS' },
        'amazon-bedrock-invocationMetrics': { inputTokenCount: 12, outputTokenCount: 34 },
      },
    ],
    { outcome: 'truncated' },
  ),
  stream(
    'Mistral',
    'mistral-text-completion',
    { prompt: `<s>[INST] ${PROMPT} [/INST]` },
    [
      { outputs: [{ text: 'By', stop_reason: null }] },
      {
        outputs: [{ text: '', stop_reason: 'length' }],
        'amazon-bedrock-invocationMetrics': { inputTokenCount: 12, outputTokenCount: 34 },
      },
    ],
    { outcome: 'truncated' },
  ),
  stream(
    'Nova',
    'nova',
    { messages: [{ role: 'user', content: [{ text: PROMPT }] }] },
    [
      { messageStart: { role: 'assistant' } },
      { contentBlockDelta: { delta: { text: 'By' }, contentBlockIndex: 0 } },
      { messageStop: { stopReason: 'content_filtered' } },
      {
        metadata: { usage: { inputTokens: 12, outputTokens: 34 } },
        'amazon-bedrock-invocationMetrics': { inputTokenCount: 12, outputTokenCount: 34 },
      },
    ],
    { outcome: 'refused' },
  ),
  {
    name: 'invoke: a body that was logged as text',
    source: 'https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html',
    entries: [
      bedrock(
        'InvokeModel',
        JSON.stringify({ anthropic_version: 'b', max_tokens: 9, messages: [USER] }),
        JSON.stringify(anthropic()),
      ),
    ],
    expect: { params: { maxTokens: 9 } },
  },
  {
    name: 'counting tokens is no call',
    source: 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html',
    entries: [
      bedrock(
        'CountTokens',
        { input: { converse: { messages: [{ role: 'user', content: [{ text: PROMPT }] }] } } },
        { inputTokens: 12 },
      ),
    ],
    expect: 'no call',
  },
  {
    name: 'a guardrail by itself is no call',
    source: 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ApplyGuardrail.html',
    entries: [
      bedrock(
        'ApplyGuardrail',
        { source: 'INPUT', content: [{ text: { text: PROMPT } }] },
        { action: 'NONE' },
      ),
    ],
    expect: 'no call',
  },
  {
    name: 'converse: a tool that failed, with a picture alone',
    source: 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolResultBlock.html',
    entries: [
      bedrock(
        'Converse',
        {
          messages: [
            { role: 'user', content: [{ text: PROMPT }] },
            {
              role: 'user',
              content: [
                {
                  toolResult: {
                    toolUseId: 't',
                    status: 'error',
                    content: [
                      { image: { format: 'png', source: { bytes: 'iVBORw0KGgo=' } } },
                      { text: RESULT },
                    ],
                  },
                },
              ],
            },
          ],
        },
        { stopReason: 'malformed_tool_use' },
      ),
    ],
    expect: { messages: INFORMED, outcome: 'error' },
  },
  {
    name: 'batch: an input and its expired line',
    source: 'https://platform.openai.com/docs/guides/batch',
    entries: [
      {
        custom_id: 'c1',
        method: 'POST',
        url: '/v1/chat/completions',
        account: 'acct-1',
        time: TIME,
        body: { model: 'm-1', messages: [USER], user: 'acct-1' },
      },
      {
        id: 'b',
        custom_id: 'c1',
        response: { status_code: 200, request_id: 'r', body: chat({}, { finish_reason: 'length' }) },
        error: null,
      },
    ],
    // its time is that of the answer, in seconds
    expect: { outcome: 'truncated', time: '2026-03-01T08:00:00.000Z' },
  },
  {
    name: 'an answer that is a page of HTML',
    source: 'https://www.rfc-editor.org/rfc/rfc9110#section-15.6.3',
    entries: [
      pair(
        { messages: [USER] },
        {
          status: 502,
          headers: { 'content-type': 'text/html' },
          body: '<html><body>502 Bad Gateway</body></html>',
        },
      ),
    ],
    expect: { outcome: 'error', usage: { inputTokens: 0, outputTokens: 0 } },
  },
  {
    name: 'a client that closed its connection',
    source: 'https://nginx.org/en/docs/dev/development_guide.html (499)',
    entries: [pair({ messages: [USER], stream: true }, null, { status: 499 })],
    expect: { outcome: 'error', usage: { inputTokens: 0, outputTokens: 0 } },
  },
  {
    name: 'bodies in base64, as a proxy of Lambda logs them',
    source:
      'https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html',
    entries: [
      {
        ...{ time: TIME, account: 'acct-1' },
        request: {
          path: '/v1/chat/completions',
          isBase64Encoded: true,
          body: base64(JSON.stringify({ model: 'm-1', messages: [USER] })),
        },
        response: { statusCode: 200, isBase64Encoded: true, body: base64(JSON.stringify(chat())) },
      },
    ],
    expect: {},
  },
  {
    name: 'content as one part instead of a list',
    source: 'https://ai.google.dev/api/caching#Content',
    entries: [
      pair(
        { contents: { role: 'user', parts: { text: PROMPT } } },
        {
          candidates: [{ finishReason: 'STOP' }],
          usageMetadata: { promptTokenCount: 12, candidatesTokenCount: 34 },
        },
      ),
    ],
    expect: {},
  },
  ...(
    [
      'agenerate_content',
      'agenerate_content_stream',
      'responses',
      'allm_passthrough_route',
      'completion',
      'text_completion',
      'anthropic_messages',
    ] as const
  ).map(
    (call_type): GatewayShape => ({
      name: `LiteLLM: ${call_type} is a call`,
      source: 'https://docs.litellm.ai/docs/proxy/logging_spec',
      entries: [litellm({ call_type })],
      expect: {},
    }),
  ),
  ...(
    [
      'acreate_batch',
      'aretrieve_batch',
      'aocr',
      'asearch',
      'avector_store_search',
      'acreate_file',
      'alist_models',
      'aimage_edit',
      'atranscription',
      'call_mcp_tool',
    ] as const
  ).map(
    (call_type): GatewayShape => ({
      name: `LiteLLM: ${call_type} is none`,
      source: 'https://docs.litellm.ai/docs/proxy/logging_spec',
      entries: [litellm({ call_type })],
      expect: 'no call',
    }),
  ),
  {
    name: 'LiteLLM: an answer from the cache, a request of Responses kept',
    source: 'https://docs.litellm.ai/docs/proxy/ui_logs',
    entries: [
      litellm({
        call_type: 'aresponses',
        cache_hit: 'True',
        messages: {},
        proxy_server_request: { model: 'm-1', input: PROMPT, instructions: 'Be brief' },
      }),
    ],
    expect: { messages: BRIEFED },
  },
  {
    name: 'a span that failed by the content filter',
    source: 'https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/',
    entries: [
      span(
        {
          ...GENAI,
          'error.type': 'BadRequestError',
          'gen_ai.input.messages': JSON.stringify([
            { role: 'user', parts: [{ type: 'text', content: PROMPT }] },
          ]),
        },
        {
          status: { code: 2 },
          events: [
            {
              name: 'exception',
              attributes: {
                'exception.type': 'openai.BadRequestError',
                'exception.message':
                  "Error code: 400 - {'error': {'code': 'content_filter', 'message': \"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.\"}}",
              },
            },
          ],
        },
      ),
    ],
    expect: { outcome: 'refused' },
  },
  {
    name: 'a finish reason by the name of its enumeration',
    source: 'https://github.com/open-telemetry/opentelemetry-python-contrib (vertexai, google-genai)',
    entries: [
      span({
        ...GENAI,
        'gen_ai.response.finish_reasons': ['FinishReason.MAX_TOKENS'],
        'gen_ai.input.messages': JSON.stringify([{ role: 'user', content: PROMPT }]),
      }),
    ],
    expect: { outcome: 'truncated' },
  },
  {
    name: 'a workflow of OpenLLMetry is no call',
    source: 'https://www.traceloop.com/docs/openllmetry/tracing/annotations',
    entries: [
      span({
        'traceloop.span.kind': 'workflow',
        'traceloop.entity.name': 'w',
        'traceloop.entity.input': JSON.stringify({ args: [PROMPT] }),
        'user.id': 'acct-1',
      }),
    ],
    expect: 'no call',
  },
  timed('2026-03-01T08:00:00.123456789+00:00'),
  timed('2026-03-01 08:00:00.123 UTC'),
  timed('2026-03-01T09:00:00.123+01:00[Europe/Berlin]'),
  timed('2026-03-01T08:00:00,123Z'),
  timed('1772352000123'),
  timed('1772352000.123'),
  timed(1772352000123456),
  timed({ seconds: 1772352000, nanos: 123000000 }),
  timed('Sun, 01 Mar 2026 08:00:00 GMT', false),
  timed('20260301T080000Z', false),
  timed('20260301T080000.123Z'),
  timed('2026-03-01T08:00Z', false),
  timed('/Date(1772352000123)/'),
];
