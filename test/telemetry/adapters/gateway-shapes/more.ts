import {
  AGENTIC,
  anthropic,
  BRIEFED,
  BRIEFED_AGENTIC,
  base64,
  chat,
  type GatewayShape,
  GENAI,
  INFORMED,
  litellm,
  logs,
  PROMPT,
  pair,
  RESULT,
  SECONDS,
  SYSTEM,
  span,
  TIME,
  USER,
} from './shape.ts';

/** A second set, of other kinds than the first. */
export const MORE_SHAPES: readonly GatewayShape[] = [
  {
    name: 'OpenRouter broadcast: the root span, as it is sent',
    source: 'https://openrouter.ai/docs/guides/features/broadcast/webhook',
    entries: [
      span(
        {
          ...{
            'span.type': 'generation',
            'span.level': 'DEFAULT',
            'session.id': 's',
            'trace.name': 'LLM Generation',
          },
          ...{
            'gen_ai.operation.name': 'chat',
            'gen_ai.system': 'openai',
            'gen_ai.provider.name': 'openai',
            'gen_ai.request.model': 'm-1',
            'gen_ai.response.model': 'm-1',
          },
          ...{ 'gen_ai.response.finish_reason': 'length', 'gen_ai.response.finish_reasons': '["length"]' },
          ...{
            'gen_ai.usage.input_tokens': 12,
            'gen_ai.usage.output_tokens': 34,
            'gen_ai.usage.output_tokens.reasoning': 5,
            'gen_ai.usage.input_tokens.cached': 4,
          },
          ...{
            'user.id': 'acct-1',
            'gen_ai.prompt': JSON.stringify({ messages: [SYSTEM, USER] }),
            'trace.input': JSON.stringify({ messages: [SYSTEM, USER] }),
          },
          ...{
            'gen_ai.completion': JSON.stringify({ completion: 'x', rawRequest: { temperature: 1 } }),
            'gen_ai.usage.total_cost': 0.1,
          },
        },
        { name: 'LLM Generation', scope: 'openrouter', resource: { 'service.name': 'openrouter' } },
      ),
    ],
    expect: { messages: BRIEFED, outcome: 'truncated' },
  },
  {
    name: 'OpenRouter broadcast: an attempt at a provider is no call of its own',
    source: 'https://openrouter.ai/docs/guides/features/broadcast/webhook',
    entries: [
      span(
        { 'span.type': 'span', 'trace.metadata.provider_responses': '[{"id":"r","status":200}]' },
        { name: 'provider attempt 1: openai' },
      ),
    ],
    expect: 'no call',
  },
  {
    name: 'Cloudflare AI Gateway: its span',
    source: 'https://developers.cloudflare.com/ai-gateway/observability/otel-integration/',
    entries: [
      span(
        {
          ...{
            'gen_ai.operation.name': 'chat',
            'gen_ai.request.model': 'm-1',
            'gen_ai.provider.name': 'openai',
            'gen_ai.usage.input_tokens': 12,
            'gen_ai.usage.output_tokens': 34,
          },
          ...{
            'gen_ai.prompt_json': JSON.stringify({ model: 'm-1', messages: [USER], temperature: 0.2 }),
            'gen_ai.completion_json': JSON.stringify(chat({}, { finish_reason: 'length' })),
          },
          ...{ 'gen_ai.usage.cost': 0.1, gateway: 'main', 'siphonwatch.account': 'acct-1' },
        },
        { name: 'cf.aig.request' },
      ),
    ],
    expect: { outcome: 'truncated', params: { temperature: 0.2 } },
  },
  {
    name: 'Cloudflare AI Gateway: embeddings that call themselves chat',
    source: 'https://developers.cloudflare.com/ai-gateway/observability/otel-integration/',
    entries: [
      span(
        {
          ...{
            'gen_ai.operation.name': 'chat',
            'gen_ai.request.model': '@cf/baai/bge-base-en-v1.5',
            'siphonwatch.account': 'acct-1',
          },
          ...{
            'gen_ai.prompt_json': JSON.stringify({ text: [PROMPT] }),
            'gen_ai.completion_json': JSON.stringify({
              state: 'Completed',
              result: { data: [[0.1]], shape: [1, 768] },
            }),
          },
        },
        { name: 'cf.aig.request' },
      ),
    ],
    expect: 'no call',
  },
  {
    name: 'Braintrust: attributes of its SDK',
    source: 'https://www.braintrust.dev/docs/integrations/sdk-integrations/opentelemetry',
    entries: [
      span({
        ...{
          'braintrust.span_attributes': JSON.stringify({ type: 'llm', name: 'chat' }),
          'braintrust.input_json': JSON.stringify([SYSTEM, USER]),
        },
        ...{
          'braintrust.output_json': JSON.stringify([
            { index: 0, finish_reason: 'length', message: { role: 'assistant', content: 'x' } },
          ]),
        },
        ...{
          'braintrust.metadata': JSON.stringify({ model: 'm-1', temperature: 0.2 }),
          'braintrust.metrics': JSON.stringify({ prompt_tokens: 12, completion_tokens: 34 }),
          'user.id': 'acct-1',
        },
      }),
    ],
    expect: { messages: BRIEFED, outcome: 'truncated', params: { temperature: 0.2 } },
  },
  {
    name: 'events of Google Gen AI: a content object with parts',
    source:
      'https://github.com/open-telemetry/opentelemetry-python-contrib/tree/main/instrumentation-genai/opentelemetry-instrumentation-google-genai',
    entries: [
      span({
        ...GENAI,
        'gen_ai.operation.name': 'generate_content',
        'gen_ai.response.finish_reasons': ['stop'],
      }),
      logs([
        { name: 'gen_ai.system.message', body: { content: 'Be brief' } },
        { name: 'gen_ai.user.message', body: { content: { parts: [{ text: PROMPT }], role: 'user' } } },
        {
          name: 'gen_ai.choice',
          body: { index: 0, content: { parts: [{ text: 'x' }], role: 'model' }, finish_reason: 'MAX_TOKENS' },
        },
      ]),
    ],
    expect: { messages: BRIEFED, outcome: 'truncated' },
  },
  {
    name: 'OpenInference: a body of Anthropic in input.value',
    source:
      'https://github.com/Arize-ai/openinference/tree/main/python/instrumentation/openinference-instrumentation-anthropic',
    entries: [
      span({
        ...{
          'openinference.span.kind': 'LLM',
          'llm.model_name': 'm-1',
          'llm.token_count.prompt': 12,
          'llm.token_count.completion': 34,
          'user.id': 'acct-1',
        },
        ...{
          'input.mime_type': 'application/json',
          'input.value': JSON.stringify({
            model: 'm-1',
            max_tokens: 9,
            system: 'Be brief',
            messages: [USER],
          }),
        },
        ...{
          'llm.invocation_parameters': '{"max_tokens": 9}',
          'output.value': JSON.stringify(anthropic({ stop_reason: 'max_tokens' })),
        },
      }),
    ],
    expect: { messages: BRIEFED, outcome: 'truncated', params: { maxTokens: 9 } },
  },
  {
    name: 'LiteLLM: items of Responses',
    source: 'https://docs.litellm.ai/docs/response_api',
    entries: [
      litellm({
        call_type: 'aresponses',
        messages: [
          { role: 'user', content: [{ type: 'input_text', text: PROMPT }] },
          { type: 'function_call', call_id: 'c', name: 'tide', arguments: '{}' },
          { type: 'function_call_output', call_id: 'c', output: RESULT },
        ],
        response: {
          id: 'resp',
          object: 'response',
          status: 'incomplete',
          incomplete_details: { reason: 'max_output_tokens' },
          output: [],
        },
      }),
    ],
    expect: { messages: INFORMED, outcome: 'truncated' },
  },
  {
    name: 'LiteLLM: Anthropic Messages with a tool result',
    source: 'https://docs.litellm.ai/docs/anthropic_unified',
    entries: [
      litellm({
        call_type: 'anthropic_messages',
        messages: [
          USER,
          { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'tide', input: {} }] },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: RESULT }] },
        ],
        response: anthropic(),
      }),
    ],
    expect: { messages: AGENTIC },
  },
  {
    name: 'LiteLLM: a body of Gemini passed through',
    source: 'https://docs.litellm.ai/docs/pass_through/vertex_ai',
    entries: [
      litellm({
        call_type: 'pass_through_endpoint',
        messages: { contents: [{ role: 'user', parts: [{ text: PROMPT }] }] },
        response: { candidates: [{ finishReason: 'MAX_TOKENS', content: { parts: [{ text: 'x' }] } }] },
      }),
    ],
    expect: { outcome: 'truncated' },
  },
  {
    name: 'LiteLLM: a text completion',
    source: 'https://docs.litellm.ai/docs/text_completion',
    entries: [
      litellm({
        call_type: 'atext_completion',
        messages: PROMPT,
        response: { id: 'c', object: 'text_completion', choices: [{ text: 'x', finish_reason: 'length' }] },
      }),
    ],
    expect: { outcome: 'truncated' },
  },
  {
    name: 'anthropic: MCP and code that ran, in the message of the assistant',
    source: 'https://docs.anthropic.com/en/docs/agents-and-tools/mcp-connector',
    entries: [
      pair(
        {
          messages: [
            USER,
            {
              role: 'assistant',
              content: [
                { type: 'mcp_tool_use', id: 'm', name: 'tide', server_name: 's', input: {} },
                {
                  type: 'mcp_tool_result',
                  tool_use_id: 'm',
                  is_error: false,
                  content: [{ type: 'text', text: RESULT }],
                },
              ],
            },
          ],
        },
        anthropic(),
      ),
    ],
    expect: { messages: INFORMED },
  },
  {
    name: 'gemini: the SDK of Python, its names in snake case, a tool prompt counted apart',
    source: 'https://googleapis.github.io/python-genai/genai.html#genai.types.GenerateContentResponse',
    entries: [
      pair(
        {
          contents: [
            { role: 'user', parts: [{ text: PROMPT }] },
            { role: 'model', parts: [{ function_call: { name: 'tide', args: {} } }] },
            { role: 'tool', parts: [{ function_response: { name: 'tide', response: { output: RESULT } } }] },
          ],
          config: { system_instruction: 'Be brief', temperature: 0.2, max_output_tokens: 9 },
        },
        {
          candidates: [{ content: { parts: [{ text: 'x' }] }, finish_reason: 'MAX_TOKENS' }],
          usage_metadata: {
            prompt_token_count: 10,
            tool_use_prompt_token_count: 2,
            candidates_token_count: 30,
            thoughts_token_count: 4,
          },
        },
      ),
    ],
    expect: {
      messages: BRIEFED_AGENTIC,
      outcome: 'truncated',
      params: { temperature: 0.2, maxTokens: 9 },
    },
  },
  {
    name: 'Vertex AI: a line of a batch prediction',
    source: 'https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/batch-prediction-gemini',
    entries: [
      {
        ...{ status: '', processed_time: '2026-03-01T08:00:00.123+00:00', account: 'acct-1' },
        request: { contents: [{ role: 'user', parts: [{ text: PROMPT }] }] },
        response: {
          candidates: [{ finishReason: 'STOP', content: { parts: [{ text: 'x' }] } }],
          modelVersion: 'm-1',
          usageMetadata: { promptTokenCount: 12, candidatesTokenCount: 34 },
        },
      },
    ],
    expect: {},
  },
  {
    name: 'DashScope: messages within input, parameters beside',
    source: 'https://help.aliyun.com/zh/model-studio/qwen-api-reference',
    entries: [
      pair(
        {
          input: { messages: [SYSTEM, USER] },
          parameters: { temperature: 0.2, max_tokens: 9, result_format: 'message' },
        },
        {
          request_id: 'd',
          output: { choices: [{ finish_reason: 'length', message: { role: 'assistant', content: 'x' } }] },
          usage: { input_tokens: 12, output_tokens: 34, total_tokens: 46 },
        },
      ),
    ],
    expect: { messages: BRIEFED, outcome: 'truncated', params: { temperature: 0.2, maxTokens: 9 } },
  },
  {
    name: 'Hunyuan: names with capitals',
    source: 'https://cloud.tencent.com/document/product/1729/105701',
    entries: [
      {
        ...{ time: TIME, account: 'acct-1' },
        request: {
          Model: 'm-1',
          Messages: [
            { Role: 'system', Content: 'Be brief' },
            { Role: 'user', Content: PROMPT },
          ],
          Temperature: 0.2,
          TopP: 0.9,
        },
        response: {
          Response: {
            Id: 'h',
            Created: SECONDS,
            Choices: [{ FinishReason: 'sensitive', Message: { Role: 'assistant', Content: 'x' } }],
            Usage: { PromptTokens: 12, CompletionTokens: 34 },
          },
        },
      },
    ],
    expect: { messages: BRIEFED, outcome: 'refused', params: { temperature: 0.2, topP: 0.9 } },
  },
  {
    name: 'ERNIE: a result that was cut off',
    source: 'https://cloud.baidu.com/doc/WENXINWORKSHOP/s/clntwmv7t',
    entries: [
      pair(
        { system: 'Be brief', messages: [USER], max_output_tokens: 9 },
        {
          id: 'e',
          object: 'chat.completion',
          result: 'x',
          is_truncated: true,
          need_clear_history: false,
          finish_reason: 'length',
          usage: { prompt_tokens: 12, completion_tokens: 34 },
        },
      ),
    ],
    expect: { messages: BRIEFED, outcome: 'truncated', params: { maxTokens: 9 } },
  },
  {
    name: 'Cohere v2: documents as the result of a tool',
    source: 'https://docs.cohere.com/v2/docs/tool-use-overview',
    entries: [
      pair(
        {
          messages: [
            USER,
            {
              role: 'assistant',
              tool_plan: 'I look it up',
              tool_calls: [{ id: 't', type: 'function', function: { name: 'tide', arguments: '{}' } }],
            },
            { role: 'tool', tool_call_id: 't', content: [{ type: 'document', document: { data: RESULT } }] },
          ],
        },
        {
          id: 'c',
          finish_reason: 'MAX_TOKENS',
          message: { role: 'assistant', content: [{ type: 'text', text: 'x' }] },
          usage: {
            billed_units: { input_tokens: 1, output_tokens: 1 },
            tokens: { input_tokens: 12, output_tokens: 34 },
          },
        },
      ),
    ],
    expect: { messages: AGENTIC, outcome: 'truncated' },
  },
  {
    name: 'Ollama: a tool and its message',
    source: 'https://github.com/ollama/ollama/blob/main/docs/api.md',
    entries: [
      pair(
        {
          messages: [
            USER,
            { role: 'assistant', content: '', tool_calls: [{ function: { name: 'tide', arguments: {} } }] },
            { role: 'tool', tool_name: 'tide', content: RESULT },
          ],
          options: { num_predict: 9 },
          format: 'json',
          stream: false,
        },
        {
          model: 'm-1',
          created_at: TIME,
          message: { role: 'assistant', content: 'x', thinking: 'y' },
          done: true,
          done_reason: 'length',
          prompt_eval_count: 12,
          eval_count: 34,
        },
      ),
    ],
    expect: { messages: AGENTIC, outcome: 'truncated', params: { maxTokens: 9, responseFormat: 'json' } },
  },
  {
    name: 'Snowflake Cortex: choices with messages',
    source: 'https://docs.snowflake.com/en/user-guide/snowflake-cortex/cortex-rest-api',
    entries: [
      pair(
        { messages: [USER], max_tokens: 9 },
        {
          id: 's',
          choices: [{ messages: 'x', finish_reason: 'length' }],
          created: SECONDS,
          model: 'm-1',
          usage: { prompt_tokens: 12, completion_tokens: 34, guardrails_tokens: 0 },
        },
      ),
    ],
    expect: { outcome: 'truncated', params: { maxTokens: 9 } },
  },
  {
    name: 'PostHog: a body as its input, choices as they were',
    source: 'https://posthog.com/docs/llm-analytics/generations',
    entries: [
      {
        ...{ event: '$ai_generation', distinct_id: 'acct-1', timestamp: TIME, uuid: 'p-1' },
        properties: {
          $ai_model: 'm-1',
          $ai_input: { messages: [SYSTEM, USER], temperature: 0.7 },
          $ai_output_choices: {
            choices: [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: 'length' }],
          },
          $ai_input_tokens: 12,
          $ai_output_tokens: 34,
        },
      },
    ],
    expect: { messages: BRIEFED, outcome: 'truncated', params: { temperature: 0.7 } },
  },
  {
    name: 'Weave: a call of Anthropic',
    source: 'https://weave-docs.wandb.ai/guides/tracking/tracing/',
    entries: [
      {
        ...{
          id: 'w',
          project_id: 'p',
          op_name: 'weave:///e/p/op/anthropic.Messages.create:abc',
          trace_id: 't',
          started_at: TIME,
          ended_at: TIME,
          exception: null,
        },
        ...{
          attributes: { user_id: 'acct-1' },
          inputs: { self: 'x', model: 'm-1', system: 'Be brief', messages: [USER], max_tokens: 9 },
          output: anthropic({ stop_reason: 'max_tokens' }),
          summary: {},
        },
      },
    ],
    expect: { messages: BRIEFED, outcome: 'truncated', params: { maxTokens: 9 } },
  },
  {
    name: 'MLflow: a trace of several spans',
    source: 'https://mlflow.org/docs/latest/genai/tracing/search-traces/',
    entries: [
      {
        info: {
          trace_id: 't',
          request_time: TIME,
          state: 'OK',
          trace_metadata: { 'mlflow.trace.user': 'acct-1' },
        },
        data: {
          spans: [
            {
              span_id: 'a',
              name: 'agent',
              start_time_unix_nano: 1772352000123000000,
              attributes: { 'mlflow.spanType': '"AGENT"', 'mlflow.spanInputs': '{"q":"x"}' },
            },
            {
              ...{ span_id: 'b', name: 'Completions', start_time_unix_nano: 1772352000123000000 },
              attributes: {
                'mlflow.spanType': '"CHAT_MODEL"',
                'mlflow.spanInputs': JSON.stringify({ model: 'm-1', messages: [USER] }),
                'mlflow.spanOutputs': JSON.stringify(chat()),
                'user.id': '"acct-1"',
              },
            },
          ],
        },
      },
    ],
    expect: {},
  },
  {
    name: 'Lunary: a run',
    source: 'https://docs.lunary.ai/docs/api/runs',
    entries: [
      {
        id: 'u',
        type: 'llm',
        name: 'm-1',
        createdAt: TIME,
        endedAt: TIME,
        status: 'success',
        input: [SYSTEM, USER],
        output: { role: 'assistant', content: 'x' },
        params: { temperature: 0.2 },
        tokens: { prompt: 12, completion: 34, total: 46 },
        user: { id: 'acct-1' },
      },
    ],
    expect: { messages: BRIEFED, params: { temperature: 0.2 } },
  },
  {
    name: 'PromptLayer: a request',
    source: 'https://docs.promptlayer.com/reference/log-request',
    entries: [
      {
        ...{
          provider: 'openai',
          model: 'm-1',
          request_start_time: TIME,
          request_end_time: TIME,
          input_tokens: 12,
          output_tokens: 34,
          parameters: { temperature: 0.2 },
        },
        input: {
          type: 'chat',
          messages: [
            { role: 'system', content: [{ type: 'text', text: 'Be brief' }] },
            { role: 'user', content: [{ type: 'text', text: PROMPT }] },
          ],
        },
        output: { type: 'chat', messages: [{ role: 'assistant', content: [{ type: 'text', text: 'x' }] }] },
        metadata: { user_id: 'acct-1' },
      },
    ],
    expect: { messages: BRIEFED, params: { temperature: 0.2 } },
  },
  {
    name: 'Bifrost: a log',
    source: 'https://docs.getbifrost.ai/features/observability/default',
    entries: [
      {
        id: 'b',
        object: 'chat.completion',
        timestamp: TIME,
        provider: 'openai',
        model: 'm-1',
        status: 'success',
        input_history: [SYSTEM, USER],
        output_message: { role: 'assistant', content: 'x' },
        params: { temperature: 0.2 },
        token_usage: { prompt_tokens: 12, completion_tokens: 34, total_tokens: 46 },
        metadata: { user_id: 'acct-1' },
      },
    ],
    expect: { messages: BRIEFED, params: { temperature: 0.2 } },
  },
  {
    name: 'Tyk: raw messages of HTTP in base64',
    source: 'https://tyk.io/docs/api-management/logs-metrics/#capture-detailed-logs',
    entries: [
      {
        ...{
          method: 'POST',
          path: '/v1/chat/completions',
          response_code: 200,
          api_key: 'k',
          user_id: 'acct-1',
          timestamp: TIME,
          ip_address: '203.0.113.9',
        },
        raw_request: base64(
          `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\r\n${JSON.stringify({ model: 'm-1', messages: [USER] })}`,
        ),
        raw_response: base64(
          `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(chat({}, { finish_reason: 'length' }))}`,
        ),
      },
    ],
    expect: { outcome: 'truncated' },
  },
  {
    name: 'Moesif: an event',
    source: 'https://www.moesif.com/docs/api#log-an-event',
    entries: [
      {
        request: {
          time: TIME,
          uri: 'https://gw/v1/chat/completions',
          verb: 'POST',
          headers: {},
          ip_address: '203.0.113.9',
          body: { model: 'm-1', messages: [USER] },
        },
        response: { time: TIME, status: 200, headers: {}, body: chat() },
        ...{ user_id: 'acct-1', company_id: 'c', session_token: 's' },
      },
    ],
    expect: {},
  },
  {
    name: 'Gravitee: a request at the entrypoint',
    source: 'https://documentation.gravitee.io/apim/analyze-and-monitor-apis/logging',
    entries: [
      {
        ...{ _id: 'g', '@timestamp': TIME, 'request-id': 'r', 'client-identifier': 'x', account: 'acct-1' },
        'entrypoint-request': {
          method: 'POST',
          uri: '/v1/chat/completions',
          headers: {},
          body: JSON.stringify({ model: 'm-1', messages: [USER] }),
        },
        'entrypoint-response': { status: 200, headers: {}, body: JSON.stringify(chat()) },
      },
    ],
    expect: {},
  },
  {
    name: 'Cloudflare Workers: a console line in a trace of the worker',
    source: 'https://developers.cloudflare.com/workers/observability/logs/logpush/',
    entries: [
      {
        EventTimestampMs: 1772352000123,
        Outcome: 'ok',
        ScriptName: 'gw',
        Logs: [
          { Level: 'log', Message: [JSON.stringify(pair({ messages: [USER] }, chat()))], TimestampMs: 1 },
        ],
        Exceptions: [],
      },
    ],
    expect: {},
  },
  {
    name: 'Vercel: a log drain',
    source: 'https://vercel.com/docs/drains/reference/logs',
    entries: [
      {
        id: 'v',
        deploymentId: 'd',
        source: 'lambda',
        host: 'x',
        timestamp: 1772352000123,
        projectId: 'p',
        level: 'info',
        type: 'stdout',
        message: JSON.stringify(pair({ messages: [USER] }, chat())),
      },
    ],
    expect: {},
  },
  {
    name: 'a flat line of somebody’s own gateway',
    source: 'a log that names the facts of a call side by side',
    entries: [
      {
        timestamp: TIME,
        tenant_id: 'acct-1',
        model: 'm-1',
        messages: [SYSTEM, USER],
        response: 'By the moon.',
        finish_reason: 'length',
        input_tokens: 12,
        output_tokens: 34,
        temperature: 0.2,
        latency_ms: 9,
      },
    ],
    expect: { messages: BRIEFED, outcome: 'truncated', params: { temperature: 0.2 } },
  },
  {
    name: 'a flat line that names its account as exchanges do',
    source: 'a log that names the facts of a call side by side',
    entries: [
      {
        ...{
          time: TIME,
          account: 'acct-1',
          model: 'm-1',
          status: 200,
          prompt_tokens: 12,
          completion_tokens: 34,
        },
        messages: [USER],
        response: { choices: [{ message: { role: 'assistant', content: 'x' }, finish_reason: 'length' }] },
      },
    ],
    expect: { outcome: 'truncated' },
  },
  {
    name: 'a flat line with a prompt and a system prompt as texts',
    source: 'a log that names the facts of a call side by side',
    entries: [
      {
        ts: SECONDS + 0.123,
        user_id: 'acct-1',
        model_name: 'm-1',
        system_prompt: 'Be brief',
        prompt: PROMPT,
        completion: 'x',
        usage: { prompt_tokens: 12, completion_tokens: 34 },
        params: { max_tokens: 9 },
      },
    ],
    expect: { messages: BRIEFED, params: { maxTokens: 9 } },
  },
  {
    name: 'a flat line of embeddings is no call',
    source: 'https://platform.openai.com/docs/api-reference/embeddings',
    entries: [
      {
        timestamp: TIME,
        user_id: 'acct-1',
        model: 'text-embedding-3-small',
        input: PROMPT,
        usage: { prompt_tokens: 12 },
      },
    ],
    expect: 'no call',
  },
  {
    name: 'Bedrock: a line of batch inference says nothing of who and when',
    source: 'https://docs.aws.amazon.com/bedrock/latest/userguide/batch-inference-results.html',
    entries: [
      {
        recordId: 'r',
        modelInput: { anthropic_version: 'b', max_tokens: 9, messages: [USER] },
        modelOutput: anthropic(),
      },
    ],
    expect: /account|time/,
  },
  {
    name: 'Converse: a stored prompt, of which only the variables are here',
    source: 'https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-management-test.html',
    entries: [
      {
        ...{
          schemaType: 'ModelInvocationLog',
          timestamp: TIME,
          requestId: 'q',
          operation: 'Converse',
          modelId: 'm-1',
          requestMetadata: { account: 'acct-1' },
        },
        input: { inputBodyJson: { promptVariables: { question: { text: PROMPT } } }, inputTokenCount: 12 },
        output: {
          outputBodyJson: {
            stopReason: 'end_turn',
            output: { message: { role: 'assistant', content: [{ text: 'x' }] } },
          },
          outputTokenCount: 34,
        },
      },
    ],
    expect: {},
  },
  {
    name: 'HAR: an answer in base64, a stream',
    source: 'http://www.softwareishard.com/blog/har-12-spec/#content',
    entries: [
      {
        log: {
          version: '1.2',
          entries: [
            {
              startedDateTime: TIME,
              request: {
                method: 'POST',
                url: 'https://gw/v1/chat/completions',
                headers: [{ name: 'OpenAI-Organization', value: 'acct-1' }],
                postData: {
                  mimeType: 'application/json',
                  text: JSON.stringify({ model: 'm-1', messages: [USER], stream: true }),
                },
              },
              response: {
                status: 200,
                content: {
                  mimeType: 'text/event-stream',
                  encoding: 'base64',
                  text: base64(
                    `data: ${JSON.stringify({ id: 'r', object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content: 'x' }, finish_reason: 'length' }], usage: { prompt_tokens: 12, completion_tokens: 34 } })}\n\ndata: [DONE]\n\n`,
                  ),
                },
              },
            },
          ],
        },
      },
    ],
    expect: { outcome: 'truncated' },
  },
];
