import {
  AGENTIC,
  BRIEFED,
  BRIEFED_AGENTIC,
  type GatewayShape,
  GENAI,
  INFORMED,
  logs,
  PROMPT,
  RESULT,
  span,
} from './shape.ts';

const SEMCONV = 'https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/';
const LLMETRY = 'https://github.com/traceloop/openllmetry (opentelemetry-semantic-conventions-ai)';
const OPENINFERENCE = 'https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md';
const VERCEL = 'https://ai-sdk.dev/docs/ai-sdk-core/telemetry';

const OPENINFERENCE_CALL = {
  'openinference.span.kind': 'LLM',
  'llm.model_name': 'm-1',
  'llm.token_count.prompt': 12,
  'llm.token_count.completion': 34,
  'user.id': 'acct-1',
};
const VERCEL_CALL = {
  'ai.operationId': 'ai.generateText.doGenerate',
  'operation.name': 'ai.generateText.doGenerate chat',
  'ai.model.id': 'm-1',
  'ai.model.provider': 'openai.chat',
  'ai.telemetry.metadata.userId': 'acct-1',
  'ai.usage.promptTokens': 12,
  'ai.usage.completionTokens': 34,
  'ai.response.finishReason': 'stop',
};

/** Spans and log events of instrumentations. */
export const SPAN_SHAPES: readonly GatewayShape[] = [
  {
    name: 'semconv: parts of tools, thoughts, pictures, as JSON text',
    source: SEMCONV,
    entries: [
      span({
        ...GENAI,
        'gen_ai.response.finish_reasons': ['stop'],
        'gen_ai.system_instructions': JSON.stringify([{ type: 'text', content: 'Be brief' }]),
        'gen_ai.input.messages': JSON.stringify([
          {
            role: 'user',
            parts: [
              { type: 'blob', mime_type: 'image/png', modality: 'image', content: 'AAAA' },
              { type: 'uri', modality: 'image', uri: 'https://x' },
              { type: 'text', content: PROMPT },
            ],
          },
          {
            role: 'assistant',
            parts: [
              { type: 'reasoning', content: 'I look it up' },
              { type: 'tool_call', id: 'c', name: 'tide', arguments: { port: 'Cuxhaven' } },
            ],
          },
          { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c', response: RESULT }] },
        ]),
      }),
    ],
    expect: { messages: BRIEFED_AGENTIC },
  },
  {
    name: 'semconv: the same in structured attributes, the result under its older name',
    source: SEMCONV,
    entries: [
      span({
        ...GENAI,
        'gen_ai.request.temperature': 0.5,
        'gen_ai.request.seed': 3,
        'gen_ai.request.choice.count': 2,
        'gen_ai.output.type': 'json',
        'gen_ai.input.messages': [
          { role: 'user', parts: [{ type: 'text', content: PROMPT }] },
          { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c', result: { tide: RESULT } }] },
        ],
        'gen_ai.output.messages': [
          { role: 'assistant', parts: [{ type: 'text', content: 'x' }], finish_reason: 'content_filter' },
        ],
      }),
    ],
    expect: {
      messages: INFORMED,
      outcome: 'refused',
      params: { temperature: 0.5, seed: 3, n: 2, responseFormat: 'json' },
    },
  },
  {
    name: 'semconv: messages of server-side tools',
    source: SEMCONV,
    entries: [
      span({
        ...GENAI,
        'gen_ai.input.messages': JSON.stringify([
          { role: 'user', parts: [{ type: 'text', content: PROMPT }] },
          {
            role: 'assistant',
            parts: [
              { type: 'server_tool_call', id: 'c', name: 'search', server_tool_call: { type: 'web_search' } },
              {
                type: 'server_tool_call_response',
                id: 'c',
                server_tool_call_response: { type: 'web_search', result: RESULT },
              },
            ],
          },
        ]),
      }),
    ],
    expect: { messages: INFORMED },
  },
  {
    name: 'semconv: the details event with its messages in the body, before its span',
    source: 'https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-events/',
    entries: [
      logs([
        {
          name: 'gen_ai.client.inference.operation.details',
          attributes: {
            'gen_ai.operation.name': 'chat',
            'gen_ai.request.model': 'm-1',
            'gen_ai.usage.input_tokens': 12,
            'gen_ai.usage.output_tokens': 34,
            'user.id': 'acct-1',
          },
          body: {
            'gen_ai.input.messages': [{ role: 'user', parts: [{ type: 'text', content: PROMPT }] }],
            'gen_ai.system_instructions': [{ type: 'text', content: 'Be brief' }],
          },
        },
      ]),
      span(GENAI),
    ],
    expect: { messages: BRIEFED },
  },
  ...(['span last', 'span first', 'span between'] as const).map((order, at): GatewayShape => {
    const details = 'gen_ai.client.inference.operation.details';
    const provider = { 'gen_ai.provider.name': 'openai' };
    const told = [
      logs([
        {
          name: details,
          attributes: {
            ...provider,
            'gen_ai.output.messages': [
              { role: 'assistant', parts: [{ type: 'text', content: 'x' }], finish_reason: 'length' },
            ],
          },
        },
      ]),
      logs([
        {
          name: details,
          attributes: {
            ...provider,
            'gen_ai.input.messages': [{ role: 'user', parts: [{ type: 'text', content: PROMPT }] }],
          },
        },
      ]),
    ];
    const call = span({ ...GENAI, 'gen_ai.system_instructions': 'Be brief' });
    return {
      name: `semconv: two details events that name no call, ${order}`,
      source: 'what @opentelemetry/instrumentation-openai 0.21.0 sent for a call of Responses',
      entries: at === 0 ? [...told, call] : at === 1 ? [call, ...told] : [told[0], call, told[1]],
      expect: { messages: BRIEFED, outcome: 'truncated' },
    };
  }),
  {
    name: 'events of botocore: content of Converse, results of tools in the event of the tool',
    source:
      'https://github.com/open-telemetry/opentelemetry-python-contrib/tree/main/instrumentation/opentelemetry-instrumentation-botocore',
    entries: [
      span({ ...GENAI, 'gen_ai.system': 'aws.bedrock', 'gen_ai.response.finish_reasons': ['max_tokens'] }),
      logs([
        { name: 'gen_ai.system.message', body: { content: [{ text: 'Be brief' }] } },
        { name: 'gen_ai.user.message', body: { content: [{ text: PROMPT }] } },
        {
          name: 'gen_ai.assistant.message',
          body: { tool_calls: [{ id: 't', type: 'function', function: { name: 'tide', arguments: {} } }] },
        },
        { name: 'gen_ai.tool.message', body: { id: 't', content: [{ text: RESULT }] } },
        {
          name: 'gen_ai.choice',
          body: {
            index: 0,
            finish_reason: 'max_tokens',
            message: { role: 'assistant', content: [{ text: 'x' }] },
          },
        },
      ]),
    ],
    expect: { messages: BRIEFED_AGENTIC, outcome: 'truncated' },
  },
  {
    name: 'events of Azure AI Inference: content in gen_ai.event.content',
    source: 'https://learn.microsoft.com/python/api/overview/azure/ai-inference-readme#tracing',
    entries: [
      span(
        { ...GENAI, 'gen_ai.system': 'az.ai.inference', 'gen_ai.response.finish_reasons': ['stop'] },
        {
          events: [
            {
              name: 'gen_ai.system.message',
              attributes: {
                'gen_ai.system': 'az.ai.inference',
                'gen_ai.event.content': '{"role":"system","content":"Be brief"}',
              },
            },
            {
              name: 'gen_ai.user.message',
              attributes: {
                'gen_ai.system': 'az.ai.inference',
                'gen_ai.event.content': JSON.stringify({ role: 'user', content: PROMPT }),
              },
            },
            {
              name: 'gen_ai.assistant.message',
              attributes: {
                'gen_ai.event.content':
                  '{"role":"assistant","tool_calls":[{"id":"t","type":"function","function":{"name":"tide","arguments":"{}"}}]}',
              },
            },
            {
              name: 'gen_ai.tool.message',
              attributes: {
                'gen_ai.event.content': JSON.stringify({ role: 'tool', tool_call_id: 't', content: RESULT }),
              },
            },
            {
              name: 'gen_ai.choice',
              attributes: {
                'gen_ai.event.content':
                  '{"message":{"content":"x"},"finish_reason":"CompletionsFinishReason.CONTENT_FILTERED","index":0}',
              },
            },
          ],
        },
      ),
    ],
    expect: { messages: BRIEFED_AGENTIC, outcome: 'refused' },
  },
  {
    name: 'events of Vertex AI: content in parts, FinishReason by name',
    source:
      'https://github.com/open-telemetry/opentelemetry-python-contrib/tree/main/instrumentation-genai/opentelemetry-instrumentation-vertexai',
    entries: [
      logs([
        { name: 'gen_ai.user.message', body: { role: 'user', content: [{ text: PROMPT }] } },
        {
          name: 'gen_ai.choice',
          body: { index: 0, finish_reason: 'SAFETY', message: { role: 'model', content: [] } },
        },
      ]),
      span({ ...GENAI, 'gen_ai.operation.name': 'generate_content', 'gen_ai.system': 'vertex_ai' }),
    ],
    expect: { outcome: 'refused' },
  },
  {
    name: 'OpenLLMetry: a tool message, calls beside it',
    source: LLMETRY,
    entries: [
      span({
        'llm.request.type': 'chat',
        'gen_ai.system': 'OpenAI',
        'gen_ai.request.model': 'm-1',
        'gen_ai.usage.prompt_tokens': 12,
        'gen_ai.usage.completion_tokens': 34,
        'llm.usage.total_tokens': 46,
        'traceloop.association.properties.user_id': 'acct-1',
        'gen_ai.prompt.0.role': 'user',
        'gen_ai.prompt.0.content': PROMPT,
        'gen_ai.prompt.1.role': 'assistant',
        'gen_ai.prompt.1.tool_calls.0.id': 't',
        'gen_ai.prompt.1.tool_calls.0.name': 'tide',
        'gen_ai.prompt.1.tool_calls.0.arguments': '{}',
        'gen_ai.prompt.2.role': 'tool',
        'gen_ai.prompt.2.tool_call_id': 't',
        'gen_ai.prompt.2.content': RESULT,
        'gen_ai.completion.0.role': 'assistant',
        'gen_ai.completion.0.content': 'x',
        'gen_ai.completion.0.finish_reason': 'length',
      }),
    ],
    expect: { messages: AGENTIC, outcome: 'truncated' },
  },
  {
    name: 'OpenLLMetry: blocks of Anthropic as JSON text, a tool result under role user',
    source: LLMETRY,
    entries: [
      span({
        'llm.request.type': 'chat',
        'gen_ai.system': 'Anthropic',
        'gen_ai.request.model': 'm-1',
        'gen_ai.usage.input_tokens': 12,
        'gen_ai.usage.output_tokens': 34,
        'user.id': 'acct-1',
        'gen_ai.prompt.0.role': 'system',
        'gen_ai.prompt.0.content': 'Be brief',
        'gen_ai.prompt.1.role': 'user',
        'gen_ai.prompt.1.content': JSON.stringify([{ type: 'text', text: PROMPT }]),
        'gen_ai.prompt.2.role': 'assistant',
        'gen_ai.prompt.2.content': JSON.stringify([{ type: 'tool_use', id: 't', name: 'tide', input: {} }]),
        'gen_ai.prompt.3.role': 'user',
        'gen_ai.prompt.3.content': JSON.stringify([
          { type: 'tool_result', tool_use_id: 't', content: RESULT },
        ]),
      }),
    ],
    expect: { messages: BRIEFED_AGENTIC },
  },
  {
    name: 'OpenInference: contents in parts, a tool message',
    source: OPENINFERENCE,
    entries: [
      span({
        ...OPENINFERENCE_CALL,
        'llm.invocation_parameters': '{"temperature": 0.1, "max_tokens": 5}',
        'llm.input_messages.0.message.role': 'user',
        'llm.input_messages.0.message.contents.0.message_content.type': 'image',
        'llm.input_messages.0.message.contents.0.message_content.image.image.url': 'data:',
        'llm.input_messages.0.message.contents.1.message_content.type': 'text',
        'llm.input_messages.0.message.contents.1.message_content.text': PROMPT,
        'llm.input_messages.1.message.role': 'assistant',
        'llm.input_messages.1.message.tool_calls.0.tool_call.function.name': 'tide',
        'llm.input_messages.1.message.tool_calls.0.tool_call.function.arguments': '{}',
        'llm.input_messages.2.message.role': 'tool',
        'llm.input_messages.2.message.tool_call_id': 't',
        'llm.input_messages.2.message.content': RESULT,
        'output.value': '{"choices":[{"finish_reason":"length"}]}',
      }),
    ],
    expect: { messages: AGENTIC, outcome: 'truncated', params: { temperature: 0.1, maxTokens: 5 } },
  },
  {
    name: 'OpenInference: chains, retrievers, tools and embeddings are no calls',
    source: OPENINFERENCE,
    entries: [
      span({
        ...OPENINFERENCE_CALL,
        'openinference.span.kind': 'EMBEDDING',
        'embedding.model_name': 'e',
        'input.value': PROMPT,
      }),
    ],
    expect: 'no call',
  },
  {
    name: 'Vercel AI SDK 5: results of tools with a typed output',
    source: VERCEL,
    entries: [
      span({
        ...VERCEL_CALL,
        'ai.settings.temperature': 0.3,
        'gen_ai.request.max_tokens': 77,
        'ai.prompt.messages': JSON.stringify([
          { role: 'system', content: 'Be brief' },
          {
            role: 'user',
            content: [
              { type: 'text', text: PROMPT },
              { type: 'file', mediaType: 'image/png', data: 'AA' },
            ],
          },
          {
            role: 'assistant',
            content: [
              { type: 'reasoning', text: 'I look it up' },
              { type: 'tool-call', toolCallId: 't', toolName: 'tide', input: {} },
            ],
          },
          {
            role: 'tool',
            content: [
              {
                type: 'tool-result',
                toolCallId: 't',
                toolName: 'tide',
                output: { type: 'text', value: RESULT },
              },
            ],
          },
        ]),
      }),
    ],
    expect: {
      messages: BRIEFED_AGENTIC,
      params: { temperature: 0.3, maxTokens: 77 },
    },
  },
  {
    name: 'Vercel AI SDK: the outer span of a loop is no call of its own',
    source: VERCEL,
    entries: [
      span({
        ...VERCEL_CALL,
        'ai.operationId': 'ai.streamText',
        'operation.name': 'ai.streamText',
        'ai.prompt': JSON.stringify({ prompt: PROMPT }),
      }),
    ],
    expect: 'no call',
  },
  {
    name: 'Langfuse 3: observation attributes',
    source: 'https://langfuse.com/integrations/native/opentelemetry#property-mapping',
    entries: [
      span({
        'langfuse.observation.type': 'generation',
        'langfuse.observation.model.name': 'm-1',
        'langfuse.observation.input': JSON.stringify([
          { role: 'system', content: 'Be brief' },
          { role: 'user', content: PROMPT },
        ]),
        'langfuse.observation.output': JSON.stringify({ role: 'assistant', content: 'x' }),
        'langfuse.observation.usage_details': JSON.stringify({ input: 12, output: 34, total: 46 }),
        'langfuse.observation.model.parameters': JSON.stringify({ temperature: 0.7, max_tokens: 50 }),
        'user.id': 'acct-1',
      }),
    ],
    expect: { messages: BRIEFED, params: { temperature: 0.7, maxTokens: 50 } },
  },
  {
    name: 'OpenRouter broadcast: the request as JSON, the user of the request',
    source: 'https://openrouter.ai/docs/guides/features/broadcast/webhook',
    entries: [
      span(
        {
          'gen_ai.operation.name': 'chat',
          'gen_ai.system': 'openai',
          'gen_ai.request.model': 'm-1',
          'gen_ai.prompt': JSON.stringify({ messages: [{ role: 'user', content: PROMPT }] }),
          'gen_ai.completion': JSON.stringify({ completion: 'By the moon.' }),
          'gen_ai.usage.prompt_tokens': 12,
          'gen_ai.usage.completion_tokens': 34,
          'gen_ai.response.finish_reason': 'stop',
          'user.id': 'acct-1',
          'trace.metadata.openrouter.source': 'openrouter',
        },
        { name: 'chat', resource: { 'service.name': 'openrouter' } },
      ),
    ],
    expect: {},
  },
  {
    name: 'LangSmith: prompts and completions of its own exporter',
    source: 'https://docs.langchain.com/langsmith/trace-with-opentelemetry',
    entries: [
      span({
        'langsmith.span.kind': 'llm',
        'langsmith.metadata.user_id': 'acct-1',
        'gen_ai.operation.name': 'chat',
        'gen_ai.request.model': 'm-1',
        'gen_ai.usage.input_tokens': 12,
        'gen_ai.usage.output_tokens': 34,
        'gen_ai.prompt': JSON.stringify({
          messages: [
            [
              {
                lc: 1,
                type: 'constructor',
                id: ['langchain', 'schema', 'messages', 'SystemMessage'],
                kwargs: { content: 'Be brief', type: 'system' },
              },
              {
                lc: 1,
                type: 'constructor',
                id: ['langchain', 'schema', 'messages', 'HumanMessage'],
                kwargs: { content: PROMPT, type: 'human' },
              },
            ],
          ],
        }),
      }),
    ],
    expect: { messages: BRIEFED },
  },
  {
    name: 'MLflow: inputs and type as JSON text',
    source: 'https://mlflow.org/docs/latest/genai/tracing/opentelemetry/export/',
    entries: [
      span({
        'mlflow.spanType': '"CHAT_MODEL"',
        'mlflow.spanInputs': JSON.stringify({
          model: 'm-1',
          messages: [{ role: 'user', content: PROMPT }],
          temperature: 0.4,
        }),
        'mlflow.spanOutputs': JSON.stringify({
          choices: [{ finish_reason: 'length', message: { content: 'x' } }],
        }),
        'mlflow.chat.tokenUsage': JSON.stringify({ input_tokens: 12, output_tokens: 34, total_tokens: 46 }),
        'user.id': 'acct-1',
      }),
    ],
    expect: { outcome: 'truncated', params: { temperature: 0.4 } },
  },
  {
    name: 'pydantic-ai: tool returns as events, and its agent span apart',
    source: 'https://ai.pydantic.dev/logfire/#opentelemetry-compatibility',
    entries: [
      span({
        ...GENAI,
        events: JSON.stringify([
          {
            'event.name': 'gen_ai.system.message',
            role: 'system',
            content: 'Be brief',
            'gen_ai.message.index': 0,
          },
          { 'event.name': 'gen_ai.user.message', role: 'user', content: PROMPT, 'gen_ai.message.index': 0 },
          {
            'event.name': 'gen_ai.assistant.message',
            role: 'assistant',
            tool_calls: [{ id: 't', type: 'function', function: { name: 'tide', arguments: {} } }],
          },
          { 'event.name': 'gen_ai.tool.message', role: 'tool', id: 't', content: RESULT, name: 'tide' },
          { 'event.name': 'gen_ai.choice', index: 0, message: { role: 'assistant', content: 'x' } },
        ]),
      }),
    ],
    expect: { messages: BRIEFED_AGENTIC },
  },
  {
    name: 'agents, tools and embeddings of the conventions are no calls',
    source: 'https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-agent-spans/',
    entries: [
      span({
        ...GENAI,
        'gen_ai.operation.name': 'invoke_agent',
        'gen_ai.agent.name': 'a',
        'gen_ai.input.messages': JSON.stringify([
          { role: 'user', parts: [{ type: 'text', content: PROMPT }] },
        ]),
      }),
    ],
    expect: 'no call',
  },
];
